/* The properties, after every transaction, every delivery, and at the end. */

#include "sim.h"

#include <string.h>

#include "base/hash.h"

/* ---- records ------------------------------------------------------------------------------ */

static bool leaves(const struct sim_record *r)
{
    return strchr("EDFAXYLWBH", r->kind) != NULL;
}

/* All records that ever were, by number; NULL after the last. */
static struct sim_record *nth_record(const struct sim_world *world, int n)
{
    for (int t = 0; t < SIM_TOPICS; t++) {
        if (n < world->topics[t].count)
            return world->topics[t].records[n];
        n -= world->topics[t].count;
    }
    return n < world->old_count ? world->old[n] : NULL;
}

/* The next of up to SIM_TOPICS sequences by (time, topic, offset). */
static struct sim_record *merge_next(const struct sim_world *world, int *at)
{
    struct sim_record *best = NULL;

    for (int t = 0; t < SIM_TOPICS; t++) {
        struct sim_record *r;

        if (at[t] >= world->topics[t].count)
            continue;
        r = world->topics[t].records[at[t]];
        if (!best || r->time < best->time)
            best = r;
    }
    if (best)
        at[best->topic]++;
    return best;
}

/* The generation that a state's stamp of @topic counts in, if it is the present one. */
static int64_t stamp_of(const struct sim_state *state, const struct sim_key *key, int topic)
{
    uint32_t generation = state->meta.topics[topic].generation;
    int64_t next = 0;

    if (!key->bytes ||
        seuil_lead_peek_stamp(key->bytes, key->len, (uint32_t)topic, generation, &next) < 0)
        return 0;
    return next;
}

static bool current(const struct sim_world *world, const struct sim_state *state,
                    const struct sim_record *r)
{
    return r->epoch == world->topics[r->topic].epoch &&
           state->meta.topics[r->topic].generation == sim_generation(world, r->topic, r->epoch);
}

/* With a short horizon an event may be late or not, as the topics come interleaved. */
static bool may_be_late(const struct sim_world *world, const struct sim_record *r)
{
    if (world->model != 2)
        return false;
    for (int t = 0; t < SIM_TOPICS; t++)
        for (int i = 0; i < world->topics[t].count; i++) {
            const struct sim_record *o = world->topics[t].records[i];

            if (o->lead == r->lead && o->event_time > r->event_time + SIM_HORIZON_MS)
                return true;
        }
    return false;
}

/* Whether @r may have left nothing in its lead, so that its stamp was not raised for it: something
 * of the same lead outdates it. */
static bool outdated(const struct sim_world *world, const struct sim_record *r)
{
    const struct sim_record *o;

    for (int i = 0; (o = nth_record(world, i)); i++) {
        if (o->lead != r->lead || o == r || o->event_time < r->event_time)
            continue;
        if (o->kind == 'F' || (strchr("XY", r->kind) && strchr("XY", o->kind)))
            return true;
    }
    return false;
}

/* Whether the log still had it when the shard was made, and it did not fall into a gap. */
static bool was_there(const struct sim_world *world, const struct sim_record *r)
{
    return !r->lost && (r->epoch > 0 || r->offset >= world->first[r->topic]);
}

/* Whether something newer of its lead came before it in its own topic, and nothing erased that. */
static bool late_for_certain(const struct sim_world *world, const struct sim_record *r)
{
    const struct sim_topic *topic = &world->topics[r->topic];

    for (int i = 0; i < topic->count && topic->records[i]->offset < r->offset; i++) {
        const struct sim_record *o = topic->records[i];

        if (o->kind == 'E' && o->lead == r->lead && was_there(world, o) && !o->expired)
            return !outdated(world, r);
    }
    return false;
}

static bool must_leave(const struct sim_world *world, const struct sim_record *r)
{
    /* What comes with a lead merged into this one may outdate it, or make it late. */
    if (sim_merges(world) && world->model == 2)
        return false;
    return was_there(world, r) && strchr(sim_merges(world) ? "EFA" : "EFAXY", r->kind) &&
           !r->expired && !outdated(world, r) && !may_be_late(world, r);
}

/* ---- a lead's state is the fold of its records below its stamps
 * ---------------------------------- */

