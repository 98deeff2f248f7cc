/* Which record comes next: a shard's topics merged by timestamp, topic, offset (rules 1-3).
 *
 * A topic that is behind its end, or whose end is unknown, is waited for without bound, since the
 * record that comes first may be the one that its broker still holds. A topic at its end is not,
 * as long as the end is fresh knowledge: after a stall of this process, or when the answers fail to
 * come, what was the end is one no more.
 * What is decided here is the order; the records are applied later, when their leads are there. */

#include <inttypes.h>
#include <stdio.h>

#include "shard/internal.h"
#include "stream/partition.h"

/* A topic that is waited for longer than this is worth a warning. */
#define ALARM_MS (30 * SEUIL_SECOND_MS)
/* So long the answer to "where is the end" is believed; it is asked about once a second. */
#define BELIEVED_MS (3 * SEUIL_SECOND_MS)
/* The EOF that a new owner meets may be so old when it is taken from the queue. */
#define EOF_BELIEVED_MS (10 * SEUIL_SECOND_MS)
/* A shard that did not run for so long has heard nothing meanwhile. */
#define STALL_MS SEUIL_SECOND_MS
/* Records whose places in memory are touched together. */
#define AHEAD 16

void seuil_merge_fingers(struct seuil_shard *shard)
{
    for (uint32_t i = 0; i < shard->topic_count; i++) {
        struct seuil_topic *topic = &shard->topics[i];
        const struct seuil_record_in *last = topic->last;

        if (!last)
            continue;
        topic->finger = (struct seuil_finger){
            last->offset, last->time, seuil_record_hash(last->key, last->value, last->value_len)};
        topic->last = NULL;
    }
}

bool seuil_merge_fill(struct seuil_shard *shard)
{
    struct seuil_source *source = shard->env.source;

    for (uint32_t i = 0; i < shard->topic_count; i++) {
        struct seuil_topic *topic = &shard->topics[i];
        struct seuil_lane *lane = topic->lane;

        if (!lane || lane->head < lane->count)
            continue;
        seuil_merge_fingers(shard); /* of records that are released now */
        source->ops->fill(source, lane);
        if (lane->error == SEUIL_ERR_HALTED) {
            seuil_shard_halt(shard, "topic %s: %s", shard->config->inputs[i].name, lane->text);
            return false;
        }
        if (lane->head == lane->count && lane->eof > topic->taken.next)
            topic->taken.next = topic->applied.next = lane->eof;
    }
    return true;
}

bool seuil_merge_behind(const struct seuil_topic *topic, int64_t next)
{
    const struct seuil_lane *lane = topic->lane;

    return lane->end < 0 || next < lane->end || lane->head < lane->count ||
           lane->end_asked < topic->believed_from;
}

void seuil_merge_awake(struct seuil_shard *shard)
{
    bool stalled = shard->ran != SEUIL_TIME_NONE && shard->mono - shard->ran > STALL_MS;

    shard->ran = shard->mono;
    for (uint32_t i = 0; i < shard->topic_count && stalled; i++) {
        struct seuil_topic *topic = &shard->topics[i];

        /* Not before the last stall was answered: a slow machine must get on, too. */
        if (topic->lane && topic->lane->end_asked >= topic->believed_from)
            topic->believed_from = shard->wall;
    }
}

static seuil_time_ms later(seuil_time_ms a, seuil_time_ms b)
{
    return a > b ? a : b;
}

/* The instants below which every topic was read, for timers. A topic behind its end is known up to
 * its newest record; one at its end up to the instant at which the end was asked for. */
seuil_time_ms seuil_merge_watermark(const struct seuil_shard *shard)
{
    seuil_time_ms least = SEUIL_TIME_NEVER;

    for (uint32_t i = 0; i < shard->topic_count; i++) {
        const struct seuil_topic *topic = &shard->topics[i];
        seuil_time_ms mark;

        if (!topic->lane)
            continue;
        if (topic->applied.next < topic->taken.next ||
            seuil_merge_behind(topic, topic->applied.next) ||
            topic->lane->end_asked == SEUIL_TIME_NONE)
            mark = topic->applied.last_time;
        else
            mark = topic->lane->end_asked;
        if (mark < least)
            least = mark;
    }
    return least == SEUIL_TIME_NEVER ? SEUIL_TIME_NONE : least;
}

seuil_time_ms seuil_merge_stream_time(struct seuil_shard *shard)
{
    seuil_time_ms least = SEUIL_TIME_NEVER;

    for (uint32_t i = 0; i < shard->topic_count; i++) {
        const struct seuil_topic *topic = &shard->topics[i];

        if (topic->lane &&
            (topic->applied.next < topic->taken.next ||
             seuil_merge_behind(topic, topic->applied.next)) &&
            topic->applied.last_time < least)
            least = topic->applied.last_time;
    }
    if (least != SEUIL_TIME_NEVER)
        shard->stream_applied = later(shard->stream_applied, least);
    return shard->stream_applied;
}

