#include "shard/operator.h"

#include <stdio.h>
#include <string.h>

static void forget_record(struct seuil_meta_topic *topic)
{
    topic->finger_offset = topic->base_finger_offset = -1;
    topic->finger_time = topic->base_finger_time = 0;
    topic->finger_hash = topic->base_finger_hash = 0;
}

static uint32_t next_generation(const struct seuil_meta *meta)
{
    uint32_t highest = 0;

    for (uint32_t i = 0; i < SEUIL_TOPICS_MAX; i++)
        if (meta->topics[i].present && meta->topics[i].generation > highest)
            highest = meta->topics[i].generation;
    return highest + 1;
}

int64_t seuil_operator_go_on(struct seuil_meta *meta, const int64_t *first)
{
    int64_t lost = 0;

    for (uint32_t i = 0; i < SEUIL_TOPICS_MAX; i++) {
        struct seuil_meta_topic *topic = &meta->topics[i];

        if (!topic->present || first[i] <= topic->base)
            continue;
        lost += first[i] - topic->base;
        topic->base = first[i];
        topic->base_finger_offset = -1;
        if (topic->reach < topic->base) {
            topic->reach = topic->base;
            topic->finger_offset = -1;
        }
    }
    meta->halt[0] = '\0';
    return lost;
}

int seuil_operator_adopt(struct seuil_meta *meta, uint32_t topic, int64_t start,
                         const char *cluster_id)
{
    struct seuil_meta_topic *to;

    if (topic >= SEUIL_TOPICS_MAX || !meta->topics[topic].present)
        return SEUIL_ERR_UNKNOWN;
    to = &meta->topics[topic];
    to->generation = next_generation(meta);
    to->base = to->reach = start;
    to->base_time = SEUIL_TIME_NONE;
    forget_record(to);
    if (cluster_id)
        snprintf(meta->cluster_id, sizeof(meta->cluster_id), "%s", cluster_id);
    meta->halt[0] = '\0';
    return 0;
}

void seuil_operator_rebuild(struct seuil_meta *meta, const struct seuil_operator_rebuild *order)
{
    uint32_t generation = next_generation(meta);

    if (generation <= order->witness_generation)
        generation = order->witness_generation + 1; /* meta was lost, and is not the first */
    meta->format = SEUIL_META_FORMAT;
    for (uint32_t i = 0; i < SEUIL_TOPICS_MAX; i++) {
        struct seuil_meta_topic *topic = &meta->topics[i];

        *topic = (struct seuil_meta_topic){.present = order->start[i] >= 0};
        forget_record(topic);
        topic->base_time = SEUIL_TIME_NONE;
        if (!topic->present)
            continue;
        topic->generation = generation;
        topic->base = topic->reach = order->start[i];
    }
    meta->stream_time = SEUIL_TIME_NONE;
    meta->sources.count = 0;
    if (meta->seq <= order->witness_seq)
        meta->seq = order->witness_seq + 1; /* or the next owner would think Redis went back */
    meta->model_hash = order->model_hash;
    meta->versions[0] = '\0'; /* the next owner fills them in */
    meta->walk_model_hash = 0;
    meta->walk_cursor = 0;
    meta->muted_until = order->muted_until;
    meta->counts = (struct seuil_meta_counts){.since = SEUIL_TIME_NONE, .as_of = SEUIL_TIME_NONE};
    if (order->cluster_id)
        snprintf(meta->cluster_id, sizeof(meta->cluster_id), "%s", order->cluster_id);
    meta->halt[0] = '\0';
}