/* Whether @r, of the internal topic, is an outbox entry sent again. */
static bool came_before(const struct sim_world *world, const struct sim_record *r)
{
    const struct sim_topic *topic = &world->topics[SIM_INTERNAL];

    for (int i = 0; r->kind == 'H' && i < topic->count && topic->records[i] != r; i++) {
        const struct sim_record *o = topic->records[i];

        if (seuil_str_eq(o->key, r->key) && o->value_len == r->value_len &&
            memcmp(o->value, r->value, r->value_len) == 0)
            return true;
    }
    return false;
}

/* False when the answer depends on the order of application. */
static bool fold_records(struct sim_world *world, const struct sim_state *state, int lead,
                         const int *drop, struct seuil_fold *fold)
{
    const struct sim_key *key = &state->leads[lead];
    int at[SIM_TOPICS] = {0}, dropped[SIM_TOPICS] = {0};
    int64_t stamps[SIM_TOPICS];
    struct sim_record *r;

    for (int t = 0; t < SIM_TOPICS; t++)
        stamps[t] = stamp_of(state, key, t);
    seuil_fold_begin(fold, seuil_str_from(sim_leads[lead]));
    for (int i = 0; i < world->old_count; i++) {
        r = world->old[i];
        if (r->lead != lead || !leaves(r) ||
            (!r->kept && (state->meta.topics[r->topic].generation !=
                              sim_generation(world, r->topic, r->epoch) ||
                          r->offset >= stamps[r->topic])))
            continue;
        seuil_fold_apply(
            fold,
            &(struct seuil_fold_record){
                {(uint32_t)r->topic, sim_generation(world, r->topic, r->epoch), 0, r->offset},
                r->time,
                SEUIL_TIME_NONE,
                r->value,
                r->value_len},
            NULL);
    }
    while ((r = merge_next(world, at))) {
        if (r->lead != lead || !leaves(r) || r->expired || !was_there(world, r) ||
            !current(world, state, r) || r->offset >= stamps[r->topic] || came_before(world, r))
            continue;
        if (may_be_late(world, r))
            return false;
        if (dropped[r->topic]++ < drop[r->topic])
            continue;
        seuil_fold_apply(
            fold,
            &(struct seuil_fold_record){
                {(uint32_t)r->topic, sim_generation(world, r->topic, r->epoch), 0, r->offset},
                r->time,
                SEUIL_TIME_NONE,
                r->value,
                r->value_len},
            NULL);
    }
    return true;
}

/* The evidence, byte for byte. The path of the automata depends on how the topics came interleaved
 * (the drain profile checks it against time order); here it is taken from the state. True also when
 * the answer depends on the order of application. */
static bool is_fold(struct sim_world *world, const struct sim_state *state, int lead,
                    const int *drop)
{
    static uint8_t bytes[SEUIL_LEAD_BYTES_MAX];
    const struct sim_key *key = &state->leads[lead];
    struct seuil_fold *fold = sim.fold[world->model];
    const struct seuil_lead *have = seuil_fold_lead(sim.state_fold[world->model]);
    struct seuil_lead *want = seuil_fold_lead(fold);
    size_t len;

    if (!fold_records(world, state, lead, drop, fold))
        return true;
    memcpy(want->stamps, have->stamps, sizeof(want->stamps));
    memcpy(want->automata, have->automata, sizeof(want->automata));
    want->automaton_count = have->automaton_count;
    want->clock = have->clock;
    want->due = have->due;
    want->birth = have->birth;
    want->expired = have->expired;
    want->keyed = world->config.names.keyed;
    want->away_since = have->away_since;
    len = seuil_fold_pack(fold, bytes);
    return len == key->len && memcmp(bytes, key->bytes, len) == 0;
}

#define DROP_MAX 12

static void check_fold(struct sim_world *world, const struct sim_state *state, int lead)
{
    int drop[SIM_TOPICS] = {0};

    /* What is handed over hangs on the order of application, or on what has expired: the end tells.
     */
    if (sim_merges(world) && (world->setup.profile == SIM_UNION || world->model == 2))
        return;
    if (is_fold(world, state, lead, drop))
        return;
    /* A lead that was worth nothing any more began another life with an event: what came before is
     * not in its state, though its stamps are above it. */
    if (world->setup.profile == SIM_EXPIRY)
        for (drop[0] = 0; drop[0] < DROP_MAX; drop[0]++)
            for (drop[1] = 0; drop[1] < DROP_MAX; drop[1]++)
                for (drop[2] = 0; drop[2] < DROP_MAX; drop[2]++)
                    if (is_fold(world, state, lead, drop))
                        return;
    sim_bad(world, "lead %s: its state is not the fold below its stamps", sim_leads[lead]);
}

