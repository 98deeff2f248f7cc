/* seuilctl shards: what meta says of each shard, and how far the log is ahead of it. */

#include <inttypes.h>
#include <string.h>
#include <sysexits.h>

#include "codec/encode.h"
#include "ctl.h"
#include "ctl_world.h"

struct shards {
    struct seuil_world world;
    bool json, kafka, topics;
    uint32_t running, halted, unmade;
    uint64_t outbox;
    int64_t lag; /* -1: not known */
    struct seuil_buf out;
};

/* The end of the log, or -1. */
static int64_t end_of(struct shards *s, uint32_t shard, uint32_t topic)
{
    struct seuil_source *source = s->world.source;
    int64_t start, end;

    if (!source || source->ops->watermarks(source, shard, topic, &start, &end))
        return -1;
    return end;
}

static const char *topic_name(const struct shards *s, uint32_t topic)
{
    const struct seuil_input_settings *input = seuil_world_input(&s->world, topic);

    return input ? input->topic : "?";
}

static void add_topic(struct shards *s, uint32_t topic, const struct seuil_meta_topic *t,
                      int64_t end, bool first)
{
    struct seuil_buf *out = &s->out;
    int64_t lag = end < 0 ? -1 : end > t->base ? end - t->base : 0;

    if (!s->json) {
        seuil_buf_printf(out, "         %-24s base %" PRId64 "  reach %" PRId64,
                         topic_name(s, topic), t->base, t->reach);
        if (end >= 0)
            seuil_buf_printf(out, "  end %" PRId64 "  lag %" PRId64, end, lag);
        seuil_buf_add_byte(out, '\n');
        return;
    }
    seuil_buf_add_text(out, first ? "{\"topic\":" : ",{\"topic\":");
    seuil_json_add_string(out, seuil_str_from(topic_name(s, topic)));
    seuil_buf_printf(out,
                     ",\"number\":%u,\"generation\":%u,\"base\":%" PRId64 ",\"reach\":%" PRId64,
                     topic, t->generation, t->base, t->reach);
    if (end >= 0)
        seuil_buf_printf(out, ",\"end\":%" PRId64 ",\"lag\":%" PRId64 "}", end, lag);
    else
        seuil_buf_add_text(out, ",\"end\":null,\"lag\":null}");
}

/* The head of a shard's row. @lag -1: not known. */
static void add_row(struct shards *s, uint32_t shard, const struct seuil_meta *meta, bool found,
                    int64_t lag)
{
    const char *state = !found ? "new" : meta->halt[0] ? "halted" : "owned";
    uint64_t outbox = meta->outbox_tail - meta->outbox_head;

    if (s->json) {
        seuil_buf_add_text(&s->out, s->out.len ? "," : "{\"shards\":[");
        seuil_buf_printf(&s->out, "{\"shard\":%u,\"state\":\"%s\",\"owner\":", shard, state);
        seuil_json_add_string(&s->out, seuil_str_from(meta->owner));
        seuil_buf_printf(
            &s->out, ",\"seq\":%" PRIu64 ",\"outbox\":%" PRIu64 ",\"halt\":", meta->seq, outbox);
        seuil_json_add_string(&s->out, seuil_str_from(meta->halt));
        seuil_buf_add_text(&s->out, ",\"topics\":[");
        return;
    }
    seuil_buf_printf(&s->out, "%5u  %-7s %-20s seq %-10" PRIu64 " outbox %-6" PRIu64, shard, state,
                     meta->owner[0] ? meta->owner : "-", meta->seq, outbox);
    if (lag >= 0)
        seuil_buf_printf(&s->out, " lag %" PRId64, lag);
    seuil_buf_add_byte(&s->out, '\n');
    if (meta->halt[0])
        seuil_buf_printf(&s->out, "         %s\n", meta->halt);
}

