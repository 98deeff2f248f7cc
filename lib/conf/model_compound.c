/* Rules that look at more than one event: `frequency:` and `recency:` of a rule, `together:`,
 * `sequence:`, `last:`, `streak:`, `absence:` in place of its event, and the model's `reset:`.
 *
 * A leg is {event, when}, or a list of these of which any will do. Each becomes a hidden rule that
 * finds its events; they stand behind the model's own, since those are in one row. */

#include <string.h>

#include "conf/model_read.h"

static const char *const kinds[] = {"together", "sequence", "last", "streak", "absence"};

const struct seuil_yaml_node *seuil_model_compound_of(struct seuil_model_reader *reader,
                                                      const struct seuil_yaml_node *node)
{
    const struct seuil_yaml_node *found = NULL;

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        const struct seuil_yaml_node *one = seuil_yaml_find(node, kinds[i]);

        if (one && found)
            seuil_model_error(reader, one, SEUIL_ERR_INVALID,
                              "a rule is one of together, sequence, last, streak and absence");
        found = found ? found : one;
    }
    if (found && seuil_yaml_find(node, "event"))
        seuil_model_error(reader, seuil_yaml_find(node, "event"), SEUIL_ERR_INVALID,
                          "the events of this rule stand in its legs: leave event out here");
    if (found && seuil_yaml_find(node, "when"))
        seuil_model_error(reader, seuil_yaml_find(node, "when"), SEUIL_ERR_INVALID,
                          "the events of this rule stand in its legs: leave when out here");
    return found;
}

/* ---- legs --------------------------------------------------------------------------------- */

/* @node as leg @number of the rule of index @parent; @by: the field of its object. */
static void add_leg(struct seuil_model_reader *reader, const struct seuil_yaml_node *node,
                    enum seuil_section section, uint32_t parent, unsigned number,
                    const struct seuil_yaml_node *by)
{
    struct seuil_rule leg = {.role = SEUIL_ROLE_LEG,
                             .parent = (uint16_t)parent,
                             .leg = (uint8_t)number,
                             .group = SEUIL_GROUP_NONE,
                             .model = reader->model->index};
    struct seuil_measured *measured;
    struct seuil_subject subject;
    struct seuil_rule *added;

    if (!seuil_model_mapping(reader, node, "a leg"))
        return;
    seuil_model_keys(reader, node, section);
    if (!seuil_model_event(reader, node, "a leg", &leg))
        return;
    if (by) {
        measured = seuil_model_alloc(reader, 1, sizeof(*measured));
        if (!measured || !seuil_model_subject(reader, by, leg.kind, &subject))
            return;
        *measured = (struct seuil_measured){.field = subject.field, .key = subject.key};
        leg.measured = measured;
        leg.measured_count = 1;
    }
    added = seuil_vector_add(reader, &reader->legs, sizeof(*added));
    if (added)
        *added = leg;
}

static void read_leg(struct seuil_model_reader *reader, const struct seuil_yaml_node *node,
                     uint32_t parent, unsigned number, const struct seuil_yaml_node *by)
{
    if (node->kind != SEUIL_YAML_SEQUENCE) {
        add_leg(reader, node, SEUIL_SECTION_LEG, parent, number, by);
        return;
    }
    if (node->count == 0)
        seuil_model_error(reader, node, SEUIL_ERR_INVALID, "an empty list of legs");
    for (uint32_t i = 0; i < node->count; i++)
        add_leg(reader, &node->items[i], SEUIL_SECTION_LEG, parent, number, by);
}

void seuil_model_legs(struct seuil_model_reader *reader)
{
    const struct seuil_rule *legs = reader->legs.list;

    for (uint32_t i = 0; i < reader->legs.count && !reader->nomem; i++) {
        struct seuil_rule *rule;
        uint8_t name[8] = {0x01, 'l', 'e', 'g'};

        if (reader->rules.count == SEUIL_SET_RULES_MAX) {
            seuil_model_error(reader, reader->root, SEUIL_ERR_LIMIT,
                              "too many rules and legs in all models together");
            break;
        }
        rule = seuil_vector_add(reader, &reader->rules, sizeof(*rule));
        if (!rule)
            break;
        *rule = legs[i];
        rule->name = rule->label = "leg";
        name[4] = (uint8_t)i;
        name[5] = (uint8_t)(i >> 8);
        rule->key = seuil_name_hash(seuil_str_from(reader->model->name ? reader->model->name : ""),
                                    (struct seuil_str){(const char *)name, sizeof(name)});
    }
    reader->legs.count = 0;
}