/* When Redis wakes a lead: by its own entry of `due`, or by a pack that it is in. */
static seuil_time_ms wake_of(const struct sim_state *state, int lead)
{
    const struct sim_key *key = &state->leads[lead];
    seuil_time_ms wake = key->due_known ? key->due : SEUIL_TIME_NEVER;

    for (int i = 0; i < state->pack_count; i++)
        if (state->packs[i].leads >> lead & 1 && state->packs[i].due < wake)
            wake = state->packs[i].due;
    return wake;
}

static void check_due(struct sim_world *world, const struct sim_state *state, int lead)
{
    struct seuil_fold *fold = sim.state_fold[world->model];
    const struct seuil_lead *have = seuil_fold_lead(fold);
    seuil_time_ms due =
        seuil_engine_due_at(sim.models[world->model], sim.scratch[world->model], have);

    if (due != have->due)
        sim_bad(world, "lead %s: due %lld in its state, truth %lld", sim_leads[lead],
                (long long)have->due, (long long)due);
    if (due != SEUIL_TIME_NEVER && wake_of(state, lead) > due)
        sim_bad(world, "lead %s: due %lld in Redis, truth %lld", sim_leads[lead],
                (long long)wake_of(state, lead), (long long)due);
}

/* ---- crossings ---------------------------------------------------------------------------- */

const char *sim_entry_id(const struct seuil_entry_view *view, char ret_id[SEUIL_CROSSING_ID_MAX])
{
    for (uint32_t i = 0; i < view->header_count; i++) {
        const struct seuil_header *h = &view->headers[i];

        if (!seuil_str_eq(h->name, SEUIL_STR("ce_id")) || h->value_len >= SEUIL_CROSSING_ID_MAX)
            continue;
        memcpy(ret_id, h->value, h->value_len);
        ret_id[h->value_len] = '\0';
        return ret_id;
    }
    return NULL;
}

static struct sim_id *find_id(struct sim_world *world, const char *id)
{
    for (int i = world->id_count; i-- > 0;)
        if (strcmp(world->ids[i].id, id) == 0)
            return &world->ids[i];
    return NULL;
}

/* The birth of the crossing @id with @ordinal: a lead begins another life when it returns after it
 * was forgotten or has expired, so more than one may show in a transaction. */
static bool find_birth(struct sim_world *world, int lead, uint32_t ordinal, const char *id,
                       const struct seuil_birth *likely, struct seuil_birth *ret_birth)
{
    const struct seuil_model *model = &sim.models[world->model]->models[0];
    struct seuil_lead *scratch = seuil_fold_lead(sim.fold[world->model]);
    char text[SEUIL_CROSSING_ID_MAX];

    seuil_fold_begin(sim.fold[world->model], seuil_str_from(sim_leads[lead]));
    scratch->birth = *likely;
    for (int i = -1;; i++) {
        const struct sim_record *r;

        seuil_crossing_id(world->config.app, model, scratch, ordinal, text);
        *ret_birth = scratch->birth;
        if (strcmp(text, id) == 0)
            return true;
        while ((r = nth_record(world, i + 1)) && r->lead != lead)
            i++;
        if (!r)
            return false;
        scratch->birth = (struct seuil_birth){true, (uint32_t)r->topic,
                                              sim_generation(world, r->topic, r->epoch), r->offset};
    }
}

/* Where the automaton and the birth of a lead stand in a state. */
struct standing {
    uint32_t ordinal;
    struct seuil_birth birth;
};

static struct standing standing_of(struct sim_world *world, const struct sim_key *key, int lead)
{
    struct seuil_fold *fold = sim.state_fold[world->model];
    const struct seuil_lead *state = seuil_fold_lead(fold);
    struct standing standing = {0};

    if (!key->bytes ||
        seuil_fold_resume(fold, seuil_str_from(sim_leads[lead]), key->bytes, key->len) < 0)
        return standing;
    standing.birth = state->birth;
    if (state->automaton_count > 0)
        standing.ordinal = state->automata[0].ordinal;
    return standing;
}

