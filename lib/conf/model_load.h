/* Model files (seuil-model(5)) to a compiled set. */

#ifndef SEUIL_CONF_MODEL_LOAD_H
#define SEUIL_CONF_MODEL_LOAD_H

#include <stddef.h>

#include "base/errs.h"
#include "core/model.h"

/* A model file as it is in memory; name is what messages call it. */
struct seuil_model_text {
    const char *name;
    const void *bytes;
    size_t len;
};

struct seuil_timelines; /* conf/timeline.h */

/* Load the models of @count files as one set. Every mistake of every file goes to @errs, sorted by
 * place; NULL when there is any, or when memory is out (SEUIL_ERR_NOMEM in @errs).
 * The horizon is SEUIL_HORIZON_DEFAULT_MS; see seuil_models_set_horizon. */
struct seuil_models *seuil_models_load(const char *const *paths, unsigned count,
                                       struct seuil_errs *errs);
struct seuil_models *seuil_models_parse(const struct seuil_model_text *texts, unsigned count,
                                        struct seuil_errs *errs);
/* The same, and the tests of the files into @ret_timelines, which is empty before and the caller's
 * after, in every case. */
struct seuil_models *seuil_models_load_tests(const char *const *paths, unsigned count,
                                             struct seuil_timelines *ret_timelines,
                                             struct seuil_errs *errs);
void seuil_models_free(struct seuil_models *models);

/* Change the horizon, and the hash with it: before the set is shared. */
void seuil_models_set_horizon(struct seuil_models *models, int64_t horizon_ms);

/* The least number of the language that this version reads, and the greatest. */
#define SEUIL_MODEL_LANGUAGE 1

#endif
