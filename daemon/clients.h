/* The clients of the outside world, made from settings: Kafka and Redis. */

#ifndef SEUIL_CLIENTS_H
#define SEUIL_CLIENTS_H

#include <stdint.h>

#include "conf/redis_url.h"
#include "open.h"
#include "registry/registry.h"
#include "store/store_redis.h"
#include "stream/kafka.h"

/* librdkafka knows about 150 properties. */
#define SEUIL_PROPERTIES_MAX 256

struct seuil_clients {
    const struct seuil_opened *opened;
    struct seuil_property properties[SEUIL_PROPERTIES_MAX]; /* of librdkafka, from the settings */
    struct seuil_redis_url url;
    struct seuil_redis_config redis;    /* its strings are the settings' and url's: do not copy */
    struct seuil_kafka *kafka;          /* made by check, when the topics' numbers are known */
    uint32_t numbers[SEUIL_TOPICS_MAX]; /* of input i: its topic number in the manifest */
    char cluster_id[64];
    bool made; /* every shard was made once: one without meta has lost it (PROTOCOL 21) */
};

/* Make the clients; nothing is asked of the network. 0, or SEUIL_ERR_CONFIG. */
int seuil_clients_open(const struct seuil_opened *opened, struct seuil_clients *ret_clients,
                       struct seuil_error *err);
void seuil_clients_done(struct seuil_clients *clients);

/* Ask whether everything fits: the topics, their partitions, Redis and its manifest (made when
 * there is none). 0; SEUIL_ERR_BACKOFF: no answer, try again; anything else: a person must act. */
int seuil_clients_check(struct seuil_clients *clients, struct seuil_error *err);

/* The same for Kafka alone, by the numbers that are in `numbers` already; what has none
 * (SEUIL_TOPICS_MAX) is left out. Redis is not asked. */
int seuil_clients_kafka(struct seuil_clients *clients, struct seuil_error *err);

/* A store for one thread; NULL and @err. */
struct seuil_store *seuil_clients_store(const struct seuil_clients *clients,
                                        struct seuil_error *err);

/* The schema registry that the settings name, a server's or a folder; NULL and @err, whose code is
 * 0 when they name none. Whoever @keeps writes what a server says to registry.cache; others only
 * read there. @stop: of seuil_http_config. */
struct seuil_registry *seuil_clients_registry(const struct seuil_settings *settings, bool keeps,
                                              const atomic_bool *stop, struct seuil_error *err);

#endif