/* ---- the compounds ------------------------------------------------------------------------ */

static void read_within(struct seuil_model_reader *reader, const struct seuil_yaml_node *node,
                        const char *key, const char *what, struct seuil_rule *rule)
{
    const struct seuil_yaml_node *within = seuil_model_need(reader, node, key, what);

    if (within)
        seuil_yaml_duration(reader->doc, within, key, 1, SEUIL_DURATION_MAX_MS, reader->errs,
                            &rule->within_ms);
}

/* A whole number from 1 to @max in @key; @missing when it is not there, 0: it is needed. */
static uint32_t read_times(struct seuil_model_reader *reader, const struct seuil_yaml_node *node,
                           const char *key, const char *what, int64_t max, uint32_t missing)
{
    const struct seuil_yaml_node *times =
        missing ? seuil_yaml_find(node, key) : seuil_model_need(reader, node, key, what);
    int64_t number = missing ? missing : 1;

    if (times)
        seuil_yaml_int(reader->doc, times, key, 1, max, reader->errs, &number);
    return (uint32_t)number;
}

/* together, sequence: {within: 7d, of: [leg, leg]} */
static void read_legs(struct seuil_model_reader *reader, const struct seuil_yaml_node *node,
                      uint32_t index, struct seuil_rule *rule)
{
    const char *what = rule->role == SEUIL_ROLE_TOGETHER ? "together" : "sequence";
    const struct seuil_yaml_node *of = seuil_model_need(reader, node, "of", what);

    seuil_model_keys(reader, node, SEUIL_SECTION_LEGS);
    read_within(reader, node, "within", what, rule);
    if (!of || !seuil_model_list(reader, of, "of"))
        return;
    if (of->count < 2 || of->count > SEUIL_LEGS_MAX) {
        seuil_model_error(reader, of, SEUIL_ERR_LIMIT, "%s has 2 to %d legs, not %u", what,
                          SEUIL_LEGS_MAX, of->count);
        return;
    }
    rule->leg_count = (uint8_t)of->count;
    for (uint32_t i = 0; i < of->count; i++)
        read_leg(reader, &of->items[i], index, i, NULL);
}

static void need_leg(struct seuil_model_reader *reader, const struct seuil_yaml_node *node,
                     const char *key, const char *what, uint32_t index, unsigned number,
                     const struct seuil_yaml_node *by)
{
    const struct seuil_yaml_node *leg = seuil_model_need(reader, node, key, what);

    if (leg)
        read_leg(reader, leg, index, number, by);
}

/* last: {of: 3, among: leg, having: leg, at_least: 3, by: message_id} */
static void read_last(struct seuil_model_reader *reader, const struct seuil_yaml_node *node,
                      uint32_t index, struct seuil_rule *rule)
{
    const struct seuil_yaml_node *by = seuil_model_need(reader, node, "by", "last");

    seuil_model_keys(reader, node, SEUIL_SECTION_LAST);
    rule->leg_count = 2;
    rule->of = (uint8_t)read_times(reader, node, "of", "last", SEUIL_WINDOW_MAX, 0);
    rule->times = read_times(reader, node, "at_least", "last", SEUIL_WINDOW_MAX, rule->of);
    if (rule->times > rule->of)
        seuil_model_error(reader, seuil_yaml_find(node, "at_least"), SEUIL_ERR_INVALID,
                          "%u of the last %u can never be: at_least must not be above of",
                          rule->times, rule->of);
    need_leg(reader, node, "among", "last", index, 0, by);
    need_leg(reader, node, "having", "last", index, 1, by);
}

