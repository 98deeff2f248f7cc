/* The group: which shards are ours, told one event at a time to the main thread. */

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <librdkafka/rdkafka.h>

#include "base/heap.h"
#include "stream/kafka_int.h"

#define VERIFY_MS       2000 /* an offered assignment is looked at this long, then again */
#define VERIFY_RETRY_MS 500
#define FRESH_MS        1000 /* an answer of the group that is older proves nothing */
#define FRESH_RETRY_MS  20

/* ---- looking at the topics ----------------------------------------------------------------- */

/* The partitions of a topic: a number, 0 when it does not exist, or a negative code. */
static int count_partitions(struct seuil_kafka *kafka, const char *name, int timeout_ms,
                            struct seuil_error *err)
{
    const struct rd_kafka_metadata *metadata;
    rd_kafka_topic_t *topic = rd_kafka_topic_new(kafka->side, name, NULL);
    rd_kafka_resp_err_t code;
    int count = 0;

    if (!topic)
        return seuil_error_set(err, SEUIL_ERR_CONFIG, "topic name '%s' is not valid", name);
    code = rd_kafka_metadata(kafka->side, 0, topic, &metadata, timeout_ms);
    rd_kafka_topic_destroy(topic);
    if (code)
        return seuil_error_set(err, SEUIL_ERR_BACKOFF, "topic %s cannot be looked at: %s", name,
                               rd_kafka_err2str(code));
    if (metadata->topic_cnt == 1) {
        code = metadata->topics[0].err;
        count = metadata->topics[0].partition_cnt;
    }
    rd_kafka_metadata_destroy(metadata);
    if (code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART)
        return 0;
    if (code == RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE)
        return seuil_error_set(err, SEUIL_ERR_BACKOFF, "topic %s: %s", name,
                               rd_kafka_err2str(code));
    if (code)
        return seuil_error_set(err, SEUIL_ERR_CONFIG, "topic %s: %s", name, rd_kafka_err2str(code));
    return count;
}

static int check_topic(struct seuil_kafka *kafka, struct kafka_topic *topic, int timeout_ms,
                       struct seuil_error *err)
{
    int count = count_partitions(kafka, topic->name, timeout_ms, err);

    if (count < 0)
        return count;
    if (count == 0 && !topic->optional)
        return seuil_error_set(err, SEUIL_ERR_MISSING,
                               "topic %s does not exist; `seuilctl init` makes what is missing",
                               topic->name);
    if (count > 0 && (uint32_t)count != kafka->partitions)
        return seuil_error_set(
            err, SEUIL_ERR_CONFIG,
            "topic %s has %d partitions, but `partitions` is %u: a shard is one partition of every "
            "input, and the leads of a topic move when their number changes; give every input "
            "topic the same number, or set up a new application",
            topic->name, count, kafka->partitions);
    atomic_store(&topic->exists, count > 0);
    return 0;
}

static int check_destination(struct seuil_kafka *kafka, enum seuil_destination destination,
                             const char *name, int timeout_ms, struct seuil_error *err)
{
    int count;

    if (!name)
        return 0;
    count = count_partitions(kafka, name, timeout_ms, err);
    if (count < 0)
        return count;
    if (count == 0)
        return seuil_error_set(err, SEUIL_ERR_MISSING,
                               "topic %s does not exist; `seuilctl init` makes what is missing",
                               name);
    kafka->destination_partitions[destination] = (uint32_t)count;
    return 0;
}

int seuil_kafka_check(struct seuil_kafka *kafka, int timeout_ms, struct seuil_error *err)
{
    int code = 0;

    for (uint32_t t = 0; !code && t < SEUIL_TOPICS_MAX; t++)
        if (kafka->topics[t].name)
            code = check_topic(kafka, &kafka->topics[t], timeout_ms, err);
    if (!code)
        code = check_destination(kafka, SEUIL_DEST_OUTBOUND, kafka->outbound, timeout_ms, err);
    if (!code)
        code = check_destination(kafka, SEUIL_DEST_SCORES, kafka->scores, timeout_ms, err);
    if (!code)
        code =
            check_destination(kafka, SEUIL_DEST_DEAD_LETTERS, kafka->dead_letters, timeout_ms, err);
    return code;
}

