#include "core/defer.h"

#include <assert.h>
#include <endian.h>
#include <math.h>
#include <stddef.h>
#include <string.h>

#include "core/ingest.h"
#include "core/judge.h"
#include "core/scratch.h"
#include "core/tier.h"

/* A lead near one of the bounds of a state is stepped, event by event. */
#define RECENT_MAX (SEUIL_RECENT_MAX - SEUIL_PENDINGS_MAX)
#define RULES_MAX  (SEUIL_LEAD_RULES_MAX / 2)
/* Of age-bounded awards so many may be there that pendings do not push any of them into a bucket,
 * where its instant is rounded. */
#define AGED_MAX (SEUIL_AGED_INSTANTS_MAX - SEUIL_PENDINGS_MAX - 1)
/* What a hit may add to a packed state, by the limits of its rule: in its record, or once folded as
 * an instant, an object and the counts of a period. A rule that is new, or begins to keep a sum,
 * takes some more. */
#define HIT_BYTES(rule)  (10u + (rule)->limit_count * 17u)
#define RULE_BYTES(rule) (50u + (rule)->limit_count * 24u)
#define RECORD_BYTES     20u
/* The bound of a score is far coarser than what rounding can do to it. */
#define MARGIN 1e-5
/* A least award beside which rounding is nothing. */
#define LEAST_POINTS 1e-3

/* ---- what is plain ----------------------------------------------------------------------- */

/* Whether awards of @rule only fade, and do nothing else. A feature of rules that can lower the
 * score by an award, or has instants of its own, says so here. */
static bool rule_is_bounded(const struct seuil_rule *rule)
{
    switch (rule->decay.shape) {
    case SEUIL_DECAY_NONE:
    case SEUIL_DECAY_HALF_LIFE:
    case SEUIL_DECAY_EXPIRES:
    case SEUIL_DECAY_LINEAR:
        return rule->role == SEUIL_ROLE_POINTS && rule->group < SEUIL_GROUPS_MAX &&
               !rule->measure && rule->frequency <= 1 && !rule->recency_ms;
    default:
        return false; /* steps may rise */
    }
}

/* Whether folding one of its events adds an award to the tally, and nothing else. */
static bool rule_is_simple(const struct seuil_rule *rule)
{
    return (rule->decay.shape == SEUIL_DECAY_NONE || rule->decay.shape == SEUIL_DECAY_HALF_LIFE) &&
           rule->role == SEUIL_ROLE_POINTS && !rule->limit_count && !rule->measure &&
           !rule->shortcut && rule->frequency <= 1 && !rule->recency_ms;
}

static unsigned traits_of(const struct seuil_models *models, const struct seuil_rule *rule)
{
    /* Rules of silence look at every event of their model. */
    bool watched = models->models[rule->model].silence_count > 0;
    unsigned traits = 0;

    if (rule_is_bounded(rule)) {
        traits |= SEUIL_TRAIT_BOUNDED;
        if ((rule->points >= LEAST_POINTS || rule->points == 0) && !watched)
            traits |= SEUIL_TRAIT_PLAIN;
    }
    if (rule_is_simple(rule))
        traits |= SEUIL_TRAIT_SIMPLE;
    if (seuil_decay_is_aged(&rule->decay))
        traits |= SEUIL_TRAIT_AGED;
    if (seuil_rule_has_limit(rule, SEUIL_LIMIT_OBJECT) || seuil_role_is_command(rule->role) ||
        rule->role == SEUIL_ROLE_LAST || rule->role == SEUIL_ROLE_QUARANTINE)
        traits |= SEUIL_TRAIT_OBJECT;
    return traits;
}

/* Whether the bound lead has nothing but ordinary awards and a profile. Whatever else a lead may
 * remember says so here. */
