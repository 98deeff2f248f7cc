#include <inttypes.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

#include "base/hash.h"
#include "base/heap.h"
#include "base/utf8.h"
#include "codec/origin.h"
#include "codec/text.h"
#include "conf/scalar.h"
#include "core/time_text.h"
#include "ctl_dlq.h"

#define WAIT_MS   10000
#define MARKS_MAX (UINT64_C(1) << 23)

/* ---- marks ---------------------------------------------------------------------------------- */

static uint64_t hash_of(struct seuil_str topic, int32_t partition, int64_t offset)
{
    int64_t numbers[] = {partition, offset};
    uint64_t hash = seuil_hash64_seed(numbers, sizeof(numbers), seuil_hash64(topic.ptr, topic.len));

    return hash ? hash : 1;
}

static uint64_t *slot_of(const struct seuil_dlq_marks *marks, uint64_t hash)
{
    uint64_t i = hash & marks->mask;

    while (marks->slots[i] && marks->slots[i] != hash)
        i = (i + 1) & marks->mask;
    return &marks->slots[i];
}

static bool grow(struct seuil_dlq_marks *marks)
{
    struct seuil_dlq_marks larger = {.mask = marks->slots ? 2 * marks->mask + 1 : 1023,
                                     .count = marks->count};

    larger.slots = seuil_heap_zalloc(larger.mask + 1, sizeof(uint64_t));
    if (!larger.slots)
        return false;
    for (uint64_t i = 0; marks->slots && i <= marks->mask; i++)
        if (marks->slots[i])
            *slot_of(&larger, marks->slots[i]) = marks->slots[i];
    seuil_heap_free(marks->slots);
    *marks = larger;
    return true;
}

int seuil_dlq_mark(struct seuil_dlq *d, struct seuil_str topic, int32_t partition, int64_t offset)
{
    struct seuil_dlq_marks *marks = &d->marks;
    uint64_t hash = hash_of(topic, partition, offset), *slot;

    if (marks->count == MARKS_MAX)
        return seuil_ctl_fail(d->command, EX_TEMPFAIL,
                              "more than %" PRIu64 " letters were sent again: that many cannot be "
                              "kept in mind",
                              MARKS_MAX);
    if ((!marks->slots || marks->count * 2 > marks->mask) && !grow(marks))
        return seuil_ctl_fail(d->command, EX_TEMPFAIL, "out of memory");
    slot = slot_of(marks, hash);
    marks->count += !*slot;
    *slot = hash;
    return 0;
}

bool seuil_dlq_is_marked(const struct seuil_dlq *d, const struct seuil_dead_letter_view *letter)
{
    return d->marks.slots &&
           *slot_of(&d->marks, hash_of(letter->topic, letter->partition, letter->offset));
}

static bool header_of(const struct seuil_read *read, const char *name, struct seuil_str *ret_value)
{
    for (uint32_t i = 0; i < read->header_count; i++)
        if (seuil_str_eq(read->headers[i].name, seuil_str_from(name))) {
            *ret_value = (struct seuil_str){(const char *)read->headers[i].value,
                                            read->headers[i].value_len};
            return true;
        }
    return false;
}

static int read_mark(struct seuil_dlq *d, const struct seuil_read *read)
{
    struct seuil_str topic, partition, offset;
    int64_t p, o;

    if (read->value || !header_of(read, SEUIL_MARK_TOPIC, &topic) ||
        !header_of(read, SEUIL_MARK_PARTITION, &partition) || seuil_origin_number(partition, &p) ||
        p < 0 || p > INT32_MAX || !header_of(read, SEUIL_MARK_OFFSET, &offset) ||
        seuil_origin_number(offset, &o))
        return 0;
    return seuil_dlq_mark(d, topic, (int32_t)p, o);
}

/* ---- the topic ------------------------------------------------------------------------------ */

/* A time, or how long ago. */
static int when(const struct seuil_dlq *d, const char *option, const char *text,
                seuil_time_ms *ret_time)
{
    int64_t ago_ms;

    if (seuil_duration_parse(seuil_str_from(text), &ago_ms) == 0) {
        *ret_time = d->now - ago_ms;
        return 0;
    }
    if (seuil_time_parse(seuil_str_from(text), ret_time) == 0)
        return 0;
    return seuil_ctl_fail(d->command, EX_USAGE,
                          "--%s must be a time like 2026-03-02T08:00:00Z, or how long ago, like "
                          "2h, not \"%s\"",
                          option, text);
}

int seuil_dlq_open(struct seuil_dlq *d)
{
    const struct seuil_settings *s;
    struct seuil_errs errs = {0};
    struct timespec now;
    int rc = seuil_ctl_json(d->command, d->format, &d->json);

    clock_gettime(CLOCK_REALTIME, &now);
    d->now = (seuil_time_ms)now.tv_sec * 1000 + now.tv_nsec / 1000000;
    d->since = SEUIL_TIME_NONE;
    d->until = SEUIL_TIME_NEVER;
    if (!rc && d->since_text)
        rc = when(d, "since", d->since_text, &d->since);
    if (!rc && d->until_text)
        rc = when(d, "until", d->until_text, &d->until);
    if (rc)
        return rc;
    if (seuil_open(d->config ? d->config : SEUIL_CTL_CONFIG, &d->opened, &errs))
        return seuil_ctl_config_errs(d->command, d->config, &errs);
    s = d->opened.settings;
    if (s->kafka_count > SEUIL_PROPERTIES_MAX)
        return seuil_ctl_fail(d->command, EX_CONFIG,
                              "more than %d properties under kafka:", SEUIL_PROPERTIES_MAX);
    d->property_count = s->kafka_count;
    for (uint32_t i = 0; i < s->kafka_count; i++)
        d->properties[i] = (struct seuil_property){s->kafka[i].name, s->kafka[i].value};
    for (uint32_t i = 0; d->topic && i < s->input_count; i++)
        if (strcmp(s->inputs[i].name, d->topic) == 0)
            d->topic = s->inputs[i].topic;
    return 0;
}

