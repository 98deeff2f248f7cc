/* seuilctl shards: what meta says of each shard, how far the group was told, and how far the log is
 * ahead of both. */

#include <inttypes.h>
#include <string.h>
#include <sysexits.h>

#include "codec/encode.h"
#include "ctl.h"
#include "ctl_print.h"
#include "ctl_world.h"
#include "shard/witness.h"

struct shards {
    struct seuil_world world;
    bool json, details;
    bool mute; /* the group did not answer once: it is not asked again */
    uint32_t running, halted, unmade;
    uint64_t outbox;
    int64_t lag;                     /* -1: not known */
    struct seuil_meta_counts counts; /* the sum; `as_of` of the oldest */
    bool wrong;                      /* the counts of a shard do not add up */
    struct seuil_buf out;
};

/* What Kafka says of one shard; -1: not known, or none. */
struct offsets {
    int64_t position[SEUIL_TOPICS_MAX], end[SEUIL_TOPICS_MAX];
};

/* The sums of a shard's topics; -1: one of them is not known. */
struct sums {
    int64_t base, position, lag;
};

static const char *topic_name(const struct shards *s, uint32_t topic)
{
    const char *name = seuil_world_topic(&s->world, topic);

    return name ? name : "?";
}

/* ---- Kafka ----------------------------------------------------------------------------------- */

static void ask_kafka(struct shards *s, uint32_t shard, const struct seuil_meta *meta,
                      struct offsets *ret_offsets)
{
    struct seuil_source *source = s->world.source;
    char text[SEUIL_WITNESS_MAX];
    int64_t start;

    memset(ret_offsets, 0xff, sizeof(*ret_offsets));
    if (!source)
        return;
    if (!s->mute &&
        source->ops->read_witness(source, shard, ret_offsets->position, text, sizeof(text)) < 0)
        s->mute = true;
    for (uint32_t i = 0; i < SEUIL_TOPICS_MAX; i++)
        if (meta->topics[i].present &&
            source->ops->watermarks(source, shard, i, &start, &ret_offsets->end[i]))
            ret_offsets->end[i] = -1;
}

static int64_t lag_of(const struct seuil_meta_topic *topic, int64_t end)
{
    return end < 0 ? -1 : end > topic->base ? end - topic->base : 0;
}

static void add_to(int64_t *sum, int64_t value)
{
    *sum = *sum < 0 || value < 0 ? -1 : *sum + value;
}

static struct sums sum_up(const struct seuil_meta *meta, const struct offsets *offsets)
{
    struct sums sums = {0};

    for (uint32_t i = 0; i < SEUIL_TOPICS_MAX; i++) {
        const struct seuil_meta_topic *topic = &meta->topics[i];

        if (!topic->present)
            continue;
        add_to(&sums.base, topic->base);
        add_to(&sums.position, offsets->position[i]);
        add_to(&sums.lag, lag_of(topic, offsets->end[i]));
    }
    return sums;
}

/* ---- counts ---------------------------------------------------------------------------------- */

static uint64_t fates(const struct seuil_meta_counts *counts)
{
    return counts->applied + counts->replayed + counts->duplicate + counts->filtered +
           counts->late + counts->dead_lettered + counts->in_flight;
}

static bool adds_up(const struct seuil_meta_counts *counts)
{
    return fates(counts) == counts->received;
}

