#include "core/evidence.h"

#include <assert.h>
#include <string.h>

void seuil_evidence_clear(struct seuil_evidence *evidence)
{
    evidence->newest = SEUIL_TIME_NONE;
    evidence->raised = (struct seuil_key){.time = SEUIL_TIME_NONE};
    evidence->rule_count = 0;
    memset(evidence->rule_used, 0, sizeof(evidence->rule_used));
    evidence->recent_count = 0;
    evidence->free_count = 0;
    evidence->record_top = 0;
    evidence->attribute_count = 0;
    evidence->adjustment_count = 0;
}

/* The place of @key in by_key[], or where it belongs. */
static unsigned place_of_rule(const struct seuil_evidence *evidence, uint32_t key)
{
    unsigned low = 0, high = evidence->rule_count;

    while (low < high) {
        unsigned middle = (low + high) / 2;

        if (evidence->rules[evidence->by_key[middle]].key < key)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

unsigned seuil_evidence_find_rule(const struct seuil_evidence *evidence, uint32_t key)
{
    unsigned place = place_of_rule(evidence, key);

    if (place < evidence->rule_count && evidence->rules[evidence->by_key[place]].key == key)
        return evidence->by_key[place];
    return SEUIL_NO_SLOT;
}

unsigned seuil_evidence_add_rule(struct seuil_evidence *evidence, struct seuil_rule_ref ref)
{
    unsigned place = place_of_rule(evidence, ref.key), slot, word = 0;

    if (evidence->rule_count == SEUIL_LEAD_RULES_MAX)
        return SEUIL_NO_SLOT;
    while (evidence->rule_used[word] == UINT64_MAX)
        word++;
    slot = word * 64 + (unsigned)__builtin_ctzll(~evidence->rule_used[word]);
    evidence->rule_used[word] |= UINT64_C(1) << (slot % 64);
    memmove(evidence->by_key + place + 1, evidence->by_key + place, evidence->rule_count - place);
    evidence->by_key[place] = (uint8_t)slot;
    evidence->rule_count++;
    evidence->rules[slot] = ref;
    seuil_tally_clear(&evidence->tallies[slot]);
    return slot;
}

void seuil_evidence_remove_rule(struct seuil_evidence *evidence, unsigned slot)
{
    unsigned place = place_of_rule(evidence, evidence->rules[slot].key);

    assert(place < evidence->rule_count && evidence->by_key[place] == slot);
    assert(evidence->rules[slot].records == 0);
    evidence->rule_count--;
    memmove(evidence->by_key + place, evidence->by_key + place + 1, evidence->rule_count - place);
    evidence->rule_used[slot / 64] &= ~(UINT64_C(1) << (slot % 64));
}

unsigned seuil_evidence_position(const struct seuil_evidence *evidence, struct seuil_key key)
{
    unsigned position = evidence->recent_count;

    /* Events mostly come in order: look from the end. */
    while (position > 0 &&
           !seuil_key_less(evidence->records[evidence->recent[position - 1]].key, key))
        position--;
    return position;
}

struct seuil_record *seuil_evidence_insert(struct seuil_evidence *evidence, unsigned position,
                                           struct seuil_key key)
{
    uint16_t at;
    struct seuil_record *record;

    assert(evidence->recent_count <= SEUIL_RECENT_MAX && position <= evidence->recent_count);
    if (evidence->free_count > 0)
        at = evidence->free_records[--evidence->free_count];
    else
        at = evidence->record_top++;
    assert(at <= SEUIL_RECENT_MAX);
    if (position < evidence->recent_count) /* mostly it is the newest */
        memmove(evidence->recent + position + 1, evidence->recent + position,
                (evidence->recent_count - position) * sizeof(evidence->recent[0]));
    evidence->recent[position] = at;
    evidence->recent_count++;
    record = &evidence->records[at];
    record->key = key;
    record->hit_count = 0;
    record->mark = SEUIL_MARK_NONE;
    return record;
}

void seuil_evidence_add_hit(struct seuil_evidence *evidence, struct seuil_record *record,
                            unsigned slot, struct seuil_hit hit)
{
    assert(record->hit_count < SEUIL_HITS_MAX && slot < SEUIL_LEAD_RULES_MAX);
    record->rule[record->hit_count] = (uint8_t)slot;
    record->object[record->hit_count] = hit.object;
    record->legs[record->hit_count] = hit.legs;
    record->measure[record->hit_count] = hit.measure;
    record->hit_count++;
    evidence->rules[slot].records++;
}

void seuil_evidence_remove(struct seuil_evidence *evidence, unsigned position)
{
    assert(position < evidence->recent_count);
    assert(seuil_evidence_recent(evidence, position)->hit_count == 0);
    evidence->free_records[evidence->free_count++] = evidence->recent[position];
    evidence->recent_count--;
    memmove(evidence->recent + position, evidence->recent + position + 1,
            (evidence->recent_count - position) * sizeof(evidence->recent[0]));
}

void seuil_evidence_remove_first(struct seuil_evidence *evidence, unsigned count)
{
    assert(count <= evidence->recent_count);
    for (unsigned i = 0; i < count; i++) {
        const struct seuil_record *record = seuil_evidence_recent(evidence, i);

        for (unsigned j = 0; j < record->hit_count; j++)
            evidence->rules[record->rule[j]].records--;
        evidence->free_records[evidence->free_count++] = evidence->recent[i];
    }
    evidence->recent_count = (uint16_t)(evidence->recent_count - count);
    memmove(evidence->recent, evidence->recent + count,
            evidence->recent_count * sizeof(evidence->recent[0]));
}

void seuil_evidence_drop_unused(struct seuil_evidence *evidence)
{
    unsigned kept = 0;

    for (unsigned i = 0; i < evidence->rule_count; i++) {
        unsigned slot = evidence->by_key[i];

        if (evidence->rules[slot].records > 0 || !seuil_tally_is_empty(&evidence->tallies[slot]))
            evidence->by_key[kept++] = (uint8_t)slot;
        else
            evidence->rule_used[slot / 64] &= ~(UINT64_C(1) << (slot % 64));
    }
    evidence->rule_count = (uint16_t)kept;
}