void seuil_dlq_done(struct seuil_dlq *d)
{
    seuil_heap_free(d->marks.slots);
    seuil_opened_done(&d->opened);
    seuil_buf_done(&d->out);
}

/* Every record of the topic as it is now. */
static int each(struct seuil_dlq *d, void *ctx,
                int (*take)(struct seuil_dlq *d, void *ctx, const struct seuil_read *read))
{
    const char *topic = d->opened.settings->dead_letters_topic;
    struct seuil_error err = {0};
    struct seuil_reader *reader = seuil_reader_new(d->properties, d->property_count, topic, &err);
    struct seuil_read read;
    int status = 0, got = 1;

    if (!reader)
        return seuil_ctl_fail(d->command, seuil_ctl_status(err.code), "%s", err.text);
    while (!status && (got = seuil_reader_next(reader, WAIT_MS, &read)) > 0)
        status = take(d, ctx, &read);
    if (!status && got == 0)
        status = seuil_ctl_fail(d->command, EX_TEMPFAIL, "%s: Kafka does not answer", topic);
    seuil_reader_free(reader);
    return status;
}

static int take_mark(struct seuil_dlq *d, void *ctx, const struct seuil_read *read)
{
    (void)ctx;
    if (read->partition < SEUIL_PARTITIONS_MAX && read->offset >= d->ends[read->partition])
        d->ends[read->partition] = read->offset + 1;
    return read_mark(d, read);
}

int seuil_dlq_read_marks(struct seuil_dlq *d)
{
    return each(d, NULL, take_mark);
}

struct scan {
    void *ctx;
    int (*take)(struct seuil_dlq *d, void *ctx, const struct seuil_read *read,
                const struct seuil_dead_letter_view *letter);
};

static bool wanted(const struct seuil_dlq *d, const struct seuil_read *read,
                   const struct seuil_dead_letter_view *letter)
{
    if (d->error && !seuil_str_eq(letter->error, seuil_str_from(d->error)))
        return false;
    if (d->topic && !seuil_str_eq(letter->topic, seuil_str_from(d->topic)))
        return false;
    return read->time >= d->since && read->time < d->until;
}

static int take_letter(struct seuil_dlq *d, void *ctx, const struct seuil_read *read)
{
    const struct scan *scan = ctx;
    struct seuil_dead_letter_view letter;
    struct seuil_str mark;

    if (read->partition >= SEUIL_PARTITIONS_MAX || read->offset >= d->ends[read->partition])
        return 0;
    if (seuil_dead_letter_read(read->headers, read->header_count, &letter)) {
        d->others += !header_of(read, SEUIL_MARK_TOPIC, &mark);
        return 0;
    }
    d->letters++;
    return wanted(d, read, &letter) ? scan->take(d, scan->ctx, read, &letter) : 0;
}

int seuil_dlq_scan(struct seuil_dlq *d, void *ctx,
                   int (*take)(struct seuil_dlq *d, void *ctx, const struct seuil_read *read,
                               const struct seuil_dead_letter_view *letter))
{
    struct scan scan = {ctx, take};

    return each(d, &scan, take_letter);
}

/* ---- words ---------------------------------------------------------------------------------- */

int seuil_dlq_place(const struct seuil_dlq *d, const char *text, int64_t *ret_partition,
                    int64_t *ret_offset)
{
    const char *colon = strchr(text, ':');
    struct seuil_str partition = {text, colon ? (uint32_t)(colon - text) : 0};

    if (!colon || seuil_int_parse(partition, ret_partition) || *ret_partition < 0 ||
        *ret_partition >= SEUIL_PARTITIONS_MAX ||
        seuil_int_parse(seuil_str_from(colon + 1), ret_offset) || *ret_offset < 0)
        return seuil_ctl_fail(d->command, EX_USAGE,
                              "a letter is named PARTITION:OFFSET, as 3:1207, not %s", text);
    return 0;
}

static bool is_utf8(struct seuil_str text)
{
    return seuil_utf8_check((const uint8_t *)text.ptr, text.len);
}

void seuil_dlq_add_text(struct seuil_buf *out, struct seuil_str text, uint32_t most)
{
    bool valid = is_utf8(text);
    uint32_t len = text.len < most ? text.len : most;

    for (uint32_t i = 0; i < len; i++) {
        uint8_t c = (uint8_t)text.ptr[i];

        seuil_buf_add_byte(out, c < 0x20 || c == 0x7f || (c >= 0x80 && !valid) ? '.' : c);
    }
    if (len < text.len)
        seuil_buf_add_text(out, "...");
}

void seuil_dlq_add_json(struct seuil_buf *out, const char *name, struct seuil_str text)
{
    seuil_buf_printf(out, ",\"%s\":", name);
    if (text.ptr && is_utf8(text))
        seuil_json_add_string(out, text);
    else
        seuil_buf_add_text(out, "null");
}
