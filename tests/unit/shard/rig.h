/* One shard on the memory store, with a fake source and sink and clocks that the test moves. */

#ifndef SEUIL_TESTS_UNIT_SHARD_RIG_H
#define SEUIL_TESTS_UNIT_SHARD_RIG_H

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/heap.h"
#include "codec/decode.h"
#include "conf/model_load.h"
#include "core/lead_codec.h"
#include "shard/shard.h"
#include "store/store_memory.h"
#include "support/fake_stream.h"

#define RIG_WALL INT64_C(1700000000000)
#define VIEWS    0
#define FORMS    1

/* A model of seconds: `big` lifts a lead at once, everything decays with a half-life of 10 s. */
#define RIG_MODEL(warm)                                                                            \
    "seuil_model: 1\nname: rig\nversion: \"1\"\ndecay: {half_life: 10s}\n"                         \
    "groups:\n  all: {floor: -50, ceiling: 100}\n"                                                 \
    "tiers:\n  - {name: cold}\n  - {name: warm, entry: " warm ", exit: 5}\n"                       \
    "rules:\n"                                                                                     \
    "  - {name: big, event: activity, when: {name: big}, points: 20, group: all}\n"                \
    "  - {name: small, event: activity, when: {name: small}, points: 2, group: all}\n"

struct rig {
    struct seuil_memory *memory;
    struct seuil_store *store;
    struct fake_source source;
    struct fake_sink sink;
    struct seuil_shard_config config;
    struct seuil_models *models, *others; /* warm from 10; warm from 30 */
    struct seuil_scratch *scratch, *other_scratch;
    struct seuil_decoder *decoder;
    struct seuil_decode_scratch *decode;
    struct seuil_map_scratch *map; /* NULL unless a test has maps */
    struct seuil_lead *lead, *guest;
    struct seuil_shard *shard;
    uint32_t number; /* of the shard: 0 */
    seuil_time_ms wall, mono;
    uint32_t tokens;
    char said[512]; /* the last warning or error */
    int hold;       /* replies are not handed on */
    int (*schema)(void *ctx, uint32_t topic, const struct seuil_schema_ref *ref,
                  struct seuil_error *err); /* NULL: nobody can be asked */
    void *schema_ctx;
};

static inline void rig_random(void *ctx, void *bytes, size_t len)
{
    struct rig *rig = ctx;

    memset(bytes, 0, len);
    rig->tokens++;
    memcpy(bytes, &rig->tokens, len < sizeof(rig->tokens) ? len : sizeof(rig->tokens));
}

static inline void rig_say(void *ctx, uint32_t shard, enum seuil_level level, const char *text)
{
    struct rig *rig = ctx;

    (void)shard;
    if (level >= SEUIL_LEVEL_WARNING)
        snprintf(rig->said, sizeof(rig->said), "%s", text);
}

static inline struct seuil_models *rig_models(const char *text)
{
    struct seuil_model_text model = {"rig", text, strlen(text)};
    struct seuil_errs errs = {0};
    struct seuil_models *models = seuil_models_parse(&model, 1, &errs);

    cr_assert(models, "%s", errs.count ? errs.list[0].text : "?");
    return models;
}

static inline struct seuil_scratch *rig_scratch(struct seuil_models *models)
{
    return seuil_scratch_init(malloc(seuil_scratch_size(models)), models, NULL);
}

static inline struct seuil_shard *rig_shard(struct rig *rig)
{
    struct seuil_shard_env env = {
        .config = &rig->config,
        .models = rig->models,
        .scratch = rig->scratch,
        .decode = rig->decode,
        .map = rig->map,
        .lead = rig->lead,
        .guest = rig->guest,
        .store = rig->store,
        .source = &rig->source.base,
        .sink = &rig->sink.base,
        .random = rig_random,
        .say = rig_say,
        .ctx = rig,
        .schema = rig->schema,
        .schema_ctx = rig->schema_ctx,
    };
    struct seuil_shard *shard = seuil_shard_new(&env, rig->number);

    cr_assert(shard);
    return shard;
}

static inline struct rig *rig_new(void)
{
    struct rig *rig = calloc(1, sizeof(*rig));
    struct seuil_decoder_spec spec = {.format = SEUIL_FORMAT_JSON, .kind = -1};
    struct seuil_error err;

    rig->wall = RIG_WALL;
    rig->mono = 1000;
    rig->memory = seuil_memory_new(1);
    rig->store = seuil_store_memory_new(rig->memory);
    fake_source_init(&rig->source);
    fake_sink_init(&rig->sink);
    rig->source.confirmed = rig->mono;
    rig->models = rig_models(RIG_MODEL("10"));
    rig->others = rig_models(RIG_MODEL("30"));
    rig->scratch = rig_scratch(rig->models);
    rig->other_scratch = rig_scratch(rig->others);
    rig->decoder = seuil_decoder_new(&spec, &err);
    rig->decode = seuil_decode_scratch_new();
    rig->lead = calloc(1, sizeof(*rig->lead));
    rig->guest = calloc(1, sizeof(*rig->guest));
    rig->config = (struct seuil_shard_config){
        .app = SEUIL_STR("rig"),
        .owner = "rig",
        .cluster_id = "fake",
        .partitions = 1,
        .partitioner = SEUIL_PARTITIONER_MURMUR2,
        .outbound = "qualifications",
        .dead_letters = "seuil.dead_letters",
        .source = "/rig",
        .out_format = SEUIL_OUT_JSON,
        .checkpoint_ms = 10 * SEUIL_SECOND_MS,
        .grace_ms = 100,
        .stale_after_ms = SEUIL_HOUR_MS,
        .witness_ms = 1000,
        .backoff_min_ms = 10,
        .backoff_max_ms = 100,
        .request_timeout_ms = 5000,
        .cache_bytes = 64 << 20,
        .publish_from = SEUIL_TIME_NONE,
        .model_alerts = true,
        .batch_events = 1000,
    };
    rig->config.inputs[VIEWS] = (struct seuil_input){
        .used = true, .name = "views", .decoder = rig->decoder, .start = SEUIL_START_EARLIEST};
    rig->config.inputs[FORMS] = (struct seuil_input){
        .used = true, .name = "forms", .decoder = rig->decoder, .start = SEUIL_START_EARLIEST};
    rig->shard = rig_shard(rig);
    return rig;
}

