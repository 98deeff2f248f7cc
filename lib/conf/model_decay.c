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
