/* A crossing becomes the final bytes of an outgoing record, beside the state that made it. */

#include <string.h>

#include "base/heap.h"
#include "codec/cloudevent.h"
#include "codec/origin.h"
#include "shard/internal.h"

void seuil_pending_clear(struct seuil_pending *pending)
{
    seuil_buf_clear(&pending->bytes);
    pending->count = 0;
    pending->crossings = pending->muted = pending->stale = 0;
}

void seuil_pending_done(struct seuil_pending *pending)
{
    seuil_buf_done(&pending->bytes);
    seuil_heap_free(pending->entries);
    memset(pending, 0, sizeof(*pending));
}

/* Nobody has done anything: sales need not hear that a changed file made a lead theirs. */
static bool is_model_s_alert(const struct seuil_shard *shard, const struct seuil_crossing *crossing)
{
    const struct seuil_model *model = &shard->env.models->models[crossing->model];

    return crossing->reason == SEUIL_REASON_MODEL_CHANGED && crossing->up &&
           crossing->tier >= model->sales_tier;
}

static bool muted(const struct seuil_shard *shard, const struct seuil_crossing *crossing)
{
    return !crossing->publish || crossing->effective < shard->config->publish_from ||
           crossing->effective < shard->meta.muted_until ||
           (!shard->config->model_alerts && is_model_s_alert(shard, crossing));
}

int seuil_pending_add(struct seuil_pending *pending, const struct seuil_entry_view *entry)
{
    size_t before = pending->bytes.len;

    if (pending->count == pending->cap) {
        uint32_t cap = pending->cap ? 2 * pending->cap : 256;
        struct seuil_tx_entry *entries =
            seuil_heap_realloc(pending->entries, cap * sizeof(*entries));

        if (!entries)
            return SEUIL_ERR_NOMEM;
        pending->entries = entries;
        pending->cap = cap;
    }
    if (seuil_outbox_pack(entry, &pending->bytes) != 0)
        return SEUIL_ERR_NOMEM;
    pending->entries[pending->count++] =
        (struct seuil_tx_entry){.len = (uint32_t)(pending->bytes.len - before)};
    return 0;
}

/* When the record came; sent again from the dead letters, when it came first. */
static seuil_time_ms arrival_of(struct seuil_source *source, const struct seuil_record_in *record)
{
    struct seuil_str text;
    int64_t first;

    if (source->ops->header(source, record, SEUIL_ORIGIN_TIME, &text) &&
        seuil_origin_number(text, &first) == 0 && first < record->time)
        return first;
    return record->time;
}

static int write_value(struct seuil_shard *shard, const struct seuil_cloudevent *head,
                       const struct seuil_lead *lead, const struct seuil_crossing *crossing,
                       const struct seuil_cause *cause)
{
    const struct seuil_shard_config *config = shard->config;
    struct seuil_buf *value = &shard->value;
    int rc = 0;

    seuil_buf_clear(value);
    if (config->out_framed)
        rc = seuil_framing_confluent_write(config->out_schema_id, value);
    else if (head->structured)
        rc = seuil_cloudevent_open(head, value);
    if (!rc)
        rc = seuil_crossing_write(config->out_format, config->app, shard->env.models, lead,
                                  crossing, cause, value);
    return !rc && head->structured ? seuil_cloudevent_close(value) : rc;
}

static struct seuil_cause from(const struct seuil_shard *shard, struct seuil_str id, uint32_t topic,
                               int32_t partition, int64_t offset)
{
    const char *name = shard->config->inputs[topic].name;

    return (struct seuil_cause){.id = id,
                                .topic = name ? seuil_str_from(name) : SEUIL_STR(""),
                                .partition = partition,
                                .offset = offset};
}

/* The event that @crossing is due to; without an id when time alone is: of an entry told later the
 * one that brought the lead there, of a tick one that waited for its time. */
static struct seuil_cause cause_of(const struct seuil_shard *shard, const struct seuil_item *item,
                                   const struct seuil_event *event,
                                   const struct seuil_crossing *crossing)
{
    const struct seuil_waiting_cause *waited = &shard->outcome.cause;
    const struct seuil_alert_cause *entry = &crossing->cause;

    if (crossing->has_cause)
        return from(shard, (struct seuil_str){entry->id, entry->id_len}, entry->topic,
                    entry->partition, entry->offset);
    if (crossing->since != SEUIL_TIME_NONE)
        return (struct seuil_cause){0};
    if (event)
        return from(shard, event->id, item->topic, event->position.partition,
                    event->position.offset);
    if (shard->outcome.has_cause)
        return from(shard, (struct seuil_str){waited->id, waited->id_len}, waited->topic,
                    waited->partition, waited->offset);
    return (struct seuil_cause){0};
}

void seuil_crossing_add(struct seuil_shard *shard, const struct seuil_item *item,
                        const struct seuil_event *event, const struct seuil_lead *lead,
                        const struct seuil_crossing *crossing)
{
    const struct seuil_shard_config *config = shard->config;
    struct seuil_source *source = shard->env.source;
    struct seuil_cloudevent_text text;
    struct seuil_cause cause;
    struct seuil_cloudevent head = {0};
    struct seuil_entry_view entry;
    char id[SEUIL_CROSSING_ID_MAX];
    seuil_time_ms arrived = SEUIL_TIME_NONE;

    shard->pending.crossings++;
    if (muted(shard, crossing)) {
        shard->pending.muted++;
        return;
    }
    cause = cause_of(shard, item, event, crossing);
    if (event) {
        arrived = arrival_of(source, item->record);
        source->ops->header(source, item->record, "traceparent", &head.traceparent);
        source->ops->header(source, item->record, "tracestate", &head.tracestate);
    }
    seuil_crossing_id(config->app, &shard->env.models->models[crossing->model], lead,
                      crossing->ordinal, id);
    head.id = id;
    head.source = config->source;
    head.type = crossing->up ? SEUIL_CE_UP : SEUIL_CE_DOWN;
    head.effective = crossing->effective;
    head.lead = (struct seuil_str){lead->id, lead->id_len};
    head.format = config->out_format;
    head.structured = config->out_structured;
    head.processed = shard->wall;
    head.input_lag_ms = shard->wall - (event ? arrived : crossing->effective);
    head.stale = config->stale_after_ms > 0 && head.input_lag_ms > config->stale_after_ms;
    if (write_value(shard, &head, lead, crossing, &cause) != 0) {
        shard->failed = true;
        return;
    }
    shard->pending.stale += head.stale;
    entry.destination = SEUIL_DEST_OUTBOUND;
    entry.header_count = 0;
    entry.key = head.lead;
    entry.value = shard->value.ptr;
    entry.value_len = (uint32_t)shard->value.len;
    seuil_cloudevent_add(&head, &text, &entry);
    if (seuil_pending_add(&shard->pending, &entry) != 0)
        shard->failed = true;
}
