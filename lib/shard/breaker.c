/* The circuit breaker: when too many records of a topic cannot be used, the shard halts instead of
 * draining the topic into the dead letters, since then it is the topic, or what is configured for
 * it, that is wrong.
 *
 * A record that can be used costs nothing but its number: of those that cannot, the numbers of the
 * last few are kept, as many as halt the shard. Late events are no poison. What lies below the
 * reach that was found when the token was taken was judged by an earlier tenure: it does not count,
 * so `seuilctl go-on` lets it pass. */

#include <inttypes.h>

#include "base/heap.h"
#include "shard/internal.h"

void seuil_breaker_count(struct seuil_shard *shard, const struct seuil_item *item, const char *name,
                         const char *text)
{
    const struct seuil_shard_config *config = shard->config;
    struct seuil_breaker *breaker = &shard->topics[item->topic].breaker;
    uint64_t most = SEUIL_BREAKER_MOST(config);

    if (most == 0 || item->record->offset < shard->topics[item->topic].reach0)
        return;
    if (!breaker->last)
        breaker->last = seuil_heap_zalloc(most, sizeof(*breaker->last));
    if (!breaker->last) {
        shard->failed = true;
        return;
    }
    breaker->last[breaker->count++ % most] = breaker->records;
    if (breaker->count < most ||
        breaker->records - breaker->last[breaker->count % most] >= config->breaker_window)
        return;
    shard->topics[item->topic].tripped = true;
    seuil_shard_halt(shard,
                     "topic %s: %" PRIu64 " of the last %u records cannot be used, the last one at "
                     "offset %" PRId64 ": %s: %s. Mend the input's settings or its producer; then "
                     "`seuilctl go-on`, and `seuilctl dlq replay` what is mended. To let them all "
                     "into the dead letters, raise `dead_letters.breaker`",
                     config->inputs[item->topic].name, most, config->breaker_window,
                     item->record->offset, name, text);
}

uint32_t seuil_breaker_unusable(const struct seuil_shard *shard, uint32_t topic)
{
    const struct seuil_breaker *breaker = &shard->topics[topic].breaker;
    uint64_t most = SEUIL_BREAKER_MOST(shard->config), n = 0;

    while (n < most && n < breaker->count &&
           breaker->records - breaker->last[(breaker->count - 1 - n) % most] <
               shard->config->breaker_window)
        n++;
    return (uint32_t)n;
}

void seuil_breaker_drop(struct seuil_shard *shard)
{
    for (uint32_t i = 0; i < SEUIL_TOPICS_MAX; i++) {
        seuil_heap_free(shard->topics[i].breaker.last);
        shard->topics[i].breaker = (struct seuil_breaker){0};
    }
}
