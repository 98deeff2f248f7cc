/* Two leads are one (SCORING 6, merge): whole, or handed over from another shard. */

#include <assert.h>

#include "core/alert.h"
#include "core/away.h"
#include "core/engine_int.h"
#include "core/ingest.h"
#include "core/judge.h"
#include "core/scratch.h"
#include "core/unite.h"

/* Forgotten by either id, the person is forgotten; and asked for consent again, whatever the other
 * one had given. */
static void cut_both(struct seuil_lead *from, struct seuil_lead *into)
{
    if (from->cut == SEUIL_TIME_NONE && into->cut == SEUIL_TIME_NONE)
        return;
    if (from->cut > into->cut) {
        seuil_engine_erase(&into->evidence, from->cut);
        seuil_engine_forget_alerts(into);
        into->cut = from->cut;
        into->cause_count = 0;
        into->consented = false;
    } else if (from->cut < into->cut) {
        seuil_engine_erase(&from->evidence, into->cut);
        seuil_engine_forget_alerts(from);
        from->cause_count = 0;
        from->consented = false;
    }
}

/* The ids of @from, and its own that left by the command at @merged, are those of @into now. */
static void unite_aliases(const struct seuil_scratch *scratch, const struct seuil_event *event,
                          const struct seuil_birth *merged, const struct seuil_lead *from,
                          struct seuil_lead *into)
{
    unsigned notes = 0;

    for (unsigned i = 0; i < from->alias_count; i++) {
        const struct seuil_alias *alias = &from->aliases[i];
        struct seuil_str id = {alias->id, alias->id_len};

        if (alias->merged.known)
            seuil_alias_add(into, id, &alias->merged, alias->merged_time);
        else
            seuil_alias_heard(scratch->models, into, id);
    }
    seuil_alias_add(into, event->lead, merged, seuil_ingest_time(event, &notes));
}

/* An entry of @from waits to be told, and the union has just put @into into the same tier: the
 * person has been there since, by what brought @from there. Whether it is told at another time. */
static bool carry_alert(struct seuil_scratch *scratch, const struct seuil_lead *from,
                        struct seuil_lead *into, const struct seuil_crossing *crossing)
{
    uint32_t model = scratch->models->models[crossing->model].key;
    struct seuil_automaton *own = seuil_lead_automaton(into, model);
    struct seuil_alert entered;

    if (!crossing->up || crossing->publish || !own || own->alert.since != crossing->effective)
        return false;
    entered = own->alert;
    for (unsigned i = 0; i < from->automaton_count; i++) {
        const struct seuil_alert *waits = &from->automata[i].alert;

        if (from->automata[i].model != model || waits->tier_key != entered.tier_key || waits->away)
            continue;
        own->alert = *waits;
        own->alert.before = entered.before;
    }
    /* It is not told before the union, whatever the other's mute was. */
    if (seuil_alert_due(scratch, crossing->model, own) <= into->clock)
        own->alert = entered;
    return own->alert.since != entered.since;
}

static void carry_alerts(struct seuil_scratch *scratch, const struct seuil_lead *from,
                         struct seuil_lead *into, struct seuil_outcome *outcome)
{
    bool carried = false;

    for (uint32_t i = 0; i < outcome->crossing_count; i++)
        carried |= carry_alert(scratch, from, into, &outcome->crossings[i]);
    if (!carried)
        return;
    into->due = seuil_judge_due(scratch, into);
    outcome->todo |= SEUIL_TODO_RESCHEDULE;
}

/* @merged NULL: nobody asks which ids are one. */
static void merge(struct seuil_scratch *scratch, const struct seuil_event *event,
                  const struct seuil_birth *merged, struct seuil_lead *from,
                  struct seuil_lead *into, struct seuil_outcome *ret_outcome)
{
    seuil_time_ms at;
    bool empty;

