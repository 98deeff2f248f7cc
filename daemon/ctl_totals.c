#include "ctl_totals.h"

#include <stdio.h>

#include "codec/text.h"

#define UNMET_SHOWN 10

void seuil_totals_note(struct seuil_totals *totals, const struct seuil_outcome *outcome)
{
    totals->quarantined += outcome->quarantined;
    for (unsigned i = 0; outcome->notes && i < SEUIL_NOTES; i++)
        totals->noted[i] += outcome->notes >> i & 1;
}

/* The place of @key, or where it would stand. */
static uint32_t *place_of(uint32_t *met, uint32_t key)
{
    uint32_t at = key;

    while (met[at % (2 * SEUIL_SET_RULES_MAX)] != 0 && met[at % (2 * SEUIL_SET_RULES_MAX)] != key)
        at++;
    return &met[at % (2 * SEUIL_SET_RULES_MAX)];
}

void seuil_totals_meet(struct seuil_totals *totals, const struct seuil_lead *lead)
{
    const struct seuil_evidence *evidence = &lead->evidence;

    for (unsigned i = 0; i < evidence->rule_count; i++) {
        uint32_t key = evidence->rules[evidence->by_key[i]].key;

        *place_of(totals->met, key) = key;
    }
}

/* A rule of a file that met no event: in the data there is nothing for it, or it is misspelt. */
static bool is_unmet(struct seuil_totals *totals, uint32_t i)
{
    const struct seuil_rule *rule = &totals->models->rules[i];

    return *place_of(totals->met, rule->key) == 0 && rule->group != SEUIL_GROUP_NONE &&
           (rule->role == SEUIL_ROLE_POINTS ||
            (rule->role >= SEUIL_ROLE_TOGETHER && rule->role <= SEUIL_ROLE_ABSENCE));
}

static void add_unmet(struct seuil_totals *totals, struct seuil_buf *out)
{
    uint32_t told = 0;

    for (uint32_t i = 0; i < totals->models->rule_count; i++) {
        const struct seuil_rule *rule = &totals->models->rules[i];

        if (!is_unmet(totals, i) || ++told > UNMET_SHOWN)
            continue;
        seuil_buf_add_text(out, told == 1 ? "rules without an event: " : ", ");
        if (totals->models->model_count > 1)
            seuil_buf_printf(out, "%s/", totals->models->models[rule->model].name);
        seuil_buf_add_text(out, rule->name);
    }
    if (told > UNMET_SHOWN)
        seuil_buf_printf(out, " and %u more", told - UNMET_SHOWN);
    if (told)
        seuil_buf_add_byte(out, '\n');
}

static void add_unmet_json(struct seuil_totals *totals, struct seuil_buf *out)
{
    uint32_t told = 0;

    seuil_buf_add_text(out, ",\"rules_without_events\":[");
    for (uint32_t i = 0; i < totals->models->rule_count; i++) {
        const struct seuil_rule *rule = &totals->models->rules[i];
        char name[2 * SEUIL_NAME_MAX + 2];

        if (!is_unmet(totals, i))
            continue;
        snprintf(name, sizeof(name), "%s/%s", totals->models->models[rule->model].name, rule->name);
        seuil_buf_add_text(out, told++ ? "," : "");
        seuil_json_add_string(out, seuil_str_from(name));
    }
    seuil_buf_add_byte(out, ']');
}

static const char *noted_name(unsigned i)
{
    return i < SEUIL_NOTES ? seuil_note_name(i) : "quarantined";
}

static uint32_t noted(const struct seuil_totals *totals, unsigned i)
{
    return i < SEUIL_NOTES ? totals->noted[i] : totals->quarantined;
}

void seuil_totals_print(struct seuil_totals *totals, struct seuil_buf *out)
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
    if (totals->events)
        add_unmet(totals, out);
}

void seuil_totals_print_json(struct seuil_totals *totals, struct seuil_buf *out)
{
    seuil_buf_printf(out, "{\"summary\":{\"events\":%u", totals->events);
    for (unsigned i = 0; i < SEUIL_VERDICTS; i++)
        seuil_buf_printf(out, ",\"%s\":%u", seuil_verdict_name((enum seuil_verdict)i),
                         totals->verdicts[i]);
    for (unsigned i = 0; i <= SEUIL_NOTES; i++)
        seuil_buf_printf(out, ",\"%s\":%u", noted_name(i), noted(totals, i));
    add_unmet_json(totals, out);
    seuil_buf_printf(out, ",\"after_until\":%u,\"unreadable\":%u,\"leads\":%u,\"crossings\":%u}}\n",
                     totals->after, totals->bad, totals->leads, totals->crossings);
}
