/* seuilctl explain: one lead, from Redis, with the engine that seuild uses. What is in Redis may be
 * a checkpoint old; the answer says of when it is. */

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

#include "base/heap.h"
#include "conf/model_load.h"
#include "conf/regex.h"
#include "core/away.h"
#include "core/lead_codec.h"
#include "ctl.h"
#include "ctl_print.h"
#include "ctl_world.h"

struct explain {
    struct seuil_world world;
    struct seuil_str id;
    uint32_t shard;
    seuil_time_ms at;
    bool at_given, json, late;
    struct seuil_lead *lead;
    void *regex, *scratch_memory;
    struct seuil_scratch *scratch;
    char owner[64];
    seuil_time_ms as_of; /* the lead's clock as it was loaded */
    struct seuil_buf out;
};

static int prepare(struct explain *e)
{
    const struct seuil_models *models = e->world.opened.models;

    e->lead = seuil_heap_zalloc(1, sizeof(*e->lead));
    e->regex = seuil_models_regex_new(models);
    if (!e->lead || !e->regex || posix_memalign(&e->scratch_memory, 64, seuil_scratch_size(models)))
        return seuil_ctl_fail("explain", EX_OSERR, "out of memory");
    e->scratch = seuil_scratch_init(e->scratch_memory, models, e->regex);
    return 0;
}

static void done(struct explain *e)
{
    seuil_models_regex_free(e->regex);
    free(e->scratch_memory);
    seuil_heap_free(e->lead);
    seuil_world_done(&e->world);
}

/* Look into one shard for the lead of @name: 0 with *ret_found, or an exit status. */
static int load_from(struct explain *e, uint32_t shard, const struct seuil_str *name,
                     bool *ret_found)
{
    const struct seuil_store_reply *reply;
    int rc;

    e->world.store->ops->load(e->world.store, shard, name, 1, 0);
    reply = seuil_world_wait(&e->world);
    if (!reply)
        return EX_TEMPFAIL;
    if (reply->status != SEUIL_STORE_OK || reply->item_count != 1)
        return seuil_ctl_fail("explain", EX_TEMPFAIL, "shard %u: %s", shard,
                              reply->text[0] ? reply->text : "Redis refused");
    *ret_found = reply->items[0].bytes != NULL;
    if (!*ret_found)
        return 0;
    seuil_lead_init(e->lead, e->id);
    rc = seuil_lead_read(reply->items[0].bytes, reply->items[0].len, e->lead);
    if (rc)
        return seuil_ctl_fail("explain", EX_DATAERR, "the state of this lead cannot be read: %s%s",
                              seuil_err_text(rc),
                              rc == SEUIL_ERR_UNSUPPORTED ? " (written by a newer version)" : "");
    e->shard = shard;
    return 0;
}

/* Redis has no state of the lead in the shards from @first to before @last. */
static int absent(struct explain *e, uint32_t first, uint32_t last)
{
    const struct seuil_settings *settings = e->world.opened.settings;
    char where[64];

    if (last - first == 1)
        snprintf(where, sizeof(where), "shard %u", first);
    else
        snprintf(where, sizeof(where), "every shard");
    if (e->json) {
        seuil_buf_add_text(&e->out, "{\"lead\":");
        seuil_json_add_string(&e->out, e->id);
        if (last - first == 1)
            seuil_buf_printf(&e->out, ",\"shard\":%u", first);
        seuil_buf_add_text(&e->out, ",\"absent\":true}\n");
        seuil_ctl_flush(&e->out, 0);
    }
    return seuil_ctl_fail(
        "explain", EX_DATAERR,
        "lead \"%.*s\" is absent (looked in %s of \"%s\"): it left no evidence, its evidence has "
        "expired, or it is not written yet (at most %lld s after it was read: see `seuilctl "
        "shards`). Ids are compared byte for byte, as events spell them",
        (int)e->id.len, e->id.ptr, where, settings->app,
        (long long)(settings->checkpoint_interval_ms / 1000));
}

