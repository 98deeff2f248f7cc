/* seuilctl dlq replay: records from the dead letters back to their topics.
 *
 * Key, value and headers are the record's own; headers of codec/origin.h say where and when it
 * stood first, so an id derived of its place is the same as then, and what had counted of it counts
 * once. A mark is written when the topics have acknowledged the records before it; if this ends
 * between the two, the records are sent once more, which ids make harmless. */

#include <inttypes.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/heap.h"
#include "codec/origin.h"
#include "codec/text.h"
#include "ctl_dlq.h"

#define FLUSH_MS 30000
/* Records sent before their marks are. */
#define TOGETHER 500

struct place {
    int64_t partition, offset;
    bool found;
};

struct sent {          /* and not yet marked */
    int32_t partition; /* of the letter */
    char topic[256], record_partition[16], record_offset[24];
};

struct replay {
    bool accept_late, again, dry;
    struct place *places;
    uint32_t place_count;
    struct seuil_producer *producer;
    struct sent *sent;
    uint32_t sent_count;
    uint64_t total, marked, late, unknown;
    char by[80];
};

static void add(struct seuil_header *headers, uint32_t *count, const char *name, const char *value)
{
    headers[(*count)++] = (struct seuil_header){seuil_str_from(name), (const uint8_t *)value,
                                                (uint32_t)strlen(value)};
}

/* ---- marks ---------------------------------------------------------------------------------- */

/* Everything sent so far is acknowledged: say so behind the letters. */
static int mark(struct seuil_dlq *d, struct replay *replay)
{
    const char *topic = d->opened.settings->dead_letters_topic;
    struct seuil_error err = {0};
    int rc = seuil_producer_flush(replay->producer, FLUSH_MS, &err);

    for (uint32_t i = 0; i < replay->sent_count && !rc; i++) {
        const struct sent *sent = &replay->sent[i];
        struct seuil_header headers[4];
        uint32_t count = 0;

        add(headers, &count, SEUIL_MARK_TOPIC, sent->topic);
        add(headers, &count, SEUIL_MARK_PARTITION, sent->record_partition);
        add(headers, &count, SEUIL_MARK_OFFSET, sent->record_offset);
        add(headers, &count, "seuil.replayed.by", replay->by);
        rc = seuil_producer_send_headers(replay->producer, topic, sent->partition,
                                         (struct seuil_str){0}, NULL, 0, 0, headers, count, &err);
    }
    if (!rc)
        rc = seuil_producer_flush(replay->producer, FLUSH_MS, &err);
    if (rc)
        return seuil_ctl_fail(d->command, EX_TEMPFAIL,
                              "%s. Records since the last that is listed may have been sent; to "
                              "send them again does no harm",
                              err.text);
    replay->sent_count = 0;
    return 0;
}

static int remember(struct seuil_dlq *d, struct replay *replay, const struct seuil_read *read,
                    const struct seuil_dead_letter_view *letter)
{
    struct sent *sent = &replay->sent[replay->sent_count++];

    sent->partition = read->partition;
    snprintf(sent->topic, sizeof(sent->topic), "%.*s", (int)letter->topic.len, letter->topic.ptr);
    snprintf(sent->record_partition, sizeof(sent->record_partition), "%d", letter->partition);
    snprintf(sent->record_offset, sizeof(sent->record_offset), "%" PRId64, letter->offset);
    return replay->sent_count == TOGETHER ? mark(d, replay) : 0;
}

/* ---- one letter ----------------------------------------------------------------------------- */

/* Where its key belongs: a record in the wrong partition finds its lead this way. */
static int32_t partition_of(const struct seuil_settings *s, const struct seuil_read *read,
                            const struct seuil_dead_letter_view *letter)
{
    enum seuil_partitioner partitioner = s->partitioner == SEUIL_KEYING_MURMUR2
                                             ? SEUIL_PARTITIONER_MURMUR2
                                             : SEUIL_PARTITIONER_CONSISTENT;

    if (s->partitioner == SEUIL_KEYING_UNCHECKED || read->key.len == 0)
        return letter->partition;
    return (int32_t)seuil_partition_of(partitioner, read->key, (uint32_t)s->partitions);
}