/* streak: {times: 5, of: leg, without: leg} */
static void read_streak(struct seuil_model_reader *reader, const struct seuil_yaml_node *node,
                        uint32_t index, struct seuil_rule *rule)
{
    seuil_model_keys(reader, node, SEUIL_SECTION_STREAK);
    rule->leg_count = 2;
    rule->times = read_times(reader, node, "times", "streak", SEUIL_LIMIT_COUNT_MAX, 0);
    need_leg(reader, node, "of", "streak", index, 0, NULL);
    need_leg(reader, node, "without", "streak", index, 1, NULL);
}

/* absence, reset: {silence: 30d, without: leg, solicited: {times: 3, event, when}} */
static void read_silence(struct seuil_model_reader *reader, const struct seuil_yaml_node *node,
                         const char *what, uint32_t index, struct seuil_rule *rule)
{
    const struct seuil_yaml_node *solicited = seuil_model_need(reader, node, "solicited", what);

    seuil_model_keys(reader, node, SEUIL_SECTION_SILENCE);
    rule->leg_count = 2;
    read_within(reader, node, "silence", what, rule);
    need_leg(reader, node, "without", what, index, 1, NULL);
    if (!solicited || !seuil_model_mapping(reader, solicited, "solicited"))
        return;
    rule->times = read_times(reader, solicited, "times", "solicited", SEUIL_LIMIT_COUNT_MAX, 1);
    add_leg(reader, solicited, SEUIL_SECTION_SOLICITED, index, 0, NULL);
}

void seuil_model_compound(struct seuil_model_reader *reader, const struct seuil_yaml_node *node,
                          struct seuil_rule *rule)
{
    uint32_t index = (uint32_t)(rule - (struct seuil_rule *)reader->rules.list);
    const struct seuil_yaml_node *limit = seuil_yaml_find(node, "limit"), *found;
    unsigned kind = 0;

    while (!(found = seuil_yaml_find(node, kinds[kind])))
        kind++;
    rule->role = (uint8_t)(SEUIL_ROLE_TOGETHER + kind);
    rule->kind = SEUIL_KIND_COMMAND; /* no event hits it but by its legs */
    if (!seuil_model_mapping(reader, found, kinds[kind]))
        return;
    switch (rule->role) {
    case SEUIL_ROLE_TOGETHER:
    case SEUIL_ROLE_SEQUENCE:
        read_legs(reader, found, index, rule);
        break;
    case SEUIL_ROLE_LAST:
        read_last(reader, found, index, rule);
        break;
    case SEUIL_ROLE_STREAK:
        read_streak(reader, found, index, rule);
        break;
    default:
        read_silence(reader, found, "absence", index, rule);
    }
    if (limit)
        seuil_model_limits(reader, limit, rule);
}

/* Whether an event of @leg may be the one that completes @rule. */
static bool may_complete(const struct seuil_rule *rule, const struct seuil_rule *leg)
{
    if (rule->role == SEUIL_ROLE_STREAK)
        return leg->leg == 0;
    return rule->role != SEUIL_ROLE_SEQUENCE || leg->leg + 1u == rule->leg_count;
}

bool seuil_model_leg_subject(struct seuil_model_reader *reader, const struct seuil_yaml_node *node,
                             const struct seuil_rule *rule, struct seuil_subject *ret_subject)
{
    uint32_t index = (uint32_t)(rule - (struct seuil_rule *)reader->rules.list);
    struct seuil_rule *legs = reader->legs.list;
    bool found = false;

    for (uint32_t i = 0; i < reader->legs.count; i++) {
        struct seuil_measured *measured;

        if (legs[i].parent != index || !may_complete(rule, &legs[i]))
            continue;
        if (!seuil_model_subject(reader, node, legs[i].kind, ret_subject))
            return false;
        found = true;
        if (rule->role == SEUIL_ROLE_LAST) {
            if (legs[i].measured_count && legs[i].measured[0].field == ret_subject->field &&
                seuil_str_eq(legs[i].measured[0].key, ret_subject->key))
                continue;
            seuil_model_error(reader, node, SEUIL_ERR_INVALID,
                              "the object of last is what stands in by: per is that, lead, day, "
                              "week or month here");
            return false;
        }
        measured = seuil_model_alloc(reader, 1, sizeof(*measured));
        if (!measured)
            return false;
        *measured = (struct seuil_measured){.field = ret_subject->field, .key = ret_subject->key};
        legs[i].measured = measured;
        legs[i].measured_count = 1;
    }
    return found;
}