/* The topic whose head comes next, or -1: nothing is there, or a sibling must be waited for (then
 * *ret_wait names it). *ret_least: the least of the highest timestamps of topics not at their end.
 */
static int pick(struct seuil_shard *shard, seuil_time_ms *ret_least, int *ret_wait)
{
    seuil_time_ms limit = shard->wall + SEUIL_AHEAD_MAX_MS, best_time = 0;
    seuil_time_ms oldest = SEUIL_TIME_NEVER; /* answer about the end of a topic that is there */
    int oldest_topic = -1;
    int best = -1;

    *ret_least = SEUIL_TIME_NEVER;
    for (int i = 0; i < (int)shard->topic_count; i++) {
        struct seuil_topic *topic = &shard->topics[i];
        struct seuil_lane *lane = topic->lane;
        seuil_time_ms time;

        if (!lane)
            continue;
        while (lane->head < lane->count && lane->records[lane->head].offset < topic->taken.next)
            lane->head++; /* fetched before a seek */
        if (!seuil_merge_behind(topic, topic->taken.next)) {
            /* Before the first answer there is the EOF that follows a seek: enough for old records.
             */
            seuil_time_ms asked = lane->end_asked != SEUIL_TIME_NONE
                                      ? lane->end_asked
                                      : shard->wall - EOF_BELIEVED_MS;

            if (asked < oldest) {
                oldest = asked;
                oldest_topic = i;
            }
            continue;
        }
        if (topic->taken.last_time < *ret_least)
            *ret_least = topic->taken.last_time;
        if (lane->head == lane->count) {
            *ret_wait = i;
            return -1;
        }
        time = lane->records[lane->head].time;
        if (time > limit)
            time = SEUIL_TIME_NONE; /* a dead letter: it must not hold its topic up */
        if (best < 0 || time < best_time) {
            best = i;
            best_time = time;
        }
    }
    /* Its topic may hold records from before this one that were written since. */
    if (best >= 0 && best_time != SEUIL_TIME_NONE && oldest_topic >= 0 &&
        (best_time < shard->wall ? best_time : shard->wall) - oldest > BELIEVED_MS) {
        *ret_wait = oldest_topic;
        return -1;
    }
    return best;
}

static void wait_for(struct seuil_shard *shard, int topic, bool others)
{
    if (shard->waits_since == SEUIL_TIME_NONE)
        shard->waits_since = shard->mono;
    if (others && !shard->alarmed && shard->mono - shard->waits_since > ALARM_MS) {
        shard->alarmed = true;
        seuil_shard_tell(
            shard, SEUIL_LEVEL_WARNING,
            "records of other topics wait for topic %s, which is behind its end (%" PRId64
            " of %" PRId64 "), or whose end is unknown, and sends nothing%s%s",
            shard->config->inputs[topic].name, shard->topics[topic].taken.next,
            shard->topics[topic].lane->end, shard->topics[topic].lane->text[0] ? ": " : "",
            shard->topics[topic].lane->text);
    }
    seuil_shard_wake_at(shard, shard->mono + 20);
}

/* With merge_wait, a record waits that long for siblings at their end. */
static bool too_young(struct seuil_shard *shard, const struct seuil_record_in *record)
{
    int64_t age_ms = shard->wall - record->time;

    if (age_ms < 0 || age_ms >= shard->config->merge_wait_ms)
        return false;
    for (uint32_t i = 0; i < shard->topic_count; i++) {
        struct seuil_lane *lane = shard->topics[i].lane;

        if (lane && lane->head == lane->count) {
            seuil_shard_wake_at(shard, shard->mono + shard->config->merge_wait_ms - age_ms);
            return true;
        }
    }
    return false;
}

static void take(struct seuil_shard *shard, uint32_t i, seuil_time_ms least)
{
    struct seuil_topic *topic = &shard->topics[i];
    const struct seuil_record_in *record = &topic->lane->records[topic->lane->head++];
    struct seuil_batch *batch = &shard->batch;
    struct seuil_item *item = &batch->items[batch->count++];

    if (least != SEUIL_TIME_NEVER)
        shard->stream_taken = later(shard->stream_taken, least);
    *item =
        (struct seuil_item){.record = record, .stream = shard->stream_taken, .topic = (uint8_t)i};
    if (record->time > shard->wall + SEUIL_AHEAD_MAX_MS) {
        item->fault = SEUIL_FAULT_FUTURE;
    } else {
        topic->taken.last_time = later(topic->taken.last_time, record->time);
        if (!record->value)
            item->fault = SEUIL_FAULT_NONE;
        else if (record->key.len == 0 || record->key.len > SEUIL_ID_MAX)
            item->fault = SEUIL_FAULT_KEY;
        else
            item->hash = seuil_cache_hash(
                seuil_lead_name(&shard->config->names, record->key,
                                batch->names ? batch->names[batch->count - 1] : NULL));
    }
    topic->taken.next = record->offset + 1;
}

