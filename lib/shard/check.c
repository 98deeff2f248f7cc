/* Before a record is applied: does the log still fit the state, the state what the group was told
 * (rules 21-23)? Whatever does not fit halts with the command that settles it. */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "shard/internal.h"
#include "shard/witness.h"

static const char *name_of(const struct seuil_shard *shard, uint32_t topic)
{
    return shard->config->inputs[topic].name ? shard->config->inputs[topic].name : "?";
}

/* Where a topic without history begins: 0, SEUIL_ERR_BACKOFF, SEUIL_ERR_HALTED. */
static int start_of(struct seuil_shard *shard, uint32_t i, int64_t *ret_start)
{
    const struct seuil_input *input = &shard->config->inputs[i];
    struct seuil_source *source = shard->env.source;
    int64_t first, end;

    if (source->ops->watermarks(source, shard->number, i, &first, &end) != 0)
        return SEUIL_ERR_BACKOFF;
    switch (input->start) {
    case SEUIL_START_EARLIEST:
        *ret_start = first;
        return 0;
    case SEUIL_START_LATEST:
        *ret_start = end;
        return 0;
    case SEUIL_START_TIME:
        return source->ops->offset_of_time(source, shard->number, i, input->start_time, ret_start)
                   ? SEUIL_ERR_BACKOFF
                   : 0;
    case SEUIL_START_UNSET:
        break;
    }
    seuil_shard_halt(shard,
                     "topic %s is new to this shard and its input has no `start`: set it to "
                     "earliest, latest or a time, then restart",
                     name_of(shard, i));
    return SEUIL_ERR_HALTED;
}

static void topic_begin(struct seuil_meta_topic *topic, int64_t start)
{
    topic->present = true;
    topic->base = topic->reach = start;
    topic->finger_offset = topic->base_finger_offset = -1;
    topic->base_time = SEUIL_TIME_NONE;
}

int seuil_check_first_meta(struct seuil_shard *shard, struct seuil_meta *ret_meta)
{
    struct seuil_source *source = shard->env.source;
    int64_t positions[SEUIL_TOPICS_MAX];
    char text[SEUIL_WITNESS_MAX];
    struct seuil_witness_text witness;
    struct seuil_meta meta = {
        .format = SEUIL_META_FORMAT,
        .stream_time = SEUIL_TIME_NONE,
        .counts = {.since = SEUIL_TIME_NONE, .as_of = SEUIL_TIME_NONE},
    };
    int rc = source->ops->read_witness(source, shard->number, positions, text, sizeof(text));

    if (rc < 0)
        return SEUIL_ERR_BACKOFF;
    if (shard->config->must_exist || (rc == 1 && seuil_witness_parse(text, &witness))) {
        seuil_shard_halt(shard,
                         "Redis has no state of this shard, though %s: the state was lost, or this "
                         "is another Redis. Restore it from a backup, or make it anew from the log "
                         "with `seuilctl rebuild`",
                         rc == 1 ? "the group's commit says that there was one"
                                 : "the manifest says that every shard was made");
        return SEUIL_ERR_HALTED;
    }
    for (uint32_t i = 0; i < SEUIL_TOPICS_MAX; i++) {
        int64_t start = 0;

        if (!shard->topics[i].lane)
            continue;
        rc = start_of(shard, i, &start);
        if (rc)
            return rc;
        topic_begin(&meta.topics[i], start);
    }
    meta.token = shard->token;
    meta.seq = 1;
    meta.model_hash = shard->env.models->hash;
    seuil_versions_write(shard->env.models, meta.versions);
    meta.muted_until = SEUIL_TIME_NONE;
    snprintf(meta.owner, sizeof(meta.owner), "%s", shard->config->owner);
    if (shard->config->cluster_id)
        snprintf(meta.cluster_id, sizeof(meta.cluster_id), "%s", shard->config->cluster_id);
    *ret_meta = meta;
    return 0;
}

/* Read the record of a fingerprint back: 0 it is there (or cannot be told), SEUIL_ERR_BACKOFF, or
 * SEUIL_ERR_CORRUPT: another record lies there. */
static int recognise(struct seuil_shard *shard, uint32_t i, int64_t first, int64_t offset,
                     seuil_time_ms time, uint64_t hash)
{
    struct seuil_source *source = shard->env.source;
    seuil_time_ms found_time;
    uint64_t found_hash;
    int rc;

    if (offset < first)
        return 0;
    rc = source->ops->read_back(source, shard->number, i, offset, &found_time, &found_hash);
    if (rc == SEUIL_ERR_MISSING) {
        /* Compaction may have taken it; the end of the log was looked at apart. */
        seuil_shard_tell(shard, SEUIL_LEVEL_WARNING,
                         "topic %s: the record at %" PRId64 " is gone from the log, so it cannot "
                         "tell whether the topic was made again",
                         name_of(shard, i), offset);
        return 0;
    }
    if (rc)
        return SEUIL_ERR_BACKOFF;
    return found_time == time && found_hash == hash ? 0 : SEUIL_ERR_CORRUPT;
}