static bool lead_is_plain(const struct seuil_scratch *scratch, const struct seuil_lead *lead)
{
    const struct seuil_evidence *evidence = &lead->evidence;

    if (lead->tombstone || lead->expired || lead->into_len || lead->cut != SEUIL_TIME_NONE ||
        evidence->raised.time != SEUIL_TIME_NONE || evidence->adjustment_count > 0 ||
        evidence->newest > lead->clock || evidence->recent_count > RECENT_MAX ||
        evidence->rule_count > RULES_MAX)
        return false;
    for (unsigned i = 0; i < evidence->rule_count; i++) {
        unsigned slot = evidence->by_key[i], rule = scratch->rule_of[slot];
        const struct seuil_tally *tally = &evidence->tallies[slot];

        if (rule == SEUIL_NO_RULE || !(scratch->traits[rule] & SEUIL_TRAIT_BOUNDED) ||
            tally->retired || tally->retired_instants || tally->held || tally->buckets ||
            (scratch->traits[rule] & SEUIL_TRAIT_AGED &&
             tally->instants + evidence->rules[slot].records > AGED_MAX))
            return false;
    }
    for (unsigned i = 0; i < evidence->recent_count; i++)
        if (evidence->records[evidence->recent[i]].mark != SEUIL_MARK_NONE)
            return false;
    /* One without value goes some day, and the lead may expire from then on. */
    for (unsigned i = 0; i < evidence->attribute_count; i++)
        if (evidence->attributes[i].type == SEUIL_TYPE_NULL)
            return false;
    return true;
}

/* ---- digests ----------------------------------------------------------------------------- */

static uint64_t seen_bits(uint64_t hash)
{
    return UINT64_C(1) << (hash & 63) | UINT64_C(1) << (hash >> 6 & 63);
}

/* The score from the view on is at most rests + fades * 2^(-age / half_life). */
struct bound {
    double rests, fades;
};

/* A group is at most the clamped sum of its constant part and of what fades and is positive. */
static void add_group(struct bound *bound, double rests, double fades, double low, double high)
{
    double sum = rests + fades;

    if (sum >= high) {
        bound->rests += high;
    } else if (rests < low) {
        bound->rests += sum < low ? low : sum;
    } else {
        bound->rests += rests;
        bound->fades += fades;
    }
}

/* The viewed lead is plain. */
static void bound_model(struct seuil_scratch *scratch, unsigned model, struct bound *ret_bound)
{
    const struct seuil_model *rules = &scratch->models->models[model];
    const struct seuil_model_view *view = &scratch->model[model];
    double rests[SEUIL_GROUPS_MAX], fades[SEUIL_GROUPS_MAX];

    for (unsigned i = 0; i < rules->group_count; i++)
        rests[i] = fades[i] = 0;
    for (unsigned i = 0; i < view->term_count; i++) {
        const struct seuil_term *term = &scratch->terms[view->term_first + i];
        double now = term->rule->points * seuil_term_value(scratch, term, scratch->at);
        if (!term->is_half)
            rests[term->rule->group] += term->is_aged && now < 0 ? 0 : now;
        else if (now > 0 || scratch->half_count == 1)
            fades[term->rule->group] += now;
    }
    *ret_bound = (struct bound){.rests = view->fit + view->exclusion};
    for (unsigned i = 0; i < rules->group_count; i++)
        add_group(ret_bound, rests[i], fades[i] > 0 ? fades[i] : 0, rules->groups[i].floor,
                  rules->groups[i].ceiling);
}

/* Room and fading of the viewed lead: the least over all models. */
static bool set_room(struct seuil_scratch *scratch, const struct seuil_lead *lead,
                     struct seuil_digest *digest)
{
    double room = INFINITY, fades = INFINITY;
    int64_t half_life = 1;

    for (unsigned i = 0; i < scratch->models->model_count; i++) {
        struct seuil_standing standing = seuil_judge_standing(scratch, lead, i);
        struct bound bound;
        double mark, left;

        if (standing.excluded || scratch->model[i].barred ||
            scratch->model[i].still != SEUIL_TIME_NEVER)
            return false;
        bound_model(scratch, i, &bound);
        mark = scratch->marks_up[i][standing.under];
        left = mark - bound.rests - bound.fades -
               MARGIN * (1 + fabs(bound.rests) + bound.fades + (mark < INFINITY ? fabs(mark) : 0));
        room = left < room ? left : room;
        fades = bound.fades < fades ? bound.fades : fades;
    }
    for (unsigned i = 0; i < scratch->half_count; i++)
        half_life = scratch->halves[i] > half_life ? scratch->halves[i] : half_life;
    digest->room = (float)room;
    /* 2^-x lies below the chord 1 - x / 2 for x in [0, 1]. */
    digest->fade_max = (float)(fades * (0.5 - MARGIN));
    digest->fade = (float)(fades * (0.5 - MARGIN) / (double)half_life);
    return room > 0;
}