static bool misplaced(const struct seuil_shard *shard, struct seuil_str key)
{
    switch (shard->config->partitioner) {
    case SEUIL_PARTITIONER_MURMUR2:
    case SEUIL_PARTITIONER_CONSISTENT:
        return seuil_partition_of(shard->config->partitioner, key, shard->config->partitions) !=
               shard->number;
    case SEUIL_PARTITIONER_UNCHECKED:
        break;
    }
    return false;
}

/* The slots, then the entries of the next records: two misses in turn, but for all at once. */
static void touch(const struct seuil_shard *shard, uint32_t from)
{
    const struct seuil_batch *batch = &shard->batch;
    uint32_t end = from + AHEAD < batch->count ? from + AHEAD : batch->count;

    for (uint32_t i = from; i < end; i++)
        seuil_cache_touch_slot(&shard->cache, batch->items[i].hash);
    for (uint32_t i = from; i < end; i++)
        seuil_cache_touch_entry(&shard->cache, batch->items[i].hash);
}

/* The leads of the batch: those in the cache are pinned, the others asked for. A key is checked
 * against its partition when its lead enters the cache: all later ones are the same key. */
static void look_up(struct seuil_shard *shard)
{
    struct seuil_batch *batch = &shard->batch;
    struct seuil_cached *missing[SEUIL_CHUNK_MAX];
    /* Who made the shard and has forgotten nobody knows all leads that there are. */
    bool read = !shard->made_here || shard->cache.evicted;
    uint32_t count = 0;

    for (uint32_t k = 0; k < batch->count && !shard->failed; k++) {
        struct seuil_item *item = &batch->items[k];
        struct seuil_cached *entry;
        struct seuil_str name;

        if (k % AHEAD == 0)
            touch(shard, k);
        if (!item->hash)
            continue;
        name = batch->names ? (struct seuil_str){batch->names[k], SEUIL_NAME_DIGITS}
                            : item->record->key;
        entry = seuil_cache_find(&shard->cache, item->hash, name);
        if (entry) {
            shard->counters.cache_hits++;
        } else if (misplaced(shard, item->record->key)) {
            item->fault = SEUIL_FAULT_PARTITION;
            continue;
        } else {
            entry = seuil_cache_add(&shard->cache, item->hash, name);
            if (!entry) {
                shard->failed = true;
                return;
            }
            shard->counters.cache_misses += read;
            entry->model_epoch = shard->model_epoch;
            entry->loading = read;
            if (read)
                missing[count++] = entry;
        }
        item->lead = entry;
        entry->referenced = true;
        entry->pins++;
        if (count == SEUIL_CHUNK_MAX) {
            seuil_load_ask(shard, SEUIL_FOR_BATCH, missing, count);
            count = 0;
        }
    }
    if (count)
        seuil_load_ask(shard, SEUIL_FOR_BATCH, missing, count);
}

/* Whether there is room for what a batch may make: in the cache, the outbox, the dead letters. */
static bool room(struct seuil_shard *shard)
{
    /* Where an added topic begins is in Redis before anything of it is applied (rule 21). */
    if (seuil_apply_paused(shard) || seuil_dead_full(shard) || seuil_publish_full(shard) ||
        shard->grown)
        return false;
    if (shard->cache.bytes <= shard->config->cache_bytes ||
        seuil_cache_evict(&shard->cache, shard->config->cache_bytes))
        return true;
    /* Dirty leads fill the cache: bring the checkpoint forward, and wait for it. */
    shard->checkpoint.wanted = true;
    return shard->cache.lists[SEUIL_LIST_A].count + shard->cache.lists[SEUIL_LIST_B].count +
               shard->cache.lists[SEUIL_LIST_URGENT].count + shard->cache.in_flight ==
           0;
}

void seuil_merge_collect(struct seuil_shard *shard)
{
    struct seuil_batch *batch = &shard->batch;
    int wait = -1;

    batch->count = batch->done = 0;
    if (!room(shard)) {
        seuil_shard_wake_at(shard, shard->mono + 20);
        return;
    }
    while (batch->count < batch->cap) {
        seuil_time_ms least;
        int best = pick(shard, &least, &wait);

        if (best < 0)
            break;
        if (shard->config->merge_wait_ms > 0 &&
            too_young(shard, &shard->topics[best].lane->records[shard->topics[best].lane->head]))
            break;
        take(shard, (uint32_t)best, least);
    }
    if (wait >= 0 && batch->count == 0) {
        bool others = false;

        for (uint32_t i = 0; i < shard->topic_count; i++)
            others |=
                shard->topics[i].lane && shard->topics[i].lane->head < shard->topics[i].lane->count;
        wait_for(shard, wait, others);
    } else {
        shard->waits_since = SEUIL_TIME_NONE;
        shard->alarmed = false;
    }
    look_up(shard);
}
