/* What this process tells over HTTP, where admin.listen says: /metrics. */

#ifndef SEUIL_SERVE_H
#define SEUIL_SERVE_H

#include "base/err.h"
#include "collect.h"

struct seuil_serve;

/* Listen. *ret_serve is NULL when the settings do not want it. 0; SEUIL_ERR_CONFIG,
 * SEUIL_ERR_BACKOFF (the port is taken), SEUIL_ERR_NOMEM. What is pointed to stays the caller's
 * until stop. */
int seuil_serve_start(const struct seuil_opened *opened, const struct seuil_shard_config *config,
                      struct seuil_worker *const *workers, uint32_t count,
                      struct seuil_serve **ret_serve, struct seuil_error *err);
void seuil_serve_stop(struct seuil_serve *serve);

#endif
