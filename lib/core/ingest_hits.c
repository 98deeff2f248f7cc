/* What an event leaves in its record: the rules it hit, and what they ask of it. */

#include "base/hash.h"
#include "core/command.h"
#include "core/compound.h"
#include "core/condition.h"
#include "core/ingest.h"
#include "core/rule_eval.h"
#include "core/score.h"

static const struct seuil_value *value_of(const struct seuil_event *event, uint8_t field,
                                          struct seuil_str key)
{
    return field == SEUIL_FIELD_MAP ? seuil_event_entry(event, key) : &event->field[field];
}

static uint32_t hash_of(const struct seuil_value *value)
{
    double number;

    if (!value)
        return 0;
    switch (value->type) {
    case SEUIL_TYPE_STRING:
        return (uint32_t)seuil_hash64(value->s.ptr, value->s.len);
    case SEUIL_TYPE_BOOL:
        return 1u + value->b;
    case SEUIL_TYPE_INT:
    case SEUIL_TYPE_DOUBLE:
        number = (value->type == SEUIL_TYPE_INT ? (double)value->i : value->d) + 0.0;
        return (uint32_t)seuil_hash64(&number, sizeof(number));
    default:
        return 0;
    }
}

uint32_t seuil_ingest_object(const struct seuil_models *models, const struct seuil_rule *rule,
                             const struct seuil_event *event)
{
    if (seuil_role_is_command(rule->role))
        return seuil_command_operand(models, rule, event);
    for (unsigned i = 0; i < rule->limit_count; i++)
        if (rule->limits[i].kind == SEUIL_LIMIT_OBJECT)
            return hash_of(value_of(event, rule->limits[i].field, rule->limits[i].key));
    return 0;
}

static bool is_blank(struct seuil_str text)
{
    for (uint32_t i = 0; i < text.len; i++)
        if (text.ptr[i] != ' ' && text.ptr[i] != '\t')
            return false;
    return true;
}

/* What the points of @rule depend on: a number, or how many of some fields are filled. */
static double measure(const struct seuil_rule *rule, const struct seuil_event *event)
{
    double number = 0;
    unsigned filled = 0;

    for (unsigned i = 0; i < rule->measured_count; i++) {
        const struct seuil_measured *from = &rule->measured[i];
        const struct seuil_value *value = value_of(event, from->field, from->key);

        if (!value || value->type == SEUIL_TYPE_NULL)
            continue;
        filled += value->type != SEUIL_TYPE_STRING || !is_blank(value->s);
        if (value->type == SEUIL_TYPE_INT)
            number = (double)value->i;
        else if (value->type == SEUIL_TYPE_DOUBLE)
            number = value->d;
        else if (value->type == SEUIL_TYPE_STRING && !seuil_text_number(value->s, &number))
            number = 0;
    }
    if (rule->measure == SEUIL_MEASURE_FILLED)
        return filled;
    return seuil_clamp(number, -SEUIL_OPERAND_MAX, SEUIL_OPERAND_MAX) + 0.0;
}

bool seuil_ingest_hits(struct seuil_scratch *scratch, const struct seuil_hits *hits,
                       const struct seuil_hit *carried, struct seuil_evidence *evidence,
                       struct seuil_record *record, unsigned *notes)
{
    uint8_t order[SEUIL_HITS_MAX];
    const struct seuil_rule *rules = scratch->models->rules;

    /* Hits are in the order of the file; a record has them in that of keys. */
    for (unsigned i = 0; i < hits->count; i++) {
        unsigned at = i;

        for (; at > 0 && rules[hits->rule[order[at - 1]]].key > rules[hits->rule[i]].key; at--)
            order[at] = order[at - 1];
        order[at] = (uint8_t)i;
    }
    for (unsigned i = 0; i < hits->count; i++) {
        unsigned index = hits->rule[order[i]];
        const struct seuil_rule *rule = &rules[index];
        unsigned slot = seuil_evidence_find_rule(evidence, rule->key);

        if (slot == SEUIL_NO_SLOT) {
            slot = seuil_evidence_add_rule(
                evidence,
                (struct seuil_rule_ref){.key = rule->key,
                                        .meaning = rule->meaning,
                                        .has_object = scratch->traits[index] & SEUIL_TRAIT_OBJECT,
                                        .has_legs = seuil_role_is_compound(rule->role),
                                        .has_measure = rule->measure != SEUIL_MEASURE_NONE ||
                                                       rule->role == SEUIL_ROLE_QUARANTINE});
            if (slot == SEUIL_NO_SLOT) {
                *notes |= SEUIL_NOTE_RULES_DROPPED;
                continue;
            }
            seuil_scratch_bind_slot(scratch, slot, index);
        }
        seuil_evidence_add_hit(evidence, record, slot, carried[order[i]]);
    }
    return record->hit_count > 0;
}

