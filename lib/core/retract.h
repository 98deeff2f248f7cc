/* Retraction by id (SCORING 7, EVIDENCE 3): a mark of recent that voids one event, not later than
 * itself, whichever of both arrives first.
 *
 * The event stays in recent, so that it is known when it comes again, and is passed over when it is
 * folded. The mark stays until all events of its own millisecond are folded: the fold point is
 * later, or has the highest hash. If its target was not met by then, it came for nothing: it had
 * been folded before, or never existed.
 *
 * Private to lib/core. */

#ifndef SEUIL_CORE_RETRACT_H
#define SEUIL_CORE_RETRACT_H

#include "core/evidence.h"

/* The marks that count for a fold of the records up to @at. */
struct seuil_voids {
    unsigned count;
    uint16_t record[SEUIL_RECENT_MAX + 1]; /* of evidence->records */
    /* Models, a bit each, that have stood still since before this mark: for them it waits until the
     * thaw (SCORING 10.9). What a mark of an earlier time voids was void when they froze. */
    uint32_t waits[SEUIL_RECENT_MAX + 1];
};

void seuil_voids_find(const struct seuil_evidence *evidence, seuil_time_ms at,
                      struct seuil_voids *ret_voids);

/* Marks later than @since wait for model @model; whether there is one. */
bool seuil_voids_wait(const struct seuil_evidence *evidence, struct seuil_voids *voids,
                      unsigned model, seuil_time_ms since);

/* The models for which @record is void: 0, or all but those that its mark waits for. */
uint32_t seuil_voids_of(const struct seuil_evidence *evidence, const struct seuil_voids *voids,
                        const struct seuil_record *record);

/* Before records below @point are taken away: marks of targets among them are told that they met
 * them; those that must stay are put behind the first @count records, which they are among. How
 * many records are left to take away; @ret_unmatched: of a mark among them that met nothing. */
unsigned seuil_voids_settle(struct seuil_evidence *evidence, const struct seuil_voids *voids,
                            unsigned count, struct seuil_key point, bool *ret_unmatched);

/* The mark of recent that voids events of @hash; NULL: there is none. */
struct seuil_record *seuil_retraction_of(struct seuil_evidence *evidence, uint64_t hash);

#endif
