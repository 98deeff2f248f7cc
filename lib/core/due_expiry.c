/* When a whole lead is worth nothing any more: its awards have faded, no limit and no repetition
 * has to be remembered, nothing else is kept of it. */

#include "core/due.h"

#include <math.h>

#include "core/compound.h"
#include "core/fold.h"
#include "core/idle.h"

static seuil_time_ms idle_expiry(const struct seuil_scratch *scratch, const struct seuil_term *term,
                                 double least)
{
    const struct seuil_scope *scope = &scratch->scopes[term->scope];
    double own = term->rule->points * term->sum;
    seuil_time_ms end;
    int64_t window = 32 * SEUIL_DAY_MS;

    if (scope->last == SEUIL_TIME_NEVER ||
        (scope->decay->subtract > 0 && fabs(scope->worth) < SEUIL_IDLE_LEAST &&
         fabs(own) > least) ||
        __builtin_mul_overflow(scope->decay->duration_ms,
                               seuil_idle_periods(scope->decay, scope->worth, own, least), &end) ||
        end > 4 * SEUIL_TIME_BOUND_MS)
        return SEUIL_TIME_NEVER;
    for (unsigned i = 0; i < term->rule->limit_count; i++) {
        const struct seuil_limit *limit = &term->rule->limits[i];
        int64_t kept = limit->kind == SEUIL_LIMIT_OBJECT    ? limit->remember_ms
                       : limit->kind == SEUIL_LIMIT_ROLLING ? limit->duration_ms
                                                            : window;

        end = kept > end ? kept : end;
    }
    return scope->last + end;
}

/* From when the viewed @term gives less than @least and holds no slot of a limit. */
static seuil_time_ms term_expiry(const struct seuil_scratch *scratch, const struct seuil_term *term,
                                 double least)
{
    const struct seuil_rule *rule = term->rule;
    const struct seuil_tally *tally = term->tally;
    seuil_time_ms newest, end, at;

    if (term->is_idle && !seuil_rule_has_limit(rule, SEUIL_LIMIT_LEAD))
        return idle_expiry(scratch, term, least);
    if (tally->instants == 0 || seuil_rule_has_limit(rule, SEUIL_LIMIT_LEAD) ||
        rule->decay.shape == SEUIL_DECAY_NONE)
        return SEUIL_TIME_NEVER;
    newest = tally->instant[tally->instants - 1];
    end = newest;
    if (term->is_aged) {
        end = newest + seuil_decay_span_ms(&rule->decay);
    } else if (rule->points != 0) {
        /* Whole half-lives, rounded up: nothing hangs on the millisecond. */
        int exponent;
        int64_t whole;

        frexp(fabs(rule->points) * term->sum / least, &exponent);
        whole = term->landmark + exponent;

        if (__builtin_mul_overflow(whole, rule->decay.duration_ms, &end))
            return SEUIL_TIME_NEVER;
    }
    for (unsigned i = 0; i < rule->limit_count; i++) {
        const struct seuil_limit *limit = &rule->limits[i];

        at = newest + (limit->kind == SEUIL_LIMIT_OBJECT    ? limit->remember_ms
                       : limit->kind == SEUIL_LIMIT_ROLLING ? limit->duration_ms
                                                            : 32 * SEUIL_DAY_MS);
        end = at > end ? at : end;
    }
    return end;
}

/* Of hidden rules: a status is for good, a mute has an end. */
static seuil_time_ms role_expiry(const struct seuil_models *models, unsigned rule,
                                 const struct seuil_tally *tally)
{
    const struct seuil_model *model = &models->models[models->rules[rule].model];

    if (tally->objects == 0)
        return SEUIL_TIME_NONE;
    if (models->rules[rule].role == SEUIL_ROLE_STATUS)
        return SEUIL_TIME_NEVER;
    return seuil_recycle_muted_until(model, tally);
}

seuil_time_ms seuil_due_expiry(struct seuil_scratch *scratch, const struct seuil_lead *lead)
{
    const struct seuil_evidence *evidence = &lead->evidence;
    int64_t horizon = scratch->models->horizon_ms;
    seuil_time_ms end;

    if (lead->expired || lead->consented || evidence->attribute_count || evidence->adjustment_count)
        return SEUIL_TIME_NEVER;
    if (lead->tombstone)
        return lead->cut + SEUIL_TOMBSTONE_MS;
    if (evidence->newest == SEUIL_TIME_NONE || horizon > SEUIL_TIME_BOUND_MS)
        return SEUIL_TIME_NEVER;
    /* As long as the horizon lasts, repetitions of its events are known. */
    end = evidence->newest + horizon + SEUIL_QUARANTINE_MS + 1;
    for (unsigned i = 0; i < scratch->term_count; i++) {
        seuil_time_ms at = term_expiry(scratch, &scratch->terms[i],
                                       SEUIL_WORTH_LEAST / (double)scratch->term_count);

        end = at > end ? at : end;
    }
    /* Objects may be remembered for longer than the awards they got. */
    for (unsigned i = 0; i < evidence->rule_count; i++) {
        unsigned slot = evidence->by_key[i], rule = scratch->rule_of[slot];
        const struct seuil_tally *tally = &evidence->tallies[slot];
        const struct seuil_folding folding = {.scratch = scratch, .evidence = evidence};

        if (rule != SEUIL_NO_RULE) {
            seuil_time_ms at = seuil_compound_expiry(
                seuil_fold_peek(&folding, slot), &scratch->models->rules[rule], evidence->newest);

            end = at > end ? at : end;
        }
        if (rule != SEUIL_NO_RULE && seuil_role_is_command(scratch->models->rules[rule].role)) {
            seuil_time_ms at = role_expiry(scratch->models, rule, seuil_fold_peek(&folding, slot));

            end = at > end ? at : end;
            continue;
        }
        for (unsigned j = 0; tally->objects > 0 && rule != SEUIL_NO_RULE &&
                             j < scratch->models->rules[rule].limit_count;
             j++) {
            seuil_time_ms at = tally->object[tally->objects - 1].last +
                               scratch->models->rules[rule].limits[j].remember_ms;

            end = at > end ? at : end;
        }
    }
    return end;
}