/* ---- frequency, recency ------------------------------------------------------------------- */

void seuil_model_frequency(struct seuil_model_reader *reader, const struct seuil_yaml_node *node,
                           struct seuil_rule *rule)
{
    const struct seuil_yaml_node *frequency = seuil_yaml_find(node, "frequency");
    const struct seuil_yaml_node *recency = seuil_yaml_find(node, "recency"), *bound;

    if (frequency && seuil_model_mapping(reader, frequency, "frequency")) {
        seuil_model_keys(reader, frequency, SEUIL_SECTION_FREQUENCY);
        bound = seuil_model_need(reader, frequency, "within", "frequency");
        rule->frequency =
            (uint8_t)read_times(reader, frequency, "times", "frequency", SEUIL_FREQUENCY_MAX, 0);
        if (bound)
            seuil_yaml_duration(reader->doc, bound, "within", 1, SEUIL_DURATION_MAX_MS,
                                reader->errs, &rule->frequency_ms);
    }
    if (!recency || !seuil_model_mapping(reader, recency, "recency"))
        return;
    seuil_model_keys(reader, recency, SEUIL_SECTION_RECENCY);
    if (recency->count != 1) {
        seuil_model_error(reader, recency, SEUIL_ERR_INVALID,
                          "recency is {within: 2d}, another event at most so long before, or "
                          "{after: 30d}, the last one longer before");
        return;
    }
    rule->recency_after = strcmp(recency->keys[0].text, "after") == 0;
    seuil_yaml_duration(reader->doc, &recency->items[0], recency->keys[0].text, 1,
                        SEUIL_DURATION_MAX_MS, reader->errs, &rule->recency_ms);
}

/* ---- reset -------------------------------------------------------------------------------- */

void seuil_model_reset(struct seuil_model_reader *reader)
{
    const struct seuil_yaml_node *node = seuil_yaml_find(reader->root, "reset");
    struct seuil_rule *rule, made = {.role = SEUIL_ROLE_RESET};

    if (!node || !seuil_model_mapping(reader, node, "reset"))
        return;
    rule = seuil_model_hidden(reader, "reset", SEUIL_ROLE_RESET, NULL);
    if (!rule)
        return;
    read_silence(reader, node, "reset", reader->rules.count - 1, &made);
    rule = (struct seuil_rule *)reader->rules.list + reader->rules.count - 1;
    rule->leg_count = made.leg_count;
    rule->times = made.times;
    rule->within_ms = made.within_ms;
}

void seuil_model_silences(struct seuil_model_reader *reader, uint32_t first)
{
    const struct seuil_rule *rules = reader->rules.list;
    uint32_t count = 0;
    uint16_t *silences;

    for (uint32_t i = first; i < reader->rules.count; i++)
        count += rules[i].role == SEUIL_ROLE_ABSENCE || rules[i].role == SEUIL_ROLE_RESET;
    if (count > SEUIL_SILENCES_MAX)
        seuil_model_error(reader, reader->root, SEUIL_ERR_LIMIT,
                          "%u rules of absence: each looks at every event, at most %d", count,
                          SEUIL_SILENCES_MAX);
    silences = seuil_model_alloc(reader, count, sizeof(*silences));
    if (!silences)
        return;
    reader->model->silences = silences;
    for (uint32_t i = first; i < reader->rules.count; i++)
        if (rules[i].role == SEUIL_ROLE_ABSENCE || rules[i].role == SEUIL_ROLE_RESET)
            silences[reader->model->silence_count++] = (uint16_t)i;
}
