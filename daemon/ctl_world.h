/* The outside world for subcommands: a configuration, its Redis and its Kafka, asked one question
 * at a time. Nothing here joins the group. */

#ifndef SEUIL_CTL_WORLD_H
#define SEUIL_CTL_WORLD_H

#include "clients.h"
#include "open.h"
#include "store/store.h"

struct seuil_world {
    const char *command;
    struct seuil_opened opened;
    struct seuil_clients clients;
    struct seuil_store *store;
    struct seuil_source *source; /* NULL until seuil_world_kafka */
    uint32_t partitions;         /* as the manifest says */
    bool empty;                  /* there is no manifest: the file's numbers and partitions hold */
};

/* Load the configuration, read the manifest, make the store. 0, or an exit status after reporting.
 * @may_be_empty: go on where Redis has no manifest. Nothing is written. `done` is to be called in
 * every case. */
int seuil_world_open(struct seuil_world *world, const char *command, const char *config,
                     bool may_be_empty);
/* Make a Kafka client; the same. */
int seuil_world_kafka(struct seuil_world *world);
/* Make the manifest that an empty world lacks; the same. */
int seuil_world_make_manifest(struct seuil_world *world);
void seuil_world_done(struct seuil_world *world);

/* Wait for the answer to the request just made; refusals that pass are tried by the caller. NULL
 * after reporting: none came in time. The answer stays until the next request. */
const struct seuil_store_reply *seuil_world_wait(struct seuil_world *world);

/* The meta of a shard: 0 and *ret_found, or an exit status after reporting. */
int seuil_world_meta(struct seuil_world *world, uint32_t shard, struct seuil_meta *ret_meta,
                     bool *ret_found);

/* The name of the configured topic behind a number, or NULL: the manifest knows it, the file does
 * not. */
const char *seuil_world_topic(const struct seuil_world *world, uint32_t topic);

/* SHARD operands: numbers below `partitions`, each once, into @ret_shards of SEUIL_PARTITIONS_MAX;
 * none: all. Returns how many, or a negative exit status after reporting. */
int seuil_world_shards(struct seuil_world *world, int count, char **operands, uint32_t *ret_shards);

#endif
