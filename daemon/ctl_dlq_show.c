/* seuilctl dlq show: one dead letter, and what its input makes of it now. */

#include <inttypes.h>
#include <string.h>
#include <sysexits.h>

#include "codec/event_json.h"
#include "codec/text.h"
#include "core/time_text.h"
#include "ctl_dlq.h"
#include "ctl_records.h"

#define WAIT_MS    10000
#define DUMP_BYTES 256
#define ROW        16

static void dump(struct seuil_buf *out, const uint8_t *bytes, uint32_t len)
{
    uint32_t shown = len < DUMP_BYTES ? len : DUMP_BYTES;

    for (uint32_t at = 0; at < shown; at += ROW) {
        uint32_t n = shown - at < ROW ? shown - at : ROW;

        seuil_buf_printf(out, "  %08x ", at);
        for (uint32_t i = 0; i < ROW; i++) {
            if (i < n)
                seuil_buf_printf(out, " %02x", bytes[at + i]);
            else
                seuil_buf_add_text(out, "   ");
        }
        seuil_buf_add_text(out, "  ");
        for (uint32_t i = 0; i < n; i++)
            seuil_buf_add_byte(out,
                               bytes[at + i] >= 0x20 && bytes[at + i] < 0x7f ? bytes[at + i] : '.');
        seuil_buf_add_byte(out, '\n');
    }
    if (shown < len)
        seuil_buf_printf(out, "  ... %u bytes in all\n", len);
}

static void add_line(struct seuil_buf *out, const char *name, struct seuil_str text)
{
    seuil_buf_printf(out, "%-10s ", name);
    seuil_dlq_add_text(out, text, 4096);
    seuil_buf_add_byte(out, '\n');
}

static void show_text(struct seuil_dlq *d, const struct seuil_read *read,
                      const struct seuil_dead_letter_view *letter)
{
    struct seuil_buf *out = &d->out;
    char time[40];

    seuil_time_format(read->time, time);
    seuil_buf_printf(out, "letter     %d:%" PRId64 ", written %s%s\n", read->partition,
                     read->offset, time, seuil_dlq_is_marked(d, letter) ? ", sent again" : "");
    seuil_time_format(letter->time, time);
    seuil_buf_printf(out, "record     %.*s:%d:%" PRId64 " of %s\n", (int)letter->topic.len,
                     letter->topic.ptr, letter->partition, letter->offset, time);
    if (letter->again) {
        seuil_time_format(letter->first.time, time);
        seuil_buf_printf(out, "first      %.*s:%d:%" PRId64 " of %s\n",
                         (int)letter->first.topic.len, letter->first.topic.ptr,
                         letter->first.partition, letter->first.offset, time);
    }
    add_line(out, "error", letter->error);
    add_line(out, "message", letter->message);
    add_line(out, "key", read->key);
    for (uint32_t i = 0; i < letter->own_headers; i++) {
        const struct seuil_header *header = &read->headers[i];

        seuil_buf_add_text(out, "header     ");
        seuil_dlq_add_text(out, header->name, 256);
        seuil_buf_add_text(out, header->value ? " = " : " is null");
        seuil_dlq_add_text(out, (struct seuil_str){(const char *)header->value, header->value_len},
                           256);
        seuil_buf_add_byte(out, '\n');
    }
    if (letter->headers_dropped)
        seuil_buf_printf(out, "           %" PRId64 " more headers were left out\n",
                         letter->headers_dropped);
    seuil_buf_printf(out, "value      %s", read->value ? "" : "null\n");
    if (read->value)
        seuil_buf_printf(out, "%u bytes\n", read->value_len);
    dump(out, read->value, read->value_len);
}

static void add_hex(struct seuil_buf *out, const uint8_t *bytes, uint32_t len)
{
    for (uint32_t i = 0; i < len; i++)
        seuil_buf_printf(out, "%02x", bytes[i]);
}

static void show_json(struct seuil_dlq *d, const struct seuil_read *read,
                      const struct seuil_dead_letter_view *letter)
{
    struct seuil_buf *out = &d->out;
    char written[40], came[40];

    seuil_time_format(read->time, written);
    seuil_time_format(letter->time, came);
    seuil_buf_printf(out, "{\"partition\":%d,\"offset\":%" PRId64 ",\"written\":\"%s\"",
                     read->partition, read->offset, written);
    seuil_dlq_add_json(out, "error", letter->error);
    seuil_dlq_add_json(out, "message", letter->message);
    seuil_dlq_add_json(out, "topic", letter->topic);
    seuil_buf_printf(out, ",\"topic_partition\":%d,\"topic_offset\":%" PRId64 ",\"time\":\"%s\"",
                     letter->partition, letter->offset, came);
    seuil_dlq_add_json(out, "key", read->key);
    seuil_buf_printf(out, ",\"again\":%s,\"replayed\":%s,\"headers\":[",
                     letter->again ? "true" : "false",
                     seuil_dlq_is_marked(d, letter) ? "true" : "false");
    for (uint32_t i = 0; i < letter->own_headers; i++) {
        const struct seuil_header *header = &read->headers[i];

        seuil_buf_printf(out, "%s{\"name\":", i ? "," : "");
        seuil_json_add_string(out, header->name);
        seuil_dlq_add_json(out, "value",
                           (struct seuil_str){(const char *)header->value, header->value_len});
        seuil_buf_add_text(out, "}");
    }
    seuil_buf_add_text(out, "],\"value_hex\":");
    if (read->value) {
        seuil_buf_add_byte(out, '"');
        add_hex(out, read->value, read->value_len);
        seuil_buf_add_byte(out, '"');
    } else {
        seuil_buf_add_text(out, "null");
    }
}