int seuil_kafka_join(struct seuil_kafka *kafka, struct seuil_error *err)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(8);
    rd_kafka_resp_err_t code;

    /* Optional topics too, though they may not exist: range keeps the partitions of a shard
     * together only when all members subscribe to the same topics. */
    for (uint32_t t = 0; t < SEUIL_TOPICS_MAX; t++)
        if (kafka->topics[t].name)
            rd_kafka_topic_partition_list_add(list, kafka->topics[t].name, RD_KAFKA_PARTITION_UA);
    code = rd_kafka_subscribe(kafka->rk, list);
    rd_kafka_topic_partition_list_destroy(list);
    if (code)
        return seuil_error_set(err, SEUIL_ERR_CONFIG, "cannot subscribe: %s",
                               rd_kafka_err2str(code));
    kafka->joined = true;
    return 0;
}

/* ---- an assignment ------------------------------------------------------------------------- */

static uint32_t topic_number(const struct seuil_kafka *kafka, const char *name)
{
    for (uint32_t t = 0; t < SEUIL_TOPICS_MAX; t++)
        if (kafka->topics[t].name && strcmp(kafka->topics[t].name, name) == 0)
            return t;
    return UINT32_MAX;
}

static void note_offer(struct seuil_kafka *kafka, const rd_kafka_topic_partition_list_t *list)
{
    memset(kafka->offered, 0, kafka->partitions * sizeof(*kafka->offered));
    for (int i = 0; i < list->cnt; i++) {
        uint32_t topic = topic_number(kafka, list->elems[i].topic);
        uint32_t p = (uint32_t)list->elems[i].partition;

        if (topic != UINT32_MAX && p < kafka->partitions)
            kafka->offered[p] |= 1u << topic;
    }
}

/* Every topic that exists must have come with each shard. An optional one that has appeared since
 * the group was asked comes with the next rebalance. */
static int check_alignment(const struct seuil_kafka *kafka, struct seuil_error *err)
{
    uint32_t want = 0;

    for (uint32_t p = 0; p < kafka->partitions; p++)
        want |= kafka->offered[p];
    for (uint32_t t = 0; want && t < SEUIL_TOPICS_MAX; t++)
        if (kafka->topics[t].name && !kafka->topics[t].optional)
            want |= 1u << t;
    for (uint32_t p = 0; p < kafka->partitions; p++) {
        if (!kafka->offered[p] || kafka->offered[p] == want)
            continue;
        for (uint32_t t = 0; t < SEUIL_TOPICS_MAX; t++) {
            if (!(want & ~kafka->offered[p] & 1u << t))
                continue;
            return seuil_error_set(
                err, SEUIL_ERR_CONFIG,
                "the group gave partition %u of some topics, but not of %s: another member of "
                "group %s subscribes to other topics; give all members the same inputs",
                p, kafka->topics[t].name, kafka->group);
        }
    }
    return 0;
}

static void refuse_offer(struct seuil_kafka *kafka)
{
    rd_kafka_topic_partition_list_t *none = rd_kafka_topic_partition_list_new(0);

    memset(kafka->offered, 0, kafka->partitions * sizeof(*kafka->offered));
    rd_kafka_assign(kafka->rk, none);
    rd_kafka_topic_partition_list_destroy(none);
}

static void offer_lane(struct kafka_lane *lane)
{
    pthread_mutex_lock(&lane->lock);
    lane->state = KAFKA_LANE_OFFERED;
    lane->start = KAFKA_NOWHERE;
    lane->sought = lane->broken = lane->at_eof = lane->astray = false;
    lane->eof = 0;
    lane->answer = -1;
    lane->answer_asked = SEUIL_TIME_NONE;
    pthread_mutex_unlock(&lane->lock);
}

static uint32_t list_owned(const struct seuil_kafka *kafka, struct seuil_kafka_event *event)
{
    event->count = 0;
    for (uint32_t p = 0; p < kafka->partitions; p++)
        if (kafka->owned[p])
            event->shards[event->count++] = p;
    return event->count;
}

