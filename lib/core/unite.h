/* Two leads are one person: the union of what is remembered of them (SCORING 6, EVIDENCE 3, column
 * "on merge of two leads"). Never a sum of two scores: events are united, then limits choose anew.
 *
 * Exact where nothing was folded on one side: the other side's events are all in recent then, or
 * are folded first. What both have folded is an approximation, which seuil-model(5) names. The
 * evidence that comes out is the same whichever of the two is united into the other.
 *
 * Private to lib/core. */

#ifndef SEUIL_CORE_UNITE_H
#define SEUIL_CORE_UNITE_H

#include "core/scratch.h"

/* Unite the evidence of @from, which is lost, into that of @into, which is bound afterwards. The
 * fold point becomes the later one. @into needs settling. */
void seuil_unite_evidence(struct seuil_scratch *scratch, struct seuil_lead *from,
                          struct seuil_lead *into, unsigned *notes);

/* The alerts that were told of @from count for the cool-downs of @into; events ahead of the clock
 * keep where they came from. Tiers and ordinals stay those of @into. */
void seuil_unite_told(const struct seuil_scratch *scratch, const struct seuil_lead *from,
                      struct seuil_lead *into);

/* ---- tally_unite.c */

/* Unite @from into @tally, both of @rule. @now: both have been folded up to it. */
void seuil_tally_unite(struct seuil_tally *tally, const struct seuil_tally *from,
                       const struct seuil_rule *rule, seuil_time_ms now);

/* Awards up to @until hold their slots and give nothing more: the other lead was recycled then. */
void seuil_tally_retire_until(struct seuil_tally *tally, const struct seuil_rule *rule,
                              seuil_time_ms until);

/* Awards after @since are none: the other lead was frozen then. */
void seuil_tally_undo_since(struct seuil_tally *tally, const struct seuil_rule *rule,
                            seuil_time_ms since);

#endif