static void register_id(struct sim_world *world, const char *text, int lead, uint32_t ordinal)
{
    struct sim_id *id;
    int serial = 0;

    if (find_id(world, text))
        return; /* made again after the tail was lost */
    for (int i = 0; i < world->id_count; i++)
        serial += world->ids[i].lead == lead;
    world->ids =
        sim_grow(world, world->ids, world->id_count, &world->id_cap, sizeof(struct sim_id));
    id = &world->ids[world->id_count++];
    id->lead = lead;
    id->ordinal = ordinal;
    id->serial = serial;
    memcpy(id->id, text, sizeof(id->id));
    world->crossings++;
}

static bool find_text(struct seuil_str json, const char *name, struct seuil_str *ret_value)
{
    char key[40];
    const char *p, *end;

    snprintf(key, sizeof(key), "\"%s\":\"", name);
    p = memmem(json.ptr, json.len, key, strlen(key));
    if (!p)
        return false;
    p += strlen(key);
    end = memchr(p, '"', (size_t)(json.ptr + json.len - p));
    *ret_value = (struct seuil_str){p, (uint32_t)(end - p)};
    return true;
}

/* A timer fires for an instant only when every record of before it is in the lead's state. What an
 * event's own advance made is told apart by a record at or after that instant. */
static void check_silence(struct sim_world *world, const struct sim_state *before,
                          const struct sim_state *after, int lead, struct seuil_str json)
{
    struct seuil_str reason, text;
    seuil_time_ms t;
    bool fresh = false, later = false;

    if (world->setup.profile == SIM_JITTER || !find_text(json, "reason", &reason) ||
        !seuil_str_eq(reason, SEUIL_STR("decay")) || !find_text(json, "effective_time", &text) ||
        seuil_time_parse(text, &t) < 0)
        return;
    for (int topic = 0; topic < SIM_TOPICS; topic++) {
        int64_t was = stamp_of(before, &before->leads[lead], topic);

        for (int i = 0; i < world->topics[topic].count; i++) {
            const struct sim_record *r = world->topics[topic].records[i];

            if (r->lead == lead && r->offset < after->meta.topics[topic].reach && r->time >= t)
                return;
            fresh = fresh || (r->lead == lead && r->offset >= was &&
                              r->offset < after->meta.topics[topic].reach);
            later = later || (r->time >= t && r->offset < after->meta.topics[topic].reach);
        }
    }
    if (fresh && later)
        return;
    for (int topic = 0; topic < SIM_TOPICS; topic++) {
        int64_t now = stamp_of(after, &after->leads[lead], topic);

        for (int i = 0; i < world->topics[topic].count; i++) {
            const struct sim_record *r = world->topics[topic].records[i];

            if (r->lead == lead && r->time < t && r->offset >= now && current(world, after, r) &&
                must_leave(world, r))
                sim_bad(world, "a timer of %s fired for %lld before the record of %lld was applied",
                        sim_leads[lead], (long long)(t - SIM_EPOCH_MS),
                        (long long)(r->time - SIM_EPOCH_MS));
        }
    }
}

static void register_handed(struct sim_world *world, const struct sim_entry *e)
{
    world->handed = sim_grow(world, world->handed, world->handed_count, &world->handed_cap,
                             sizeof(*world->handed));
    world->handed[world->handed_count++] = (struct seuil_str){(const char *)e->bytes, e->len};
}

static bool find_later(struct sim_world *world, int lead, struct standing *at,
                       const struct standing *end, const char *id)
{
    for (uint32_t o = at->ordinal + 2; o <= end->ordinal; o++)
        if (find_birth(world, lead, o, id, &end->birth, &at->birth)) {
            at->ordinal = o;
            return true;
        }
    return false;
}

/* The entries of a transaction are the crossings that its states made: ordinals go on from the
 * state before to the one after, in order, each id made from the birth that the lead had. */