static int give_out(struct seuil_kafka *kafka, struct seuil_kafka_event *event)
{
    for (uint32_t p = 0; p < kafka->partitions; p++) {
        kafka->owned[p] = kafka->offered[p] != 0;
        if (!kafka->owned[p])
            continue;
        for (uint32_t t = 0; t < SEUIL_TOPICS_MAX; t++)
            if (kafka->topics[t].lanes)
                offer_lane(&kafka->topics[t].lanes[p]);
        atomic_store(&kafka->shards[p].confirmed, kafka->offered_ms);
    }
    event->type = SEUIL_KAFKA_ASSIGNED;
    if (list_owned(kafka, event) > 0)
        return 1;
    refuse_offer(kafka); /* nothing is ours: tell the group that we agree */
    return 0;
}

/* A process that was stopped finds an old answer in its queue, and the shards may be another's by
 * now: then a commit must show that we are still a member. */
static bool is_fresh(struct seuil_kafka *kafka)
{
    seuil_time_ms now = seuil_kafka_mono_ms(), seen = atomic_load(&kafka->seen);

    if (seen > kafka->offered_ms)
        kafka->offered_ms = seen;
    if (now - kafka->offered_ms <= FRESH_MS)
        return true;
    atomic_store(&kafka->probe_wanted, true);
    return false;
}

static int verify_later(struct seuil_kafka *kafka, int wait_ms)
{
    kafka->unverified = true;
    kafka->verify_at = seuil_kafka_mono_ms() + wait_ms;
    return 0;
}

static int verify_offer(struct seuil_kafka *kafka, struct seuil_kafka_event *event)
{
    int code = seuil_kafka_check(kafka, VERIFY_MS, &event->error);

    if (code == SEUIL_ERR_BACKOFF)
        return verify_later(kafka, VERIFY_RETRY_MS);
    if (!code && !is_fresh(kafka))
        return verify_later(kafka, FRESH_RETRY_MS);
    kafka->unverified = false;
    if (!code)
        code = check_alignment(kafka, &event->error);
    if (!code)
        return give_out(kafka, event);
    refuse_offer(kafka);
    event->type = SEUIL_KAFKA_HALTED;
    event->count = 0;
    return 1;
}

/* ---- starting and stopping the lanes -------------------------------------------------------- */

static void watch_lane(struct kafka_lane *lane)
{
    static const uint64_t one = 1;

    if (lane->queue)
        rd_kafka_queue_io_event_enable(lane->queue, lane->wake_fd, &one, sizeof(one));
}

/* Under the lane's lock. */
static void open_lane(struct seuil_kafka *kafka, uint32_t topic, uint32_t p,
                      rd_kafka_topic_partition_list_t *list)
{
    struct kafka_lane *lane = &kafka->topics[topic].lanes[p];
    const char *name = kafka->topics[topic].name;
    bool known = lane->start != KAFKA_NOWHERE;

    lane->state = KAFKA_LANE_ON;
    lane->opened++;
    lane->broken = lane->at_eof = false;
    if (known)
        lane->next = lane->start;
    lane->sought = lane->first = known;
    if (!(kafka->offered[p] & 1u << topic))
        return; /* an optional topic that does not exist */
    if (!lane->queue) {
        lane->queue = rd_kafka_queue_get_partition(kafka->rk, name, (int32_t)p);
        rd_kafka_queue_forward(lane->queue, NULL);
        watch_lane(lane);
    }
    rd_kafka_topic_partition_list_add(list, name, (int32_t)p)->offset =
        known ? lane->start : RD_KAFKA_OFFSET_END;
}

