#include "ctl_totals.h"

void seuil_totals_note(struct seuil_totals *totals, const struct seuil_outcome *outcome)
{
    totals->quarantined += outcome->quarantined;
    for (unsigned i = 0; outcome->notes && i < SEUIL_NOTES; i++)
        totals->noted[i] += outcome->notes >> i & 1;
}

static const char *noted_name(unsigned i)
{
    return i < SEUIL_NOTES ? seuil_note_name(i) : "quarantined";
}

static uint32_t noted(const struct seuil_totals *totals, unsigned i)
{
    return i < SEUIL_NOTES ? totals->noted[i] : totals->quarantined;
}

void seuil_totals_print(const struct seuil_totals *totals, struct seuil_buf *out)
{
    unsigned told = 0;

    seuil_buf_printf(out, "%u event%s", totals->events, totals->events == 1 ? "" : "s");
    for (unsigned i = 0; i < SEUIL_VERDICTS; i++)
        if (totals->verdicts[i])
            seuil_buf_printf(out, "%s%u %s", told++ ? ", " : ": ", totals->verdicts[i],
                             seuil_verdict_name((enum seuil_verdict)i));
    if (totals->after)
        seuil_buf_printf(out, "; %u after --until", totals->after);
    if (totals->bad)
        seuil_buf_printf(out, "; %u unreadable", totals->bad);
    seuil_buf_printf(out, "; %u lead%s, %u crossing%s\n", totals->leads,
                     totals->leads == 1 ? "" : "s", totals->crossings,
                     totals->crossings == 1 ? "" : "s");
    told = 0;
    for (unsigned i = 0; i <= SEUIL_NOTES; i++)
        if (noted(totals, i))
            seuil_buf_printf(out, "%s%u %s", told++ ? ", " : "counted: ", noted(totals, i),
                             noted_name(i));
    if (told)
        seuil_buf_add_byte(out, '\n');
}

void seuil_totals_print_json(const struct seuil_totals *totals, struct seuil_buf *out)
{
    seuil_buf_printf(out, "{\"summary\":{\"events\":%u", totals->events);
    for (unsigned i = 0; i < SEUIL_VERDICTS; i++)
        seuil_buf_printf(out, ",\"%s\":%u", seuil_verdict_name((enum seuil_verdict)i),
                         totals->verdicts[i]);
    for (unsigned i = 0; i <= SEUIL_NOTES; i++)
        seuil_buf_printf(out, ",\"%s\":%u", noted_name(i), noted(totals, i));
    seuil_buf_printf(out, ",\"after_until\":%u,\"unreadable\":%u,\"leads\":%u,\"crossings\":%u}}\n",
                     totals->after, totals->bad, totals->leads, totals->crossings);
}
