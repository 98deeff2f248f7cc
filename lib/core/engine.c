#include "core/engine.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/err.h"
#include "core/away.h"
#include "core/command.h"
#include "core/engine_int.h"
#include "core/explain.h"
#include "core/ingest.h"
#include "core/judge.h"
#include "core/quarantine.h"
#include "core/rule_eval.h"
#include "core/scratch.h"

const char *seuil_reason_name(enum seuil_reason reason)
{
    static const char *const names[] = {"event",    "decay",         "exclusion",
                                        "command",  "model_changed", "correction",
                                        "shortcut", "hold_ended",    "reset"};

    _Static_assert(sizeof(names) / sizeof(names[0]) == SEUIL_REASONS, "each has a name");
    assert((unsigned)reason < SEUIL_REASONS);
    return names[reason];
}

const char *seuil_verdict_name(enum seuil_verdict verdict)
{
    static const char *const names[] = {"applied",     "duplicate", "filtered", "late",
                                        "unsupported", "forgotten", "refused",  "known"};

    _Static_assert(sizeof(names) / sizeof(names[0]) == SEUIL_VERDICTS, "each has a name");
    assert((unsigned)verdict < SEUIL_VERDICTS);
    return names[verdict];
}

const char *seuil_note_name(unsigned bit)
{
    static const char *const names[] = {
        "time_clamped",     "horizon_shortened",  "hits_left",         "retraction_unmatched",
        "value_cut",        "adjustment_dropped", "rules_dropped",     "objects_forgotten",
        "filtered_machine", "filtered_robot",     "filtered_internal", "filtered_other"};

    _Static_assert(sizeof(names) / sizeof(names[0]) == SEUIL_NOTES, "each has a name");
    assert(bit < SEUIL_NOTES);
    return names[bit];
}

/* The instant to judge an event of @time at: its own, but not before the clock (it is a correction
 * then) and not ahead of its arrival (it waits then). */
seuil_time_ms seuil_engine_judged_at(const struct seuil_lead *lead, const struct seuil_event *event,
                                     seuil_time_ms time)
{
    seuil_time_ms at = time < event->arrival ? time : event->arrival;

    if (at < -SEUIL_TIME_BOUND_MS)
        at = -SEUIL_TIME_BOUND_MS;
    return at > lead->clock ? at : lead->clock;
}

void seuil_engine_clear_outcome(struct seuil_outcome *outcome)
{
    outcome->verdict = SEUIL_VERDICT_APPLIED;
    outcome->todo = 0;
    outcome->notes = 0;
    outcome->quarantined = 0;
    outcome->crossing_count = 0;
    outcome->has_cause = false;
}

/* Remember where @event came from until its time comes. */
static void keep_cause(struct seuil_lead *lead, const struct seuil_event *event, seuil_time_ms time)
{
    struct seuil_key key = {.time = time, .hash = seuil_ingest_hash(event)};
    unsigned at = lead->cause_count;

    if (at == SEUIL_CAUSES_MAX || event->id.len > SEUIL_ID_MAX)
        return;
    while (at > 0 && seuil_key_less(key, lead->causes[at - 1].key))
        at--;
    if (at > 0 && !seuil_key_less(lead->causes[at - 1].key, key))
        return;
    memmove(lead->causes + at + 1, lead->causes + at,
            (lead->cause_count - at) * sizeof(lead->causes[0]));
    lead->cause_count++;
    lead->causes[at].key = key;
    lead->causes[at].topic = event->position.topic < SEUIL_TOPICS_MAX ? event->position.topic : 0;
    lead->causes[at].partition = event->position.partition > 0 ? event->position.partition : 0;
    lead->causes[at].offset = event->position.offset > 0 ? event->position.offset : 0;
    lead->causes[at].id_len = (uint16_t)event->id.len;
    if (event->id.len)
        memcpy(lead->causes[at].id, event->id.ptr, event->id.len);
}

