/* Where Redis is, as one word: redis://host:port/db, rediss://host:port/db (TLS),
 * unix:///path?db=N. Host in brackets when it is an IPv6 address. */

#ifndef SEUIL_CONF_REDIS_URL_H
#define SEUIL_CONF_REDIS_URL_H

#include <stdbool.h>
#include <stdint.h>

struct seuil_redis_url {
    bool tls;
    char path[108]; /* of a unix socket (sun_path holds no more); "": TCP */
    char host[256];
    uint16_t port;
    uint32_t db;
};

/* 0; SEUIL_ERR_FORMAT or SEUIL_ERR_LIMIT, and *ret_why says what is wrong with it. */
int seuil_redis_url_parse(const char *text, struct seuil_redis_url *ret_url, const char **ret_why);

#endif
