#include "core/alert.h"

#include <assert.h>
#include <string.h>

static const struct seuil_tier *tier_of(const struct seuil_scratch *scratch, unsigned model,
                                        const struct seuil_automaton *automaton)
{
    return &scratch->models->models[model].tiers[automaton->under];
}

/* ---- what was told ----------------------------------------------------------------------- */

static unsigned find_told(const struct seuil_automaton *automaton, uint32_t tier_key)
{
    unsigned i = 0;

    while (i < automaton->told_count && automaton->told[i].tier_key < tier_key)
        i++;
    return i;
}

static seuil_time_ms told_at(const struct seuil_automaton *automaton, uint32_t tier_key)
{
    unsigned i = find_told(automaton, tier_key);

    return i < automaton->told_count && automaton->told[i].tier_key == tier_key
               ? automaton->told[i].at
               : SEUIL_TIME_NONE;
}

static int64_t cool_down_of(const struct seuil_scratch *scratch, unsigned model, uint32_t tier_key)
{
    const struct seuil_model *rules = &scratch->models->models[model];

    for (unsigned i = 1; i < rules->tier_count; i++)
        if (scratch->tier_keys[model][i] == tier_key)
            return rules->tiers[i].cool_down_ms;
    return 0;
}

/* Only what a cool-down still counts from is kept. */
static void note_told(const struct seuil_scratch *scratch, unsigned model,
                      struct seuil_automaton *automaton)
{
    unsigned kept = 0, i;

    for (i = 0; i < automaton->told_count; i++)
        if (automaton->told[i].at + cool_down_of(scratch, model, automaton->told[i].tier_key) >
            scratch->at)
            automaton->told[kept++] = automaton->told[i];
    automaton->told_count = (uint8_t)kept;
    if (tier_of(scratch, model, automaton)->cool_down_ms == 0)
        return;
    i = find_told(automaton, automaton->tier_key);
    if (i == kept || automaton->told[i].tier_key != automaton->tier_key) {
        assert(kept < SEUIL_TIERS_MAX);
        memmove(automaton->told + i + 1, automaton->told + i,
                (kept - i) * sizeof(automaton->told[0]));
        automaton->told_count++;
    }
    automaton->told[i] = (struct seuil_told){.tier_key = automaton->tier_key, .at = scratch->at};
}

seuil_time_ms seuil_alert_cool(const struct seuil_scratch *scratch, unsigned model,
                               const struct seuil_automaton *automaton)
{
    seuil_time_ms end = SEUIL_TIME_NONE;

    for (unsigned i = 0; i < automaton->told_count; i++) {
        seuil_time_ms at =
            automaton->told[i].at + cool_down_of(scratch, model, automaton->told[i].tier_key);

        end = at > end ? at : end;
    }
    return end;
}

/* ---- what waits -------------------------------------------------------------------------- */

static seuil_time_ms later(seuil_time_ms a, seuil_time_ms b)
{
    return a > b ? a : b;
}

/* When the entry of @alert into the automaton's tier may be told. */
static seuil_time_ms earliest(const struct seuil_scratch *scratch, unsigned model,
                              const struct seuil_automaton *automaton,
                              const struct seuil_alert *alert)
{
    const struct seuil_model *rules = &scratch->models->models[model];
    const struct seuil_tier *tier = tier_of(scratch, model, automaton);
    seuil_time_ms at = later(alert->since + tier->for_ms, alert->asked + tier->delay_ms), told;

    if (rules->sales_tier && automaton->under >= rules->sales_tier)
        at = later(at, scratch->model[model].muted_until);
    /* A shortcut ignores the cool-down once. */
    told = told_at(automaton, automaton->tier_key);
    if (told != SEUIL_TIME_NONE && alert->reason != SEUIL_REASON_SHORTCUT)
        at = later(at, told + tier->cool_down_ms);
    return at;
}

bool seuil_alert_enter(const struct seuil_scratch *scratch, unsigned model,
                       struct seuil_automaton *automaton, const struct seuil_crossing *crossing)
{
    const struct seuil_alert before = automaton->alert;
    const struct seuil_tier *tier = tier_of(scratch, model, automaton);

    automaton->alert = (struct seuil_alert){.tier_key = automaton->tier_key,
                                            .before = crossing->tier_before,
                                            .reason = (uint8_t)crossing->reason,
                                            .since = scratch->at,
                                            .asked = scratch->at};
    /* A short absence does not begin the delay anew. */
    if (before.away && before.tier_key == automaton->tier_key &&
        scratch->at < before.asked + tier->delay_ms)
        automaton->alert.asked = before.asked;
    if (earliest(scratch, model, automaton, &automaton->alert) > scratch->at)
        return false;
    seuil_alert_told(scratch, model, automaton);
    return true;
}

void seuil_alert_leave(const struct seuil_scratch *scratch, unsigned model,
                       struct seuil_automaton *automaton)
{
    const struct seuil_model *rules = &scratch->models->models[model];

    for (unsigned i = 1; i < rules->tier_count; i++)
        if (scratch->tier_keys[model][i] == automaton->alert.tier_key &&
            rules->tiers[i].delay_ms > 0 &&
            scratch->at < automaton->alert.asked + rules->tiers[i].delay_ms) {
            automaton->alert.away = true;
            return;
        }
    automaton->alert = (struct seuil_alert){0};
}

seuil_time_ms seuil_alert_due(const struct seuil_scratch *scratch, unsigned model,
                              const struct seuil_automaton *automaton)
{
    if (automaton->alert.tier_key == 0 || automaton->alert.away || automaton->excluded ||
        automaton->alert.tier_key != automaton->tier_key ||
        automaton->under >= scratch->models->models[model].tier_count ||
        scratch->model[model].still != SEUIL_TIME_NEVER)
        return SEUIL_TIME_NEVER;
    return earliest(scratch, model, automaton, &automaton->alert);
}

void seuil_alert_told(const struct seuil_scratch *scratch, unsigned model,
                      struct seuil_automaton *automaton)
{
    automaton->alert = (struct seuil_alert){0};
    note_told(scratch, model, automaton);
}