/* The time of those up to @at has come; the last of exactly @at is the cause of what happens. */
static void pass_causes(struct seuil_lead *lead, seuil_time_ms at, struct seuil_outcome *outcome)
{
    unsigned gone = 0;

    while (gone < lead->cause_count && lead->causes[gone].key.time <= at)
        gone++;
    if (gone == 0)
        return;
    outcome->has_cause = lead->causes[gone - 1].key.time == at;
    if (outcome->has_cause)
        outcome->cause = lead->causes[gone - 1];
    lead->cause_count = (uint8_t)(lead->cause_count - gone);
    memmove(lead->causes, lead->causes + gone, lead->cause_count * sizeof(lead->causes[0]));
}

/* The clock is at @at now: when is there something to be done next? */
static void look_ahead(struct seuil_scratch *scratch, struct seuil_lead *lead, seuil_time_ms at,
                       struct seuil_outcome *outcome)
{
    seuil_time_ms due_before = lead->due;

    pass_causes(lead, at, outcome);
    lead->clock = at;
    lead->due = seuil_judge_due(scratch, lead);
    assert(lead->due > lead->clock);
    outcome->todo |= SEUIL_TODO_SAVE;
    if (lead->due != due_before)
        outcome->todo |= SEUIL_TODO_RESCHEDULE;
}

static void set_cause(struct seuil_alert_cause *cause, const char *id, size_t len, uint32_t topic,
                      int32_t partition, int64_t offset)
{
    if (len == 0 || len > SEUIL_ALERT_ID_MAX)
        return;
    cause->topic = topic < SEUIL_TOPICS_MAX ? topic : 0;
    cause->partition = partition > 0 ? partition : 0;
    cause->offset = offset > 0 ? offset : 0;
    cause->id_len = (uint8_t)len;
    memcpy(cause->id, id, len);
}

/* Entries of this step that are told later keep the event that brought the lead there; @event NULL:
 * that of the outcome, if there is one. */
static void keep_alert_causes(const struct seuil_models *models, struct seuil_lead *lead,
                              const struct seuil_event *event, const struct seuil_outcome *outcome)
{
    for (uint32_t i = 0; i < outcome->crossing_count; i++) {
        const struct seuil_crossing *crossing = &outcome->crossings[i];
        struct seuil_automaton *automaton =
            seuil_lead_automaton(lead, models->models[crossing->model].key);

        if (!crossing->up || crossing->publish || !automaton || automaton->alert.tier_key == 0 ||
            automaton->alert.since != crossing->effective)
            continue;
        if (event)
            set_cause(&automaton->alert.cause, event->id.ptr, event->id.len, event->position.topic,
                      event->position.partition, event->position.offset);
        else if (outcome->has_cause)
            set_cause(&automaton->alert.cause, outcome->cause.id, outcome->cause.id_len,
                      outcome->cause.topic, outcome->cause.partition, outcome->cause.offset);
    }
}

/* Judge at @at, then say what is to be done. @event: the one that is stepped, NULL: time alone. */
void seuil_engine_conclude_at(struct seuil_scratch *scratch, struct seuil_lead *lead,
                              const struct seuil_event *event, seuil_time_ms at,
                              enum seuil_reason reason, struct seuil_outcome *ret_outcome)
{
    seuil_scratch_view(scratch, lead, at);
    if (scratch->has_quarantine)
        ret_outcome->quarantined = seuil_quarantine_caught(
            scratch, &lead->evidence, lead->clock, at, event ? seuil_ingest_hash(event) : 0);
    seuil_judge_all(scratch, lead, reason, ret_outcome);
    look_ahead(scratch, lead, at, ret_outcome);
    if (ret_outcome->crossing_count)
        keep_alert_causes(scratch->models, lead, event, ret_outcome);
    for (unsigned i = 0; i < ret_outcome->crossing_count; i++)
        if (ret_outcome->crossings[i].publish)
            ret_outcome->todo |= SEUIL_TODO_PUBLISH;
}

void seuil_engine_go_on(struct seuil_scratch *scratch, struct seuil_lead *lead,
                        struct seuil_outcome *ret_outcome)
{
    seuil_engine_clear_outcome(ret_outcome);
    seuil_scratch_view(scratch, lead, lead->clock);
    look_ahead(scratch, lead, lead->clock, ret_outcome);
}

