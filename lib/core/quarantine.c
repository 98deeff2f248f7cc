#include "core/quarantine.h"

#include <string.h>

struct click {
    seuil_time_ms time;
    uint32_t mail, link;
    uint16_t position; /* in recent; SEUIL_NO_SLOT: of the summary */
    bool machine;
};

#define CLICKS_MAX (SEUIL_OBJECTS_MAX + SEUIL_RECENT_MAX + 1)

/* The hit of @slot in @record; -1: none. */
static int hit_of(const struct seuil_record *record, unsigned slot)
{
    for (unsigned i = 0; i < record->hit_count; i++)
        if (record->rule[i] == slot)
            return (int)i;
    return -1;
}

static unsigned list_clicks(const struct seuil_evidence *evidence, const struct seuil_voids *voids,
                            unsigned model, unsigned slot, struct click *clicks)
{
    const struct seuil_tally *tally = &evidence->tallies[slot];
    unsigned count = 0;

    for (unsigned i = 0; i < tally->objects; i++)
        clicks[count++] = (struct click){.time = tally->object[i].last,
                                         .mail = tally->object[i].hash,
                                         .link = tally->object[i].count,
                                         .position = SEUIL_NO_SLOT};
    for (unsigned i = 0; i < evidence->recent_count; i++) {
        const struct seuil_record *record = &evidence->records[evidence->recent[i]];
        int hit = hit_of(record, slot);

        if (hit >= 0 && !(seuil_voids_of(evidence, voids, record) >> model & 1))
            clicks[count++] = (struct click){.time = record->key.time,
                                             .mail = record->object[hit],
                                             .link = (uint32_t)record->measure[hit],
                                             .position = (uint16_t)i};
    }
    return count;
}

/* Mark the clicks of the bursts that begin with click @first. */
static void find_burst(struct click *clicks, unsigned count, unsigned first,
                       const struct seuil_rule *rule)
{
    uint32_t links[SEUIL_QUARANTINE_LINKS_MAX];
    unsigned found = 0, end = first;

    for (; end < count && clicks[end].time - clicks[first].time <= rule->within_ms; end++) {
        unsigned i = 0;

        if (clicks[end].mail != clicks[first].mail)
            continue;
        while (i < found && links[i] != clicks[end].link)
            i++;
        if (i == found && found < rule->times)
            links[found++] = clicks[end].link;
    }
    if (found < rule->times)
        return;
    for (unsigned i = first; i < end; i++)
        clicks[i].machine |= clicks[i].mail == clicks[first].mail;
}

static void judge_model(struct seuil_scratch *scratch, const struct seuil_evidence *evidence,
                        const struct seuil_voids *voids, unsigned slot, unsigned count,
                        seuil_time_ms at, bool final)
{
    const struct seuil_rule *rule = &scratch->models->rules[scratch->rule_of[slot]];
    struct click clicks[CLICKS_MAX];
    unsigned clicked = list_clicks(evidence, voids, rule->model, slot, clicks);

    while (!final && clicked > 0 && clicks[clicked - 1].time > at)
        clicked--;
    for (unsigned i = 0; i < clicked; i++)
        find_burst(clicks, clicked, i, rule);
    for (unsigned i = 0; i < clicked; i++) {
        seuil_time_ms verdict = clicks[i].time + rule->wait_ms;
        bool waits = verdict > (final ? evidence->newest : at);

        if (clicks[i].position >= count || (!waits && !clicks[i].machine))
            continue;
        scratch->skip[clicks[i].position] |= (uint16_t)(1 << rule->model);
        if (final || !waits)
            continue;
        if (verdict < scratch->next_verdict)
            scratch->next_verdict = verdict;
        if (clicks[i].time < scratch->wait_from[rule->model])
            scratch->wait_from[rule->model] = clicks[i].time;
    }
}

void seuil_quarantine_judge(struct seuil_scratch *scratch, const struct seuil_evidence *evidence,
                            const struct seuil_voids *voids, unsigned count, seuil_time_ms at,
                            bool final)
{
    scratch->next_verdict = SEUIL_TIME_NEVER;
    if (!scratch->has_quarantine)
        return;
    memset(scratch->skip, 0, sizeof(scratch->skip));
    memset(scratch->waits, 0, sizeof(scratch->waits));
    for (unsigned i = 0; i < SEUIL_MODELS_MAX; i++)
        scratch->wait_from[i] = SEUIL_TIME_NEVER;
    for (unsigned i = 0; i < evidence->rule_count; i++) {
        unsigned slot = evidence->by_key[i], index = scratch->rule_of[slot];

        if (index != SEUIL_NO_RULE && scratch->models->rules[index].role == SEUIL_ROLE_QUARANTINE)
            judge_model(scratch, evidence, voids, slot, count, at, final);
    }
}

