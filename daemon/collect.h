/* The metrics of this process, gathered when somebody asks for them: from snapshots that workers
 * take anyway, so that an event costs nothing more for being counted. */

#ifndef SEUIL_COLLECT_H
#define SEUIL_COLLECT_H

#include "base/buf.h"
#include "open.h"
#include "worker.h"

struct seuil_collector;

/* NULL when memory is out. @workers are asked for as long as it lives; all else stays the
 * caller's. */
struct seuil_collector *seuil_collector_new(const struct seuil_opened *opened,
                                            const struct seuil_shard_config *config,
                                            struct seuil_worker *const *workers, uint32_t count);
void seuil_collector_free(struct seuil_collector *collector);

/* Append the text of all metrics (a struct seuil_http_page's write); 0 or SEUIL_ERR_NOMEM. For one
 * thread at a time. */
int seuil_collector_write(void *collector, struct seuil_buf *out);

#endif