/* ---- silence ----------------------------------------------------------------------------- */

/* Whether a record of recent is of exactly @at: then it, and not time, moved the lead. */
static bool has_record_at(const struct seuil_evidence *evidence, seuil_time_ms at)
{
    for (unsigned i = evidence->recent_count; i-- > 0;) {
        seuil_time_ms time = evidence->records[evidence->recent[i]].key.time;

        if (time <= at)
            return time == at;
    }
    return false;
}

/* Nothing was sent on for so long that nothing will be. */
static void end_away(struct seuil_lead *lead, struct seuil_outcome *outcome)
{
    lead->clock = lead->due;
    lead->due = SEUIL_TIME_NEVER;
    lead->expired = true;
    outcome->todo |= SEUIL_TODO_SAVE | SEUIL_TODO_EXPIRED | SEUIL_TODO_RESCHEDULE;
}

/* A tick that comes before the lead's due time is void, and one that comes late acts at the due
 * time: so which ticks ran cannot be seen in the state. */
void seuil_engine_step_tick(struct seuil_scratch *scratch, const struct seuil_event *event,
                            struct seuil_lead *lead, struct seuil_outcome *ret_outcome)
{
    seuil_time_ms at = lead->due;

    if (event->time < at || at == SEUIL_TIME_NEVER)
        return;
    if (seuil_lead_is_away(lead)) {
        end_away(lead, ret_outcome);
        return;
    }
    seuil_scratch_bind(scratch, lead);
    seuil_engine_conclude_at(scratch, lead, NULL, at,
                             has_record_at(&lead->evidence, at) ||
                                     seuil_quarantine_ends_at(scratch, &lead->evidence, at)
                                 ? SEUIL_REASON_EVENT
                                 : SEUIL_REASON_DECAY,
                             ret_outcome);
    if (lead->expired || !seuil_judge_at_rest(lead) || seuil_judge_expiry(scratch, lead) > at)
        return;
    lead->expired = true;
    lead->due = SEUIL_TIME_NEVER;
    ret_outcome->todo |= SEUIL_TODO_EXPIRED | SEUIL_TODO_RESCHEDULE;
}

/* ---- events ------------------------------------------------------------------------------ */

void seuil_engine_begin_anew(struct seuil_lead *lead)
{
    if (lead->expired)
        seuil_lead_begin(lead);
}

/* An event that counts has come: so does one that was forgotten. */
static void begin_anew(struct seuil_lead *lead)
{
    seuil_engine_begin_anew(lead);
    if (lead->tombstone) {
        lead->tombstone = false;
        lead->birth = (struct seuil_birth){0};
    }
}

void seuil_engine_set_birth(struct seuil_lead *lead, const struct seuil_event *event)
{
    if (lead->birth.known)
        return;
    lead->birth = (struct seuil_birth){
        .known = true,
        .topic = event->position.topic < SEUIL_TOPICS_MAX ? event->position.topic : 0,
        .generation = event->position.generation,
        .offset = event->position.offset > 0 ? event->position.offset : 0};
}

/* Erase all that is not later than @cut. What the tallies hold cannot be told apart any more, so it
 * goes wholly. */
void seuil_engine_erase(struct seuil_evidence *evidence, seuil_time_ms cut)
{
    unsigned gone = 0, kept = 0;
    seuil_time_ms newest = SEUIL_TIME_NONE;

    while (gone < evidence->recent_count && seuil_evidence_recent(evidence, gone)->key.time <= cut)
        gone++;
    seuil_evidence_remove_first(evidence, gone);
    if (evidence->recent_count)
        newest = seuil_evidence_recent(evidence, evidence->recent_count - 1u)->key.time;
    for (unsigned i = 0; i < evidence->rule_count; i++)
        seuil_tally_clear(&evidence->tallies[evidence->by_key[i]]);
    seuil_evidence_drop_unused(evidence);
    for (unsigned i = 0; i < evidence->attribute_count; i++)
        if (evidence->attributes[i].written.time > cut)
            evidence->attributes[kept++] = evidence->attributes[i];
    evidence->attribute_count = (uint16_t)kept;
    for (unsigned i = 0; i < kept; i++)
        if (evidence->attributes[i].written.time > newest)
            newest = evidence->attributes[i].written.time;
    kept = 0;
    for (unsigned i = 0; i < evidence->adjustment_count; i++)
        if (evidence->adjustments[i].key.time > cut)
            evidence->adjustments[kept++] = evidence->adjustments[i];
    evidence->adjustment_count = (uint8_t)kept;
    if (kept && evidence->adjustments[kept - 1].key.time > newest)
        newest = evidence->adjustments[kept - 1].key.time;
    evidence->newest = newest;
    evidence->raised = (struct seuil_key){.time = SEUIL_TIME_NONE};
}

