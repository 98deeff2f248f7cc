#include "ctl_records.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/heap.h"
#include "clients.h"
#include "conf/scalar.h"
#include "ctl.h"
#include "registry/registry.h"

/* How long a record of the log is waited for. */
#define WAIT_MS 10000

int seuil_records_open(struct seuil_records *records, const char *name, const char *topic)
{
    const struct seuil_settings *settings = records->opened->settings;

    records->scratch.decode = seuil_decode_scratch_new();
    records->scratch.map = seuil_map_scratch_new();
    if (!records->scratch.decode || !records->scratch.map)
        return seuil_ctl_fail(records->command, EX_TEMPFAIL, "out of memory");
    for (uint32_t i = 0; i < settings->input_count; i++) {
        const struct seuil_input_settings *input = &settings->inputs[i];

        if (name ? strcmp(input->name, name) != 0 : strcmp(input->topic, topic) != 0)
            continue;
        records->input = i;
        records->intake =
            (struct seuil_intake){records->opened->decoders[i], records->opened->maps[i]};
        return 0;
    }
    return seuil_ctl_fail(records->command, EX_USAGE, "the configuration has no input %s%s",
                          name ? "" : "with the topic ", name ? name : topic);
}

void seuil_records_done(struct seuil_records *records)
{
    seuil_decode_scratch_free(records->scratch.decode);
    seuil_map_scratch_free(records->scratch.map);
}

/* Ask the registry for the writer schema that a record names: whether it is known now. */
static bool learn(struct seuil_records *records, const struct seuil_record_view *view,
                  struct seuil_error *err)
{
    struct seuil_decoder *decoder = records->opened->decoders[records->input];
    struct seuil_registry *registry = NULL;
    struct seuil_buf text = {0};
    struct seuil_error why = {0};
    struct seuil_schema_ref ref;
    char name[SEUIL_SCHEMA_REF_TEXT];
    int rc = seuil_decode_schema(decoder, view, &ref);

    if (rc == 0)
        registry = seuil_clients_registry(records->opened->settings, false, NULL, &why);
    if (!registry && !why.text[0])
        return false;
    if (registry)
        rc = seuil_registry_schema(registry, &ref, &text, &why);
    if (registry && rc == 0)
        rc = seuil_decoder_learn(decoder, &ref, seuil_schema_ref_format(&ref, name),
                                 (const char *)text.ptr, (uint32_t)text.len, &why);
    if (why.text[0])
        seuil_error_wrap(err, "%s", why.text);
    seuil_registry_free(registry);
    seuil_buf_done(&text);
    return registry && rc == 0;
}

static void run(struct seuil_records *records, const struct seuil_record_view *view)
{
    const struct seuil_intake *intake = &records->intake;
    uint64_t number = ++records->read;
    struct seuil_error err = {0};
    struct seuil_event event;
    bool any = false;
    int rc = seuil_read_first(intake, &records->scratch, view, &event, &err);

    if (rc == SEUIL_ERR_UNKNOWN && learn(records, view, &err))
        rc = seuil_read_first(intake, &records->scratch, view, &event, &err);

    for (; rc != 0; rc = seuil_read_next(intake, &records->scratch, &event, &err)) {
        any = true;
        if (rc < 0) {
            records->wrong++;
            records->event(records, number, NULL, &err);
            continue;
        }
        event.arrival = view->time;
        records->event(records, number, &event, NULL);
    }
    if (any)
        return;
    seuil_error_set(&err, 0, "filtered: %s",
                    intake->map ? seuil_map_reason(records->scratch.map) : "no value");
    records->event(records, number, NULL, &err);
}

static bool is_text(const struct seuil_records *records)
{
    enum seuil_format format = seuil_decoder_format(records->intake.decoder);

    return format == SEUIL_FORMAT_JSON || format == SEUIL_FORMAT_TSV || format == SEUIL_FORMAT_FORM;
}

static struct seuil_record_view view_of(const struct seuil_records *records, const char *bytes,
                                        size_t len, const char *key)
{
    return (struct seuil_record_view){
        .bytes = (const uint8_t *)bytes,
        .len = (uint32_t)len,
        .key = seuil_str_from(key),
        .topic = seuil_str_from(records->opened->settings->inputs[records->input].topic),
        .offset = (int64_t)records->read,
    };
}

static int run_lines(struct seuil_records *records, FILE *file, const char *key)
{
    char *line = NULL;
    size_t cap = 0;
    ssize_t len;

    while ((len = getline(&line, &cap, file)) >= 0) {
        struct seuil_record_view view;

        while (len > 0 && (line[len - 1] == '\n' || line[len - 1] == '\r'))
            len--;
        if (len == 0)
            continue;
        view = view_of(records, line, (size_t)len, key);
        run(records, &view);
    }
    free(line);
    return 0;
}

