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

void seuil_cloudevent_add(const struct seuil_cloudevent *event, struct seuil_cloudevent_text *text,
                          struct seuil_entry_view *entry)
{
    add(entry, SEUIL_STR("ce_specversion"), SEUIL_STR("1.0"));
    add(entry, SEUIL_STR("ce_id"), seuil_str_from(event->id));
    add(entry, SEUIL_STR("ce_source"), seuil_str_from(event->source));
    add(entry, SEUIL_STR("ce_type"),
        event->up ? SEUIL_STR("fr.seuil.tier.up") : SEUIL_STR("fr.seuil.tier.down"));
    add(entry, SEUIL_STR("ce_time"), time(event->effective, text->effective));
    add(entry, SEUIL_STR("ce_subject"), event->lead);
    add(entry, SEUIL_STR("content-type"),
        event->format == SEUIL_OUT_AVRO ? SEUIL_STR("application/avro")
                                        : SEUIL_STR("application/json"));
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
