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
    const struct seuil_models *models;
    /* Keys of the rules that an event was one for: open addressing, 0 is none. */
    uint32_t met[2 * SEUIL_SET_RULES_MAX];
};

/* The notes of one step, of an event or of silence. */
void seuil_totals_note(struct seuil_totals *totals, const struct seuil_outcome *outcome);

/* The rules that @lead has evidence of have met an event. */
void seuil_totals_meet(struct seuil_totals *totals, const struct seuil_lead *lead);

/* One line, one more when something was noted, and one of rules that met no event. */
void seuil_totals_print(struct seuil_totals *totals, struct seuil_buf *out);
/* {"summary":{...}}, with all counters and the names of those rules, "MODEL/RULE". */
void seuil_totals_print_json(struct seuil_totals *totals, struct seuil_buf *out);

#endif