static int send(struct seuil_dlq *d, struct replay *replay, const struct seuil_read *read,
                const struct seuil_dead_letter_view *letter, int32_t partition)
{
    struct seuil_header headers[SEUIL_HEADERS_MAX + 5];
    char topic[256], first_topic[256], numbers[3][24];
    struct seuil_error err = {0};
    uint32_t count = 0;

    for (uint32_t i = 0; i < letter->own_headers; i++)
        if (!seuil_dead_letter_is_ours(read->headers[i].name))
            headers[count++] = read->headers[i];
    snprintf(topic, sizeof(topic), "%.*s", (int)letter->topic.len, letter->topic.ptr);
    snprintf(first_topic, sizeof(first_topic), "%.*s", (int)letter->first.topic.len,
             letter->first.topic.ptr);
    snprintf(numbers[0], sizeof(numbers[0]), "%d", letter->first.partition);
    snprintf(numbers[1], sizeof(numbers[1]), "%" PRId64, letter->first.offset);
    snprintf(numbers[2], sizeof(numbers[2]), "%" PRId64, letter->first.time);
    add(headers, &count, SEUIL_ORIGIN_TOPIC, first_topic);
    add(headers, &count, SEUIL_ORIGIN_PARTITION, numbers[0]);
    add(headers, &count, SEUIL_ORIGIN_OFFSET, numbers[1]);
    add(headers, &count, SEUIL_ORIGIN_TIME, numbers[2]);
    if (replay->accept_late)
        add(headers, &count, SEUIL_ACCEPT_LATE, "true");
    if (seuil_producer_send_headers(replay->producer, topic, partition, read->key, read->value,
                                    read->value_len, 0, headers, count, &err))
        return seuil_ctl_fail(d->command, EX_TEMPFAIL, "%s", err.text);
    return remember(d, replay, read, letter);
}

static void tell(struct seuil_dlq *d, const struct replay *replay, const struct seuil_read *read,
                 const struct seuil_dead_letter_view *letter, int32_t partition)
{
    if (d->json) {
        seuil_buf_printf(&d->out, "{\"partition\":%d,\"offset\":%" PRId64, read->partition,
                         read->offset);
        seuil_dlq_add_json(&d->out, "error", letter->error);
        seuil_dlq_add_json(&d->out, "topic", letter->topic);
        seuil_buf_printf(&d->out, ",\"topic_partition\":%d,\"sent\":%s}\n", partition,
                         replay->dry ? "false" : "true");
        return;
    }
    seuil_buf_printf(&d->out, "%d:%" PRId64 "  ", read->partition, read->offset);
    seuil_dlq_add_text(&d->out, letter->error, 32);
    seuil_buf_printf(&d->out, "  %s ", replay->dry ? "would go to" : "to");
    seuil_dlq_add_text(&d->out, letter->topic, 249);
    seuil_buf_printf(&d->out, ":%d\n", partition);
}

static bool chosen(struct replay *replay, const struct seuil_read *read)
{
    for (uint32_t i = 0; i < replay->place_count; i++)
        if (replay->places[i].partition == read->partition &&
            replay->places[i].offset == read->offset)
            return replay->places[i].found = true;
    return replay->place_count == 0;
}

static bool is_input(const struct seuil_settings *s, struct seuil_str topic)
{
    for (uint32_t i = 0; i < s->input_count; i++)
        if (seuil_str_eq(topic, seuil_str_from(s->inputs[i].topic)))
            return true;
    return seuil_str_eq(topic, seuil_str_from(s->internal_topic));
}

static int replay_letter(struct seuil_dlq *d, void *ctx, const struct seuil_read *read,
                         const struct seuil_dead_letter_view *letter)
{
    const struct seuil_settings *s = d->opened.settings;
    struct replay *replay = ctx;
    int32_t partition = partition_of(s, read, letter);
    int status;

    if (!chosen(replay, read))
        return 0;
    if (!is_input(s, letter->topic)) {
        replay->unknown++;
        return 0;
    }
    if (!replay->accept_late && seuil_str_eq(letter->error, SEUIL_STR("late"))) {
        replay->late++;
        return 0;
    }
    if (seuil_dlq_is_marked(d, letter) && !replay->again) {
        replay->marked++;
        return 0;
    }
    replay->total++;
    tell(d, replay, read, letter, partition);
    /* The copy of a letter, of which there may be several, goes once. */
    status =
        replay->again ? 0 : seuil_dlq_mark(d, letter->topic, letter->partition, letter->offset);
    if (!status && !replay->dry)
        status = send(d, replay, read, letter, partition);
    return status;
}

/* ---- the command ---------------------------------------------------------------------------- */

