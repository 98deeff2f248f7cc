#include "support/fake_stream.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- source ---- */

static struct fake_source *source_of(struct seuil_source *base)
{
    return (struct fake_source *)base;
}

static int fill(struct seuil_source *base, struct seuil_lane *lane)
{
    struct fake_source *source = source_of(base);
    struct fake_topic *topic = &source->topics[lane->topic];

    lane->head = lane->count = 0;
    topic->fills++;
    if (topic->stalled)
        return 0;
    if (topic->position < topic->first || topic->position > topic->next) {
        lane->error = SEUIL_ERR_HALTED;
        snprintf(lane->text, sizeof(lane->text), "offset out of range");
        return 0;
    }
    for (uint32_t i = 0; i < topic->count && lane->count < SEUIL_LANE_BATCH; i++) {
        const struct fake_record *r = &topic->records[i];

        if (r->offset < topic->position)
            continue;
        lane->records[lane->count++] = (struct seuil_record_in){
            .offset = r->offset,
            .time = r->time,
            .key = seuil_str_from(r->key),
            .value = (const uint8_t *)r->value,
            .value_len = r->value_len,
        };
        topic->position = r->offset + 1;
    }
    if (topic->count == 0 || topic->position > topic->records[topic->count - 1].offset) {
        topic->position = topic->next;
        if (!source->no_eof)
            lane->end = lane->eof = topic->next;
    }
    if (source->asked) {
        lane->end = topic->next;
        lane->end_asked = source->now;
    }
    return 0;
}

static int seek(struct seuil_source *base, struct seuil_lane *lane, int64_t offset)
{
    source_of(base)->topics[lane->topic].position = offset;
    lane->head = lane->count = 0;
    return 0;
}

static void ask_ends(struct seuil_source *base, uint32_t shard)
{
    (void)shard;
    source_of(base)->asked = true;
}

static int watermarks(struct seuil_source *base, uint32_t shard, uint32_t topic, int64_t *ret_start,
                      int64_t *ret_end)
{
    (void)shard;
    *ret_start = source_of(base)->topics[topic].first;
    *ret_end = source_of(base)->topics[topic].next;
    return 0;
}

static int read_back(struct seuil_source *base, uint32_t shard, uint32_t t, int64_t offset,
                     seuil_time_ms *ret_time, uint64_t *ret_hash)
{
    const struct fake_topic *topic = &source_of(base)->topics[t];

    (void)shard;
    for (uint32_t i = 0; i < topic->count; i++) {
        const struct fake_record *r = &topic->records[i];

        if (r->offset != offset || offset < topic->first)
            continue;
        *ret_time = r->time;
        *ret_hash =
            seuil_record_hash(seuil_str_from(r->key), (const uint8_t *)r->value, r->value_len);
        return 0;
    }
    return SEUIL_ERR_MISSING;
}

static int offset_of_time(struct seuil_source *base, uint32_t shard, uint32_t t, seuil_time_ms time,
                          int64_t *ret_offset)
{
    const struct fake_topic *topic = &source_of(base)->topics[t];

    (void)shard;
    *ret_offset = topic->next;
    for (uint32_t i = topic->count; i-- > 0;)
        if (topic->records[i].time >= time)
            *ret_offset = topic->records[i].offset;
    return 0;
}

static bool header(struct seuil_source *base, const struct seuil_record_in *record,
                   const char *name, struct seuil_str *ret_value)
{
    struct fake_source *source = source_of(base);

    (void)record;
    for (uint32_t i = source->header_count; i-- > 0;)
        if (seuil_str_eq(source->headers[i].name, seuil_str_from(name))) {
            *ret_value = (struct seuil_str){(const char *)source->headers[i].value,
                                            source->headers[i].value_len};
            return true;
        }
    if (!source->traceparent || strcmp(name, "traceparent") != 0)
        return false;
    *ret_value = seuil_str_from(source->traceparent);
    return true;
}

static uint32_t headers(struct seuil_source *base, const struct seuil_record_in *record,
                        struct seuil_header *ret_headers, uint32_t max)
{
    (void)base;
    (void)record;
    (void)ret_headers;
    (void)max;
    return 0;
}

static uint64_t witness(struct seuil_source *base, uint32_t shard, const int64_t *positions,
                        const char *metadata)
{
    struct fake_source *source = source_of(base);

    (void)shard;
    if (source->witness_answer == 1) {
        source->has_witness = true;
        memcpy(source->positions, positions, sizeof(source->positions));
        snprintf(source->metadata, sizeof(source->metadata), "%s", metadata);
    }
    return ++source->witnesses;
}

static int witness_state(struct seuil_source *base, uint32_t shard, uint64_t ticket)
{
    (void)shard;
    (void)ticket;
    return source_of(base)->witness_answer;
}

static int read_witness(struct seuil_source *base, uint32_t shard, int64_t *ret_positions,
                        char *ret_metadata, uint32_t cap)
{
    struct fake_source *source = source_of(base);

    (void)shard;
    if (!source->has_witness)
        return 0;
    memcpy(ret_positions, source->positions, sizeof(source->positions));
    snprintf(ret_metadata, cap, "%s", source->metadata);
    return 1;
}

static seuil_time_ms confirmed(struct seuil_source *base, uint32_t shard)
{
    (void)shard;
    return source_of(base)->confirmed;
}