/* The hits of a record: those of legs are their compound's, in one. */
struct gathered {
    struct seuil_hits hits;
    struct seuil_hit carried[SEUIL_HITS_MAX];
};

/* The place of @rule among @gathered; SEUIL_HITS_MAX: there is no room for it. */
static unsigned place_of(struct gathered *gathered, unsigned rule)
{
    unsigned at = 0;

    while (at < gathered->hits.count && gathered->hits.rule[at] != rule)
        at++;
    if (at < gathered->hits.count)
        return at;
    if (at == SEUIL_HITS_MAX) {
        gathered->hits.more = true;
        return at;
    }
    gathered->hits.rule[at] = (uint16_t)rule;
    gathered->carried[at] = (struct seuil_hit){0};
    gathered->hits.count++;
    return at;
}

static void gather(const struct seuil_scratch *scratch, const struct seuil_event *event,
                   unsigned index, struct gathered *gathered)
{
    const struct seuil_models *models = scratch->models;
    const struct seuil_rule *rule = &models->rules[index];
    unsigned at = place_of(gathered, rule->role == SEUIL_ROLE_LEG ? rule->parent : index);
    struct seuil_hit *carried = &gathered->carried[at];

    if (at == SEUIL_HITS_MAX)
        return;
    if (rule->role == SEUIL_ROLE_LEG) {
        carried->legs |= (uint8_t)(1 << rule->leg);
        if (rule->measured_count)
            carried->object =
                hash_of(value_of(event, rule->measured[0].field, rule->measured[0].key));
        return;
    }
    if (rule->role == SEUIL_ROLE_QUARANTINE) {
        uint32_t link = hash_of(value_of(event, rule->measured[1].field, rule->measured[1].key));

        carried->object = hash_of(value_of(event, rule->measured[0].field, rule->measured[0].key));
        carried->measure = link ? link : 1;
        return;
    }
    if (scratch->traits[index] & SEUIL_TRAIT_OBJECT)
        carried->object = seuil_ingest_object(models, rule, event);
    if (rule->measure)
        carried->measure = measure(rule, event);
}

/* The tally of an inactivity must be there for the fold. */
static void gather_scopes(const struct seuil_scratch *scratch, struct gathered *gathered)
{
    const struct seuil_rule *rules = scratch->models->rules;

    for (unsigned i = 0; i < gathered->hits.count; i++)
        if (rules[gathered->hits.rule[i]].decay.shape == SEUIL_DECAY_INACTIVITY)
            place_of(gathered, rules[gathered->hits.rule[i]].parent);
}

/* Rules of silence look at all that a rule of their model looks at: it may be the lead's first. */
static void gather_silences(const struct seuil_scratch *scratch, struct gathered *gathered)
{
    const struct seuil_models *models = scratch->models;
    unsigned count = gathered->hits.count;

    for (unsigned i = 0; i < count; i++) {
        const struct seuil_rule *rule = &models->rules[gathered->hits.rule[i]];
        const struct seuil_model *model = &models->models[rule->model];

        for (unsigned j = 0; j < model->silence_count && !seuil_role_is_command(rule->role); j++)
            place_of(gathered, model->silences[j]);
    }
}

bool seuil_ingest_event_hits(struct seuil_scratch *scratch, const struct seuil_event *event,
                             struct seuil_evidence *evidence, struct seuil_record *record,
                             unsigned *notes)
{
    struct gathered gathered;

    gathered.hits.count = 0;
    gathered.hits.more = false;
    for (unsigned i = 0; i < scratch->hits.count; i++)
        gather(scratch, event, scratch->hits.rule[i], &gathered);
    gather_silences(scratch, &gathered);
    gather_scopes(scratch, &gathered);
    if (gathered.hits.more)
        *notes |= SEUIL_NOTE_HITS_LEFT;
    return seuil_ingest_hits(scratch, &gathered.hits, gathered.carried, evidence, record, notes);
}
