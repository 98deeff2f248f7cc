#include "codec/cloudevent.h"

#include <assert.h>

#include "codec/text.h"

static void add(struct seuil_entry_view *entry, struct seuil_str name, struct seuil_str value)
{
    assert(entry->header_count < SEUIL_HEADERS_MAX);
    entry->headers[entry->header_count++] = (struct seuil_header){
        .name = name, .value = (const uint8_t *)value.ptr, .value_len = value.len};
}

static struct seuil_str time(seuil_time_ms value, char *out)
{
    int n = seuil_time_format(value, out);

    return (struct seuil_str){out, (uint32_t)n};
}

static void add_member(struct seuil_buf *out, const char *name, struct seuil_str value)
{
    seuil_buf_printf(out, ",\"%s\":", name);
    seuil_json_add_string(out, value);
}

int seuil_cloudevent_open(const struct seuil_cloudevent *event, struct seuil_buf *out)
{
    char effective[40];

    seuil_buf_add_text(out, "{\"specversion\":\"1.0\"");
    add_member(out, "id", seuil_str_from(event->id));
    add_member(out, "source", seuil_str_from(event->source));
    add_member(out, "type", seuil_str_from(event->type));
    add_member(out, "time", time(event->effective, effective));
    add_member(out, "subject", event->lead);
    add_member(out, "datacontenttype", SEUIL_STR("application/json"));
    if (event->traceparent.len)
        add_member(out, "traceparent", event->traceparent);
    if (event->tracestate.len)
        add_member(out, "tracestate", event->tracestate);
    seuil_buf_add_text(out, ",\"data\":");
    return out->failed;
}

int seuil_cloudevent_close(struct seuil_buf *out)
{
    return seuil_buf_add_byte(out, '}');
}

static void add_attributes(const struct seuil_cloudevent *event, struct seuil_cloudevent_text *text,
                           struct seuil_entry_view *entry)
{
    add(entry, SEUIL_STR("ce_specversion"), SEUIL_STR("1.0"));
    add(entry, SEUIL_STR("ce_id"), seuil_str_from(event->id));
    add(entry, SEUIL_STR("ce_source"), seuil_str_from(event->source));
    add(entry, SEUIL_STR("ce_type"), seuil_str_from(event->type));
    add(entry, SEUIL_STR("ce_time"), time(event->effective, text->effective));
    add(entry, SEUIL_STR("ce_subject"), event->lead);
    if (!event->empty)
        add(entry, SEUIL_STR("content-type"),
            event->format == SEUIL_OUT_AVRO ? SEUIL_STR("application/avro")
                                            : SEUIL_STR("application/json"));
}

void seuil_cloudevent_add(const struct seuil_cloudevent *event, struct seuil_cloudevent_text *text,
                          struct seuil_entry_view *entry)
{
    if (!event->structured)
        add_attributes(event, text, entry);
    else if (!event->empty)
        add(entry, SEUIL_STR("content-type"),
            SEUIL_STR("application/cloudevents+json; charset=UTF-8"));
    if (event->traceparent.len)
        add(entry, SEUIL_STR("traceparent"), event->traceparent);
    if (event->tracestate.len)
        add(entry, SEUIL_STR("tracestate"), event->tracestate);
    add(entry, SEUIL_STR("seuil_processed_at"), time(event->processed, text->processed));
    if (event->input_lag_ms >= 0) {
        char *end = text->lag + sizeof(text->lag);
        char *p = seuil_digits_put((uint64_t)event->input_lag_ms, end);

        add(entry, SEUIL_STR("seuil_input_lag_ms"), (struct seuil_str){p, (uint32_t)(end - p)});
    }
    if (event->stale)
        add(entry, SEUIL_STR("seuil_stale"), SEUIL_STR("true"));
}
