/* Looking at the topics of a cluster and making missing ones, for `seuilctl init` and tests. */

#ifndef SEUIL_STREAM_ADMIN_H
#define SEUIL_STREAM_ADMIN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "stream/tools.h" /* struct seuil_property */

struct seuil_admin;

/* @properties as under `kafka:`. NULL and SEUIL_ERR_CONFIG. */
struct seuil_admin *seuil_admin_new(const struct seuil_property *properties, uint32_t count,
                                    struct seuil_error *err);
void seuil_admin_free(struct seuil_admin *admin);

struct seuil_topic_state {
    bool exists;
    uint32_t partitions;
};

/* The state of @topic: 0; SEUIL_ERR_BACKOFF (no answer), SEUIL_ERR_IO (refused). Makes nothing. */
int seuil_admin_describe(struct seuil_admin *admin, const char *topic, int timeout_ms,
                         struct seuil_topic_state *ret_state, struct seuil_error *err);

struct seuil_topic_spec {
    const char *name;
    uint32_t partitions;
    int replication; /* -1: the broker's default */
    const struct seuil_property *configs;
    uint32_t config_count;
};

/* Make the topics, all in one request. 0 when each is there afterwards with the partitions asked
 * for, whoever made it; else SEUIL_ERR_CONFIG, _IO, _BACKOFF, and the text names the topic. */
int seuil_admin_create(struct seuil_admin *admin, const struct seuil_topic_spec *specs,
                       uint32_t count, int timeout_ms, struct seuil_error *err);

/* Delete one topic: 0 (also when it is not there), SEUIL_ERR_IO, _BACKOFF. */
int seuil_admin_delete(struct seuil_admin *admin, const char *topic, int timeout_ms,
                       struct seuil_error *err);

/* The value of the configuration @name of @topic into @ret_value of @cap bytes: 0;
 * SEUIL_ERR_MISSING (the broker tells no such thing), SEUIL_ERR_IO (refused), SEUIL_ERR_BACKOFF (no
 * answer). */
int seuil_admin_config(struct seuil_admin *admin, const char *topic, const char *name,
                       int timeout_ms, char *ret_value, uint32_t cap, struct seuil_error *err);

/* The cluster's id into @ret_id of @cap bytes: 0 or SEUIL_ERR_BACKOFF. */
int seuil_admin_cluster_id(struct seuil_admin *admin, int timeout_ms, char *ret_id, uint32_t cap);

#endif
