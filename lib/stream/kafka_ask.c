/* One thread that asks for the ends of all logs that want to be known, in one question at most
 * about once a second, and that collects what the group answers. */

#include <string.h>
#include <unistd.h>

#include <librdkafka/rdkafka.h>

#include "stream/kafka_int.h"

#define ASK_EVERY_MS   950
#define ASK_TIMEOUT_MS 5000
#define NUDGE_EVERY_MS 20
#define NUDGE_WAIT_MS  2
#define SERVE_MS       20 /* how long an answer of the group may keep a question waiting */

/* ListOffsets: "the next offset to be written", as a timestamp. */
#define TIMESTAMP_END (-1)

void seuil_kafka_ask_ends(struct seuil_source *source, uint32_t shard)
{
    struct seuil_kafka *kafka = kafka_of(source);

    if (shard < kafka->partitions)
        atomic_store(&kafka->shards[shard].asked, true);
}

static rd_kafka_topic_partition_list_t *gather(struct seuil_kafka *kafka)
{
    rd_kafka_topic_partition_list_t *list = NULL;

    for (uint32_t p = 0; p < kafka->partitions; p++) {
        if (!atomic_exchange(&kafka->shards[p].asked, false))
            continue;
        for (uint32_t t = 0; t < SEUIL_TOPICS_MAX; t++) {
            struct kafka_lane *lane = seuil_kafka_lane(kafka, t, p);

            if (!lane || !atomic_load(&kafka->topics[t].exists))
                continue;
            if (!list)
                list = rd_kafka_topic_partition_list_new((int)kafka->partitions);
            rd_kafka_topic_partition_list_add(list, kafka->topics[t].name, (int32_t)p)->offset =
                TIMESTAMP_END;
        }
    }
    return list;
}

static void note_answer(struct kafka_lane *lane, int64_t end, seuil_time_ms asked)
{
    static const uint64_t one = 1;

    pthread_mutex_lock(&lane->lock);
    if (lane->state != KAFKA_LANE_OFF) {
        /* Not below what came already: the answer may be older than a record that overtook it. */
        if (end > lane->answer)
            lane->answer = end;
        lane->answer_asked = asked;
        if (lane->wake_fd >= 0 && write(lane->wake_fd, &one, sizeof(one)) < 0) {
            /* the counter is full: its owner is awake */
        }
    }
    pthread_mutex_unlock(&lane->lock);
}

static void ask(struct seuil_kafka *kafka)
{
    rd_kafka_topic_partition_list_t *list = gather(kafka);
    seuil_time_ms asked = seuil_kafka_wall_ms();
    rd_kafka_resp_err_t code;

    if (!list)
        return;
    kafka->asked_ms = seuil_kafka_mono_ms();
    code = rd_kafka_offsets_for_times(kafka->side, list, ASK_TIMEOUT_MS);
    for (int i = 0; i < list->cnt && !code; i++) {
        const rd_kafka_topic_partition_t *one = &list->elems[i];

        if (one->err || one->offset < 0)
            continue;
        for (uint32_t t = 0; t < SEUIL_TOPICS_MAX; t++)
            if (kafka->topics[t].lanes && strcmp(kafka->topics[t].name, one->topic) == 0)
                note_answer(&kafka->topics[t].lanes[one->partition], one->offset, asked);
    }
    rd_kafka_topic_partition_list_destroy(list);
}

/* Whether @lane has shrunk by a quarter since it was longest, while the log has more. */
static bool runs_low(struct seuil_kafka *kafka, uint32_t topic, uint32_t shard,
                     struct kafka_lane *lane)
{
    int64_t low, high, next;
    bool on;
    size_t length;

    pthread_mutex_lock(&lane->lock);
    on = lane->state == KAFKA_LANE_ON && lane->sought && lane->queue;
    length = on ? rd_kafka_queue_length(lane->queue) : 0;
    next = lane->next;
    pthread_mutex_unlock(&lane->lock);
    if (length > lane->longest)
        lane->longest = length;
    if (!on || length > lane->longest - lane->longest / 4)
        return false;
    lane->longest = length;
    return !rd_kafka_get_watermark_offsets(kafka->rk, kafka->topics[topic].name, (int32_t)shard,
                                           &low, &high) &&
           next + (int64_t)length < high;
}

/* When the queues of a broker's partitions are full, librdkafka (2.0.2) looks at them again after
 * up to a second, whatever was taken meanwhile, unless its thread is woken: a question to the
 * broker does. So the queues need not hold a second of the peak. The answer is of no interest. */
static void nudge(struct seuil_kafka *kafka)
{
    rd_kafka_topic_partition_list_t *list = NULL;

    kafka->nudged_ms = seuil_kafka_mono_ms();
    for (uint32_t t = 0; t < SEUIL_TOPICS_MAX; t++)
        for (uint32_t p = 0; p < kafka->partitions; p++) {
            struct kafka_lane *lane = seuil_kafka_lane(kafka, t, p);

            if (!lane || !runs_low(kafka, t, p, lane))
                continue;
            if (!list)
                list = rd_kafka_topic_partition_list_new(8);
            rd_kafka_topic_partition_list_add(list, kafka->topics[t].name, (int32_t)p)->offset =
                TIMESTAMP_END;
        }
    if (!list)
        return;
    rd_kafka_offsets_for_times(kafka->rk, list, NUDGE_WAIT_MS);
    rd_kafka_topic_partition_list_destroy(list);
}

static void *run(void *arg)
{
    struct seuil_kafka *kafka = arg;

    while (!atomic_load(&kafka->stop)) {
        seuil_kafka_witness_serve(kafka, SERVE_MS);
        rd_kafka_poll(kafka->side, 0); /* its errors, for the log */
        if (seuil_kafka_mono_ms() - kafka->asked_ms >= ASK_EVERY_MS)
            ask(kafka);
        if (seuil_kafka_mono_ms() - kafka->nudged_ms >= NUDGE_EVERY_MS)
            nudge(kafka);
    }
    return NULL;
}

int seuil_kafka_asker_start(struct seuil_kafka *kafka)
{
    kafka->asked_ms = seuil_kafka_mono_ms() - ASK_EVERY_MS;
    atomic_store(&kafka->stop, false);
    kafka->asker_runs = pthread_create(&kafka->asker, NULL, run, kafka) == 0;
    return kafka->asker_runs ? 0 : SEUIL_ERR_NOMEM;
}

void seuil_kafka_asker_stop(struct seuil_kafka *kafka)
{
    if (!kafka->asker_runs)
        return;
    atomic_store(&kafka->stop, true);
    pthread_join(kafka->asker, NULL);
    kafka->asker_runs = false;
}