static void check_entries(struct sim_world *world, const struct sim_state *before,
                          const struct sim_state *after)
{
    struct standing at[SIM_LEADS], end[SIM_LEADS];
    const struct sim_entry *list[64];
    int n = 0;

    for (int l = 0; l < SIM_LEADS; l++) {
        at[l] = standing_of(world, &before->leads[l], l);
        end[l] = before->leads[l].bytes == after->leads[l].bytes
                     ? at[l]
                     : standing_of(world, &after->leads[l], l);
    }
    for (const struct sim_entry *e = after->last; e != before->last && n < 64; e = e->before)
        if (!e->scores)
            list[n++] = e;
    while (n-- > 0) {
        const struct sim_entry *e = list[n];
        struct seuil_entry_view view;
        int l;

        if (!e->id[0]) {
            register_handed(world, e);
            continue;
        }
        for (const struct sim_entry *o = e->before; o; o = o->before)
            if (!o->scores && strcmp(o->id, e->id) == 0)
                sim_bad(world, "a crossing was committed twice: %s", e->id);
        if (seuil_outbox_unpack(e->bytes, e->len, &view) < 0 || (l = sim_lead_of(view.key)) < 0) {
            sim_bad(world, "an outbox entry of no lead");
            return;
        }
        if (find_birth(world, l, at[l].ordinal + 1, e->id, &end[l].birth, &at[l].birth))
            at[l].ordinal++;
        else if (find_birth(world, l, 1, e->id, &end[l].birth, &at[l].birth))
            at[l].ordinal = 1; /* expired, and returned */
        else if (sim_merges(world) && find_later(world, l, &at[l], &end[l], e->id))
            ; /* it goes on from the ordinals of a lead that was merged into it */
        else
            sim_bad(world, "lead %s: an entry that is not the crossing after ordinal %u",
                    sim_leads[l], at[l].ordinal);
        register_id(world, e->id, l, at[l].ordinal);
        check_silence(world, before, after, l,
                      (struct seuil_str){(const char *)view.value, view.value_len});
    }
    for (int l = 0; l < SIM_LEADS; l++)
        if (at[l].ordinal != end[l].ordinal && end[l].birth.known && end[l].ordinal != 0 &&
            (!sim_merges(world) || at[l].ordinal > end[l].ordinal))
            sim_bad(world, "lead %s: entries up to ordinal %u, its state says %u", sim_leads[l],
                    at[l].ordinal, end[l].ordinal);
}

/* ---- a transaction ------------------------------------------------------------------------ */

/* A topic made again under the same name: whoever takes the shard afterwards must see it, by its
 * end or by the record where another one was. */
static void check_recreated(struct sim_world *world, const struct sim_state *before,
                            const struct sim_state *after)
{
    for (int t = 0; t < SIM_TOPICS; t++) {
        const struct sim_topic *topic = &world->topics[t];
        const struct seuil_meta_topic *was = &before->meta.topics[t];

        if (was->generation == sim_generation(world, t, topic->epoch) ||
            before->owner <= topic->since)
            continue;
        if (after->meta.topics[t].reach > was->reach && was->finger_offset >= topic->start &&
            sim_record_find(topic, was->finger_offset))
            sim_bad(world, "topic %d was made again, and read as if it were the old one", t);
    }
}

static void check_meta(struct sim_world *world, const struct sim_state *before,
                       const struct sim_state *after, const struct sim_request *request)
{
    const struct seuil_meta *a = &before->meta, *b = &after->meta;

    if (b->seq != a->seq + 1 || memcmp(&a->token, &b->token, sizeof(a->token)) != 0)
        sim_bad(world, "a commit changes token or skips a sequence number");
    if (b->outbox_tail != a->outbox_tail + request->tx.entry_count ||
        b->outbox_head !=
            (request->tx.trim_to > a->outbox_head ? request->tx.trim_to : a->outbox_head) ||
        b->outbox_head > b->outbox_tail)
        sim_bad(world, "meta counts the outbox wrongly");
    for (int t = 0; t < SIM_TOPICS; t++) {
        const struct seuil_meta_topic *x = &a->topics[t], *y = &b->topics[t];

        if (y->base < x->base || y->reach < x->reach || y->base > y->reach ||
            y->generation != x->generation)
            sim_bad(world, "topic %d: base %lld to %lld, reach %lld to %lld", t, (long long)x->base,
                    (long long)y->base, (long long)x->reach, (long long)y->reach);
        if (world->topics[t].epoch == 0 && y->reach > world->topics[t].next)
            sim_bad(world, "topic %d: reach %lld, the log ends at %lld", t, (long long)y->reach,
                    (long long)world->topics[t].next);
    }
}

