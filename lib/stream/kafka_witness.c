/* Witnesses: group commits, and what they prove. An accepted commit of the current generation is
 * the group's word that this member still is a member, so that every shard assigned to it is ours,
 * as of the moment when the commit was sent (PROTOCOL 18). */

#include <stdio.h>
#include <string.h>

#include <librdkafka/rdkafka.h>

#include "base/heap.h"
#include "stream/kafka_int.h"

#define COMMITTED_MS   3000
#define PROBE_EVERY_MS 200

/* One commit under way; owned by librdkafka until its answer comes. */
struct commit {
    uint32_t shard; /* UINT32_MAX: a probe */
    uint64_t ticket;
    seuil_time_ms sent; /* monotonic */
};

/* ---- sending ------------------------------------------------------------------------------- */

static int send_commit(struct seuil_kafka *kafka, const rd_kafka_topic_partition_list_t *list,
                       uint32_t shard, uint64_t ticket)
{
    struct commit *commit = seuil_heap_alloc(sizeof(*commit));

    if (!commit)
        return SEUIL_ERR_NOMEM;
    *commit = (struct commit){shard, ticket, seuil_kafka_mono_ms()};
    if (!rd_kafka_commit_queue(kafka->rk, list, kafka->answers, NULL, commit))
        return 0;
    seuil_heap_free(commit);
    return SEUIL_ERR_BACKOFF;
}

static void set_metadata(rd_kafka_topic_partition_t *entry, const char *metadata)
{
    size_t len = strlen(metadata);

    if (!len)
        return;
    entry->metadata = rd_kafka_mem_malloc(NULL, len);
    if (!entry->metadata)
        return;
    memcpy(entry->metadata, metadata, len);
    entry->metadata_size = len;
}

static struct kafka_ticket *new_ticket(struct seuil_kafka *kafka, uint32_t shard)
{
    struct kafka_ticket *tickets = kafka->shards[shard].tickets, *oldest = &tickets[0];

    for (int i = 1; i < KAFKA_TICKETS; i++)
        if (tickets[i].number < oldest->number)
            oldest = &tickets[i];
    oldest->number = ++kafka->last_ticket;
    oldest->state = 0;
    return oldest;
}

static bool ours(struct seuil_kafka *kafka, uint32_t shard)
{
    return atomic_load(&kafka->shards[shard].confirmed) != SEUIL_TIME_NONE;
}

uint64_t seuil_kafka_witness(struct seuil_source *source, uint32_t shard, const int64_t *positions,
                             const char *metadata)
{
    struct seuil_kafka *kafka = kafka_of(source);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(8);
    struct kafka_ticket *ticket;
    uint64_t number;
    int state;

    for (uint32_t t = 0; t < SEUIL_TOPICS_MAX; t++) {
        rd_kafka_topic_partition_t *entry;

        if (positions[t] < 0 || !kafka->topics[t].name || !atomic_load(&kafka->topics[t].exists))
            continue;
        entry = rd_kafka_topic_partition_list_add(list, kafka->topics[t].name, (int32_t)shard);
        entry->offset = positions[t];
        set_metadata(entry, metadata);
    }
    pthread_mutex_lock(&kafka->lock);
    ticket = new_ticket(kafka, shard);
    number = ticket->number;
    pthread_mutex_unlock(&kafka->lock);
    state = !ours(kafka, shard) ? SEUIL_ERR_FENCED
            : list->cnt == 0    ? SEUIL_ERR_INVALID
                                : send_commit(kafka, list, shard, number);
    rd_kafka_topic_partition_list_destroy(list);
    if (state) {
        pthread_mutex_lock(&kafka->lock);
        if (ticket->number == number)
            ticket->state = state;
        pthread_mutex_unlock(&kafka->lock);
    }
    return number;
}

int seuil_kafka_witness_state(struct seuil_source *source, uint32_t shard, uint64_t ticket)
{
    struct seuil_kafka *kafka = kafka_of(source);
    int state = SEUIL_ERR_MISSING; /* too old to be remembered */

    if (shard >= kafka->partitions)
        return SEUIL_ERR_INVALID;
    pthread_mutex_lock(&kafka->lock);
    for (int i = 0; i < KAFKA_TICKETS; i++)
        if (kafka->shards[shard].tickets[i].number == ticket)
            state = kafka->shards[shard].tickets[i].state;
    pthread_mutex_unlock(&kafka->lock);
    return state;
}

/* A commit of the internal topic's first partition: the group judges its generation as that of any
 * other. Nobody resumes from it, and the owner of that shard soon puts its own position in place.
 */
static void send_probe(struct seuil_kafka *kafka)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);

    rd_kafka_topic_partition_list_add(list, kafka->topics[SEUIL_TOPIC_INTERNAL].name, 0)->offset =
        0;
    kafka->probe_ms = seuil_kafka_mono_ms();
    atomic_store(&kafka->probe_under_way, send_commit(kafka, list, UINT32_MAX, 0) == 0);
    rd_kafka_topic_partition_list_destroy(list);
}

/* ---- answers ------------------------------------------------------------------------------- */

static int state_of(rd_kafka_resp_err_t code)
{
    switch (code) {
    case RD_KAFKA_RESP_ERR_NO_ERROR:
        return 1;
    case RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION:
    case RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID:
    case RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID:
    case RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS:
        return SEUIL_ERR_FENCED;
    default:
        return SEUIL_ERR_BACKOFF;
    }
}