static int add_shard(struct shards *s, uint32_t shard)
{
    int64_t ends[SEUIL_TOPICS_MAX], lag = s->world.source ? 0 : -1;
    struct seuil_meta meta;
    bool found, first = true;
    int rc = seuil_world_meta(&s->world, shard, &meta, &found);

    if (rc)
        return rc;
    for (uint32_t i = 0; i < SEUIL_TOPICS_MAX; i++) {
        ends[i] = meta.topics[i].present ? end_of(s, shard, i) : -1;
        if (meta.topics[i].present && ends[i] < 0)
            lag = -1;
        if (lag >= 0 && ends[i] > meta.topics[i].base)
            lag += ends[i] - meta.topics[i].base;
    }
    add_row(s, shard, &meta, found, lag);
    for (uint32_t i = 0; i < SEUIL_TOPICS_MAX; i++)
        if (meta.topics[i].present && (s->json || s->topics)) {
            add_topic(s, i, &meta.topics[i], ends[i], first);
            first = false;
        }
    if (s->json)
        seuil_buf_add_text(&s->out, "]}");
    s->unmade += !found;
    s->halted += found && meta.halt[0];
    s->running += found && !meta.halt[0];
    s->outbox += meta.outbox_tail - meta.outbox_head;
    s->lag = s->lag < 0 || (found && lag < 0) ? -1 : s->lag + (found ? lag : 0);
    s->world.store->ops->forget(s->world.store, shard); /* its connection is of no more use */
    return 0;
}

static void add_sum(struct shards *s, int count)
{
    if (s->json) {
        seuil_buf_printf(&s->out,
                         "],\"owned\":%u,\"halted\":%u,\"new\":%u,\"outbox\":%" PRIu64 ",\"lag\":",
                         s->running, s->halted, s->unmade, s->outbox);
        if (s->lag >= 0 && s->world.source)
            seuil_buf_printf(&s->out, "%" PRId64 "}\n", s->lag);
        else
            seuil_buf_add_text(&s->out, "null}\n");
        return;
    }
    seuil_buf_printf(&s->out, "%d shard%s: %u owned, %u halted, %u new; outbox %" PRIu64, count,
                     count == 1 ? "" : "s", s->running, s->halted, s->unmade, s->outbox);
    if (s->lag >= 0 && s->world.source)
        seuil_buf_printf(&s->out, "; lag %" PRId64, s->lag);
    seuil_buf_add_byte(&s->out, '\n');
}

int seuil_ctl_shards(int argc, char **argv)
{
    const char *config = NULL, *format = NULL, *topics = NULL, *no_kafka = NULL;
    const struct seuil_ctl_option options[] = {
        {"config", "FILE", "configuration; not given: " SEUIL_CTL_CONFIG, &config, NULL},
        {"topics", NULL, "show the positions in each topic", &topics, NULL},
        {"no-kafka", NULL, "do not ask Kafka for the ends of the log", &no_kafka, NULL},
        {"format", "text|json", "how to answer", &format, NULL},
    };
    const struct seuil_ctl_command command = {
        .name = "shards",
        .operands = "[SHARD...]",
        .help = "Show owner, sequence, outbox, positions and lag of shards, from Redis and Kafka.\n"
                "base is what a restart resumes from; the log beyond it is the lag.",
        .options = options,
        .option_count = 4,
        .operands_max = SEUIL_PARTITIONS_MAX,
    };
    static uint32_t numbers[SEUIL_PARTITIONS_MAX];
    struct shards s = {0};
    int rc, count, operands = seuil_ctl_parse(&command, argc, argv, &rc);

    if (operands < 0)
        return rc;
    if ((rc = seuil_ctl_json("shards", format, &s.json)))
        return rc;
    s.topics = topics != NULL;
    rc = seuil_world_open(&s.world, "shards", config);
    if (!rc && !no_kafka)
        rc = seuil_world_kafka(&s.world);
    count = rc ? 0 : seuil_world_shards(&s.world, operands, argv, numbers);
    if (count < 0)
        rc = -count;
    for (int i = 0; i < count && !rc; i++) {
        seuil_ctl_progress("shards", (uint64_t)i, (uint64_t)count);
        rc = add_shard(&s, numbers[i]);
    }
    seuil_ctl_progress("shards", 1, 1);
    if (!rc) {
        add_sum(&s, count);
        rc = seuil_ctl_flush(&s.out, 0);
    }
    seuil_world_done(&s.world);
    return rc;
}
