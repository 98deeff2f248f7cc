/* Fingerprints: a model written out as bytes that do not depend on the machine, and hashed. */

#include <string.h>

#include "base/buf.h"
#include "base/hash.h"
#include "conf/model_read.h"
#include "core/zone.h"

static void put_u64(struct seuil_buf *buf, uint64_t value)
{
    uint8_t bytes[8];

    for (int i = 0; i < 8; i++)
        bytes[i] = (uint8_t)(value >> 8 * i);
    seuil_buf_add(buf, bytes, sizeof(bytes));
}

static void put_double(struct seuil_buf *buf, double value)
{
    uint64_t bits;

    /* NaN and zero have several bit patterns. */
    if (value != value)
        bits = UINT64_C(0x7ff8000000000000);
    else if (value == 0)
        bits = 0;
    else
        memcpy(&bits, &value, sizeof(bits));
    put_u64(buf, bits);
}

static void put_str(struct seuil_buf *buf, struct seuil_str text)
{
    put_u64(buf, text.len);
    if (text.len)
        seuil_buf_add(buf, text.ptr, text.len);
}

static void put_text(struct seuil_buf *buf, const char *text)
{
    put_str(buf, seuil_str_from(text));
}

static void put_value(struct seuil_buf *buf, const struct seuil_value *value)
{
    put_u64(buf, value->type);
    switch (value->type) {
    case SEUIL_TYPE_BOOL:
        put_u64(buf, value->b);
        break;
    case SEUIL_TYPE_INT:
        put_u64(buf, (uint64_t)value->i);
        break;
    case SEUIL_TYPE_DOUBLE:
        put_double(buf, value->d);
        break;
    default:
        put_str(buf, value->s);
    }
}

static void put_condition(struct seuil_buf *buf, const struct seuil_models *models,
                          const struct seuil_condition *condition)
{
    if (!condition) {
        put_u64(buf, UINT64_MAX);
        return;
    }
    put_u64(buf, condition->op);
    put_u64(buf, condition->count);
    if (condition->op <= SEUIL_COND_NOT) {
        for (uint32_t i = 0; i < condition->count; i++)
            put_condition(buf, models, &condition->children[i]);
        return;
    }
    /* Fields by name: their numbers may change with the table. */
    if (condition->field == SEUIL_FIELD_ATTRIBUTE && condition->attribute >= SEUIL_ATTRIBUTES_MAX)
        put_u64(buf, condition->attribute);
    else if (condition->field == SEUIL_FIELD_ATTRIBUTE)
        put_text(buf, models->attributes[condition->attribute].name);
    else
        put_text(buf, seuil_field_name((enum seuil_field)condition->field));
    put_str(buf, condition->key);
    put_u64(buf, condition->ignore_case);
    if (condition->op == SEUIL_COND_IN)
        for (uint32_t i = 0; i < condition->count; i++)
            put_value(buf, &condition->values[i]);
    else if (condition->op == SEUIL_COND_REGEX)
        put_str(buf, condition->regex->pattern);
    else if (condition->op == SEUIL_COND_RANGE) {
        put_double(buf, condition->low);
        put_double(buf, condition->high);
        put_u64(buf, condition->low_open * 2u + condition->high_open);
    } else {
        put_str(buf, condition->text);
    }
}

static void put_decay(struct seuil_buf *buf, const struct seuil_decay *decay)
{
    put_u64(buf, decay->shape);
    put_u64(buf, (uint64_t)decay->duration_ms);
    if (decay->shape == SEUIL_DECAY_INACTIVITY) {
        put_double(buf, decay->keep);
        put_double(buf, decay->subtract);
    }
    put_u64(buf, decay->step_count);
    for (uint8_t i = 0; i < decay->step_count; i++) {
        put_u64(buf, (uint64_t)decay->steps[i].age_ms);
        put_double(buf, decay->steps[i].factor);
    }
}

static void put_limit(struct seuil_buf *buf, const struct seuil_limit *limit)
{
    put_u64(buf, limit->kind);
    put_u64(buf, limit->count);
    switch (limit->kind) {
    case SEUIL_LIMIT_OBJECT:
        put_text(buf, seuil_field_name((enum seuil_field)limit->field));
        put_str(buf, limit->key);
        put_u64(buf, (uint64_t)limit->remember_ms);
        break;
    case SEUIL_LIMIT_CALENDAR:
        put_u64(buf, limit->period);
        put_text(buf, limit->zone ? limit->zone->name : "UTC");
        break;
    case SEUIL_LIMIT_ROLLING:
        put_u64(buf, (uint64_t)limit->duration_ms);
        break;
    default:
        break;
    }
}