/* An automaton that has nothing left to say has no place in a state. */
void seuil_engine_forget_alerts(struct seuil_lead *lead)
{
    unsigned kept = 0;

    for (unsigned i = 0; i < lead->automaton_count; i++) {
        struct seuil_automaton *automaton = &lead->automata[i];

        automaton->alert = (struct seuil_alert){0};
        automaton->told_count = 0;
        automaton->stands = false;
        if (automaton->under || automaton->excluded || automaton->ordinal)
            lead->automata[kept++] = *automaton;
    }
    lead->automaton_count = (uint16_t)kept;
}

static void step_forget(struct seuil_scratch *scratch, const struct seuil_event *event,
                        seuil_time_ms time, struct seuil_lead *lead,
                        struct seuil_outcome *ret_outcome)
{
    seuil_time_ms at;

    seuil_engine_begin_anew(lead); /* before its clock is looked at */
    at = seuil_engine_judged_at(lead, event, time);
    seuil_scratch_bind(scratch, lead);
    seuil_engine_erase(&lead->evidence, time);
    seuil_engine_forget_alerts(lead);
    lead->cut = time;
    lead->consented = false;
    lead->cause_count = 0;
    lead->tombstone = lead->evidence.newest == SEUIL_TIME_NONE;
    if (!lead->tombstone)
        lead->birth = (struct seuil_birth){0}; /* later evidence is the beginning of another life */
    seuil_engine_set_birth(lead, event);
    ret_outcome->todo |= SEUIL_TODO_ERASE;
    seuil_engine_conclude_at(scratch, lead, event, at, SEUIL_REASON_COMMAND, ret_outcome);
}

/* An event acts later when it is ahead of its arrival, or a click that waits for its verdict. */
static void keep_causes(const struct seuil_scratch *scratch, const struct seuil_event *event,
                        seuil_time_ms time, struct seuil_lead *lead)
{
    seuil_time_ms now = seuil_engine_judged_at(lead, event, time);

    if (time > now)
        keep_cause(lead, event, time);
    for (uint32_t i = 0; event->kind == SEUIL_KIND_EMAIL && i < scratch->hits.count; i++) {
        const struct seuil_rule *rule = &scratch->models->rules[scratch->hits.rule[i]];

        if (rule->role == SEUIL_ROLE_QUARANTINE && time + rule->wait_ms > now)
            keep_cause(lead, event, time + rule->wait_ms);
    }
}

/* What an event asks for, before the lead is looked at. */
struct intake {
    seuil_time_ms time;
    bool adjusts, forgets, writes_profile, commands;
    bool retracts;
    bool grants; /* the lead consents for the first time */
    struct seuil_adjustment adjustment;
};

/* The hidden rules that a command, or a status among the attributes, hits. */
static void hit_roles(struct seuil_scratch *scratch, const struct seuil_event *event,
                      enum seuil_role role)
{
    const struct seuil_models *models = scratch->models;

    scratch->hits.count = 0;
    scratch->hits.more = false;
    for (unsigned i = 0; i < models->model_count; i++) {
        const struct seuil_model *model = &models->models[i];
        unsigned rule = role == SEUIL_ROLE_RECYCLE ? model->recycle_rule : model->status_rule;

        if (rule == 0 ||
            (event->kind == SEUIL_KIND_PROFILE &&
             (model->status_attribute < 0 ||
              !seuil_event_names(event, models->attributes[model->status_attribute].name))))
            continue;
        scratch->hits.rule[scratch->hits.count++] = (uint16_t)(rule - 1);
    }
}

