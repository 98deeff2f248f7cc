/* The admin listener: a small HTTP server with a thread of its own (libmicrohttpd).
 *
 * It answers what it was told to answer and nothing else, to GET and HEAD alone. Connections, their
 * memory and their patience are bounded, so that whoever reaches the port cannot use up the
 * process. It knows no users and no TLS: it listens on the loopback unless told otherwise. */

#ifndef SEUIL_ADMIN_HTTP_H
#define SEUIL_ADMIN_HTTP_H

#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

#define SEUIL_HTTP_CONNECTIONS 16
#define SEUIL_HTTP_PATIENCE_S  10 /* of a connection that says nothing */

struct seuil_http_page {
    const char *path; /* "/metrics" */
    const char *type; /* of its content */
    /* Append the page to @out, in the server's thread: 0, or an error, answered with 503. */
    int (*write)(void *ctx, struct seuil_buf *out);
    void *ctx;
};

struct seuil_http;

/* Listen on @address (an IPv4 or IPv6 address in figures) and @port (0: any that is free). @pages,
 * ended by one without a path, stay the caller's until stop. NULL: SEUIL_ERR_CONFIG (no such
 * address, or it is not ours), SEUIL_ERR_BACKOFF (another process listens there), SEUIL_ERR_NOMEM.
 */
struct seuil_http *seuil_http_start(const char *address, uint16_t port,
                                    const struct seuil_http_page *pages, struct seuil_error *err);

/* The port it listens on. */
uint16_t seuil_http_port(const struct seuil_http *http);

/* End the thread; what is being answered is cut off. NULL is nothing. */
void seuil_http_stop(struct seuil_http *http);

#endif
