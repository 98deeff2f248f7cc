/* Questions over HTTP, one at a time, each with an end: the only place that knows libcurl.
 *
 * A transport is a struct of functions, so that tests can give faults that no server gives on
 * demand. One thread uses it. */

#ifndef SEUIL_REGISTRY_HTTP_H
#define SEUIL_REGISTRY_HTTP_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

struct seuil_http_config {
    const char *user, *password; /* basic authentication; NULL: none */
    const char *token;           /* bearer; NULL: none */
    const char *ca_file;         /* NULL: the system's */
    const char *cert_file, *key_file;
    int64_t timeout_ms;      /* for one question, connecting included */
    const atomic_bool *stop; /* NULL, or: give up, as soon as it is true, within a second */
};

struct seuil_http_answer {
    int status;
    struct seuil_buf body; /* of the caller; at most SEUIL_ANSWER_BYTES_MAX */
};

struct seuil_http {
    /* GET @url, or POST @body of @body_len bytes when it is not NULL. 0 with any status;
     * SEUIL_ERR_BACKOFF: no answer, and @err says why, naming the host. */
    int (*ask)(struct seuil_http *http, const char *url, const char *body, size_t body_len,
               struct seuil_http_answer *ret_answer, struct seuil_error *err);
    void (*free)(struct seuil_http *http);
};

/* A transport by libcurl; NULL and @err. The texts of @config are copied. */
struct seuil_http *seuil_http_new(const struct seuil_http_config *config, struct seuil_error *err);

#endif
