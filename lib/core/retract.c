#include "core/retract.h"

static bool is_retraction(const struct seuil_record *record)
{
    return record->mark == SEUIL_MARK_RETRACT || record->mark == SEUIL_MARK_RETRACTED;
}

void seuil_voids_find(const struct seuil_evidence *evidence, seuil_time_ms at,
                      struct seuil_voids *ret_voids)
{
    ret_voids->count = 0;
    for (unsigned i = 0; i < evidence->recent_count; i++) {
        const struct seuil_record *record = &evidence->records[evidence->recent[i]];

        if (!is_retraction(record) || record->key.time > at)
            continue;
        ret_voids->waits[ret_voids->count] = 0;
        ret_voids->record[ret_voids->count++] = evidence->recent[i];
    }
}

static int void_of(const struct seuil_evidence *evidence, const struct seuil_voids *voids,
                   const struct seuil_record *record)
{
    for (unsigned i = 0; i < voids->count; i++) {
        const struct seuil_record *mark = &evidence->records[voids->record[i]];

        if (mark->operand == record->key.hash && record->key.time <= mark->key.time)
            return (int)i;
    }
    return -1;
}

bool seuil_voids_wait(const struct seuil_evidence *evidence, struct seuil_voids *voids,
                      unsigned model, seuil_time_ms since)
{
    bool waits = false;

    for (unsigned i = 0; i < voids->count; i++)
        if (evidence->records[voids->record[i]].key.time > since) {
            voids->waits[i] |= UINT32_C(1) << model;
            waits = true;
        }
    return waits;
}

uint32_t seuil_voids_of(const struct seuil_evidence *evidence, const struct seuil_voids *voids,
                        const struct seuil_record *record)
{
    int i = void_of(evidence, voids, record);

    return i < 0 ? 0 : ~voids->waits[i];
}

unsigned seuil_voids_settle(struct seuil_evidence *evidence, const struct seuil_voids *voids,
                            unsigned count, struct seuil_key point, bool *ret_unmatched)
{
    uint16_t stay[SEUIL_RECENT_MAX + 1];
    unsigned left = 0, staying = 0;
    bool whole = point.hash == UINT64_MAX; /* nothing of its millisecond is behind it */

    for (unsigned i = 0; i < count; i++) {
        int found = void_of(evidence, voids, seuil_evidence_recent(evidence, i));

        if (found >= 0)
            evidence->records[voids->record[found]].mark = SEUIL_MARK_RETRACTED;
    }
    for (unsigned i = 0; i < count; i++) {
        const struct seuil_record *record = seuil_evidence_recent(evidence, i);

        if (is_retraction(record) && record->key.time == point.time && !whole) {
            stay[staying++] = evidence->recent[i];
            continue;
        }
        *ret_unmatched |= record->mark == SEUIL_MARK_RETRACT;
        evidence->recent[left++] = evidence->recent[i];
    }
    for (unsigned i = 0; i < staying; i++)
        evidence->recent[left + i] = stay[i];
    return left;
}

struct seuil_record *seuil_retraction_of(struct seuil_evidence *evidence, uint64_t hash)
{
    for (unsigned i = 0; i < evidence->recent_count; i++) {
        struct seuil_record *record = seuil_evidence_recent(evidence, i);

        if (is_retraction(record) && record->operand == hash)
            return record;
    }
    return NULL;
}