/* Take the hits of models whose filters are hit away. */
static void filter(struct seuil_scratch *scratch, unsigned *notes)
{
    const struct seuil_rule *rules = scratch->models->rules;
    struct seuil_hits *hits = &scratch->hits;
    uint32_t filtered = 0, kept = 0;

    for (uint32_t i = 0; i < hits->count; i++)
        if (rules[hits->rule[i]].role == SEUIL_ROLE_FILTER) {
            filtered |= UINT32_C(1) << rules[hits->rule[i]].model;
            *notes |= (unsigned)SEUIL_NOTE_FILTERED << rules[hits->rule[i]].of;
        }
    for (uint32_t i = 0; filtered && i < hits->count; i++)
        if (!(filtered >> rules[hits->rule[i]].model & 1))
            hits->rule[kept++] = hits->rule[i];
    if (filtered)
        hits->count = kept;
}

/* APPLIED: go on with @ret_intake. */
static enum seuil_verdict take_in(struct seuil_scratch *scratch, const struct seuil_event *event,
                                  unsigned *notes, struct intake *ret_intake)
{
    bool matched = seuil_scratch_has_matched(scratch, event);

    scratch->matched.event = NULL;
    *ret_intake = (struct intake){0};
    if (!matched)
        scratch->hits.count = 0;
    ret_intake->time = seuil_ingest_time(event, notes);
    if (event->retracts.len > 0) {
        ret_intake->retracts = true;
        return SEUIL_VERDICT_APPLIED;
    }
    if (event->kind == SEUIL_KIND_COMMAND) {
        switch (seuil_command_read(event, ret_intake->time, &ret_intake->adjustment)) {
        case SEUIL_COMMAND_ADJUST:
            ret_intake->adjusts = true;
            return SEUIL_VERDICT_APPLIED;
        case SEUIL_COMMAND_FORGET:
            ret_intake->forgets = true;
            return SEUIL_VERDICT_APPLIED;
        case SEUIL_COMMAND_RECYCLE:
            hit_roles(scratch, event, SEUIL_ROLE_RECYCLE);
            ret_intake->commands = true;
            return scratch->hits.count ? SEUIL_VERDICT_APPLIED : SEUIL_VERDICT_FILTERED;
        case SEUIL_COMMAND_CONVERT:
        case SEUIL_COMMAND_DISQUALIFY:
        case SEUIL_COMMAND_REOPEN:
            hit_roles(scratch, event, SEUIL_ROLE_STATUS);
            ret_intake->commands = true;
            return scratch->hits.count ? SEUIL_VERDICT_APPLIED : SEUIL_VERDICT_FILTERED;
        case SEUIL_COMMAND_MALFORMED:
            return SEUIL_VERDICT_REFUSED;
        default:
            return SEUIL_VERDICT_UNSUPPORTED;
        }
    }
    if (event->kind == SEUIL_KIND_PROFILE) {
        ret_intake->writes_profile = seuil_ingest_looks_at(scratch, event);
        hit_roles(scratch, event, SEUIL_ROLE_STATUS);
        return ret_intake->writes_profile ? SEUIL_VERDICT_APPLIED : SEUIL_VERDICT_FILTERED;
    }
    if (!matched)
        seuil_rules_match(scratch->models, scratch->rules, event, &scratch->hits);
    if (scratch->hits.more)
        *notes |= SEUIL_NOTE_HITS_LEFT;
    filter(scratch, notes);
    return scratch->hits.count ? SEUIL_VERDICT_APPLIED : SEUIL_VERDICT_FILTERED;
}

/* Where consent is asked for, nothing is stored of a lead that has not given it; one that takes it
 * back is forgotten. */
static enum seuil_verdict ask_consent(const struct seuil_event *event,
                                      const struct seuil_lead *lead, enum seuil_verdict verdict,
                                      struct intake *intake)
{
    bool known = lead->consented && !lead->expired;