/* Where the partitioner puts the lead, or wherever it is when that is not known. */
static int load(struct explain *e)
{
    struct seuil_shard_config config;
    char room[SEUIL_NAME_DIGITS];
    struct seuil_str name;
    uint32_t first = 0, last = e->world.partitions;
    bool found = false;
    int rc = 0;

    seuil_open_shard_config(&e->world.opened, NULL, 1, &config);
    name = seuil_lead_name(&config.names, e->id, room);
    if (config.partitioner != SEUIL_PARTITIONER_UNCHECKED) {
        first = seuil_partition_of(config.partitioner, e->id, e->world.partitions);
        last = first + 1;
    }
    for (uint32_t shard = first; shard < last && !found && !rc; shard++)
        rc = load_from(e, shard, &name, &found);
    if (!rc && !found)
        rc = absent(e, first, last);
    if (!rc) {
        struct seuil_meta meta;

        rc = seuil_world_meta(&e->world, e->shard, &meta, &found);
        if (!rc)
            memcpy(e->owner, meta.owner, sizeof(e->owner));
        e->as_of = e->lead->clock;
    }
    return rc;
}

/* Silence acts up to the instant asked for, in memory only. */
static void advance(struct explain *e)
{
    struct seuil_outcome *outcome = seuil_heap_alloc(sizeof(*outcome));

    while (outcome && e->lead->due <= e->at) {
        seuil_time_ms due = e->lead->due;
        struct seuil_event tick = {
            .kind = SEUIL_KIND_TICK, .lead = e->id, .time = due, .arrival = due};

        seuil_engine_step(e->world.opened.models, e->scratch, &tick, e->lead, outcome);
        if (e->lead->due <= due)
            break;
    }
    seuil_heap_free(outcome);
}

/* Ids that were merged into the lead; none: nothing is said. */
static void add_ids_json(struct explain *e)
{
    for (unsigned i = 0; i < e->lead->alias_count; i++) {
        const struct seuil_alias *alias = &e->lead->aliases[i];

        seuil_buf_add_text(&e->out, i ? "," : ",\"merged\":[");
        seuil_json_add_string(&e->out, (struct seuil_str){alias->id, alias->id_len});
    }
    if (e->lead->alias_count)
        seuil_buf_add_byte(&e->out, ']');
}

static void add_head(struct explain *e)
{
    struct seuil_buf *out = &e->out;

    if (e->json) {
        seuil_buf_add_text(out, "{\"lead\":");
        seuil_json_add_string(out, e->id);
        seuil_buf_printf(out, ",\"shard\":%u,\"owner\":", e->shard);
        seuil_json_add_string(out, seuil_str_from(e->owner));
        seuil_buf_add_text(out, ",\"as_of\":");
        seuil_print_time_json(e->as_of, out);
        seuil_buf_add_text(out, ",\"at\":");
        seuil_print_time_json(e->at, out);
        seuil_buf_printf(out, ",\"forgotten\":%s", e->lead->tombstone ? "true" : "false");
        if (seuil_lead_is_away(e->lead)) {
            seuil_buf_add_text(out, ",\"merged_into\":");
            seuil_json_add_string(out, (struct seuil_str){e->lead->into, e->lead->into_len});
        }
        add_ids_json(e);
        seuil_buf_add_text(out, ",\"models\":[");
        return;
    }
    seuil_buf_printf(out, "lead %.*s, shard %u of \"%s\", owner %s\n", (int)e->id.len, e->id.ptr,
                     e->shard, e->world.opened.settings->app, e->owner[0] ? e->owner : "none");
    seuil_buf_add_text(out, "as of ");
    seuil_print_time(e->as_of, out);
    seuil_buf_printf(out, ", when it was last judged; later events may not be written yet\n");
    for (unsigned i = 0; i < e->lead->alias_count; i++)
        seuil_buf_printf(out, "%s%.*s%s",
                         i ? ", " : "merged into it: ", (int)e->lead->aliases[i].id_len,
                         e->lead->aliases[i].id, i + 1u == e->lead->alias_count ? "\n" : "");
    seuil_buf_add_byte(out, '\n');
}

