#include "codec/event_json.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "codec/text.h"

/* The shortest digits that read back as the same number. */
static int add_double(struct seuil_buf *out, double value)
{
    char text[40], *comma;

    for (int precision = 15; precision <= 17; precision++) {
        snprintf(text, sizeof(text), "%.*g", precision, value);
        if (strtod(text, NULL) == value)
            break;
    }
    comma = strchr(text, ','); /* of another locale */
    if (comma)
        *comma = '.';
    return seuil_buf_add(out, text, strlen(text));
}

int seuil_value_json(const struct seuil_value *value, struct seuil_buf *out)
{
    switch (value->type) {
    case SEUIL_TYPE_STRING:
        return seuil_json_add_string(out, value->s);
    case SEUIL_TYPE_INT:
        return seuil_json_add_integer(out, value->i);
    case SEUIL_TYPE_DOUBLE:
        return add_double(out, value->d);
    case SEUIL_TYPE_BOOL:
        return value->b ? seuil_buf_add(out, "true", 4) : seuil_buf_add(out, "false", 5);
    default:
        return seuil_buf_add(out, "null", 4);
    }
}

static void add_name(struct seuil_buf *out, const char *name)
{
    seuil_buf_add(out, ",", 1);
    seuil_json_add_string(out, seuil_str_from(name));
    seuil_buf_add(out, ":", 1);
}

static void add_text(struct seuil_buf *out, const char *name, struct seuil_str text)
{
    add_name(out, name);
    seuil_json_add_string(out, text);
}

int seuil_event_json(const struct seuil_event *event, struct seuil_buf *out)
{
    const char *map = seuil_kind_map_name(event->kind);
    char time[32];

    seuil_buf_add(out, "{\"type\":", 8);
    seuil_json_add_string(out, seuil_str_from(seuil_kind_name(event->kind)));
    add_text(out, "id", event->id);
    add_text(out, "lead", event->lead);
    seuil_time_format(event->time, time);
    add_text(out, "time", seuil_str_from(time));
    if (event->retracts.len)
        add_text(out, "retracts", event->retracts);
    if (event->consent.type != SEUIL_TYPE_NULL) {
        add_name(out, "consent");
        seuil_value_json(&event->consent, out);
    }
    for (int f = 0; f < SEUIL_FIELD_HOST; f++)
        if (event->field[f].type != SEUIL_TYPE_NULL) {
            add_name(out, seuil_field_name((enum seuil_field)f));
            seuil_value_json(&event->field[f], out);
        }
    if (event->map_count) {
        assert(map);
        add_name(out, map);
        for (uint32_t i = 0; i < event->map_count; i++) {
            seuil_buf_add(out, i ? "," : "{", 1);
            seuil_json_add_string(out, event->map[i].key);
            seuil_buf_add(out, ":", 1);
            seuil_value_json(&event->map[i].value, out);
        }
        seuil_buf_add(out, "}", 1);
    }
    return seuil_buf_add(out, "}", 1);
}
