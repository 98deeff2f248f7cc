/* seuilctl check --sample: what each field of a sample's events became, and where the map says so.
 */

#include "ctl_sample.h"

#include <sysexits.h>

#include "codec/event_json.h"
#include "codec/text.h"
#include "ctl.h"
#include "ctl_records.h"

/* The value of a field by its canonical name, as it stands in canonical JSON; false: absent. */
static bool add_field(const struct seuil_event *event, const char *name, struct seuil_buf *out)
{
    struct seuil_str text = {0};
    struct seuil_value value = {0};
    int field = seuil_field_find(seuil_str_from(name));
    char time[32];

    if (strcmp(name, "id") == 0)
        text = event->id;
    else if (strcmp(name, "lead") == 0)
        text = event->lead;
    else if (strcmp(name, "retracts") == 0)
        text = event->retracts;
    else if (strcmp(name, "consent") == 0)
        value = event->consent;
    else if (strcmp(name, "time") == 0)
        text = (struct seuil_str){time, (uint32_t)seuil_time_format(event->time, time)};
    else if (field >= 0)
        value = event->field[field];
    if (text.len)
        value = (struct seuil_value){.type = SEUIL_TYPE_STRING, .s = text};
    if (value.type == SEUIL_TYPE_NULL)
        return false;
    seuil_value_json(&value, out);
    return true;
}

static void add_entries(const struct seuil_event *event, struct seuil_buf *out)
{
    for (uint32_t i = 0; i < event->map_count; i++) {
        struct seuil_str key = event->map[i].key;

        seuil_buf_printf(out, "    %s.%.*s: ", seuil_kind_map_name(event->kind), (int)key.len,
                         key.ptr);
        seuil_value_json(&event->map[i].value, out);
        seuil_buf_add_byte(out, '\n');
    }
}

static void print_event(struct seuil_records *records, uint64_t number,
                        const struct seuil_event *event, const struct seuil_error *err)
{
    const struct seuil_map *map = records->intake.map;
    struct seuil_buf *out = records->ctx;
    struct seuil_map_watch watch;
    uint32_t variant;

    if (!event) {
        seuil_buf_printf(out, "record %llu: %s\n", (unsigned long long)number, err->text);
        return;
    }
    seuil_buf_printf(out, "record %llu: %s\n", (unsigned long long)number,
                     seuil_kind_name(event->kind));
    if (!map) {
        seuil_buf_add_text(out, "    ");
        seuil_event_json(event, out);
        seuil_buf_add_byte(out, '\n');
        return;
    }
    variant = seuil_map_variant(records->scratch.map);
    for (uint32_t i = 0; seuil_map_watched(map, i, &watch); i++) {
        if (watch.variant != variant)
            continue;
        seuil_buf_printf(out, "    %s: ", watch.field);
        if (!add_field(event, watch.field, out))
            seuil_buf_add_text(out, "(absent)");
        seuil_buf_printf(out, "   (%s:%d)\n", watch.file, watch.line);
    }
    add_entries(event, out);
}

int seuil_ctl_sample(const struct seuil_opened *opened, const char *input, const char *path,
                     struct seuil_buf *out)
{
    struct seuil_records records = {
        .command = "check", .opened = opened, .event = print_event, .ctx = out};
    int status = seuil_records_open(&records, input, NULL);

    if (!status)
        status = seuil_records_file(&records, path, false, "sample-key");
    seuil_records_done(&records);
    return !status && records.wrong ? EX_DATAERR : status;
}
