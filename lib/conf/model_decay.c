/* `decay:` how points fade: `none`, or a mapping of one shape. */

#include <string.h>

#include "conf/model_read.h"
#include "conf/scalar.h"

/* Steps of one decay: finer than that, linear says it better. */
#define STEPS_MAX 16

/* A part of one, written as per cent ("50%") or as @whole times itself; false after a report. */
static bool read_part(struct seuil_model_reader *reader, const struct seuil_yaml_node *node,
                      const char *what, double whole, double *ret_part)
{
    double number;

    if (node->kind == SEUIL_YAML_SCALAR && node->len > 1 && node->text[node->len - 1] == '%' &&
        seuil_number_parse((struct seuil_str){node->text, node->len - 1}, &number) == 0) {
        whole = 100;
    } else if (seuil_yaml_number(reader->doc, node, what, reader->errs, &number)) {
        return false;
    }
    if (!(number >= 0 && number <= whole)) {
        seuil_model_error(reader, node, SEUIL_ERR_LIMIT, "%s must be between 0 and %g%s", what,
                          whole, whole == 1 ? ", or per cent such as 50%" : " per cent");
        return false;
    }
    *ret_part = number / whole;
    return true;
}

static bool read_step(struct seuil_model_reader *reader, const struct seuil_yaml_node *node,
                      int64_t after_ms, struct seuil_step *step)
{
    if (node->kind != SEUIL_YAML_SEQUENCE || node->count != 2) {
        seuil_model_error(reader, node, SEUIL_ERR_INVALID,
                          "a step is an age and per cent, such as [7d, 50]");
        return false;
    }
    if (seuil_yaml_duration(reader->doc, &node->items[0], "the age of a step",
                            SEUIL_DURATION_MIN_MS, SEUIL_DURATION_MAX_MS, reader->errs,
                            &step->age_ms))
        return false;
    if (step->age_ms <= after_ms) {
        seuil_model_error(reader, &node->items[0], SEUIL_ERR_INVALID,
                          "ages of steps must ascend: %s is not above the one before",
                          node->items[0].text);
        return false;
    }
    return read_part(reader, &node->items[1], "a step", 100, &step->factor);
}

static bool read_steps(struct seuil_model_reader *reader, const struct seuil_yaml_node *node,
                       struct seuil_decay *decay)
{
    struct seuil_step *steps;

    if (!seuil_model_list(reader, node, "steps"))
        return false;
    if (node->count == 0 || node->count > STEPS_MAX) {
        seuil_model_error(reader, node, SEUIL_ERR_LIMIT, "steps has 1 to %d steps, not %u",
                          STEPS_MAX, node->count);
        return false;
    }
    steps = seuil_model_alloc(reader, node->count, sizeof(*steps));
    if (!steps)
        return false;
    for (uint32_t i = 0; i < node->count; i++)
        if (!read_step(reader, &node->items[i], i ? steps[i - 1].age_ms : 0, &steps[i]))
            return false;
    decay->step_count = (uint8_t)node->count;
    decay->steps = steps;
    return true;
}

/* inactivity: {every: 7d, keep: 0.5} or {every: 7d, subtract: 5} */
static bool read_inactivity(struct seuil_model_reader *reader, const struct seuil_yaml_node *node,
                            struct seuil_decay *decay)
{
    const struct seuil_yaml_node *every, *keep, *subtract;
    uint32_t before = reader->errs->total;

    if (!seuil_model_mapping(reader, node, "inactivity"))
        return false;
    seuil_model_keys(reader, node, SEUIL_SECTION_INACTIVITY);
    every = seuil_model_need(reader, node, "every", "inactivity");
    keep = seuil_yaml_find(node, "keep");
    subtract = seuil_yaml_find(node, "subtract");
    if (!keep == !subtract)
        seuil_model_error(reader, node, SEUIL_ERR_INVALID,
                          "inactivity needs either keep, the part that is left, or subtract");
    decay->shape = SEUIL_DECAY_INACTIVITY;
    if (every)
        seuil_yaml_duration(reader->doc, every, "every", SEUIL_DURATION_MIN_MS,
                            SEUIL_DURATION_MAX_MS, reader->errs, &decay->duration_ms);
    if (keep && read_part(reader, keep, "keep", 1, &decay->keep) && decay->keep == 1)
        seuil_model_error(reader, keep, SEUIL_ERR_INVALID, "to keep all of it is no decay");
    if (subtract && seuil_model_number(reader, node, "subtract", &decay->subtract) &&
        !(decay->subtract > 0))
        seuil_model_error(reader, subtract, SEUIL_ERR_INVALID, "subtract must be above 0");
    return reader->errs->total == before;
}

