/* A configuration file made ready to run: settings, compiled models, decoders. Nothing here needs
 * a network; it is what --check checks. */

#ifndef SEUIL_OPEN_H
#define SEUIL_OPEN_H

#include <stdint.h>

#include "base/buf.h"
#include "base/errs.h"
#include "conf/settings.h"
#include "core/model.h"
#include "map/map.h"
#include "shard/shard.h"

struct seuil_opened {
    struct seuil_settings *settings;
    struct seuil_models *models;
    /* By index in settings->inputs. */
    struct seuil_decoder *decoders[SEUIL_TOPICS_MAX];
    struct seuil_map *maps[SEUIL_TOPICS_MAX]; /* NULL: its records are events themselves */
    struct seuil_decoder *canonical;          /* of the events that shards send on to each other */
};

/* Load everything. 0, or a negative code with every mistake in @errs; then nothing is kept.
 * SEUIL_ERR_CONFIG covers what a person wrote, SEUIL_ERR_NOMEM what they did not. */
int seuil_open(const char *path, struct seuil_opened *ret_opened, struct seuil_errs *errs);
void seuil_opened_done(struct seuil_opened *opened);

/* What is good and may not be meant, a line each: names of a map that a schema in a file lacks. */
void seuil_open_remarks(const struct seuil_opened *opened, struct seuil_buf *out);

/* The map of @input, from its preset and what its settings say themselves; NULL and @errs
 * (open_map.c).
 * @doc is the settings' own text. */
struct seuil_map *seuil_open_map(const struct seuil_settings *settings,
                                 const struct seuil_input_settings *input,
                                 const struct seuil_yaml *doc, struct seuil_errs *errs);

/* Compile the models of @settings anew, for a reload: NULL and @errs. */
struct seuil_models *seuil_open_models(const struct seuil_settings *settings,
                                       struct seuil_errs *errs);

/* Fill @ret_config from @opened, whose strings and decoders it borrows. @numbers[i] is the topic
 * number of input i (from the manifest); NULL: its index. cache_bytes is one of @shards equal parts
 * of the cache. Left to the caller: cluster_id. */
void seuil_open_shard_config(const struct seuil_opened *opened, const uint32_t *numbers,
                             uint32_t shards, struct seuil_shard_config *ret_config);

#endif