/* Age-bounded awards are forgotten one by one, and the lead may expire from then on, after the
 * horizon. */
static void bound_until(const struct seuil_scratch *scratch, struct seuil_digest *digest,
                        seuil_time_ms newest)
{
    int64_t horizon = scratch->models->horizon_ms;

    if (horizon <= SEUIL_TIME_BOUND_MS && newest + horizon < digest->until)
        digest->until = newest + horizon;
}

/* What a packed state of @size bytes may still grow by before something would be given up for its
 * size, when all of recent has been folded. */
static uint16_t spare_bytes(const struct seuil_scratch *scratch, const struct seuil_lead *lead,
                            size_t size)
{
    const struct seuil_evidence *evidence = &lead->evidence;
    size_t settled = SEUIL_LEAD_BYTES_SETTLED(scratch->models->model_count);

    for (unsigned i = 0; i < evidence->rule_count; i++) {
        unsigned slot = evidence->by_key[i];
        const struct seuil_rule *rule = &scratch->models->rules[scratch->rule_of[slot]];
        unsigned hits = evidence->rules[slot].records;

        /* Without limits so many instants stay, and the records they come from go. */
        if (!rule->limit_count && hits > SEUIL_AGED_INSTANTS_MAX)
            hits = SEUIL_AGED_INSTANTS_MAX;
        size += RULE_BYTES(rule) + hits * HIT_BYTES(rule);
    }
    return size < settled ? (uint16_t)(settled - size) : 0;
}

void seuil_engine_digest(const struct seuil_models *models, struct seuil_scratch *scratch,
                         const struct seuil_lead *lead, size_t size,
                         struct seuil_digest *ret_digest)
{
    const struct seuil_evidence *evidence = &lead->evidence;

    assert(scratch->models == models);
    *ret_digest = (struct seuil_digest){0};
    if (!scratch->plain || !lead_is_plain(scratch, lead))
        return;
    assert(scratch->at == lead->clock);
    if (!set_room(scratch, lead, ret_digest))
        return;
    ret_digest->spare = spare_bytes(scratch, lead, size);
    for (unsigned i = 0; i < evidence->recent_count; i++)
        ret_digest->seen |= seen_bits(evidence->records[evidence->recent[i]].key.hash);
    ret_digest->until = lead->due;
    for (unsigned i = 0; i < evidence->rule_count; i++)
        if (scratch->traits[scratch->rule_of[evidence->by_key[i]]] & SEUIL_TRAIT_AGED)
            bound_until(scratch, ret_digest, lead->clock);
    ret_digest->base = ret_digest->newest = lead->clock;
    ret_digest->open = true;
}

void seuil_engine_digest_new(const struct seuil_scratch *scratch, struct seuil_digest *ret_digest)
{
    *ret_digest = scratch->fresh;
}