/* The instant of the verdict of the bound hit @i of @record, where its model still skips it; NEVER:
 * it is no click, or one that counts. */
static seuil_time_ms skipped_until(const struct seuil_scratch *scratch,
                                   const struct seuil_record *record, unsigned i, uint16_t skip)
{
    unsigned index = scratch->rule_of[record->rule[i]];
    const struct seuil_rule *rule;

    if (index == SEUIL_NO_RULE)
        return SEUIL_TIME_NEVER;
    rule = &scratch->models->rules[index];
    if (rule->role != SEUIL_ROLE_QUARANTINE || !(skip >> rule->model & 1))
        return SEUIL_TIME_NEVER;
    return record->key.time + rule->wait_ms;
}

unsigned seuil_quarantine_caught(const struct seuil_scratch *scratch,
                                 const struct seuil_evidence *evidence, seuil_time_ms before,
                                 seuil_time_ms at, uint64_t hash)
{
    unsigned caught = 0;

    for (unsigned i = 0; scratch->has_quarantine && i < evidence->recent_count; i++) {
        const struct seuil_record *record = &evidence->records[evidence->recent[i]];
        bool now = false;

        if (record->key.time > at)
            break;
        for (unsigned j = 0; j < record->hit_count && scratch->skip[i]; j++) {
            seuil_time_ms verdict = skipped_until(scratch, record, j, scratch->skip[i]);

            now |= verdict <= at && (verdict > before || record->key.hash == hash);
        }
        caught += now;
    }
    return caught;
}

/* ---- the summary ------------------------------------------------------------------------- */

static void remove_at(struct seuil_tally *tally, unsigned at)
{
    tally->objects--;
    memmove(tally->object + at, tally->object + at + 1,
            (tally->objects - at) * sizeof(tally->object[0]));
}

static bool less(const struct seuil_object *a, const struct seuil_object *b)
{
    if (a->last != b->last)
        return a->last < b->last;
    return a->hash != b->hash ? a->hash < b->hash : a->count < b->count;
}

/* The newest links of one e-mail stay, and the e-mails clicked last. */
static void keep_bounds(struct seuil_tally *tally, const struct seuil_rule *rule, uint32_t mail)
{
    uint32_t mails[SEUIL_QUARANTINE_MAILS_MAX];
    unsigned links = 0, known = 0;

    for (unsigned i = tally->objects; i-- > 0;) {
        if (tally->object[i].hash == mail && ++links > rule->times)
            remove_at(tally, i);
    }
    for (unsigned i = tally->objects; i-- > 0;) {
        unsigned j = 0;

        while (j < known && mails[j] != tally->object[i].hash)
            j++;
        if (j < known)
            continue;
        if (known < SEUIL_QUARANTINE_MAILS_MAX)
            mails[known++] = tally->object[i].hash;
        else
            remove_at(tally, i);
    }
}

void seuil_quarantine_note(struct seuil_tally *tally, const struct seuil_rule *rule,
                           struct seuil_object click)
{
    unsigned at;

    seuil_quarantine_prune(tally, rule, click.last);
    for (unsigned i = tally->objects; i-- > 0;)
        if (tally->object[i].hash == click.hash && tally->object[i].count == click.count)
            remove_at(tally, i);
    if (tally->objects == SEUIL_OBJECTS_MAX)
        remove_at(tally, 0);
    at = tally->objects++;
    for (; at > 0 && less(&click, &tally->object[at - 1]); at--)
        tally->object[at] = tally->object[at - 1];
    tally->object[at] = click;
    keep_bounds(tally, rule, click.hash);
}

void seuil_quarantine_prune(struct seuil_tally *tally, const struct seuil_rule *rule,
                            seuil_time_ms now)
{
    while (tally->objects && now - tally->object[0].last > rule->within_ms)
        remove_at(tally, 0);
}

bool seuil_quarantine_ends_at(const struct seuil_scratch *scratch,
                              const struct seuil_evidence *evidence, seuil_time_ms at)
{
    for (unsigned i = 0; scratch->has_quarantine && i < evidence->recent_count; i++) {
        const struct seuil_record *record = &evidence->records[evidence->recent[i]];

        for (unsigned j = 0; j < record->hit_count; j++) {
            unsigned index = scratch->rule_of[record->rule[j]];

            if (index != SEUIL_NO_RULE &&
                scratch->models->rules[index].role == SEUIL_ROLE_QUARANTINE &&
                record->key.time + scratch->models->rules[index].wait_ms == at)
                return true;
        }
    }
    return false;
}