static void check_below_base(struct sim_world *world, const struct sim_state *state)
{
    for (int t = 0; t < SIM_TOPICS; t++) {
        const struct sim_topic *topic = &world->topics[t];
        int64_t base = state->meta.topics[t].base;
        int64_t stamps[SIM_LEADS];

        if (state->meta.topics[t].generation != sim_generation(world, t, topic->epoch))
            continue;
        for (int l = 0; l < SIM_LEADS; l++)
            stamps[l] = stamp_of(state, &state->leads[l], t);
        for (int i = 0; i < topic->count && topic->records[i]->offset < base; i++) {
            const struct sim_record *r = topic->records[i];

            if (!was_there(world, r))
                continue;
            if (strchr("PUML", r->kind) && !r->dead &&
                (r->kind != 'L' || late_for_certain(world, r)))
                sim_bad(world, "base passed a dead letter that was never written: topic %d %lld", t,
                        (long long)r->offset);
            if (r->offset >= stamps[r->lead] && must_leave(world, r))
                sim_bad(world,
                        "lead %s: record %lld of topic %d is below base and not in its state",
                        sim_leads[r->lead], (long long)r->offset, t);
        }
    }
}

/* A lead deleted: only when base has passed its stamps; what it held is forgotten rightly. */
static void check_erased(struct sim_world *world, const struct sim_state *before,
                         const struct sim_state *after, int lead)
{
    for (int t = 0; t < SIM_TOPICS; t++) {
        int64_t stamp = stamp_of(before, &before->leads[lead], t);

        if (stamp > after->meta.topics[t].base)
            sim_bad(world, "lead %s was deleted with stamp %lld above base %lld", sim_leads[lead],
                    (long long)stamp, (long long)after->meta.topics[t].base);
        for (int i = 0; i < world->topics[t].count; i++) {
            struct sim_record *r = world->topics[t].records[i];

            if (r->lead == lead && r->offset < stamp)
                r->expired = true;
        }
    }
}

void sim_check_commit(struct sim_world *world, const struct sim_state *before,
                      const struct sim_state *after, const struct sim_request *request)
{
    struct seuil_fold *fold = sim.state_fold[world->model];

    check_meta(world, before, after, request);
    for (int l = 0; l < SIM_LEADS && !world->failed; l++) {
        const struct sim_key *a = &before->leads[l], *b = &after->leads[l];

        if (a->bytes && !b->bytes)
            check_erased(world, before, after, l);
        if (!b->bytes || (a->bytes == b->bytes && wake_of(before, l) == wake_of(after, l)))
            continue;
        if (seuil_fold_resume(fold, seuil_str_from(sim_leads[l]), b->bytes, b->len) < 0) {
            sim_bad(world, "lead %s: its state cannot be read", sim_leads[l]);
            continue;
        }
        if (a->bytes != b->bytes)
            check_fold(world, after, l);
        if (world->setup.profile != SIM_MODEL) /* there the end tells */
            check_due(world, after, l);
    }
    if (world->failed)
        return;
    check_entries(world, before, after);
    sim_scores_commit(world, before, after);
    check_recreated(world, before, after);
    check_below_base(world, after);
}

/* ---- a delivery --------------------------------------------------------------------------- */

static bool same_letter(const struct sim_world *world, const struct sim_record *r,
                        const struct seuil_entry_view *view)
{
    return (strchr("PUMLBWH", r->kind) || may_be_late(world, r)) &&
           r->value_len == view->value_len && memcmp(r->value, view->value, r->value_len) == 0 &&
           seuil_str_eq(r->key, view->key);
}

static void landed_dead(struct sim_world *world, const struct sim_message *message)
{
    const struct seuil_entry_view *view = &message->view;

    for (int i = 0; i < world->old_count; i++)
        if (same_letter(world, world->old[i], view)) {
            world->old[i]->dead = true;
            return;
        }
    for (int t = 0; t < SIM_TOPICS; t++)
        for (int i = 0; i < world->topics[t].count; i++)
            if (same_letter(world, world->topics[t].records[i], view)) {
                world->topics[t].records[i]->dead = true;
                return;
            }
    sim_bad(world, "a dead letter that is no record, or of a good one: %.*s", (int)view->value_len,
            (const char *)view->value);
}

