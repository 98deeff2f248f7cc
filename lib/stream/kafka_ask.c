/* One thread that asks for the ends of all logs that want to be known, in one question at most
 * about once a second, and that collects what the group answers. */

#include <string.h>
#include <unistd.h>

#include <librdkafka/rdkafka.h>

#include "stream/kafka_int.h"

#define ASK_EVERY_MS   950
#define ASK_TIMEOUT_MS 5000
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

static void *run(void *arg)
{
    struct seuil_kafka *kafka = arg;

    while (!atomic_load(&kafka->stop)) {
        seuil_kafka_witness_serve(kafka, SERVE_MS);
        rd_kafka_poll(kafka->side, 0); /* its errors, for the log */
        if (seuil_kafka_mono_ms() - kafka->asked_ms >= ASK_EVERY_MS)
            ask(kafka);
    }
    return NULL;
}

int seuil_kafka_asker_start(struct seuil_kafka *kafka)
{
    kafka->asked_ms = seuil_kafka_mono_ms() - ASK_EVERY_MS;
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
