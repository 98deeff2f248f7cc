/* Clicks that wait for a verdict (SCORING 7, EVIDENCE 3): so many distinct links of one e-mail
 * within m make all its clicks in that stretch a machine's. A click counts only k after itself,
 * k >= m, at its own time; until then it holds no slot, and silences that would end meanwhile wait.
 *
 * The verdicts are a pass over the sorted records before they are folded. The summary keeps, in the
 * tally of the hidden rule, the clicks of the last m before it: object (hash: the e-mail, count:
 * the link, last: its latest time), of 8 e-mails at most and of each the newest distinct links.
 *
 * Private to lib/core. */

#ifndef SEUIL_CORE_QUARANTINE_H
#define SEUIL_CORE_QUARANTINE_H

#include "core/scratch.h"

#define SEUIL_QUARANTINE_MAILS_MAX 8
#define SEUIL_QUARANTINE_LINKS_MAX 8

/* Fill scratch->skip for the first @count records of the bound @evidence as seen at @at; with
 * @final for their absorption: what still waits is taken for a machine's then. Sets the instant of
 * the next verdict, and from when on silences wait. */
void seuil_quarantine_judge(struct seuil_scratch *scratch, const struct seuil_evidence *evidence,
                            const struct seuil_voids *voids, unsigned count, seuil_time_ms at,
                            bool final);

/* Of the view at @at, which the judgement was for: how many clicks are a machine's whose verdict
 * fell after @before and not after @at; with @hash also that of a click which came now with a
 * verdict that was past, and of those that counted until it made a burst of them. */
unsigned seuil_quarantine_caught(const struct seuil_scratch *scratch,
                                 const struct seuil_evidence *evidence, seuil_time_ms before,
                                 seuil_time_ms at, uint64_t hash);

/* A click leaves recent. */
void seuil_quarantine_note(struct seuil_tally *tally, const struct seuil_rule *rule,
                           struct seuil_object click);

/* Drop clicks that are too old for a burst with any at or after @now. */
void seuil_quarantine_prune(struct seuil_tally *tally, const struct seuil_rule *rule,
                            seuil_time_ms now);

/* Whether a verdict falls at exactly @at. */
bool seuil_quarantine_ends_at(const struct seuil_scratch *scratch,
                              const struct seuil_evidence *evidence, seuil_time_ms at);

#endif