static int summary(struct seuil_dlq *d, const struct replay *replay)
{
    for (uint32_t i = 0; i < replay->place_count; i++)
        if (!replay->places[i].found)
            return seuil_ctl_fail(d->command, EX_DATAERR,
                                  "there is no such letter: %" PRId64 ":%" PRId64,
                                  replay->places[i].partition, replay->places[i].offset);
    if (d->json)
        return 0;
    seuil_buf_printf(&d->out, "%" PRIu64 " record%s %s\n", replay->total,
                     replay->total == 1 ? "" : "s",
                     replay->dry ? "would be sent again" : "sent again");
    if (replay->marked)
        seuil_buf_printf(&d->out, "%" PRIu64 " %s sent again before; --again sends once more\n",
                         replay->marked, replay->marked == 1 ? "was" : "were");
    if (replay->late)
        seuil_buf_printf(&d->out, "%" PRIu64 " late, and would be again: --accept-late\n",
                         replay->late);
    if (replay->unknown)
        seuil_buf_printf(&d->out, "%" PRIu64 " of topics that are no inputs (any more)\n",
                         replay->unknown);
    return 0;
}

static int run(struct seuil_dlq *d, struct replay *replay)
{
    struct seuil_error err = {0};
    char host[48] = "?";
    int status = seuil_dlq_read_marks(d);

    gethostname(host, sizeof(host) - 1);
    snprintf(replay->by, sizeof(replay->by), "seuilctl@%s", host);
    replay->sent = seuil_heap_zalloc(TOGETHER, sizeof(*replay->sent));
    if (!replay->sent)
        return seuil_ctl_fail(d->command, EX_TEMPFAIL, "out of memory");
    if (!status && !replay->dry) {
        replay->producer = seuil_producer_new(d->properties, d->property_count, &err);
        if (!replay->producer)
            status = seuil_ctl_fail(d->command, seuil_ctl_status(err.code), "%s", err.text);
    }
    if (!status)
        status = seuil_dlq_scan(d, replay, replay_letter);
    if (!status && replay->sent_count)
        status = mark(d, replay);
    if (!status)
        status = summary(d, replay);
    seuil_producer_free(replay->producer);
    seuil_heap_free(replay->sent);
    return status;
}

int seuil_ctl_dlq_replay(int argc, char **argv)
{
    static struct seuil_dlq d = {.command = "dlq replay"};
    const char *accept_late = NULL, *again = NULL, *dry = NULL, *all = NULL;
    const struct seuil_ctl_option options[] = {
        SEUIL_DLQ_FILTERS(&d),
        {"all", NULL, "every letter, when nothing else chooses", &all, NULL},
        {"accept-late", NULL, "let late events in: they count at their lead's horizon",
         &accept_late, NULL},
        {"again", NULL, "also what was sent again before", &again, NULL},
        {"dry-run", NULL, "only say what would be sent", &dry, NULL},
    };
    const struct seuil_ctl_command command = {
        .name = d.command,
        .operands = "[PARTITION:OFFSET...]",
        .help = "Send records from the dead letters back to their topics, when what was wrong is "
                "mended. They\ncarry the place and time that they had first, so nothing counts "
                "twice. Late ones stay unless\n--accept-late is said.",
        .options = options,
        .option_count = SEUIL_DLQ_FILTER_COUNT + 4,
        .operands_max = SEUIL_CTL_VALUES_MAX,
    };
    struct place places[SEUIL_CTL_VALUES_MAX];
    struct replay replay = {.places = places};
    int status = 0, count = seuil_ctl_parse(&command, argc, argv, &status);

    if (count < 0)
        return status;
    if (!count && !d.error && !d.topic && !d.since_text && !d.until_text && !all)
        return seuil_ctl_fail(d.command, EX_USAGE,
                              "say which: PARTITION:OFFSET, --error, --topic, --since, --until, or "
                              "--all");
    replay.accept_late = accept_late != NULL;
    replay.again = again != NULL;
    replay.dry = dry != NULL;
    for (int i = 0; i < count && !status; i++) {
        places[i].found = false;
        status = seuil_dlq_place(&d, argv[i], &places[i].partition, &places[i].offset);
    }
    replay.place_count = (uint32_t)count;
    if (!status)
        status = seuil_dlq_open(&d);
    if (!status)
        status = run(&d, &replay);
    status = seuil_ctl_flush(&d.out, status);
    seuil_dlq_done(&d);
    return status;
}