bool seuil_model_scoped_decay(struct seuil_model_reader *reader, const struct seuil_yaml_node *node,
                              uint16_t scope, struct seuil_decay *ret_decay)
{
    struct seuil_decay decay = {.scope = scope};
    const struct seuil_yaml_node *inactivity = seuil_yaml_find(node, "inactivity");

    if (!inactivity || node->count != 1)
        return seuil_model_decay(reader, node, ret_decay);
    if (!read_inactivity(reader, inactivity, &decay))
        return false;
    *ret_decay = decay;
    return true;
}

void seuil_model_scopes(struct seuil_model_reader *reader)
{
    uint32_t first = reader->model->rule_first, end = reader->rules.count;

    for (uint32_t i = first; i < end && !reader->nomem; i++) {
        struct seuil_rule *rules = reader->rules.list, *scope;
        uint32_t found = end;
        char name[SEUIL_NAME_MAX + 16] = "inactivity";

        if (rules[i].decay.shape != SEUIL_DECAY_INACTIVITY)
            continue;
        while (found < reader->rules.count && (rules[found].role != SEUIL_ROLE_SCOPE ||
                                               rules[found].decay.scope != rules[i].decay.scope))
            found++;
        if (found == reader->rules.count) {
            if (rules[i].decay.scope)
                strncat(name, reader->model->groups[rules[i].decay.scope - 1].name, SEUIL_NAME_MAX);
            scope = seuil_model_hidden(reader, name, SEUIL_ROLE_SCOPE, NULL);
            if (!scope)
                return;
            rules = reader->rules.list;
            scope->decay.scope = rules[i].decay.scope;
            scope->name = scope->label = "inactivity";
        }
        rules[i].parent = (uint16_t)found;
    }
}

bool seuil_model_decay(struct seuil_model_reader *reader, const struct seuil_yaml_node *node,
                       struct seuil_decay *ret_decay)
{
    struct seuil_decay decay = {.shape = SEUIL_DECAY_NONE};
    uint32_t before = reader->errs->total;
    const char *shape;

    if (node->kind == SEUIL_YAML_SCALAR && strcmp(node->text, "none") == 0) {
        *ret_decay = decay;
        return true;
    }
    if (node->kind != SEUIL_YAML_MAPPING) {
        seuil_model_error(reader, node, SEUIL_ERR_INVALID,
                          "decay is \"none\", {half_life: 14d}, {expires: 30d}, {linear: 30d} or "
                          "{steps: [[7d, 100], [30d, 50]]}");
        return false;
    }
    seuil_model_keys(reader, node, SEUIL_SECTION_DECAY);
    if (reader->errs->total != before)
        return false;
    if (seuil_yaml_find(node, "inactivity")) {
        seuil_model_error(reader, node, SEUIL_ERR_INVALID,
                          "inactivity is of a group or of the model, and stands alone there: a "
                          "rule's own decay is by the age of its events");
        return false;
    }
    if (node->count != 1) {
        seuil_model_error(reader, node, SEUIL_ERR_INVALID,
                          "decay has one shape: half_life, expires, linear or steps");
        return false;
    }
    shape = node->keys[0].text;
    if (strcmp(shape, "steps") == 0) {
        decay.shape = SEUIL_DECAY_STEPS;
        if (!read_steps(reader, &node->items[0], &decay))
            return false;
        *ret_decay = decay;
        return true;
    }
    decay.shape = strcmp(shape, "expires") == 0  ? SEUIL_DECAY_EXPIRES
                  : strcmp(shape, "linear") == 0 ? SEUIL_DECAY_LINEAR
                                                 : SEUIL_DECAY_HALF_LIFE;
    if (seuil_yaml_duration(reader->doc, &node->items[0], shape, SEUIL_DURATION_MIN_MS,
                            SEUIL_DURATION_MAX_MS, reader->errs, &decay.duration_ms))
        return false;
    *ret_decay = decay;
    return true;
}
