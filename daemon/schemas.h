/* Writer schemas while records come: one thread asks the registry and lets decoders learn; shards
 * ask it, and never wait for a network. */

#ifndef SEUIL_SCHEMAS_H
#define SEUIL_SCHEMAS_H

#include "open.h"

struct seuil_schemas;

/* Start the thread for the registry of the settings. 0; *ret_schemas is NULL when they name none.
 * @numbers[i]: the topic number of input i, whose decoder learns. SEUIL_ERR_CONFIG, SEUIL_ERR_NOMEM
 * and @err. */
int seuil_schemas_start(const struct seuil_opened *opened, const uint32_t *numbers,
                        struct seuil_schemas **ret_schemas, struct seuil_error *err);

/* What a shard asks (struct seuil_shard_env); @schemas is a struct seuil_schemas. */
int seuil_schemas_ask(void *schemas, uint32_t topic, const struct seuil_schema_ref *ref,
                      struct seuil_error *err);

/* End the thread, within a second; no shard may ask any more. NULL is accepted. */
void seuil_schemas_stop(struct seuil_schemas *schemas);

#endif
