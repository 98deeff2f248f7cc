/* What is said to a server right after connecting, and what it must answer. Private to conn.c. */

#ifndef SEUIL_STORE_GREETING_H
#define SEUIL_STORE_GREETING_H

#include "store/link.h"
#include "store/resp.h"

/* Append the commands; returns how many replies will come. */
uint32_t seuil_greeting_write(const struct seuil_link *link, struct seuil_buf *out);

/* Judge the @index-th reply: 0; SEUIL_ERR_BACKOFF: may pass by itself; SEUIL_ERR_UNSUPPORTED: will
 * not. */
int seuil_greeting_check(const struct seuil_link *link, uint32_t index,
                         const struct seuil_reply *reply, char *why, size_t why_cap);

#endif
