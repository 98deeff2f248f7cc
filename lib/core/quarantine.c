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

/* The clicks of @slot in their order, but that of @without. */
static unsigned list_clicks(const struct seuil_evidence *evidence, const struct seuil_voids *voids,
                            unsigned model, unsigned slot, uint64_t without, struct click *clicks)
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

        if (hit >= 0 && record->key.hash != without &&
            !(seuil_voids_of(evidence, voids, record) >> model & 1))
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

/* The clicks up to @at, but that of @without, and which of them are a machine's. */
static unsigned find_machines(const struct seuil_evidence *evidence,
                              const struct seuil_voids *voids, const struct seuil_rule *rule,
                              unsigned slot, seuil_time_ms at, uint64_t without,
                              struct click *clicks)
{
    unsigned clicked = list_clicks(evidence, voids, rule->model, slot, without, clicks);

    while (clicked > 0 && clicks[clicked - 1].time > at)
        clicked--;
    for (unsigned i = 0; i < clicked; i++)
        find_burst(clicks, clicked, i, rule);
    return clicked;
}

static void judge_model(struct seuil_scratch *scratch, const struct seuil_evidence *evidence,
                        const struct seuil_voids *voids, unsigned slot, unsigned count,
                        seuil_time_ms at, bool final)
{
    const struct seuil_rule *rule = &scratch->models->rules[scratch->rule_of[slot]];
    struct click clicks[CLICKS_MAX];
    unsigned clicked =
        find_machines(evidence, voids, rule, slot, final ? SEUIL_TIME_NEVER : at, 0, clicks);

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

static bool is_quarantine(const struct seuil_scratch *scratch, unsigned slot)
{
    unsigned index = scratch->rule_of[slot];

    return index != SEUIL_NO_RULE && scratch->models->rules[index].role == SEUIL_ROLE_QUARANTINE;
}

/* Whether the click of @hash is a machine's: then it may have made others that, too. */
static bool came_in_a_burst(const struct seuil_scratch *scratch,
                            const struct seuil_evidence *evidence, uint64_t hash)
{
    for (unsigned i = 0; i < evidence->recent_count; i++)
        if (evidence->records[evidence->recent[i]].key.hash == hash)
            return scratch->skip[i] != 0;
    return false;
}

/* The clicks that were a machine's already at @before, without that of @hash: as scratch->skip. */
static void find_earlier(const struct seuil_scratch *scratch, const struct seuil_evidence *evidence,
                         seuil_time_ms before, uint64_t hash, uint16_t *ret_machine)
{
    struct click clicks[CLICKS_MAX];

    memset(ret_machine, 0, evidence->recent_count * sizeof(*ret_machine));
    for (unsigned i = 0; i < evidence->rule_count; i++) {
        unsigned slot = evidence->by_key[i], clicked;
        const struct seuil_rule *rule;

        if (!is_quarantine(scratch, slot))
            continue;
        rule = &scratch->models->rules[scratch->rule_of[slot]];
        clicked = find_machines(evidence, &scratch->voids, rule, slot, before, hash, clicks);
        for (unsigned j = 0; j < clicked; j++)
            if (clicks[j].machine && clicks[j].position != SEUIL_NO_SLOT)
                ret_machine[clicks[j].position] |= (uint16_t)(1 << rule->model);
    }
}

/* Of which models the click of @record is a machine's by a verdict after @after, as bits. */
static unsigned judged_after(const struct seuil_scratch *scratch, const struct seuil_record *record,
                             unsigned machine, seuil_time_ms after, seuil_time_ms at)
{
    unsigned found = 0;

    for (unsigned i = 0; i < record->hit_count; i++) {
        const struct seuil_rule *rule;
        seuil_time_ms verdict;

        if (!is_quarantine(scratch, record->rule[i]))
            continue;
        rule = &scratch->models->rules[scratch->rule_of[record->rule[i]]];
        verdict = record->key.time + rule->wait_ms;
        if (verdict > after && verdict <= at)
            found |= machine & 1u << rule->model;
    }
    return found;
}

unsigned seuil_quarantine_caught(const struct seuil_scratch *scratch,
                                 const struct seuil_evidence *evidence, seuil_time_ms before,
                                 seuil_time_ms at, uint64_t hash)
{
    uint16_t earlier[SEUIL_RECENT_MAX + 1];
    unsigned caught = 0;
    bool drags;

    if (!scratch->has_quarantine)
        return 0;
    drags = hash && came_in_a_burst(scratch, evidence, hash);
    if (drags)
        find_earlier(scratch, evidence, before, hash, earlier);
    for (unsigned i = 0; i < evidence->recent_count; i++) {
        const struct seuil_record *record = &evidence->records[evidence->recent[i]];
        unsigned machine = scratch->skip[i], found;

        if (record->key.time > at)
            break;
        if (!machine)
            continue;
        found = judged_after(scratch, record, machine, before, at);
        if (drags)
            found |= judged_after(scratch, record, machine & ~(unsigned)earlier[i], SEUIL_TIME_NONE,
                                  before < at ? before : at);
        caught += found != 0;
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