static struct sim_published *published_find(struct sim_world *world, const char *id,
                                            const struct sim_message *message)
{
    for (int i = 0; i < world->published_count; i++) {
        struct sim_published *p = &world->published[i];

        if (strcmp(p->id, id) == 0 &&
            (!message ||
             (p->len == message->packed_len && memcmp(p->bytes, message->packed, p->len) == 0)))
            return p;
    }
    return NULL;
}

/* Whether what was committed of the lead just before was published before. */
static bool published_before(struct sim_world *world, const struct sim_id *id)
{
    for (int i = 0; i < world->id_count; i++) {
        const struct sim_id *o = &world->ids[i];

        if (o->lead == id->lead && o->serial == id->serial - 1)
            return published_find(world, o->id, NULL) != NULL;
    }
    return id->serial == 0;
}

static void landed_handover(struct sim_world *world, const struct sim_message *message)
{
    for (int i = 0; i < world->handed_count; i++)
        if (seuil_str_eq(world->handed[i],
                         (struct seuil_str){(const char *)message->packed, message->packed_len})) {
            sim_land_handover(world, &message->view);
            return;
        }
    sim_bad(world, "handed over before the transaction took effect");
}

void sim_check_landed(struct sim_world *world, const struct sim_message *message)
{
    struct sim_published *p;
    struct sim_id *id;
    char text[SEUIL_CROSSING_ID_MAX];

    if (message->view.destination == SEUIL_DEST_DEAD_LETTERS) {
        landed_dead(world, message);
        return;
    }
    if (message->view.destination == SEUIL_DEST_SCORES) {
        sim_scores_landed(world, message);
        return;
    }
    if (message->view.destination == SEUIL_DEST_INTERNAL) {
        landed_handover(world, message);
        return;
    }
    if (!sim_entry_id(&message->view, text)) {
        sim_bad(world, "an outbound record without ce_id");
        return;
    }
    id = find_id(world, text);
    sim_trace("  published %s: lead %s ordinal %u", text, id ? sim_leads[id->lead] : "?",
              id ? id->ordinal : 0);
    if (!id) {
        sim_bad(world, "published before its transaction took effect: %s", text);
        return;
    }
    if (published_find(world, text, message))
        return;
    if (published_find(world, text, NULL) && world->lost_tails == 0)
        sim_bad(world, "same id, other bytes: %s", text);
    if (!published_before(world, id) && world->lost_tails == 0)
        sim_bad(world, "lead %s: ordinal %u is published before the one before it",
                sim_leads[id->lead], id->ordinal);
    world->published = sim_grow(world, world->published, world->published_count,
                                &world->published_cap, sizeof(struct sim_published));
    p = &world->published[world->published_count++];
    memcpy(p->id, text, sizeof(p->id));
    p->bytes = message->packed;
    p->len = message->packed_len;
    p->value = (struct seuil_str){(const char *)message->view.value, message->view.value_len};
}

/* ---- the end ------------------------------------------------------------------------------ */

static bool halt_has_reason(const struct sim_world *world, const struct sim_state *state)
{
    if (!state->present)
        return world->lost_tails > 0;
    for (int t = 0; t < SIM_TOPICS; t++) {
        if (state->meta.topics[t].base < world->topics[t].start)
            return true;
        if (state->meta.topics[t].generation != sim_generation(world, t, world->topics[t].epoch))
            return true;
    }
    return false;
}

static bool handover_landed(const struct sim_world *world, const struct sim_entry *e)
{
    struct seuil_entry_view view;

    if (seuil_outbox_unpack(e->bytes, e->len, &view) != 0)
        return false;
    for (int i = 0; i < world->topics[SIM_INTERNAL].count; i++) {
        const struct sim_record *r = world->topics[SIM_INTERNAL].records[i];

        if (seuil_str_eq(r->key, view.key) && r->value_len == view.value_len &&
            memcmp(r->value, view.value, r->value_len) == 0)
            return true;
    }
    return false;
}