struct reading {
    struct seuil_dlq *d;
    struct seuil_str key;
    uint32_t count;
};

/* A record that is read well can still be under another key than its lead's. */
static void add_misrouted(struct reading *reading, const struct seuil_event *event)
{
    struct seuil_buf *out = &reading->d->out;

    if (reading->key.ptr && seuil_str_eq(reading->key, event->lead))
        return;
    seuil_buf_add_text(out, "           misrouted: its lead is ");
    seuil_dlq_add_text(out, event->lead, 256);
    seuil_buf_add_text(out, reading->key.ptr ? ", and its key " : ", and it has no key");
    seuil_dlq_add_text(out, reading->key, 256);
    seuil_buf_add_byte(out, '\n');
}

static void told(struct seuil_records *records, uint64_t number, const struct seuil_event *event,
                 const struct seuil_error *err)
{
    struct reading *reading = records->ctx;
    struct seuil_dlq *d = reading->d;

    (void)number;
    if (d->json) {
        seuil_buf_add_text(&d->out, reading->count++ ? "," : "");
        if (event) {
            seuil_event_json(event, &d->out);
        } else {
            seuil_buf_add_text(&d->out, "{\"error\":");
            seuil_json_add_string(&d->out, seuil_str_from(err->text));
            seuil_buf_add_byte(&d->out, '}');
        }
        return;
    }
    seuil_buf_add_text(&d->out, reading->count++ ? "           " : "today      ");
    if (event)
        seuil_event_json(event, &d->out);
    else
        seuil_buf_add_text(&d->out, err->text);
    seuil_buf_add_byte(&d->out, '\n');
    if (event)
        add_misrouted(reading, event);
}

/* What the input makes of the record as the configuration is now. */
static void read_today(struct seuil_dlq *d, struct seuil_read *read,
                       const struct seuil_dead_letter_view *letter)
{
    struct reading reading = {.d = d, .key = read->key};
    struct seuil_records records = {
        .command = d->command, .opened = &d->opened, .event = told, .ctx = &reading};
    const struct seuil_settings *settings = d->opened.settings;
    char topic[256];
    bool known = false;

    for (uint32_t i = 0; i < settings->input_count; i++)
        known |= seuil_str_eq(letter->topic, seuil_str_from(settings->inputs[i].topic));
    snprintf(topic, sizeof(topic), "%.*s", (int)letter->topic.len, letter->topic.ptr);
    if (d->json)
        seuil_buf_add_text(&d->out, ",\"today\":[");
    if (!known && !d->json)
        seuil_buf_add_text(&d->out, "today      the configuration has no input of this topic\n");
    if (known && seuil_records_open(&records, NULL, topic) == 0) {
        read->header_count = letter->own_headers;
        read->partition = letter->partition;
        read->offset = letter->offset;
        read->time = letter->time;
        seuil_records_read(&records, topic, read);
    }
    if (known)
        seuil_records_done(&records);
    if (d->json)
        seuil_buf_add_text(&d->out, "]}\n");
}

static int show(struct seuil_dlq *d, const char *place)
{
    const char *topic = d->opened.settings->dead_letters_topic;
    struct seuil_reader *reader;
    struct seuil_error err = {0};
    struct seuil_read read;
    struct seuil_dead_letter_view letter;
    int64_t partition, offset;
    int got, status = seuil_dlq_place(d, place, &partition, &offset);

    if (status)
        return status;
    reader = seuil_reader_new(d->properties, d->property_count, topic, &err);
    if (!reader || seuil_reader_seek(reader, (int32_t)partition, offset, &err)) {
        seuil_reader_free(reader);
        return seuil_ctl_fail(d->command, seuil_ctl_status(err.code), "%s", err.text);
    }
    got = seuil_reader_next(reader, WAIT_MS, &read);
    if (got <= 0 || read.offset != offset) {
        status = seuil_ctl_fail(d->command, got ? EX_DATAERR : EX_TEMPFAIL,
                                "%s has no record at %s", topic, place);
    } else if (seuil_dead_letter_read(read.headers, read.header_count, &letter)) {
        status = seuil_ctl_fail(d->command, EX_DATAERR, "%s %s is no dead letter of seuild", topic,
                                place);
    } else {
        (d->json ? show_json : show_text)(d, &read, &letter);
        read_today(d, &read, &letter);
    }
    seuil_reader_free(reader);
    return status;
}

int seuil_ctl_dlq_show(int argc, char **argv)
{
    static struct seuil_dlq d = {.command = "dlq show"};
    const struct seuil_ctl_option options[] = {
        {"config", "FILE", "configuration; not given: " SEUIL_CTL_CONFIG, &d.config, NULL},
        {"format", "text|json", "how to answer", &d.format, NULL},
    };
    const struct seuil_ctl_command command = {
        .name = d.command,
        .operands = "PARTITION:OFFSET",
        .help = "Show one dead letter: the record with its headers and the head of its bytes, why "
                "it is\nthere, and what its input makes of it as the configuration is now.",
        .options = options,
        .option_count = 2,
        .operands_min = 1,
        .operands_max = 1,
    };
    int status;

    if (seuil_ctl_parse(&command, argc, argv, &status) < 0)
        return status;
    status = seuil_dlq_open(&d);
    if (!status)
        status = seuil_dlq_read_marks(&d);
    if (!status)
        status = show(&d, argv[0]);
    status = seuil_ctl_flush(&d.out, status);
    seuil_dlq_done(&d);
    return status;
}