static bool has_score(const struct seuil_lead *lead)
{
    return !lead->tombstone && !seuil_lead_is_away(lead);
}

static void add_models(struct explain *e)
{
    const struct seuil_models *models = e->world.opened.models;

    for (uint16_t i = 0; i < models->model_count && has_score(e->lead); i++) {
        struct seuil_standing standing;

        if (seuil_standing_why(models, e->scratch, e->lead, i, e->at, &standing))
            e->late = true;
        if (e->json) {
            seuil_buf_add_text(&e->out, i ? "," : "");
            seuil_print_standing_json(&standing, e->id, &e->out);
        } else {
            seuil_print_standing(&standing, e->id, &e->out);
        }
    }
}

static void add_tail(struct explain *e)
{
    struct seuil_buf *out = &e->out;

    if (e->json) {
        seuil_buf_printf(out, "],\"exact\":%s}\n", e->late ? "false" : "true");
        return;
    }
    if (e->lead->tombstone) {
        seuil_buf_add_text(out, "forgotten: nothing is kept of what came at or before ");
        seuil_print_time(e->lead->cut, out);
        seuil_buf_add_byte(out, '\n');
    } else if (seuil_lead_is_away(e->lead)) {
        seuil_buf_printf(out, "merged into %.*s on ", (int)e->lead->into_len, e->lead->into);
        seuil_print_time(e->lead->away_since, out);
        seuil_buf_printf(out, ": that lead has its score, and what comes for it since\n");
    } else if (e->late) {
        seuil_buf_add_text(out,
                           "This is older than what a lead keeps one by one: the score is that "
                           "of the first exact instant after it.\nFor an older one: seuilctl "
                           "replay --model FILE --events FILE --until TIME\n");
    } else if (e->at < e->as_of) {
        seuil_buf_add_text(out, "The score is that of then; the tier and what follows are those of "
                                "the state.\n");
    }
}

static seuil_time_ms now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (seuil_time_ms)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int seuil_ctl_explain(int argc, char **argv)
{
    const char *config = NULL, *at = NULL, *format = NULL;
    const struct seuil_ctl_option options[] = {
        {"config", "FILE", "configuration; not given: " SEUIL_CTL_CONFIG, &config, NULL},
        {"at", "TIME", "the score then, past or future; not given: now", &at, NULL},
        {"format", "text|json", "how to answer", &format, NULL},
    };
    const struct seuil_ctl_command command = {
        .name = "explain",
        .operands = "LEAD",
        .help =
            "Explain the score of a lead from its state in Redis: the lines that sum to it, when\n"
            "it leaves its tier, and what it lacks for the next one.",
        .options = options,
        .option_count = 3,
        .operands_min = 1,
        .operands_max = 1,
    };
    struct explain e = {.at = now_ms()};
    int rc;

    if (seuil_ctl_parse(&command, argc, argv, &rc) < 0)
        return rc;
    if ((rc = seuil_ctl_json("explain", format, &e.json)))
        return rc;
    if (at && (rc = seuil_ctl_time("explain", "at", at, &e.at)))
        return rc;
    e.id = seuil_str_from(argv[0]);
    if (e.id.len == 0 || e.id.len > SEUIL_ID_MAX)
        return seuil_ctl_fail("explain", EX_USAGE, "a lead's id has 1 to %d bytes", SEUIL_ID_MAX);
    rc = seuil_world_open(&e.world, "explain", config, false);
    if (!rc)
        rc = prepare(&e);
    if (!rc)
        rc = load(&e);
    if (!rc) {
        advance(&e);
        add_head(&e);
        add_models(&e);
        add_tail(&e);
        rc = seuil_ctl_flush(&e.out, 0);
    }
    done(&e);
    return rc;
}