static inline void rig_free(struct rig *rig)
{
    seuil_shard_free(rig->shard);
    rig->store->ops->free(rig->store);
    seuil_memory_free(rig->memory);
    fake_source_done(&rig->source);
    fake_sink_done(&rig->sink);
    seuil_decode_scratch_free(rig->decode);
    seuil_decoder_free(rig->decoder);
    free(rig->scratch);
    free(rig->other_scratch);
    seuil_models_free(rig->models);
    seuil_models_free(rig->others);
    free(rig->lead);
    free(rig->guest);
    free(rig);
}

static inline void rig_replies(struct rig *rig)
{
    struct seuil_store_reply reply;

    while (!rig->hold && rig->store->ops->poll(rig->store, rig->mono, 0, &reply) == 1)
        seuil_shard_reply(rig->shard, &reply, rig->wall, rig->mono);
}

static inline void rig_turn(struct rig *rig)
{
    struct seuil_delivery delivery;

    rig->source.now = rig->wall;
    seuil_shard_run(rig->shard, rig->wall, rig->mono);
    rig_replies(rig);
    while (rig->sink.base.ops->poll(&rig->sink.base, &delivery) == 1)
        seuil_shard_delivery(rig->shard, &delivery);
}

static inline void rig_turns(struct rig *rig, int n)
{
    while (n-- > 0)
        rig_turn(rig);
}

/* Let @ms go by, ten at a time. */
static inline void rig_pass(struct rig *rig, int64_t ms)
{
    for (int64_t gone = 0; gone < ms; gone += 10) {
        rig->wall += 10;
        rig->mono += 10;
        rig_turns(rig, 2);
    }
}

static inline struct seuil_shard_status rig_status(struct rig *rig)
{
    struct seuil_shard_status status;

    seuil_shard_status(rig->shard, &status);
    return status;
}

#define rig_is(rig, wanted)                                                                        \
    cr_assert_eq(seuil_shard_state((rig)->shard), (wanted), "%s: %s",                              \
                 seuil_shard_state_name(seuil_shard_state((rig)->shard)), rig_status(rig).text)

/* Assign, and run until it reads. */
static inline void rig_start(struct rig *rig)
{
    seuil_shard_assign(rig->shard);
    for (int i = 0; i < 40 && seuil_shard_state(rig->shard) != SEUIL_SHARD_RUN; i++)
        rig_turn(rig);
    rig_is(rig, SEUIL_SHARD_RUN);
}

/* The process dies and another takes over, with the same clock. */
static inline void rig_crash(struct rig *rig)
{
    seuil_shard_free(rig->shard);
    rig->shard = rig_shard(rig);
}

/* An activity of @lead, @late_ms before its record. */
static inline int64_t rig_event(struct rig *rig, uint32_t topic, seuil_time_ms time,
                                const char *lead, const char *name, int64_t late_ms)
{
    static int ids;
    char value[300];

    snprintf(value, sizeof(value),
             "{\"type\":\"activity\",\"id\":\"e%d\",\"lead\":\"%s\",\"time\":%lld,\"name\":\"%s\"}",
             ++ids, lead, (long long)(time - late_ms), name);
    return fake_produce(&rig->source, topic, time, lead, value);
}

static inline const struct seuil_meta *rig_meta(struct rig *rig)
{
    return seuil_store_memory_meta(rig->memory, 0);
}

/* The state of a lead in the store, unpacked; false when there is none. */
static inline bool rig_stored(struct rig *rig, const char *id, struct seuil_lead *ret_lead)
{
    struct seuil_memory_lead found;

    if (!seuil_store_memory_lead(rig->memory, 0, seuil_str_from(id), &found) || !found.bytes)
        return false;
    seuil_lead_init(ret_lead, seuil_str_from(id));
    cr_assert_eq(seuil_lead_read(found.bytes, found.len, ret_lead), 0);
    return true;
}

static inline seuil_time_ms rig_due(struct rig *rig, const char *id)
{
    struct seuil_memory_lead found;

    if (!seuil_store_memory_lead(rig->memory, 0, seuil_str_from(id), &found) || !found.has_due)
        return SEUIL_TIME_NEVER;
    return found.due;
}

static inline uint32_t rig_sent(const struct rig *rig, uint8_t destination)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < rig->sink.count; i++)
        count += rig->sink.sent[i].destination == destination;
    return count;
}

#endif