/* The digest of a lead without history, and what digests need of the models. */
void seuil_defer_prepare(struct seuil_scratch *scratch)
{
    const struct seuil_models *models = scratch->models;
    struct seuil_digest *fresh = &scratch->fresh;
    double room = INFINITY;

    scratch->plain = !models->consent;
    for (uint32_t i = 0; i < models->rule_count; i++)
        scratch->traits[i] = (uint8_t)traits_of(models, &models->rules[i]);
    for (unsigned i = 0; i < models->model_count; i++) {
        const struct seuil_model *model = &models->models[i];
        const struct seuil_model_view *bare = &scratch->bare[i];
        struct bound bound = {.rests = bare->fit + bare->exclusion};

        scratch->plain = scratch->plain && !model->conditional && !model->has_shortcuts;
        for (unsigned j = 0; j < model->tier_count; j++)
            scratch->marks_up[i][j] = seuil_tier_stay(model, UINT32_MAX, j).high / SEUIL_GRID;
        for (unsigned j = 0; j < model->group_count; j++)
            add_group(&bound, 0, 0, model->groups[j].floor, model->groups[j].ceiling);
        if (seuil_tier_is_excluded(model, bare->exclusion))
            room = 0;
        room = fmin(room, scratch->marks_up[i][0] - bound.rests - MARGIN * (1 + fabs(bound.rests)));
    }
    *fresh = (struct seuil_digest){
        .base = SEUIL_TIME_NONE,
        .newest = SEUIL_TIME_NONE,
        .until = SEUIL_TIME_NEVER,
        .room = (float)(room * (1 - MARGIN)),
        .spare = (uint16_t)(SEUIL_LEAD_BYTES_SETTLED(models->model_count) - 64),
        .open = scratch->plain && room > 0};
}

/* ---- deferring --------------------------------------------------------------------------- */

/* The most that the hits award in one model, negative when not all of them are plain, and how much
 * larger they may make a state. */
struct weight {
    double points;
    unsigned bytes;
};

static struct weight weigh(const struct seuil_scratch *scratch, const struct seuil_hits *hits)
{
    struct weight weight = {.points = 0, .bytes = RECORD_BYTES};
    double points = 0;
    unsigned model = UINT16_MAX;

    for (unsigned i = 0; i < hits->count; i++) {
        const struct seuil_rule *rule = &scratch->models->rules[hits->rule[i]];

        if (!(scratch->traits[hits->rule[i]] & SEUIL_TRAIT_PLAIN))
            return (struct weight){.points = -1};
        points = rule->model == model ? points + rule->points : rule->points;
        model = rule->model;
        weight.points = points > weight.points ? points : weight.points;
        weight.bytes += HIT_BYTES(rule) + RULE_BYTES(rule);
    }
    return weight;
}

static bool may_wait(const struct seuil_scratch *scratch, const struct seuil_event *event,
                     const struct seuil_digest *digest, struct weight weight)
{
    double faded = 0;

    if (weight.points < 0 || weight.bytes > digest->spare || scratch->hits.more)
        return false;
    if (digest->fade > 0) {
        faded = (double)digest->fade * (double)(event->time - digest->base);
        faded = faded < (double)digest->fade_max ? faded : (double)digest->fade_max;
    }
    return weight.points < (double)digest->room + faded;
}

/* What stands before the hits of a pending, as it lies in memory: pendings leave it never. Then for
 * each hit its rule in the set and, if it asks for one, the hash of its object. */
struct pending {
    uint64_t hash;   /* of the id */
    uint64_t offset; /* 48 bits; above them topic and generation */
    uint32_t after;  /* the base: its time */
    uint8_t hits;
};
#define HEAD_BYTES (offsetof(struct pending, hits) + 1)
_Static_assert(HEAD_BYTES + SEUIL_HITS_MAX * 6 == SEUIL_PENDING_BYTES_MAX, "as defer.h says");

static uint32_t write_pending(const struct seuil_scratch *scratch, const struct seuil_event *event,
                              uint32_t after, uint64_t hash, uint8_t *out)
{
    const struct seuil_position *position = &event->position;
    const struct seuil_hits *hits = &scratch->hits;
    const struct pending head = {
        .hash = hash,
        .offset = (uint64_t)position->offset | (uint64_t)position->topic << 48 |
                  (uint64_t)position->generation << 56,
        .after = after,
        .hits = (uint8_t)hits->count,
    };
    uint8_t *at = out + HEAD_BYTES;

    memcpy(out, &head, HEAD_BYTES);
    for (unsigned i = 0; i < hits->count; i++) {
        memcpy(at, &hits->rule[i], sizeof(hits->rule[i]));
        at += sizeof(hits->rule[i]);
        if (scratch->traits[hits->rule[i]] & SEUIL_TRAIT_OBJECT) {
            uint32_t object =
                seuil_ingest_object(scratch->models, &scratch->models->rules[hits->rule[i]], event);

            memcpy(at, &object, sizeof(object));
            at += sizeof(object);
        }
    }
    return (uint32_t)(at - out);
}

