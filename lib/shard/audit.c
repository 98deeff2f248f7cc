/* A producer with another partitioner, or another key, scatters a lead over shards: each such
 * record is a dead letter, and many of them mean that the input is not what it should be.
 *
 * As for the breaker, what lies below the reach that was found when the token was taken was judged
 * by an earlier tenure: it does not count, so `seuilctl go-on` lets it pass. */

#include "shard/internal.h"

#include <string.h>

void seuil_audit_drop(struct seuil_shard *shard)
{
    memset(shard->audit, 0, sizeof(shard->audit));
    shard->audit_at = shard->audit_sum = 0;
}

void seuil_audit_count(struct seuil_shard *shard, const struct seuil_item *item, bool misrouted)
{
    uint64_t *word = &shard->audit[shard->audit_at / 64];
    uint64_t bit = UINT64_C(1) << (shard->audit_at % 64);

    shard->counters.misrouted += misrouted;
    if (item->record->offset < shard->topics[item->topic].reach0)
        return;
    shard->audit_at = (shard->audit_at + 1) % SEUIL_AUDIT_WINDOW;
    if (*word & bit) {
        *word &= ~bit;
        shard->audit_sum--;
    }
    if (!misrouted)
        return;
    *word |= bit;
    shard->audit_sum++;
    if (shard->config->misrouted_halt && shard->audit_sum >= shard->config->misrouted_halt)
        seuil_shard_halt(
            shard,
            "%u of the last %u records carry a key that is not their lead's id, or lie "
            "in a partition where the partitioner does not put that key: their "
            "producer is set otherwise (librdkafka's default differs from Java's), or "
            "the number of partitions was changed. Set `partitioner` as the producers "
            "have it, or mend them, or raise `misrouted_halt` to send them all to the "
            "dead letters; then `seuilctl go-on`",
            shard->audit_sum, SEUIL_AUDIT_WINDOW);
}