/* One topic: 0, SEUIL_ERR_BACKOFF, SEUIL_ERR_HALTED. */
static int check_topic(struct seuil_shard *shard, uint32_t i)
{
    struct seuil_meta_topic *topic = &shard->meta.topics[i];
    struct seuil_source *source = shard->env.source;
    int64_t first, end, start;
    int rc;

    if (!topic->present) { /* an input added since */
        rc = start_of(shard, i, &start);
        if (rc)
            return rc;
        topic_begin(topic, start);
        shard->grown = true;
        return 0;
    }
    if (source->ops->watermarks(source, shard->number, i, &first, &end) != 0)
        return SEUIL_ERR_BACKOFF;
    if (topic->base < first) {
        seuil_shard_halt(shard,
                         "topic %s: the log begins at %" PRId64 ", the state resumes at %" PRId64
                         ": the %" PRId64 " offsets between were deleted before they were read. "
                         "Accept the gap with `seuilctl go-on`, or restore the records",
                         name_of(shard, i), first, topic->base, first - topic->base);
        return SEUIL_ERR_HALTED;
    }
    if (topic->base > end || topic->reach > end) {
        seuil_shard_halt(shard,
                         "topic %s: the log ends at %" PRId64 ", but %" PRId64
                         " was read from it: it lost its tail, or was deleted and made again. If "
                         "it was made again: `seuilctl adopt --topic %s`",
                         name_of(shard, i), end, topic->reach, name_of(shard, i));
        return SEUIL_ERR_HALTED;
    }
    rc = recognise(shard, i, first, topic->finger_offset, topic->finger_time, topic->finger_hash);
    if (rc == 0)
        rc = recognise(shard, i, first, topic->base_finger_offset, topic->base_finger_time,
                       topic->base_finger_hash);
    if (rc == SEUIL_ERR_CORRUPT) {
        seuil_shard_halt(shard,
                         "topic %s: the record before %" PRId64 " or %" PRId64
                         " is another one than was read there: the log lost its tail and grew "
                         "again, or the topic was made again. If it was made again: `seuilctl "
                         "adopt --topic %s`",
                         name_of(shard, i), topic->reach, topic->base, name_of(shard, i));
        return SEUIL_ERR_HALTED;
    }
    return rc;
}

static int check_witness(struct seuil_shard *shard)
{
    struct seuil_source *source = shard->env.source;
    int64_t positions[SEUIL_TOPICS_MAX];
    char text[SEUIL_WITNESS_MAX];
    struct seuil_witness_text witness;
    int rc = source->ops->read_witness(source, shard->number, positions, text, sizeof(text));

    if (rc < 0)
        return SEUIL_ERR_BACKOFF;
    if (rc == 1 && seuil_witness_parse(text, &witness) &&
        seuil_witness_ahead(&witness, &shard->meta)) {
        shard->counters.rewinds++;
        seuil_shard_tell(shard, SEUIL_LEVEL_WARNING,
                         "Redis lost its tail: seq %" PRIu64 ", the group was told %" PRIu64
                         ". Going on from Redis; crossings of the lost part may be published again "
                         "with their ids",
                         shard->meta.seq - 1, witness.seq);
    }
    return 0;
}

bool seuil_check_run(struct seuil_shard *shard)
{
    const char *cluster = shard->config->cluster_id;
    int rc = 0;

    if (shard->meta.halt[0]) {
        seuil_shard_tell(shard, SEUIL_LEVEL_ERROR, "halted: %s", shard->meta.halt);
        memcpy(shard->text, shard->meta.halt, sizeof(shard->text));
        seuil_shard_drop(shard);
        seuil_shard_enter(shard, SEUIL_SHARD_HALT);
        return false;
    }
    if (cluster && cluster[0] && shard->meta.cluster_id[0] &&
        strcmp(cluster, shard->meta.cluster_id) != 0) {
        seuil_shard_halt(shard,
                         "the state was made from Kafka cluster %s, this is %s. Mend the "
                         "configuration, or, if every topic was made again here, `seuilctl adopt`",
                         shard->meta.cluster_id, cluster);
        return false;
    }
    for (uint32_t i = 0; i < SEUIL_TOPICS_MAX && rc == 0; i++)
        if (shard->topics[i].lane)
            rc = check_topic(shard, i);
    if (rc == 0)
        rc = check_witness(shard);
    if (rc == SEUIL_ERR_BACKOFF)
        seuil_shard_wake_at(shard, shard->mono + SEUIL_LOOK_MS);
    return rc == 0;
}