    if (verdict != SEUIL_VERDICT_APPLIED && verdict != SEUIL_VERDICT_FILTERED)
        return verdict;
    if (event->consent.type == SEUIL_TYPE_BOOL && event->consent.b) {
        intake->grants = !known;
        return known ? verdict : SEUIL_VERDICT_APPLIED;
    }
    if (event->consent.type == SEUIL_TYPE_BOOL)
        intake->forgets = true;
    if (intake->forgets) /* of somebody unknown there is nothing to forget, and nothing to keep */
        return lead->clock != SEUIL_TIME_NONE && !lead->expired ? SEUIL_VERDICT_APPLIED
                                                                : SEUIL_VERDICT_FILTERED;
    return known ? verdict : SEUIL_VERDICT_FILTERED;
}

static enum seuil_verdict put_in(struct seuil_scratch *scratch, const struct seuil_event *event,
                                 struct intake *intake, struct seuil_lead *lead, unsigned *notes,
                                 bool *ret_changed)
{
    struct seuil_key key = {.time = intake->time, .hash = seuil_ingest_hash(event)};

    if (intake->retracts)
        return seuil_ingest_retraction(scratch, seuil_ingest_target(event), key, &lead->evidence,
                                       ret_changed);
    if (intake->writes_profile) {
        enum seuil_verdict verdict =
            seuil_ingest_profile(scratch, event, key, &lead->evidence, notes, ret_changed);

        if (scratch->hits.count && verdict != SEUIL_VERDICT_LATE)
            seuil_ingest_record(scratch, event, key, &lead->evidence, notes, ret_changed);
        return verdict;
    }
    if (!intake->adjusts && scratch->hits.count == 0) {
        seuil_ingest_consent(key, &lead->evidence);
        return SEUIL_VERDICT_APPLIED;
    }
    if (!intake->adjusts)
        return seuil_ingest_record(scratch, event, key, &lead->evidence, notes, ret_changed);
    intake->adjustment.key = key;
    return seuil_ingest_adjustment(scratch, &intake->adjustment, &lead->evidence, notes,
                                   ret_changed);
}

static void step_event(struct seuil_scratch *scratch, const struct seuil_event *event,
                       struct seuil_lead *lead, struct seuil_outcome *ret_outcome)
{
    struct intake intake;
    enum seuil_reason reason = SEUIL_REASON_EVENT;
    bool changed = false;

    ret_outcome->verdict = take_in(scratch, event, &ret_outcome->notes, &intake);
    if (scratch->models->consent)
        ret_outcome->verdict = ask_consent(event, lead, ret_outcome->verdict, &intake);
    if (ret_outcome->verdict != SEUIL_VERDICT_APPLIED)
        return;
    if (lead->cut != SEUIL_TIME_NONE && intake.time <= lead->cut && !lead->expired) {
        ret_outcome->verdict = SEUIL_VERDICT_FORGOTTEN;
        /* Judged again when the lead has been merged away it would be sent on, and a forget would
         * end that: a stamp says that it was judged. */
        ret_outcome->todo |= SEUIL_TODO_SAVE;
        return;
    }
    if (intake.forgets) {
        step_forget(scratch, event, intake.time, lead, ret_outcome);
        return;
    }
    begin_anew(lead);
    if (intake.grants)
        changed = lead->consented = true;
    seuil_scratch_bind(scratch, lead);
    ret_outcome->verdict = put_in(scratch, event, &intake, lead, &ret_outcome->notes, &changed);
    if (!changed)
        return;
    seuil_engine_set_birth(lead, event);
    if (ret_outcome->verdict == SEUIL_VERDICT_APPLIED)
        keep_causes(scratch, event, intake.time, lead);
    seuil_ingest_settle(scratch, lead, &ret_outcome->notes);
    if (intake.adjusts || intake.commands)
        reason = SEUIL_REASON_COMMAND;
    if ((lead->clock != SEUIL_TIME_NONE && intake.time < lead->clock) || intake.retracts)
        reason = SEUIL_REASON_CORRECTION;
    seuil_engine_conclude_at(scratch, lead, event, seuil_engine_judged_at(lead, event, intake.time),
                             reason, ret_outcome);
}

