/* What a replay comes to: how many events, what became of them, and what was counted beside. */

#ifndef SEUIL_CTL_TOTALS_H
#define SEUIL_CTL_TOTALS_H

#include "base/buf.h"
#include "core/engine.h"

struct seuil_totals {
    uint32_t events, leads, crossings;
    uint32_t after; /* --until: left out */
    uint32_t bad;   /* lines that cannot be read */
    uint32_t verdicts[SEUIL_VERDICTS];
    uint32_t noted[SEUIL_NOTES], quarantined; /* what seuild's metrics count beside verdicts */
};

/* The notes of one step, of an event or of silence. */
void seuil_totals_note(struct seuil_totals *totals, const struct seuil_outcome *outcome);

/* One line, and one more when something was noted. */
void seuil_totals_print(const struct seuil_totals *totals, struct seuil_buf *out);
/* {"summary":{...}}, with all counters. */
void seuil_totals_print_json(const struct seuil_totals *totals, struct seuil_buf *out);

#endif