/* How often a lead that is not another's remembers @r. */
static int remembered(struct sim_world *world, const struct sim_state *state,
                      const struct sim_record *r)
{
    struct seuil_fold *fold = sim.state_fold[world->model];
    const struct seuil_lead *lead = seuil_fold_lead(fold);
    const struct seuil_evidence *evidence = &lead->evidence;
    char id[24];
    int len = snprintf(id, sizeof(id), "e%u", r->event_id), count = 0;
    uint64_t hash = seuil_hash64_seed(id, (size_t)len, seuil_hash64(sim_leads[r->lead], 1));

    for (int l = 0; l < SIM_LEADS; l++) {
        const struct sim_key *key = &state->leads[l];

        if (!key->bytes ||
            seuil_fold_resume(fold, seuil_str_from(sim_leads[l]), key->bytes, key->len) < 0)
            continue;
        for (unsigned i = 0; i < evidence->recent_count; i++)
            count += evidence->records[evidence->recent[i]].key.hash == hash;
        for (unsigned i = 0; i < evidence->adjustment_count; i++)
            count += evidence->adjustments[i].key.hash == hash;
    }
    return count;
}

/* Each event is in one lead, whoever was merged into whom, when, and however often killed. */
static void check_union(struct sim_world *world, const struct sim_state *state)
{
    const struct sim_record *r;

    for (int i = 0; (r = nth_record(world, i)); i++)
        if ((r->kind == 'E' || r->kind == 'A') && was_there(world, r)) {
            int count = remembered(world, state, r);

            if (count != 1)
                sim_bad(world, "event e%u of lead %s is in %d leads", r->event_id,
                        sim_leads[r->lead], count);
        }
}

static void check_published(struct sim_world *world, const struct sim_state *state)
{
    int committed = 0;

    for (const struct sim_entry *e = state->last; e; e = e->before) {
        struct sim_message same = {.packed = e->bytes, .packed_len = e->len};

        if (e->scores)
            continue;
        if (!e->id[0]) {
            if (!handover_landed(world, e))
                sim_bad(world, "what was handed over never came to the internal topic");
            continue;
        }
        committed++;
        if (!published_find(world, e->id, &same))
            sim_bad(world, "a committed crossing was never published: %s", e->id);
    }
    if (world->lost_tails == 0 && committed != world->published_count)
        sim_bad(world, "published %d crossings, committed %d", world->published_count, committed);
}

static void check_lead_end(struct sim_world *world, const struct sim_state *state, int lead)
{
    const struct sim_key *key = &state->leads[lead];
    seuil_time_ms settled = world->now - 25 * SEUIL_SECOND_MS, due;

    if (!key->bytes)
        return;
    if (seuil_lead_peek_due(key->bytes, key->len, &due) < 0 ||
        seuil_fold_resume(sim.state_fold[world->model], seuil_str_from(sim_leads[lead]), key->bytes,
                          key->len) < 0) {
        sim_bad(world, "lead %s: its state cannot be read", sim_leads[lead]);
        return;
    }
    check_due(world, state, lead);
    if (due <= settled)
        sim_bad(world, "lead %s: due %lld is past for long and nothing fired", sim_leads[lead],
                (long long)(due - SIM_EPOCH_MS));
}

void sim_check_end(struct sim_world *world)
{
    const struct sim_state *state = sim_redis(world);
    struct sim_worker *worker = world->workers[world->assigned];
    struct seuil_shard_status status;

    seuil_shard_status(worker->shard, &status);
    if (status.state == SEUIL_SHARD_HALT) {
        sim.total_halts++;
        if (!halt_has_reason(world, state))
            sim_bad(world, "halted without a reason: %s", status.text);
        return;
    }
    if (status.state != SEUIL_SHARD_RUN) {
        sim_bad(world, "the shard is %s for good: %s", seuil_shard_state_name(status.state),
                status.text);
        return;
    }
    for (int t = 0; t < SIM_TOPICS; t++) {
        const struct sim_topic *topic = &world->topics[t];

        if (state->meta.topics[t].base != topic->next)
            sim_bad(world, "base of topic %d stays at %lld, the log ends at %lld", t,
                    (long long)state->meta.topics[t].base, (long long)topic->next);
    }
    if (state->meta.model_hash != sim.models[world->model]->hash)
        sim_bad(world, "the walk after a model change does not end");
    check_below_base(world, state);
    for (int l = 0; l < SIM_LEADS; l++)
        check_lead_end(world, state, l);
    check_published(world, state);
    sim_scores_end(world, state);
    if (world->setup.profile == SIM_UNION)
        check_union(world, state);
    if (world->setup.profile == SIM_DRAIN || world->setup.profile == SIM_JITTER ||
        world->setup.profile == SIM_MERGE)
        sim_check_drain(world);
}