/* ---- the verbs --------------------------------------------------------------------------- */

int seuil_engine_step(const struct seuil_models *models, struct seuil_scratch *scratch,
                      const struct seuil_event *event, struct seuil_lead *lead,
                      struct seuil_outcome *ret_outcome)
{
    assert(scratch->models == models);
    seuil_engine_clear_outcome(ret_outcome);
    if (event->kind == SEUIL_KIND_TICK)
        seuil_engine_step_tick(scratch, event, lead, ret_outcome);
    else
        step_event(scratch, event, lead, ret_outcome);
    return 0;
}

seuil_time_ms seuil_engine_due_at(const struct seuil_models *models, struct seuil_scratch *scratch,
                                  const struct seuil_lead *lead)
{
    assert(scratch->models == models);
    if (lead->clock == SEUIL_TIME_NONE || lead->expired)
        return SEUIL_TIME_NEVER;
    if (seuil_lead_is_away(lead))
        return lead->due;
    seuil_scratch_bind_const(scratch, lead);
    seuil_scratch_view(scratch, lead, lead->clock);
    return seuil_judge_due(scratch, lead);
}

int seuil_engine_remodel(const struct seuil_models *models, struct seuil_scratch *scratch,
                         seuil_time_ms at, struct seuil_lead *lead,
                         struct seuil_outcome *ret_outcome)
{
    assert(scratch->models == models);
    seuil_engine_clear_outcome(ret_outcome);
    if (lead->clock == SEUIL_TIME_NONE || lead->expired || seuil_lead_is_away(lead))
        return 0;
    seuil_scratch_bind(scratch, lead);
    seuil_ingest_drop_unnamed(scratch, &lead->evidence);
    seuil_ingest_settle(scratch, lead, &ret_outcome->notes);
    /* What silence was to do before is left to silence. */
    if (at >= lead->due)
        at = lead->due - 1;
    seuil_engine_conclude_at(scratch, lead, NULL, at > lead->clock ? at : lead->clock,
                             SEUIL_REASON_MODEL_CHANGED, ret_outcome);
    return 0;
}

int seuil_engine_explain(const struct seuil_models *models, struct seuil_scratch *scratch,
                         const struct seuil_lead *lead, uint16_t model, seuil_time_ms at,
                         struct seuil_explanation *ret_explanation)
{
    struct seuil_standing standing;
    seuil_time_ms floor;

    assert(scratch->models == models && model < models->model_count);
    floor = seuil_fold_point(&lead->evidence, models->horizon_ms).time;
    seuil_scratch_bind_const(scratch, lead);
    seuil_scratch_view(scratch, lead, at < floor ? floor : at);
    standing = seuil_judge_standing(scratch, lead, model);
    /* At another instant than the clock's the tier is what that score would make of it. */
    if (at != lead->clock)
        standing = seuil_judge_next(scratch, lead, model, standing, scratch->at);
    seuil_explain_view(
        scratch, lead, model, standing.excluded,
        standing.excluded
            ? (struct seuil_stay){.low = -INFINITY, .high = INFINITY}
            : seuil_tier_stay(&models->models[model], scratch->model[model].open, standing.under),
        scratch->at, ret_explanation);
    return at < floor ? SEUIL_ERR_LATE : 0;
}

seuil_time_ms seuil_engine_qualified_until(const struct seuil_models *models,
                                           struct seuil_scratch *scratch,
                                           const struct seuil_lead *lead, uint16_t model)
{
    assert(scratch->models == models && model < models->model_count);
    if (lead->clock == SEUIL_TIME_NONE)
        return SEUIL_TIME_NEVER;
    seuil_scratch_bind_const(scratch, lead);
    seuil_scratch_view(scratch, lead, lead->clock);
    return seuil_judge_until(scratch, lead, model, seuil_judge_standing(scratch, lead, model),
                             lead->clock);
}