static const struct seuil_source_ops source_ops = {
    .fill = fill,
    .seek = seek,
    .ask_ends = ask_ends,
    .watermarks = watermarks,
    .read_back = read_back,
    .offset_of_time = offset_of_time,
    .header = header,
    .headers = headers,
    .witness = witness,
    .witness_state = witness_state,
    .read_witness = read_witness,
    .confirmed = confirmed,
};

void fake_source_init(struct fake_source *source)
{
    memset(source, 0, sizeof(*source));
    source->base.ops = &source_ops;
    source->witness_answer = 1;
    for (uint32_t i = 0; i < FAKE_TOPICS; i++)
        source->topics[i].records = calloc(FAKE_RECORDS, sizeof(struct fake_record));
}

void fake_source_done(struct fake_source *source)
{
    for (uint32_t i = 0; i < FAKE_TOPICS; i++) {
        for (uint32_t k = 0; k < source->topics[i].count; k++) {
            free(source->topics[i].records[k].key);
            free(source->topics[i].records[k].value);
        }
        free(source->topics[i].records);
    }
}

int64_t fake_produce_bytes(struct fake_source *source, uint32_t t, seuil_time_ms time,
                           const char *key, const void *value, uint32_t value_len)
{
    struct fake_topic *topic = &source->topics[t];
    struct fake_record *r = &topic->records[topic->count++];

    if (topic->count > FAKE_RECORDS)
        abort();
    *r = (struct fake_record){.offset = topic->next++, .time = time};
    r->key = key ? strdup(key) : NULL;
    if (value) {
        r->value = malloc(value_len + 1);
        memcpy(r->value, value, value_len);
        r->value[value_len] = '\0';
        r->value_len = value_len;
    }
    return r->offset;
}

int64_t fake_produce(struct fake_source *source, uint32_t topic, seuil_time_ms time,
                     const char *key, const char *value)
{
    return fake_produce_bytes(source, topic, time, key, value, value ? (uint32_t)strlen(value) : 0);
}

void fake_control(struct fake_source *source, uint32_t topic)
{
    source->topics[topic].next++;
}

/* ---- sink ---- */

static struct fake_sink *sink_of(struct seuil_sink *base)
{
    return (struct fake_sink *)base;
}

static char *copy(const void *bytes, uint32_t len)
{
    char *text = malloc(len + 1);

    if (len)
        memcpy(text, bytes, len);
    text[len] = '\0';
    return text;
}

static void note(struct fake_sent *sent, const struct seuil_header *h)
{
    if (seuil_str_eq(h->name, SEUIL_STR("seuil.error")))
        snprintf(sent->error, sizeof(sent->error), "%.*s", (int)h->value_len, h->value);
    if (seuil_str_eq(h->name, SEUIL_STR("ce_id")))
        snprintf(sent->id, sizeof(sent->id), "%.*s", (int)h->value_len, h->value);
    if (seuil_str_eq(h->name, SEUIL_STR("seuil.entry")))
        snprintf(sent->entry, sizeof(sent->entry), "%.*s", (int)h->value_len, h->value);
    sent->stale |= seuil_str_eq(h->name, SEUIL_STR("seuil_stale"));
    sent->traced |= seuil_str_eq(h->name, SEUIL_STR("traceparent"));
}

static int sink_send(struct seuil_sink *base, uint32_t shard, uint64_t tenure, uint64_t cookie,
                     const struct seuil_entry_view *entry, struct seuil_error *err)
{
    struct fake_sink *sink = sink_of(base);
    struct fake_sent *sent;

    (void)shard;
    (void)err;
    if (sink->full)
        return SEUIL_ERR_BACKOFF;
    if (sink->count == sink->cap) {
        sink->cap = sink->cap ? 2 * sink->cap : 64;
        sink->sent = realloc(sink->sent, sink->cap * sizeof(*sink->sent));
    }
    sent = &sink->sent[sink->count++];
    *sent =
        (struct fake_sent){.destination = entry->destination, .tenure = tenure, .cookie = cookie};
    sent->key = copy(entry->key.ptr, entry->key.len);
    sent->value = entry->value ? copy(entry->value, entry->value_len) : NULL;
    for (uint32_t i = 0; i < entry->header_count; i++)
        note(sent, &entry->headers[i]);
    return 0;
}

static int sink_poll(struct seuil_sink *base, struct seuil_delivery *ret_delivery)
{
    struct fake_sink *sink = sink_of(base);
    const struct fake_sent *sent;

    if (sink->silent || sink->reported == sink->count)
        return 0;
    sent = &sink->sent[sink->reported++];
    *ret_delivery =
        (struct seuil_delivery){.tenure = sent->tenure, .cookie = sent->cookie, .ok = true};
    return 1;
}

static const struct seuil_sink_ops sink_ops = {.send = sink_send, .poll = sink_poll};

void fake_sink_init(struct fake_sink *sink)
{
    memset(sink, 0, sizeof(*sink));
    sink->base.ops = &sink_ops;
}

void fake_sink_done(struct fake_sink *sink)
{
    for (uint32_t i = 0; i < sink->count; i++) {
        free(sink->sent[i].key);
        free(sink->sent[i].value);
    }
    free(sink->sent);
}