/* Hold every lane of our shards, let @prepare look at it, and assign all of them in one go. */
static int assign_all(struct seuil_kafka *kafka, bool again, struct seuil_error *err)
{
    rd_kafka_topic_partition_list_t *list =
        rd_kafka_topic_partition_list_new((int)kafka->partitions);
    rd_kafka_resp_err_t code;

    for (uint32_t t = 0; t < SEUIL_TOPICS_MAX; t++) {
        for (uint32_t p = 0; kafka->topics[t].lanes && p < kafka->partitions; p++) {
            struct kafka_lane *lane = &kafka->topics[t].lanes[p];

            if (!kafka->owned[p])
                continue;
            pthread_mutex_lock(&lane->lock);
            if (again && lane->state == KAFKA_LANE_ON)
                lane->start = lane->sought ? lane->next : KAFKA_NOWHERE;
            open_lane(kafka, t, p, list);
        }
    }
    code = rd_kafka_assign(kafka->rk, list);
    for (uint32_t t = 0; t < SEUIL_TOPICS_MAX; t++)
        for (uint32_t p = 0; kafka->topics[t].lanes && p < kafka->partitions; p++)
            if (kafka->owned[p])
                pthread_mutex_unlock(&kafka->topics[t].lanes[p].lock);
    rd_kafka_topic_partition_list_destroy(list);
    if (code)
        return seuil_error_set(err, SEUIL_ERR_IO, "cannot take the assignment: %s",
                               rd_kafka_err2str(code));
    return 0;
}

int seuil_kafka_assign(struct seuil_kafka *kafka, struct seuil_error *err)
{
    return assign_all(kafka, false, err);
}

static void close_lane(struct kafka_lane *lane)
{
    pthread_mutex_lock(&lane->lock);
    lane->state = KAFKA_LANE_OFF;
    lane->sought = false;
    if (lane->queue) {
        rd_kafka_queue_io_event_enable(lane->queue, -1, NULL, 0);
        rd_kafka_queue_destroy(lane->queue);
        lane->queue = NULL;
    }
    pthread_mutex_unlock(&lane->lock);
}

static void close_lanes(struct seuil_kafka *kafka)
{
    for (uint32_t p = 0; p < kafka->partitions; p++) {
        if (!kafka->owned[p])
            continue;
        for (uint32_t t = 0; t < SEUIL_TOPICS_MAX; t++)
            if (kafka->topics[t].lanes)
                close_lane(&kafka->topics[t].lanes[p]);
        kafka->owned[p] = false;
        kafka->offered[p] = 0;
        atomic_store(&kafka->shards[p].confirmed, SEUIL_TIME_NONE);
    }
    kafka->unverified = false;
    atomic_store(&kafka->restart, false);
}

void seuil_kafka_unassign(struct seuil_kafka *kafka)
{
    close_lanes(kafka);
    rd_kafka_assign(kafka->rk, NULL);
}

void seuil_kafka_wake_fd(struct seuil_kafka *kafka, uint32_t shard, int fd)
{
    static const uint64_t one = 1;

    for (uint32_t t = 0; t < SEUIL_TOPICS_MAX; t++) {
        struct kafka_lane *lane = seuil_kafka_lane(kafka, t, shard);

        if (!lane)
            continue;
        pthread_mutex_lock(&lane->lock);
        lane->wake_fd = fd;
        watch_lane(lane);
        pthread_mutex_unlock(&lane->lock);
    }
    /* What came before it was watched wakes nobody any more. */
    if (fd >= 0 && write(fd, &one, sizeof(one)) < 0) {
        /* the counter is full: its reader is awake */
    }
}

/* ---- events -------------------------------------------------------------------------------- */

static int on_rebalance(struct seuil_kafka *kafka, rd_kafka_event_t *rkev,
                        struct seuil_kafka_event *event)
{
    if (rd_kafka_event_error(rkev) == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
        /* The group's answer is at least as new as the moment when the queue was last empty: a
         * process that was stopped must not take an old answer for a new one. */
        kafka->offered_ms = kafka->quiet_ms;
        note_offer(kafka, rd_kafka_event_topic_partition_list(rkev));
        return verify_offer(kafka, event);
    }
    event->type = rd_kafka_assignment_lost(kafka->rk) ? SEUIL_KAFKA_LOST : SEUIL_KAFKA_REVOKED;
    if (list_owned(kafka, event) > 0)
        return 1;
    seuil_kafka_unassign(kafka);
    return 0;
}