/* "received 12 = 10 applied + 2 filtered" */
static void add_identity(const struct seuil_meta_counts *counts, struct seuil_buf *out)
{
    const char *sign = adds_up(counts) ? " = " : " is not ";

    seuil_buf_printf(out, "received %" PRIu64, counts->received);
    if (fates(counts) == 0 && adds_up(counts))
        return;
#define X(name)                                                                                    \
    if (counts->name && &counts->name != &counts->received) {                                      \
        seuil_buf_printf(out, "%s%" PRIu64 " " #name, sign, counts->name);                         \
        sign = " + ";                                                                              \
    }
    SEUIL_META_COUNTS(X)
#undef X
}

static void add_numbers_json(const struct seuil_meta_counts *counts, struct seuil_buf *out)
{
#define X(name) seuil_buf_printf(out, "\"" #name "\":%" PRIu64 ",", counts->name);
    SEUIL_META_COUNTS(X)
#undef X
    seuil_buf_printf(out, "\"adds_up\":%s}", adds_up(counts) ? "true" : "false");
}

static void add_counts_json(const struct seuil_meta *meta, struct seuil_buf *out)
{
    const struct seuil_meta_counts *counts = &meta->counts;

    if (counts->as_of == SEUIL_TIME_NONE) {
        seuil_buf_add_text(out, "null");
        return;
    }
    seuil_buf_add_text(out, "{\"since\":");
    seuil_print_time_json(counts->since, out);
    seuil_buf_add_text(out, ",\"as_of\":");
    seuil_print_time_json(counts->as_of, out);
    seuil_buf_printf(out, ",\"current\":%s,", counts->seq == meta->seq ? "true" : "false");
    add_numbers_json(counts, out);
}

static void add_counts(const struct seuil_meta *meta, struct seuil_buf *out)
{
    const struct seuil_meta_counts *counts = &meta->counts;

    seuil_buf_add_text(out, "        ");
    if (counts->as_of == SEUIL_TIME_NONE) {
        seuil_buf_add_text(out, "nothing was counted yet\n");
        return;
    }
    add_identity(counts, out);
    seuil_buf_add_text(out, "\n        since ");
    seuil_print_time(counts->since, out);
    seuil_buf_add_text(out, ", as of ");
    seuil_print_time(counts->as_of, out);
    seuil_buf_add_text(out,
                       counts->seq == meta->seq ? "\n" : ", before the token was taken last\n");
}

static void sum_counts(struct shards *s, const struct seuil_meta_counts *counts)
{
    if (counts->as_of == SEUIL_TIME_NONE)
        return;
    if (s->counts.as_of == SEUIL_TIME_NONE || counts->as_of < s->counts.as_of)
        s->counts.as_of = counts->as_of;
    s->wrong |= !adds_up(counts);
#define X(name) s->counts.name += counts->name;
    SEUIL_META_COUNTS(X)
#undef X
}

/* ---- one shard ------------------------------------------------------------------------------- */

/* A number in its column, or what stands for none. */
static void add_column(struct seuil_buf *out, int width, int64_t value)
{
    if (value < 0)
        seuil_buf_printf(out, "  %*s", width, "-");
    else
        seuil_buf_printf(out, "  %*" PRId64, width, value);
}

static void add_number_json(struct seuil_buf *out, const char *name, int64_t value)
{
    if (value < 0)
        seuil_buf_printf(out, ",\"%s\":null", name);
    else
        seuil_buf_printf(out, ",\"%s\":%" PRId64, name, value);
}

static void add_topic(struct shards *s, uint32_t topic, const struct seuil_meta_topic *t,
                      const struct offsets *offsets)
{
    int64_t position = offsets->position[topic], end = offsets->end[topic];
    struct seuil_buf *out = &s->out;

    if (!s->json) {
        seuil_buf_printf(out, "        %-26s", topic_name(s, topic));
        add_column(out, 13, t->base);
        add_column(out, 13, position);
        add_column(out, 11, lag_of(t, end));
        seuil_buf_printf(out, "  reach %" PRId64, t->reach);
        if (end >= 0)
            seuil_buf_printf(out, ", end %" PRId64, end);
        if (t->generation)
            seuil_buf_printf(out, ", generation %u", t->generation);
        seuil_buf_add_byte(out, '\n');
        return;
    }
    seuil_buf_add_text(out, "{\"topic\":");
    seuil_json_add_string(out, seuil_str_from(topic_name(s, topic)));
    seuil_buf_printf(out,
                     ",\"number\":%u,\"generation\":%u,\"base\":%" PRId64 ",\"reach\":%" PRId64,
                     topic, t->generation, t->base, t->reach);
    add_number_json(out, "position", position);
    add_number_json(out, "end", end);
    add_number_json(out, "lag", lag_of(t, end));
    seuil_buf_add_byte(out, '}');
}

static const char *state_of(const struct seuil_meta *meta, bool found)
{
    return !found ? "new" : meta->halt[0] ? "halted" : "owned";
}

static void add_shard_json(struct shards *s, uint32_t shard, const struct seuil_meta *meta,
                           bool found, const struct offsets *offsets)
{
    struct seuil_buf *out = &s->out;
    const char *comma = "";

    seuil_buf_add_text(out, out->len ? "," : "{\"shards\":[");
    seuil_buf_printf(out, "{\"shard\":%u,\"state\":\"%s\",\"owner\":", shard,
                     state_of(meta, found));
    seuil_json_add_string(out, seuil_str_from(meta->owner));
    seuil_buf_printf(out, ",\"seq\":%" PRIu64 ",\"outbox\":%" PRIu64 ",\"halt\":", meta->seq,
                     meta->outbox_tail - meta->outbox_head);
    seuil_json_add_string(out, seuil_str_from(meta->halt));
    seuil_buf_add_text(out, ",\"counts\":");
    add_counts_json(meta, out);
    seuil_buf_add_text(out, ",\"topics\":[");
    for (uint32_t i = 0; i < SEUIL_TOPICS_MAX; i++)
        if (meta->topics[i].present) {
            seuil_buf_add_text(out, comma);
            add_topic(s, i, &meta->topics[i], offsets);
            comma = ",";
        }
    seuil_buf_add_text(out, "]}");
}

static void add_head(struct shards *s)
{
    seuil_buf_printf(&s->out, "%5s  %-7s  %-18s  %13s  %13s  %11s  %6s  %s\n", "shard", "state",
                     "owner", "base", "position", "lag", "outbox", "seq");
}

static void add_shard_text(struct shards *s, uint32_t shard, const struct seuil_meta *meta,
                           bool found, const struct offsets *offsets)
{
    struct seuil_buf *out = &s->out;
    struct sums sums = sum_up(meta, offsets);

    seuil_buf_printf(out, "%5u  %-7s  ", shard, state_of(meta, found));
    seuil_print_padded(meta->owner[0] ? meta->owner : "-", 18, out);
    add_column(out, 13, found ? sums.base : -1);
    add_column(out, 13, found ? sums.position : -1);
    add_column(out, 11, found ? sums.lag : -1);
    seuil_buf_printf(out, "  %6" PRIu64 "  %" PRIu64 "\n", meta->outbox_tail - meta->outbox_head,
                     meta->seq);
    if (meta->halt[0])
        seuil_buf_printf(out, "        %s\n", meta->halt);
    if (found && (s->details || !adds_up(&meta->counts)))
        add_counts(meta, out);
    for (uint32_t i = 0; i < SEUIL_TOPICS_MAX && s->details; i++)
        if (meta->topics[i].present)
            add_topic(s, i, &meta->topics[i], offsets);
}

static int add_shard(struct shards *s, uint32_t shard)
{
    struct offsets offsets;
    struct seuil_meta meta;
    bool found;
    int rc = seuil_world_meta(&s->world, shard, &meta, &found);

    if (rc)
        return rc;
    ask_kafka(s, shard, &meta, &offsets);
    if (s->json)
        add_shard_json(s, shard, &meta, found, &offsets);
    else
        add_shard_text(s, shard, &meta, found, &offsets);
    s->unmade += !found;
    s->halted += found && meta.halt[0];
    s->running += found && !meta.halt[0];
    s->outbox += meta.outbox_tail - meta.outbox_head;
    if (found) {
        add_to(&s->lag, s->world.source ? sum_up(&meta, &offsets).lag : -1);
        sum_counts(s, &meta.counts);
    }
    s->world.store->ops->forget(s->world.store, shard); /* its connection is of no more use */
    return 0;
}

/* ---- all of them ----------------------------------------------------------------------------- */

static void add_sum(struct shards *s, int count)
{
    struct seuil_buf *out = &s->out;

    if (s->json) {
        seuil_buf_printf(out, "],\"owned\":%u,\"halted\":%u,\"new\":%u,\"outbox\":%" PRIu64,
                         s->running, s->halted, s->unmade, s->outbox);
        add_number_json(out, "lag", s->world.source ? s->lag : -1);
        seuil_buf_add_text(out, ",\"counts\":{\"as_of\":");
        seuil_print_time_json(s->counts.as_of, out);
        seuil_buf_add_byte(out, ',');
        add_numbers_json(&s->counts, out);
        seuil_buf_add_text(out, "}\n");
        return;
    }
    seuil_buf_printf(out, "%d shard%s: %u owned, %u halted, %u new; outbox %" PRIu64, count,
                     count == 1 ? "" : "s", s->running, s->halted, s->unmade, s->outbox);
    if (s->lag >= 0 && s->world.source)
        seuil_buf_printf(out, "; lag %" PRId64, s->lag);
    seuil_buf_add_byte(out, '\n');
    if (s->counts.as_of == SEUIL_TIME_NONE)
        return;
    add_identity(&s->counts, out);
    seuil_buf_add_text(out, s->wrong ? ": this does not add up, which is a mistake of Seuil; as of "
                                     : ": adds up; as of ");
    seuil_print_time(s->counts.as_of, out);
    seuil_buf_add_text(out, " or later\n");
}

int seuil_ctl_shards(int argc, char **argv)
{
    const char *config = NULL, *format = NULL, *topics = NULL, *no_kafka = NULL;
    const struct seuil_ctl_option options[] = {
        {"config", "FILE", "configuration; not given: " SEUIL_CTL_CONFIG, &config, NULL},
        {"topics", NULL, "show the counts of each shard and the positions in each topic", &topics,
         NULL},
        {"no-kafka", NULL, "ask Redis alone: no positions, no lag", &no_kafka, NULL},
        {"format", "text|json", "how to answer", &format, NULL},
    };
    const struct seuil_ctl_command command = {
        .name = "shards",
        .operands = "[SHARD...]",
        .help = "Show owner, positions, lag, outbox and counts of shards, from Redis and Kafka.\n"
                "A restart resumes from base; position is how far events were applied, as the\n"
                "consumer group was told; the log beyond base is the lag. Received events are the\n"
                "sum of their fates. Shards that are named are shown with all details.",
        .options = options,
        .option_count = 4,
        .operands_max = SEUIL_PARTITIONS_MAX,
    };
    static uint32_t numbers[SEUIL_PARTITIONS_MAX];
    struct shards s = {.counts.as_of = SEUIL_TIME_NONE};
    int rc, count, operands = seuil_ctl_parse(&command, argc, argv, &rc);

    if (operands < 0)
        return rc;
    if ((rc = seuil_ctl_json("shards", format, &s.json)))
        return rc;
    s.details = topics != NULL || operands > 0;
    rc = seuil_world_open(&s.world, "shards", config, false);
    if (!rc && !no_kafka)
        rc = seuil_world_kafka(&s.world);
    if (rc == EX_TEMPFAIL && s.world.store)
        fprintf(stderr, "seuilctl shards: --no-kafka asks Redis alone\n");
    count = rc ? 0 : seuil_world_shards(&s.world, operands, argv, numbers);
    if (count < 0)
        rc = -count;
    if (!rc && !s.json)
        add_head(&s);
    for (int i = 0; i < count && !rc; i++) {
        seuil_ctl_progress("shards", (uint64_t)i, (uint64_t)count);
        rc = add_shard(&s, numbers[i]);
    }
    seuil_ctl_progress("shards", 1, 1);
    if (!rc && s.mute)
        fprintf(stderr, "seuilctl shards: the consumer group does not answer: positions are not "
                        "known\n");
    if (!rc) {
        add_sum(&s, count);
        rc = seuil_ctl_flush(&s.out, s.wrong ? EX_SOFTWARE : 0);
    }
    seuil_world_done(&s.world);
    return rc;
}