/* Whether @event is of the kind that may wait, whatever it hits. */
static bool is_usual(const struct seuil_event *event, const struct seuil_digest *digest)
{
    return digest->open && digest->count < SEUIL_PENDINGS_MAX && event->retracts.len == 0 &&
           event->kind <= SEUIL_KIND_ACTIVITY && event->time > digest->newest &&
           event->time <= event->arrival && event->time >= -SEUIL_TIME_BOUND_MS &&
           event->arrival <= SEUIL_TIME_BOUND_MS &&
           (digest->base == SEUIL_TIME_NONE || event->time - digest->base <= UINT32_MAX) &&
           event->position.topic < SEUIL_TOPICS_MAX && event->position.generation <= UINT8_MAX &&
           event->position.offset >= 0 && event->position.offset < INT64_C(1) << 48;
}

/* How long an award of @rule is worth something, at least; see seuil_due_expiry. */
static int64_t lasts_ms(const struct seuil_rule *rule)
{
    int exponent;
    int64_t span;

    if (rule->decay.shape == SEUIL_DECAY_NONE)
        return SEUIL_TIME_NEVER;
    if (rule->decay.shape != SEUIL_DECAY_HALF_LIFE)
        return 0;
    frexp(rule->points / SEUIL_WORTH_LEAST, &exponent);
    if (exponent <= 1)
        return 0;
    return __builtin_mul_overflow(rule->decay.duration_ms, exponent - 1, &span) ? SEUIL_TIME_NEVER
                                                                                : span;
}

/* The first pending of a lead without history: it can expire from now on, but not before the
 * horizon has passed and what it awards is worth nothing. */
static void begin(const struct seuil_scratch *scratch, struct seuil_digest *digest,
                  seuil_time_ms time)
{
    int64_t lasts = scratch->models->horizon_ms;

    digest->base = time;
    for (unsigned i = 0; i < scratch->hits.count; i++) {
        int64_t span = lasts_ms(&scratch->models->rules[scratch->hits.rule[i]]);

        lasts = span > lasts ? span : lasts;
    }
    if (lasts <= SEUIL_TIME_BOUND_MS)
        digest->until = time + lasts;
}

/* Whether the event of @hash may be among those whose bits are @seen. The filter is full with some
 * thirty events; then it is told by the bytes of state and pendings, which hold each hash as it is.
 */
static bool may_repeat(uint64_t seen, uint64_t hash, struct seuil_str held)
{
    uint64_t little = htole64(hash), bits = seen_bits(hash);

    _Static_assert(offsetof(struct pending, hash) == 0, "pendings hold it as the processor does");
    return (seen & bits) == bits &&
           (memmem(held.ptr, held.len, &little, sizeof(little)) ||
            (little != hash && memmem(held.ptr, held.len, &hash, sizeof(hash))));
}

enum seuil_deferral seuil_engine_defer(const struct seuil_models *models,
                                       struct seuil_scratch *scratch,
                                       const struct seuil_event *event, seuil_time_ms until,
                                       struct seuil_str held, struct seuil_digest *digest,
                                       uint8_t *out, uint32_t *ret_len)
{
    uint64_t hash;
    struct weight weight;

    assert(scratch->models == models);
    if (until >= digest->until || !is_usual(event, digest))
        return SEUIL_DEFERRAL_NONE;
    seuil_rules_match(models, scratch->rules, event, &scratch->hits);
    if (scratch->hits.count == 0) {
        *ret_len = 0;
        return SEUIL_DEFERRAL_FILTERED;
    }
    seuil_scratch_matched(scratch, event);
    hash = seuil_ingest_hash(event);
    weight = weigh(scratch, &scratch->hits);
    if (!may_wait(scratch, event, digest, weight) || may_repeat(digest->seen, hash, held))
        return SEUIL_DEFERRAL_NONE;
    scratch->matched.event = NULL;
    if (digest->base == SEUIL_TIME_NONE)
        begin(scratch, digest, event->time);
    *ret_len = write_pending(scratch, event, (uint32_t)(event->time - digest->base), hash, out);
    for (unsigned i = 0; i < scratch->hits.count; i++)
        if (scratch->traits[scratch->hits.rule[i]] & SEUIL_TRAIT_AGED)
            bound_until(scratch, digest, event->time);
    digest->newest = event->time;
    digest->seen |= seen_bits(hash);
    digest->room -= (float)weight.points;
    digest->spare = (uint16_t)(digest->spare - weight.bytes);
    digest->count++;
    return SEUIL_DEFERRAL_PENDING;
}

