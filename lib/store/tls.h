/* TLS over a non-blocking socket, by OpenSSL. Private to conn.c. */

#ifndef SEUIL_STORE_TLS_H
#define SEUIL_STORE_TLS_H

#include <sys/types.h>

#include "store/link.h"

struct ssl_st;

/* A client session on @fd, which stays the caller's; NULL when memory is out. */
struct ssl_st *seuil_tls_new(const struct seuil_link *link, int fd);
void seuil_tls_free(struct ssl_st *tls);

/* 1: done, the server is who it should be; 0: not yet (what to wait for in @ret_wants_write);
 * SEUIL_ERR_IO: failed; @ret_unusable: its certificate was not accepted. */
int seuil_tls_handshake(struct ssl_st *tls, bool *ret_wants_write, char *why, size_t why_cap,
                        bool *ret_unusable);

/* Bytes moved, 0 when it would block, a negative errno when the connection ended. */
ssize_t seuil_tls_read(struct ssl_st *tls, void *bytes, size_t len);
ssize_t seuil_tls_write(struct ssl_st *tls, const void *bytes, size_t len);

#endif