/* Shards that came to us only after @sent was sent are confirmed later anyway: the time of a
 * confirmation only rises. */
static void confirm_all(struct seuil_kafka *kafka, seuil_time_ms sent)
{
    if (sent > atomic_load(&kafka->seen)) /* only this thread writes it */
        atomic_store(&kafka->seen, sent);
    for (uint32_t p = 0; p < kafka->partitions; p++) {
        seuil_time_ms known = atomic_load(&kafka->shards[p].confirmed);

        while (known != SEUIL_TIME_NONE && known < sent &&
               !atomic_compare_exchange_weak(&kafka->shards[p].confirmed, &known, sent))
            ;
    }
}

static void on_answer(struct seuil_kafka *kafka, rd_kafka_event_t *rkev)
{
    struct commit *commit = rd_kafka_event_opaque(rkev);
    const rd_kafka_topic_partition_list_t *list = rd_kafka_event_topic_partition_list(rkev);
    rd_kafka_resp_err_t code = rd_kafka_event_error(rkev);
    int state;

    for (int i = 0; list && !code && i < list->cnt; i++)
        code = list->elems[i].err;
    state = state_of(code);
    if (state == 1)
        confirm_all(kafka, commit->sent);
    if (commit->shard == UINT32_MAX) {
        atomic_store(&kafka->probe_under_way, false);
    } else {
        pthread_mutex_lock(&kafka->lock);
        for (int i = 0; i < KAFKA_TICKETS; i++)
            if (kafka->shards[commit->shard].tickets[i].number == commit->ticket)
                kafka->shards[commit->shard].tickets[i].state = state;
        pthread_mutex_unlock(&kafka->lock);
    }
    seuil_heap_free(commit);
}

void seuil_kafka_witness_serve(struct seuil_kafka *kafka, int timeout_ms)
{
    rd_kafka_event_t *rkev;

    if (atomic_load(&kafka->probe_wanted) && !atomic_load(&kafka->probe_under_way) &&
        seuil_kafka_mono_ms() - kafka->probe_ms >= PROBE_EVERY_MS) {
        atomic_store(&kafka->probe_wanted, false);
        send_probe(kafka);
    }
    while ((rkev = rd_kafka_queue_poll(kafka->answers, timeout_ms))) {
        if (rd_kafka_event_type(rkev) == RD_KAFKA_EVENT_OFFSET_COMMIT)
            on_answer(kafka, rkev);
        rd_kafka_event_destroy(rkev);
        timeout_ms = 0;
    }
}

seuil_time_ms seuil_kafka_confirmed(struct seuil_source *source, uint32_t shard)
{
    struct seuil_kafka *kafka = kafka_of(source);
    seuil_time_ms known;

    if (shard >= kafka->partitions)
        return SEUIL_TIME_NONE;
    known = atomic_load(&kafka->shards[shard].confirmed);
    if (known != SEUIL_TIME_NONE && seuil_kafka_mono_ms() - known > PROBE_EVERY_MS)
        atomic_store(&kafka->probe_wanted, true);
    return known;
}

/* ---- reading back -------------------------------------------------------------------------- */

int seuil_kafka_read_witness(struct seuil_source *source, uint32_t shard, int64_t *ret_positions,
                             char *ret_metadata, uint32_t cap)
{
    struct seuil_kafka *kafka = kafka_of(source);
    seuil_time_ms begun = seuil_kafka_mono_ms();
    rd_kafka_topic_partition_list_t *list;
    uint32_t numbers[SEUIL_TOPICS_MAX];
    rd_kafka_resp_err_t code;
    int found = 0;

    if (!seuil_kafka_may_ask(kafka))
        return SEUIL_ERR_BACKOFF;
    list = rd_kafka_topic_partition_list_new(8);
    for (uint32_t t = 0; t < SEUIL_TOPICS_MAX; t++) {
        if (!kafka->topics[t].name || !atomic_load(&kafka->topics[t].exists))
            continue;
        numbers[list->cnt] = t;
        rd_kafka_topic_partition_list_add(list, kafka->topics[t].name, (int32_t)shard);
    }
    code = list->cnt ? rd_kafka_committed(kafka->rk, list, COMMITTED_MS) : 0;
    seuil_kafka_asked(kafka, begun, !code);
    for (int i = 0; !code && i < list->cnt; i++)
        code = list->elems[i].err;
    if (!code) {
        for (uint32_t t = 0; t < SEUIL_TOPICS_MAX; t++)
            ret_positions[t] = -1;
        if (cap)
            ret_metadata[0] = 0;
    }
    for (int i = 0; !code && i < list->cnt; i++) {
        const rd_kafka_topic_partition_t *entry = &list->elems[i];

        if (entry->offset < 0)
            continue;
        found = 1;
        ret_positions[numbers[i]] = entry->offset;
        if (cap && !ret_metadata[0] && entry->metadata_size)
            snprintf(ret_metadata, cap, "%.*s", (int)entry->metadata_size,
                     (const char *)entry->metadata);
    }
    rd_kafka_topic_partition_list_destroy(list);
    return code ? SEUIL_ERR_BACKOFF : found;
}
