/* What all connections of one configuration share: the address, the secrets, TLS, chance. */

#ifndef SEUIL_STORE_LINK_H
#define SEUIL_STORE_LINK_H

#include "store/store_redis.h"

struct ssl_ctx_st;

struct seuil_link {
    struct seuil_redis_config config; /* strings are copies, defaults are filled in */
    struct ssl_ctx_st *tls;           /* NULL: plain */
    char where[160];                  /* the address, for messages */
};

/* NULL with @err when the configuration cannot be used. */
struct seuil_link *seuil_link_new(const struct seuil_redis_config *config, struct seuil_error *err);
void seuil_link_free(struct seuil_link *link);

/* A random number below @bound (> 0). */
uint64_t seuil_link_random(const struct seuil_link *link, uint64_t bound);

#endif