    seuil_engine_clear_outcome(ret_outcome);
    if (from->expired || from->clock == SEUIL_TIME_NONE ||
        (from->evidence.newest == SEUIL_TIME_NONE && from->cut == SEUIL_TIME_NONE)) {
        ret_outcome->verdict = SEUIL_VERDICT_FILTERED;
        return;
    }
    seuil_engine_begin_anew(into);
    at = seuil_engine_judged_at(into, event, seuil_ingest_time(event, &ret_outcome->notes));
    at = from->clock > at ? from->clock : at;
    empty = into->tombstone || into->evidence.newest == SEUIL_TIME_NONE;
    cut_both(from, into);
    if (!from->tombstone)
        into->consented |= from->consented;
    seuil_unite_evidence(scratch, from, into, &ret_outcome->notes);
    seuil_unite_told(scratch, from, into);
    into->tombstone = into->cut != SEUIL_TIME_NONE && into->evidence.newest == SEUIL_TIME_NONE;
    if (empty && !into->tombstone)
        into->birth = (struct seuil_birth){0};
    seuil_engine_set_birth(into, event);
    if (merged)
        unite_aliases(scratch, event, merged, from, into);
    if (into->tombstone)
        ret_outcome->todo |= SEUIL_TODO_ERASE;
    seuil_ingest_settle(scratch, into, &ret_outcome->notes);
    seuil_engine_conclude_at(scratch, into, event, at, SEUIL_REASON_COMMAND, ret_outcome);
    carry_alerts(scratch, from, into, ret_outcome);
}

int seuil_engine_merge(const struct seuil_models *models, struct seuil_scratch *scratch,
                       const struct seuil_event *event, struct seuil_lead *from,
                       struct seuil_lead *into, struct seuil_outcome *ret_outcome)
{
    assert(scratch->models == models && from != into);
    merge(scratch, event, NULL, from, into, ret_outcome);
    return 0;
}

/* What was folded counts once: only the records of @from are still a set, as far as @into has not
 * folded those times. */
static void keep_records(const struct seuil_scratch *scratch, const struct seuil_lead *into,
                         struct seuil_lead *from)
{
    struct seuil_key point = seuil_fold_point(&into->evidence, scratch->models->horizon_ms);
    struct seuil_evidence *evidence = &from->evidence;
    unsigned gone = 0;

    while (gone < evidence->recent_count &&
           seuil_key_less(seuil_evidence_recent(evidence, gone)->key, point))
        gone++;
    seuil_evidence_remove_first(evidence, gone);
    for (unsigned i = 0; i < evidence->rule_count; i++)
        seuil_tally_clear(&evidence->tallies[evidence->by_key[i]]);
    seuil_evidence_drop_unused(evidence);
    for (unsigned i = 0; i < from->automaton_count; i++)
        from->automata[i].told_count = 0;
}

void seuil_engine_take_in(const struct seuil_models *models, struct seuil_scratch *scratch,
                          const struct seuil_event *event, const struct seuil_birth *merged,
                          seuil_time_ms until, struct seuil_lead *from, struct seuil_lead *into,
                          struct seuil_outcome *ret_outcome)
{
    struct seuil_event tick = {.kind = SEUIL_KIND_TICK, .lead = event->lead, .time = until};
    unsigned notes = 0;
    bool again = !into->expired &&
                 seuil_alias_came(into, event->lead, merged, seuil_ingest_time(event, &notes));

    assert(scratch->models == models && from != into && !seuil_lead_is_away(into));
    while (from->due <= until) {
        seuil_engine_clear_outcome(ret_outcome);
        seuil_engine_step_tick(scratch, &tick, from, ret_outcome);
    }
    if (again)
        keep_records(scratch, into, from);
    merge(scratch, event, merged, from, into, ret_outcome);
    if (again && ret_outcome->verdict == SEUIL_VERDICT_APPLIED)
        ret_outcome->verdict = SEUIL_VERDICT_DUPLICATE;
    if (ret_outcome->verdict == SEUIL_VERDICT_FILTERED && into->clock != SEUIL_TIME_NONE &&
        !into->expired) { /* not @from is the lead that was looked at last */
        seuil_scratch_bind(scratch, into);
        seuil_scratch_view(scratch, into, into->clock);
    }
}
