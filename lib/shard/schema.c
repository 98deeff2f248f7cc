/* Records whose writer schema nobody has told us yet.
 *
 * The order of a shard's records is part of its state, so the record waits where it stands, and all
 * behind it; other shards go on. A registry that is down is waited for without limit: it is no
 * fault of the record. */

#include <inttypes.h>
#include <stdio.h>

#include "shard/internal.h"

#define LOOK_MS 50 /* how often it is looked whether the schema came */
/* What takes longer is worth a warning. */
#define TELL_MS (2 * SEUIL_SECOND_MS)

static void wait_on(struct seuil_shard *shard, const struct seuil_item *item,
                    const struct seuil_error *err)
{
    struct seuil_schema_wait *wait = &shard->schema_wait;

    if (wait->since == SEUIL_TIME_NONE) {
        wait->since = shard->mono;
        shard->counters.schema_waits++;
    }
    snprintf(wait->text, sizeof(wait->text), "topic %.64s, offset %" PRId64 ": %s",
             shard->config->inputs[item->topic].name, item->record->offset, err->text);
    if (!wait->told && shard->mono - wait->since >= TELL_MS) {
        wait->told = true;
        seuil_shard_tell(shard, SEUIL_LEVEL_WARNING, "waits, nothing is lost: %s", wait->text);
    }
    seuil_shard_wake_at(shard, shard->mono + LOOK_MS);
}

int seuil_schema_ask(struct seuil_shard *shard, const struct seuil_item *item,
                     const struct seuil_record_view *record, struct seuil_error *err)
{
    const struct seuil_decoder *decoder = shard->config->inputs[item->topic].decoder;
    struct seuil_schema_ref ref;
    int rc = seuil_decode_schema(decoder, record, &ref);

    if (rc || !shard->env.schema)
        return SEUIL_ERR_UNKNOWN;
    rc = shard->env.schema(shard->env.schema_ctx, item->topic, &ref, err);
    if (rc == SEUIL_ERR_BACKOFF)
        wait_on(shard, item, err);
    return rc;
}

void seuil_schema_end(struct seuil_shard *shard)
{
    struct seuil_schema_wait *wait = &shard->schema_wait;

    if (wait->told)
        seuil_shard_tell(shard, SEUIL_LEVEL_INFO, "waited %" PRId64 " ms for a writer schema",
                         shard->mono - wait->since);
    *wait = (struct seuil_schema_wait){.since = SEUIL_TIME_NONE};
}