static void put_limits(struct seuil_buf *buf, const struct seuil_rule *rule)
{
    put_u64(buf, rule->limit_count);
    for (uint8_t i = 0; i < rule->limit_count; i++)
        put_limit(buf, &rule->limits[i]);
}

/* What several events must be to each other, and their legs. */
static void put_compound(struct seuil_buf *buf, const struct seuil_models *models,
                         const struct seuil_rule *rule)
{
    put_u64(buf, rule->leg_count);
    put_u64(buf, rule->times);
    put_u64(buf, rule->of);
    put_u64(buf, (uint64_t)rule->within_ms);
    put_u64(buf, (uint64_t)rule->wait_ms);
    for (uint32_t i = 0; i < models->rule_count; i++) {
        const struct seuil_rule *leg = &models->rules[i];

        if (leg->role != SEUIL_ROLE_LEG || &models->rules[leg->parent] != rule)
            continue;
        put_u64(buf, leg->leg);
        put_text(buf, seuil_kind_name((enum seuil_kind)leg->kind));
        put_condition(buf, models, leg->when);
        if (leg->measured_count) {
            put_text(buf, seuil_field_name((enum seuil_field)leg->measured[0].field));
            put_str(buf, leg->measured[0].key);
        }
    }
}

static void put_meaning(struct seuil_buf *buf, const struct seuil_models *models,
                        const struct seuil_rule *rule)
{
    put_text(buf, seuil_kind_name((enum seuil_kind)rule->kind));
    if (rule->role != SEUIL_ROLE_POINTS)
        put_u64(buf, rule->role);
    put_condition(buf, models, rule->when);
    put_limits(buf, rule);
    if (rule->frequency > 1 || rule->recency_ms) {
        put_u64(buf, rule->frequency);
        put_u64(buf, (uint64_t)rule->frequency_ms);
        put_u64(buf, (uint64_t)rule->recency_ms);
        put_u64(buf, rule->recency_after);
    }
    if (rule->role >= SEUIL_ROLE_TOGETHER)
        put_compound(buf, models, rule);
    put_u64(buf, rule->measure);
    for (uint8_t i = 0; i < rule->measured_count; i++) {
        put_text(buf, seuil_field_name((enum seuil_field)rule->measured[i].field));
        put_str(buf, rule->measured[i].key);
    }
}

static void put_meaning_before(struct seuil_buf *buf, const struct seuil_models *models,
                               const struct seuil_rule *rule)
{
    put_text(buf, seuil_kind_name((enum seuil_kind)rule->kind));
    put_condition(buf, models, rule->when);
    put_decay(buf, &rule->decay);
    put_limits(buf, rule);
}

static void put_criteria(struct seuil_buf *buf, const struct seuil_models *models,
                         const struct seuil_criterion *criteria, uint16_t count)
{
    put_u64(buf, count);
    for (uint16_t i = 0; i < count; i++) {
        put_text(buf, criteria[i].name);
        put_text(buf, criteria[i].label);
        put_double(buf, criteria[i].points);
        put_condition(buf, models, criteria[i].when);
        put_double(buf, criteria[i].weight);
        put_u64(buf, criteria[i].case_count);
        for (uint16_t j = 0; j < criteria[i].case_count; j++) {
            put_condition(buf, models, criteria[i].cases[j].when);
            put_double(buf, criteria[i].cases[j].points);
        }
        if (criteria[i].number)
            put_text(buf, models->attributes[criteria[i].number - 1].name);
        put_double(buf, criteria[i].factor);
        put_double(buf, criteria[i].ceiling);
    }
}

static void put_grades(struct seuil_buf *buf, const struct seuil_model *model)
{
    put_u64(buf, model->has_letters * 2u + model->has_digits);
    put_u64(buf, model->silent);
    put_u64(buf, model->sales_tier);
    for (unsigned i = 0; i < SEUIL_GRADES - 1; i++) {
        put_double(buf, model->letters[i]);
        put_double(buf, model->digits[i]);
    }
}

static void put_roles(struct seuil_buf *buf, const struct seuil_models *models,
                      const struct seuil_model *model)
{
    const struct seuil_rule *recycle =
        model->recycle_rule ? &models->rules[model->recycle_rule - 1] : NULL;

    put_text(buf,
             model->status_attribute >= 0 ? models->attributes[model->status_attribute].name : "");
    put_u64(buf, model->frozen_count);
    for (uint16_t i = 0; i < model->frozen_count; i++)
        put_u64(buf, model->frozen[i]);
    put_u64(buf, (uint64_t)model->recycle_mute_ms);
    if (!recycle)
        return;
    put_text(buf, recycle->label);
    put_double(buf, recycle->points);
    put_decay(buf, &recycle->decay);
}