static int on_error(struct seuil_kafka *kafka, rd_kafka_event_t *rkev,
                    struct seuil_kafka_event *event)
{
    rd_kafka_resp_err_t code = rd_kafka_event_error(rkev);
    char text[512];

    if (rd_kafka_event_error_is_fatal(rkev)) {
        code = rd_kafka_fatal_error(kafka->rk, text, sizeof(text));
        event->type = SEUIL_KAFKA_FATAL;
        list_owned(kafka, event);
        seuil_error_set(&event->error, SEUIL_ERR_FENCED, "Kafka: %s: %s%s", rd_kafka_err2name(code),
                        text,
                        code == RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID
                            ? "; another process runs under the same instance name"
                            : "");
        event->error.fatal = true;
        return 1;
    }
    if (code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART)
        return 0; /* an optional topic that is not there; check() tells of the others */
    /* Whatever it was: what was known of the ends may be of before it. */
    atomic_store(&kafka->troubled_ms, seuil_kafka_wall_ms());
    seuil_kafka_say(kafka, SEUIL_KAFKA_WARNING, "Kafka: %s: %s", rd_kafka_err2name(code),
                    rd_kafka_event_error_string(rkev));
    return 0;
}

static int on_event(struct seuil_kafka *kafka, rd_kafka_event_t *rkev,
                    struct seuil_kafka_event *event)
{
    switch (rd_kafka_event_type(rkev)) {
    case RD_KAFKA_EVENT_REBALANCE:
        return on_rebalance(kafka, rkev, event);
    case RD_KAFKA_EVENT_ERROR:
        return on_error(kafka, rkev, event);
    default:
        return 0;
    }
}

int seuil_kafka_poll(struct seuil_kafka *kafka, int timeout_ms, struct seuil_kafka_event *ret_event)
{
    seuil_time_ms before = seuil_kafka_mono_ms();
    rd_kafka_event_t *rkev;
    int told;

    if (atomic_exchange(&kafka->restart, false)) {
        struct seuil_error err;

        if (assign_all(kafka, true, &err))
            seuil_kafka_say(kafka, SEUIL_KAFKA_ERROR, "%s", err.text);
    }
    if (kafka->unverified && before >= kafka->verify_at && verify_offer(kafka, ret_event))
        return 1;
    if (kafka->unverified && timeout_ms > FRESH_RETRY_MS)
        timeout_ms = FRESH_RETRY_MS;
    rkev = rd_kafka_queue_poll(kafka->events, 0);
    if (!rkev) {
        kafka->quiet_ms = before;
        rkev = rd_kafka_queue_poll(kafka->events, timeout_ms);
    }
    if (!rkev)
        return 0;
    memset(&ret_event->error, 0, sizeof(ret_event->error));
    told = on_event(kafka, rkev, ret_event);
    rd_kafka_event_destroy(rkev);
    return told;
}

/* ---- the end ------------------------------------------------------------------------------- */

int seuil_kafka_close(struct seuil_kafka *kafka, int timeout_ms)
{
    seuil_time_ms until = seuil_kafka_mono_ms() + timeout_ms;
    rd_kafka_queue_t *queue;
    rd_kafka_error_t *error;

    close_lanes(kafka);
    if (!kafka->joined)
        return 0;
    kafka->joined = false;
    queue = rd_kafka_queue_new(kafka->rk);
    error = rd_kafka_consumer_close_queue(kafka->rk, queue);
    while (!error && !rd_kafka_consumer_closed(kafka->rk) && seuil_kafka_mono_ms() < until) {
        rd_kafka_event_t *rkev = rd_kafka_queue_poll(queue, 100);

        if (rkev && rd_kafka_event_type(rkev) == RD_KAFKA_EVENT_REBALANCE)
            rd_kafka_assign(kafka->rk, NULL);
        rd_kafka_event_destroy(rkev);
    }
    if (error)
        rd_kafka_error_destroy(error); /* a fatal error closed it already */
    rd_kafka_queue_destroy(queue);
    return error || rd_kafka_consumer_closed(kafka->rk) ? 0 : SEUIL_ERR_TIMEOUT;
}