/* ---- catching up ------------------------------------------------------------------------- */

/* Put the pending at @at into @lead; returns what is behind it. */
static const uint8_t *put_in(struct seuil_scratch *scratch, const uint8_t *at, seuil_time_ms base,
                             struct seuil_lead *lead)
{
    struct seuil_evidence *evidence = &lead->evidence;
    struct pending head;
    struct seuil_key key;
    struct seuil_record *record;
    struct seuil_hits hits;
    struct seuil_hit carried[SEUIL_HITS_MAX];
    uint32_t topic, generation;
    int64_t offset;
    unsigned notes = 0;
    bool kept;

    memcpy(&head, at, HEAD_BYTES);
    at += HEAD_BYTES;
    hits.count = head.hits;
    for (unsigned i = 0; i < hits.count; i++) {
        memcpy(&hits.rule[i], at, sizeof(hits.rule[i]));
        at += sizeof(hits.rule[i]);
        carried[i] = (struct seuil_hit){0};
        if (scratch->traits[hits.rule[i]] & SEUIL_TRAIT_OBJECT) {
            memcpy(&carried[i].object, at, sizeof(carried[i].object));
            at += sizeof(carried[i].object);
        }
    }
    key = (struct seuil_key){.time = base + head.after, .hash = head.hash};
    assert(key.time > evidence->newest);
    record = seuil_evidence_insert(evidence, evidence->recent_count, key);
    kept = seuil_ingest_hits(scratch, &hits, carried, evidence, record, &notes);
    assert(kept && !notes);
    (void)kept;
    evidence->newest = key.time;
    offset = (int64_t)(head.offset & ((UINT64_C(1) << 48) - 1));
    topic = head.offset >> 48 & UINT8_MAX;
    generation = (uint32_t)(head.offset >> 56);
    if (!lead->birth.known)
        lead->birth = (struct seuil_birth){
            .known = true, .topic = topic, .generation = generation, .offset = offset};
    seuil_lead_set_stamp(lead, topic, generation, offset + 1);
    return at;
}

void seuil_engine_put_pendings(const struct seuil_models *models, struct seuil_scratch *scratch,
                               const struct seuil_digest *digest, const uint8_t *pendings,
                               uint32_t len, struct seuil_lead *lead)
{
    const uint8_t *end = pendings + len;
    unsigned notes = 0;
    bool unbound;

    assert(scratch->models == models && digest->count > 0);
    unbound = seuil_scratch_bind(scratch, lead);
    assert(!unbound);
    (void)unbound;
    while (pendings < end)
        pendings = put_in(scratch, pendings, digest->base, lead);
    assert(pendings == end && lead->evidence.newest == digest->newest);
    seuil_ingest_absorb(scratch, lead, &notes); /* it stays far from the bound of its size */
    assert(!notes);
    lead->clock = digest->newest;
    lead->due = digest->until;
}

void seuil_engine_catch_up(const struct seuil_models *models, struct seuil_scratch *scratch,
                           const struct seuil_digest *digest, const uint8_t *pendings, uint32_t len,
                           struct seuil_lead *lead, struct seuil_outcome *ret_outcome)
{
    seuil_engine_put_pendings(models, scratch, digest, pendings, len, lead);
    seuil_engine_go_on(scratch, lead, ret_outcome);
}