static void put_model(struct seuil_buf *buf, const struct seuil_models *models,
                      const struct seuil_model *model)
{
    put_text(buf, model->name);
    put_text(buf, model->label);
    put_text(buf, model->version);
    put_u64(buf, model->group_count);
    for (uint16_t i = 0; i < model->group_count; i++) {
        put_text(buf, model->groups[i].name);
        put_text(buf, model->groups[i].label);
        put_double(buf, model->groups[i].floor);
        put_double(buf, model->groups[i].ceiling);
    }
    put_u64(buf, model->tier_count);
    for (uint16_t i = 0; i < model->tier_count; i++) {
        put_text(buf, model->tiers[i].name);
        put_text(buf, model->tiers[i].label);
        put_double(buf, model->tiers[i].entry);
        put_double(buf, model->tiers[i].exit);
        put_u64(buf, model->tiers[i].strict * 2u + model->tiers[i].publish);
        put_condition(buf, models, model->tiers[i].when);
        put_u64(buf, (uint64_t)model->tiers[i].for_ms);
        put_u64(buf, (uint64_t)model->tiers[i].delay_ms);
        put_u64(buf, (uint64_t)model->tiers[i].cool_down_ms);
    }
    put_double(buf, model->fit_floor);
    put_double(buf, model->fit_ceiling);
    put_criteria(buf, models, model->fit, model->fit_count);
    put_criteria(buf, models, model->exclusions, model->exclusion_count);
    put_grades(buf, model);
    put_double(buf, model->exclusion_mark);
    put_text(buf, model->excluded_name);
    put_text(buf, model->excluded_label);
    put_roles(buf, models, model);
    for (uint32_t i = 0; i < models->rule_count; i++)
        if (models->rules[i].model == model->index &&
            (models->rules[i].role == SEUIL_ROLE_FILTER ||
             models->rules[i].role == SEUIL_ROLE_QUARANTINE))
            put_meaning(buf, models, &models->rules[i]);
    put_u64(buf, model->silence_count);
    for (uint16_t i = 0; i < model->silence_count; i++)
        put_meaning(buf, models, &models->rules[model->silences[i]]);
    put_u64(buf, model->rule_count);
    for (uint32_t i = model->rule_first; i < model->rule_first + model->rule_count; i++) {
        const struct seuil_rule *rule = &models->rules[i];

        put_text(buf, rule->name);
        put_text(buf, rule->label);
        put_u64(buf, rule->group);
        put_double(buf, rule->points);
        put_condition(buf, models, rule->counts_while);
        put_double(buf, rule->factor);
        put_double(buf, rule->floor);
        put_double(buf, rule->ceiling);
        put_decay(buf, &rule->decay);
        put_u64(buf, rule->shortcut);
        put_u64(buf, (uint64_t)rule->hold_ms);
        put_meaning(buf, models, rule);
    }
}

/* Never 0 but when memory is out. */
static uint32_t fingerprint(struct seuil_buf *buf)
{
    uint32_t meaning = (uint32_t)seuil_hash64(buf->ptr, buf->len);

    if (meaning == 0)
        meaning = 1;
    if (buf->failed)
        meaning = 0;
    seuil_buf_done(buf);
    return meaning;
}

uint32_t seuil_model_meaning(const struct seuil_models *models, const struct seuil_rule *rule)
{
    struct seuil_buf buf = {0};

    put_meaning(&buf, models, rule);
    return fingerprint(&buf);
}

uint32_t seuil_model_meaning_before(const struct seuil_models *models,
                                    const struct seuil_rule *rule)
{
    struct seuil_buf buf = {0};

    put_meaning_before(&buf, models, rule);
    return fingerprint(&buf);
}

uint64_t seuil_model_hash(const struct seuil_models *models)
{
    struct seuil_buf buf = {0};
    uint64_t hash;

    put_u64(&buf, models->model_count);
    put_u64(&buf, models->consent);
    for (uint16_t i = 0; models->known_by && i < models->attribute_count; i++)
        if (models->attributes[i].tells_who)
            put_text(&buf, models->attributes[i].name);
    for (uint16_t i = 0; i < models->model_count; i++)
        put_model(&buf, models, &models->models[i]);
    hash = seuil_hash64(buf.ptr, buf.len);
    if (hash == 0)
        hash = 1;
    if (buf.failed)
        hash = 0;
    seuil_buf_done(&buf);
    return hash;
}