static int run_whole(struct seuil_records *records, FILE *file, const char *key)
{
    char *bytes = seuil_heap_alloc(SEUIL_RECORD_BYTES_MAX + 1);
    size_t len = bytes ? fread(bytes, 1, SEUIL_RECORD_BYTES_MAX + 1, file) : 0;
    struct seuil_record_view view = view_of(records, bytes, len, key);

    if (!bytes)
        return seuil_ctl_fail(records->command, EX_TEMPFAIL, "out of memory");
    run(records, &view);
    seuil_heap_free(bytes);
    return 0;
}

int seuil_records_file(struct seuil_records *records, const char *path, bool whole, const char *key)
{
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "rbe");
    int status;

    if (!file)
        return seuil_ctl_fail(records->command, EX_NOINPUT, "%s: %s", path, strerror(errno));
    status =
        whole || !is_text(records) ? run_whole(records, file, key) : run_lines(records, file, key);
    if (!status && ferror(file))
        status = seuil_ctl_fail(records->command, EX_IOERR, "%s: %s", path, strerror(errno));
    if (file != stdin)
        fclose(file);
    return status;
}

/* ---- from Kafka --------------------------------------------------------------------------- */

static bool header_of(void *ctx, const char *name, struct seuil_str *ret_value)
{
    const struct seuil_read *read = ctx;

    for (uint32_t i = read->header_count; i-- > 0;)
        if (seuil_str_eq(read->headers[i].name, seuil_str_from(name))) {
            *ret_value = (struct seuil_str){(const char *)read->headers[i].value,
                                            read->headers[i].value_len};
            return true;
        }
    return false;
}

static int parse_place(const struct seuil_records *records, const char *place,
                       int64_t *ret_partition, int64_t *ret_offset)
{
    const char *colon = strchr(place, ':');
    struct seuil_str partition = {place, colon ? (uint32_t)(colon - place) : 0};

    if (!colon || seuil_int_parse(partition, ret_partition) || *ret_partition < 0 ||
        *ret_partition >= SEUIL_PARTITIONS_MAX ||
        seuil_int_parse(seuil_str_from(colon + 1), ret_offset) || *ret_offset < 0)
        return seuil_ctl_fail(records->command, EX_USAGE,
                              "--offset is PARTITION:OFFSET, as 3:1207, not %s", place);
    return 0;
}

void seuil_records_read(struct seuil_records *records, const char *topic, struct seuil_read *read)
{
    struct seuil_record_view view = {
        .bytes = read->value,
        .len = read->value_len,
        .key = read->key,
        .topic = seuil_str_from(topic),
        .partition = read->partition,
        .offset = read->offset,
        .time = read->time,
        .header = header_of,
        .ctx = read,
    };
    struct seuil_error err = {0};

    if (read->value) {
        run(records, &view);
        return;
    }
    seuil_error_set(&err, 0, "filtered: no value");
    records->event(records, ++records->read, NULL, &err);
}

int seuil_records_offset(struct seuil_records *records, const char *place)
{
    const struct seuil_settings *settings = records->opened->settings;
    const char *topic = settings->inputs[records->input].topic;
    struct seuil_property properties[SEUIL_PROPERTIES_MAX];
    struct seuil_reader *reader;
    struct seuil_error err = {0};
    struct seuil_read read;
    int64_t partition, offset;
    int status = parse_place(records, place, &partition, &offset), got;

    if (status)
        return status;
    if (settings->kafka_count > SEUIL_PROPERTIES_MAX)
        return seuil_ctl_fail(records->command, EX_CONFIG,
                              "more than %d properties under kafka:", SEUIL_PROPERTIES_MAX);
    for (uint32_t i = 0; i < settings->kafka_count; i++)
        properties[i] = (struct seuil_property){settings->kafka[i].name, settings->kafka[i].value};
    reader = seuil_reader_new(properties, settings->kafka_count, topic, &err);
    if (!reader)
        return seuil_ctl_fail(records->command, seuil_ctl_status(err.code), "%s", err.text);
    if (seuil_reader_seek(reader, (int32_t)partition, offset, &err)) {
        status = seuil_ctl_fail(records->command, seuil_ctl_status(err.code), "%s", err.text);
    } else {
        got = seuil_reader_next(reader, WAIT_MS, &read);
        if (got > 0 && read.offset == offset)
            seuil_records_read(records, topic, &read);
        else
            status = seuil_ctl_fail(records->command, got ? EX_DATAERR : EX_TEMPFAIL,
                                    "%s has no record at %s", topic, place);
    }
    seuil_reader_free(reader);
    return status;
}
