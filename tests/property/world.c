#include "property/world.h"

#include <assert.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/rules_compile.h"
#include "core/condition.h"
#include "core/zone.h"

uint64_t world_seed;

static const char *const activity_names[WORLD_NAMES] = {"a0", "a1", "a2", "a3",
                                                        "a4", "a5", "a6", "a7"};
static const char *const attribute_names[WORLD_ATTRIBUTES] = {"p0", "p1", "p2", "p3"};

static const int32_t paris_offsets[] = {3600, 7200, 3600};
static const int64_t paris_changes[] = {1774746000, 1792890000}; /* 2026 */
static const struct seuil_zone paris = {
    .name = "Europe/Paris", .count = 2, .at_s = paris_changes, .offset_s = paris_offsets};

void world_fail(const struct world *world, const char *format, ...)
{
    va_list args;

    (void)world;
    fprintf(stderr, "seed %llu: ", (unsigned long long)world_seed);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    exit(1);
}

uint64_t world_random(struct world *world)
{
    uint64_t z = world->random += 0x9e3779b97f4a7c15u;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

uint64_t world_below(struct world *world, uint64_t below)
{
    return world_random(world) % below;
}

bool world_chance(struct world *world, unsigned percent)
{
    return world_below(world, 100) < percent;
}

static void *allocate(size_t count, size_t size)
{
    void *memory = calloc(count ? count : 1, size);

    if (!memory)
        abort();
    return memory;
}

/* ---- models ------------------------------------------------------------------------------ */

static struct seuil_decay draw_decay(struct world *world, const struct world_options *options)
{
    static const int64_t slow[] = {SEUIL_HOUR_MS, SEUIL_DAY_MS, 3 * SEUIL_DAY_MS, 14 * SEUIL_DAY_MS,
                                   90 * SEUIL_DAY_MS};
    static const int64_t fast[] = {150, 400, 1000, 2500};
    struct seuil_decay decay = {0};
    bool exact = options->exact || (options->calm && world_chance(world, 80));
    unsigned shape = (unsigned)world_below(world, exact ? 6 : 10);

    decay.duration_ms = options->fast ? fast[world_below(world, 4)] : slow[world_below(world, 5)];
    if (options->lasting && shape >= 6)
        decay.duration_ms = 90 * SEUIL_DAY_MS;
    if (options->fast && world_chance(world, 50))
        decay.duration_ms += (int64_t)world_below(world, 100);
    if (shape < 4) {
        decay.shape = SEUIL_DECAY_HALF_LIFE;
    } else if (shape < 6) {
        decay.shape = SEUIL_DECAY_NONE;
        decay.duration_ms = 0;
    } else if (shape < 8) {
        decay.shape = SEUIL_DECAY_EXPIRES;
    } else if (shape < 9) {
        decay.shape = SEUIL_DECAY_LINEAR;
    } else {
        struct seuil_step *steps = seuil_arena_alloc(&world->models.arena, 3, sizeof(*steps));

        for (unsigned i = 0; i < 3; i++)
            steps[i] = (struct seuil_step){.age_ms = decay.duration_ms * (i + 1),
                                           .factor = (double)world_below(world, 5) / 4};
        decay.shape = SEUIL_DECAY_STEPS;
        decay.step_count = 3;
        decay.steps = steps;
    }
    return decay;
}

static void draw_limits(struct world *world, const struct world_options *options,
                        struct seuil_rule *rule)
{
    bool object = false;

    rule->limit_count =
        options->lasting || world_chance(world, 50) ? (uint8_t)(1 + world_below(world, 2)) : 0;
    for (unsigned i = 0; i < rule->limit_count; i++) {
        struct seuil_limit *limit = &rule->limits[i];

        limit->kind = (uint8_t)world_below(world, 4);
        if (limit->kind == SEUIL_LIMIT_OBJECT && object)
            limit->kind = SEUIL_LIMIT_CALENDAR;
        if (options->plain)
            limit->kind = SEUIL_LIMIT_LEAD;
        limit->count = (uint32_t)(1 + world_below(world, 4));
        limit->period = (uint8_t)world_below(world, 3);
        limit->field = SEUIL_FIELD_OBJECT;
        limit->zone = world_chance(world, 50) ? &paris : NULL;
        limit->duration_ms = options->fast ? 100 + (int64_t)world_below(world, 2000)
                                           : SEUIL_HOUR_MS * (int64_t)(1 + world_below(world, 60));
        limit->remember_ms = options->fast ? 3000 : 10 * SEUIL_DAY_MS;
        object |= limit->kind == SEUIL_LIMIT_OBJECT;
    }
}

static const struct seuil_condition *name_is(struct world *world, uint8_t field, uint16_t attribute,
                                             const char *const *texts, unsigned first,
                                             unsigned count)
{
    struct seuil_condition *when =
        seuil_arena_alloc(&world->models.arena, 1, sizeof(struct seuil_condition));
    struct seuil_value *values =
        seuil_arena_alloc(&world->models.arena, count, sizeof(struct seuil_value));

    for (unsigned i = 0; i < count; i++)
        values[i] =
            (struct seuil_value){.type = SEUIL_TYPE_STRING, .s = seuil_str_from(texts[first + i])};
    when->op = SEUIL_COND_IN;
    when->field = field;
    when->attribute = attribute;
    when->count = count;
    when->values = values;
    return when;
}

static char *name_of(struct world *world, const char *prefix, unsigned number)
{
    char text[32];
    int len = snprintf(text, sizeof(text), "%s%u", prefix, number);

    return seuil_arena_strdup(&world->models.arena, text, (size_t)len);
}

/* Of what keeps events from being deferred a calm world has few, unless it is mixed. */
static unsigned few(const struct world_options *options, unsigned calm, unsigned usual)
{
    return options->calm && !options->mixed ? calm : usual;
}

static double draw_points(struct world *world, const struct world_options *options)
{
    double points = (double)(1 + world_below(world, 20));

    if (world_chance(world, 20))
        points += 0.25 * (double)world_below(world, 4) + 0.1;
    return world_chance(world, options->calm ? 4 : 20) ? -points : points;
}

/* Some rules take their points from the event. */
static void draw_measure(struct world *world, struct seuil_rule *rule)
{
    struct seuil_measured *measured =
        seuil_arena_alloc(&world->models.arena, 2, sizeof(struct seuil_measured));

    measured[0].field = SEUIL_FIELD_VALUE;
    measured[1].field = SEUIL_FIELD_MAP;
    measured[1].key = SEUIL_STR("filled");
    rule->points = 1;
    rule->factor = world_chance(world, 80) ? 0.1 * (double)(1 + world_below(world, 20)) : -1.5;
    rule->floor = world_chance(world, 50) ? -(double)world_below(world, 10) : -1e9;
    rule->ceiling = world_chance(world, 50) ? (double)world_below(world, 15) : 1e9;
    rule->measure = world_chance(world, 70) ? SEUIL_MEASURE_NUMBER : SEUIL_MEASURE_FILLED;
    rule->measured = measured;
    rule->measured_count = rule->measure == SEUIL_MEASURE_NUMBER ? 1 : 2;
}

/* ---- rules of several events --------------------------------------------------------------- */

/* Legs of the model at hand: they go behind all its rules. */
struct legs {
    unsigned count;
    struct seuil_rule rule[8 * SEUIL_LEGS_MAX];
};

static int64_t draw_span(struct world *world, const struct world_options *options)
{
    if (options->fast)
        return 50 + (int64_t)world_below(world, 1500);
    return SEUIL_HOUR_MS * (int64_t)(1 + world_below(world, 24 * 20));
}

static bool per_object(const struct seuil_rule *rule)
{
    for (unsigned i = 0; i < rule->limit_count; i++)
        if (rule->limits[i].kind == SEUIL_LIMIT_OBJECT)
            return true;
    return false;
}

static bool may_complete(const struct seuil_rule *rule, unsigned leg)
{
    return rule->role == SEUIL_ROLE_TOGETHER ||
           (rule->role == SEUIL_ROLE_SEQUENCE && leg + 1 == rule->leg_count) ||
           (rule->role == SEUIL_ROLE_STREAK && leg == 0);
}

static void draw_legs(struct world *world, struct seuil_rule *rule, unsigned index, unsigned count,
                      struct legs *legs)
{
    struct seuil_measured *by =
        seuil_arena_alloc(&world->models.arena, 1, sizeof(struct seuil_measured));

    by->field = SEUIL_FIELD_OBJECT;
    rule->leg_count = (uint8_t)count;
    for (unsigned i = 0; i < count; i++) {
        struct seuil_rule *leg = &legs->rule[legs->count++];
        unsigned name = (unsigned)world_below(world, WORLD_NAMES);
        unsigned most = WORLD_NAMES - name < 3 ? WORLD_NAMES - name : 3;

        *leg = (struct seuil_rule){.name = "leg",
                                   .label = "leg",
                                   .key = (uint32_t)world_random(world) | 1,
                                   .model = rule->model,
                                   .group = SEUIL_GROUP_NONE,
                                   .kind = SEUIL_KIND_ACTIVITY,
                                   .role = SEUIL_ROLE_LEG,
                                   .parent = (uint16_t)index,
                                   .leg = (uint8_t)i};
        leg->when = name_is(world, SEUIL_FIELD_NAME, 0, activity_names, name,
                            1 + (unsigned)world_below(world, most));
        if (rule->role == SEUIL_ROLE_LAST || (per_object(rule) && may_complete(rule, i))) {
            leg->measured = by;
            leg->measured_count = 1;
        }
    }
}

static void draw_compound(struct world *world, const struct world_options *options,
                          struct seuil_rule *rule, unsigned index, struct legs *legs)
{
    rule->role = (uint8_t)(SEUIL_ROLE_TOGETHER + world_below(world, 5));
    rule->kind = SEUIL_KIND_COMMAND;
    rule->within_ms = draw_span(world, options);
    rule->of = (uint8_t)(1 + world_below(world, 4));
    rule->times = rule->role == SEUIL_ROLE_LAST ? 1 + (uint32_t)world_below(world, rule->of)
                                                : 1 + (uint32_t)world_below(world, 4);
    for (unsigned i = 0; i < rule->limit_count; i++)
        if (rule->limits[i].kind == SEUIL_LIMIT_OBJECT && rule->role == SEUIL_ROLE_ABSENCE)
            rule->limits[i].kind = SEUIL_LIMIT_LEAD; /* it is no event and has no object */
    draw_legs(world, rule, index,
              rule->role <= SEUIL_ROLE_SEQUENCE ? 2 + (unsigned)world_below(world, 2) : 2, legs);
}

static void draw_frequency(struct world *world, const struct world_options *options,
                           struct seuil_rule *rule)
{
    if (world_chance(world, 60)) {
        rule->frequency = (uint8_t)(2 + world_below(world, 4));
        rule->frequency_ms = draw_span(world, options);
    }
    if (world_chance(world, 50)) {
        rule->recency_ms = draw_span(world, options);
        rule->recency_after = world_chance(world, 50);
    }
}

/* Some rules of some models are under one inactivity. */
static void draw_inactivity(struct world *world, const struct world_options *options,
                            struct seuil_model *model, unsigned *index)
{
    struct seuil_decay decay = {.shape = SEUIL_DECAY_INACTIVITY,
                                .duration_ms = draw_span(world, options)};

    if (world_chance(world, 50))
        decay.keep = (double)world_below(world, 10) / 10;
    else
        decay.subtract = 0.5 * (double)(1 + world_below(world, 20));
    for (unsigned i = model->rule_first; i < model->rule_first + model->rule_count; i++) {
        struct seuil_rule *rule = &world->rules[i];

        if (rule->group == SEUIL_GROUP_EXCLUSION || world_chance(world, 40))
            continue;
        rule->decay = decay;
        rule->parent = (uint16_t)*index;
    }
    world->rules[*index] = (struct seuil_rule){.name = "inactivity",
                                               .label = "inactivity",
                                               .key = (uint32_t)world_random(world) | 1,
                                               .meaning = 8,
                                               .model = model->index,
                                               .group = SEUIL_GROUP_NONE,
                                               .kind = SEUIL_KIND_COMMAND,
                                               .role = SEUIL_ROLE_SCOPE,
                                               .decay = {.duration_ms = decay.duration_ms}};
    (*index)++;
}

/* Behind the model's rules: its reset, if it has one, then the legs. */
static void draw_reset_and_legs(struct world *world, const struct world_options *options,
                                struct seuil_model *model, unsigned *index, struct legs *legs)
{
    uint16_t *silences = seuil_arena_alloc(&world->models.arena, 8, sizeof(*silences));

    if (!options->plain && world_chance(world, few(options, 1, 30))) {
        struct seuil_rule *reset = &world->rules[*index];

        *reset = (struct seuil_rule){.name = "reset",
                                     .label = "reset",
                                     .key = (uint32_t)world_random(world) | 1,
                                     .meaning = 7,
                                     .model = model->index,
                                     .group = SEUIL_GROUP_NONE,
                                     .kind = SEUIL_KIND_COMMAND,
                                     .role = SEUIL_ROLE_RESET,
                                     .times = 1 + (uint32_t)world_below(world, 3),
                                     .within_ms = draw_span(world, options)};
        draw_legs(world, reset, *index, 2, legs);
        silences[model->silence_count++] = (uint16_t)(*index)++;
    }
    for (unsigned i = model->rule_first; i < model->rule_first + model->rule_count; i++)
        if (world->rules[i].role == SEUIL_ROLE_ABSENCE)
            silences[model->silence_count++] = (uint16_t)i;
    model->silences = silences;
    if (!options->plain && world_chance(world, few(options, 0, 25)))
        draw_inactivity(world, options, model, index);
    if (options->quarantine && world_chance(world, 40)) {
        struct seuil_rule *waits = &world->rules[(*index)++];
        struct seuil_measured *looked_at =
            seuil_arena_alloc(&world->models.arena, 2, sizeof(*looked_at));

        looked_at[0].field = SEUIL_FIELD_OBJECT;
        looked_at[1].field = SEUIL_FIELD_VALUE;
        *waits = (struct seuil_rule){.name = "quarantine",
                                     .label = "quarantine",
                                     .key = (uint32_t)world_random(world) | 1,
                                     .meaning = 9,
                                     .model = model->index,
                                     .group = SEUIL_GROUP_NONE,
                                     .kind = SEUIL_KIND_ACTIVITY,
                                     .role = SEUIL_ROLE_QUARANTINE,
                                     .times = 2 + (uint32_t)world_below(world, 2),
                                     .within_ms = 1 + (int64_t)world_below(world, 400),
                                     .measured = looked_at,
                                     .measured_count = 2};
        waits->wait_ms = waits->within_ms + (int64_t)world_below(world, 300);
        waits->when = name_is(world, SEUIL_FIELD_NAME, 0, activity_names, 0, 5);
    }
    for (unsigned i = 0; i < legs->count; i++)
        world->rules[(*index)++] = legs->rule[i];
}

static void draw_rules(struct world *world, const struct world_options *options,
                       struct seuil_model *model, unsigned first, unsigned count, struct legs *legs)
{
    struct seuil_decay common = draw_decay(world, options);
    bool one_decay = world_chance(world, 40);

    for (unsigned i = 0; i < count; i++) {
        struct seuil_rule *rule = &world->rules[first + i];
        unsigned name = (unsigned)world_below(world, WORLD_NAMES);

        rule->name = name_of(world, "rule-", first + i);
        rule->label = rule->name;
        rule->key = seuil_name_hash(seuil_str_from(model->name), seuil_str_from(rule->name));
        rule->meaning = (uint32_t)world_random(world);
        rule->model = model->index;
        rule->kind = SEUIL_KIND_ACTIVITY;
        rule->group = (uint16_t)world_below(world, model->group_count);
        rule->points = draw_points(world, options);
        if (world_chance(world, options->calm ? 1 : 10)) {
            rule->group = SEUIL_GROUP_EXCLUSION;
            rule->points = -(double)(50 * (1 + world_below(world, 3)));
        } else if (world_chance(world, options->calm ? 2 : 20)) {
            draw_measure(world, rule);
        }
        rule->decay = one_decay ? common : draw_decay(world, options);
        draw_limits(world, options, rule);
        rule->when = name_is(world, SEUIL_FIELD_NAME, 0, activity_names, name,
                             (unsigned)(1 + world_below(world, WORLD_NAMES - name)));
        if (options->plain)
            continue;
        if (world_chance(world, few(options, 1, 25)) && !rule->measure) {
            rule->when = NULL;
            draw_compound(world, options, rule, first + i, legs);
        } else if (world_chance(world, few(options, 2, 20))) {
            draw_frequency(world, options, rule);
        }
    }
    model->rule_first = first;
    model->rule_count = count;
}

static void draw_tiers(struct world *world, const struct world_options *options,
                       struct seuil_model *model)
{
    unsigned count = (unsigned)(2 + world_below(world, 3));
    struct seuil_tier *tiers = seuil_arena_alloc(&world->models.arena, count, sizeof(*tiers));
    double mark = 0;

    for (unsigned i = 0; i < count; i++) {
        tiers[i].name = name_of(world, "tier-", i);
        tiers[i].label = tiers[i].name;
        tiers[i].publish = !world_chance(world, 10);
        tiers[i].exit = NAN;
        tiers[i].entry = -INFINITY;
        if (i == 0)
            continue;
        mark += (double)(2 + world_below(world, options->calm ? 400 : 20));
        tiers[i].entry = mark;
        tiers[i].strict = world_chance(world, 30);
        if (world_chance(world, 60))
            tiers[i].exit = mark - (double)world_below(world, 8);
    }
    model->tiers = tiers;
    model->tier_count = (uint16_t)count;
}

static void draw_criteria(struct world *world, const struct world_options *options,
                          struct seuil_model *model)
{
    static const char *const texts[] = {"v0", "v1", "v2"};
    unsigned count = options->profile ? (unsigned)world_below(world, 4) : 0;
    struct seuil_criterion *fit = seuil_arena_alloc(&world->models.arena, count + 2, sizeof(*fit));

    for (unsigned i = 0; i < count + 1; i++) {
        fit[i].name = name_of(world, "criterion-", i);
        fit[i].label = fit[i].name;
        fit[i].points = draw_points(world, options);
        fit[i].when =
            name_is(world, SEUIL_FIELD_ATTRIBUTE, (uint16_t)world_below(world, WORLD_ATTRIBUTES),
                    texts, (unsigned)world_below(world, 3), 1);
    }
    model->fit = fit;
    model->fit_count = (uint16_t)count;
    model->fit_floor = -10;
    model->fit_ceiling = 15;
    fit[count].points = -100;
    model->exclusions = &fit[count];
    model->exclusion_count = options->profile && world_chance(world, 50);
    model->exclusion_mark = world_chance(world, 80) ? -100 : -INFINITY;
}

/* ---- what sales decides ------------------------------------------------------------------ */

static const uint32_t *frozen_statuses(struct world *world)
{
    uint32_t *frozen = seuil_arena_alloc(&world->models.arena, 2, sizeof(*frozen));

    frozen[0] = seuil_status_hash(SEUIL_STR(SEUIL_STATUS_CUSTOMER));
    frozen[1] = seuil_status_hash(SEUIL_STR("v1"));
    return frozen;
}

static void draw_hidden(struct world *world, const struct world_options *options,
                        struct seuil_model *model, unsigned first)
{
    static const char *const names[] = {"recycle", "status"};

    for (unsigned i = 0; i < 2; i++) {
        struct seuil_rule *rule = &world->rules[first + i];

        rule->name = rule->label = names[i];
        rule->key = seuil_name_hash(seuil_str_from(model->label), seuil_str_from(names[i]));
        rule->meaning = (uint32_t)world_random(world);
        rule->model = model->index;
        rule->kind = SEUIL_KIND_COMMAND;
        rule->group = SEUIL_GROUP_NONE;
        rule->role = (uint8_t)(SEUIL_ROLE_RECYCLE + i);
    }
    if (world_chance(world, 70)) {
        world->rules[first].points = (double)(1 + world_below(world, 30));
        world->rules[first].decay = draw_decay(world, options);
    }
    model->recycle_rule = (uint16_t)(first + 1);
    model->status_rule = (uint16_t)(first + 2);
    model->recycle_mute_ms = (int64_t)world_below(world, (uint64_t)options->span_ms);
    model->frozen = frozen_statuses(world);
    model->frozen_count = 2;
    model->status_attribute =
        options->profile && world_chance(world, 50) ? WORLD_ATTRIBUTES - 1 : -1;
}

static const struct seuil_condition *draw_standing(struct world *world)
{
    static const char *const letters[] = {"A", "B", "C", "D"};
    static const char *const texts[] = {"v0", "v1", "v2"};
    static const char *const statuses[] = {SEUIL_STATUS_CUSTOMER, SEUIL_STATUS_DISQUALIFIED,
                                           SEUIL_STATUS_OPEN};

    switch (world_below(world, 3)) {
    case 0:
        return name_is(world, SEUIL_FIELD_ATTRIBUTE, SEUIL_STANDING_GRADE, letters, 0,
                       (unsigned)(1 + world_below(world, 3)));
    case 1:
        return name_is(world, SEUIL_FIELD_ATTRIBUTE, SEUIL_STANDING_STATUS, statuses, 2, 1);
    default:
        return name_is(world, SEUIL_FIELD_ATTRIBUTE, 0, texts, (unsigned)world_below(world, 3), 1);
    }
}

static void draw_sales(struct world *world, const struct world_options *options,
                       struct seuil_model *model)
{
    struct seuil_tier *tiers = (struct seuil_tier *)model->tiers;
    uint64_t span = (uint64_t)options->span_ms;

    model->has_letters = model->has_digits = true;
    for (unsigned i = 0; i < SEUIL_GRADES - 1; i++)
        model->letters[i] = model->digits[i] = (double)(8 - 4 * (int)i);
    model->sales_tier = (uint8_t)(model->tier_count - 1u);
    for (unsigned i = 1; i < model->tier_count; i++) {
        tiers[i].for_ms = world_chance(world, 30) ? 1 + (int64_t)world_below(world, span / 4) : 0;
        tiers[i].delay_ms = world_chance(world, 30) ? 1 + (int64_t)world_below(world, span / 4) : 0;
        tiers[i].cool_down_ms = world_chance(world, 40) ? 1 + (int64_t)world_below(world, span) : 0;
        if (world_chance(world, 20)) {
            tiers[i].when = draw_standing(world);
            model->conditional = true;
        }
    }
    for (unsigned i = model->rule_first; i < model->rule_first + model->rule_count; i++) {
        struct seuil_rule *rule = &world->rules[i];

        if (world_chance(world, 20)) {
            rule->counts_while = draw_standing(world);
            model->conditional = true;
        }
        if (rule->group == SEUIL_GROUP_EXCLUSION || !world_chance(world, 25))
            continue;
        rule->shortcut = (uint8_t)(1 + world_below(world, model->tier_count - 1u));
        rule->hold_ms = 1 + (int64_t)world_below(world, span / 2);
        model->has_shortcuts = true;
    }
}

static void draw_models(struct world *world, const struct world_options *options)
{
    unsigned first = 0, counts[2];
    struct seuil_models *models = &world->models;
    struct seuil_attribute *attributes;

    models->model_count = (uint16_t)(1 + world_below(world, 2));
    for (unsigned i = 0; i < models->model_count; i++)
        counts[i] = (unsigned)(1 + world_below(world, 6));
    world->rules =
        seuil_arena_alloc(&models->arena, 2 * (11 + 7 * SEUIL_LEGS_MAX), sizeof(*world->rules));
    attributes = seuil_arena_alloc(&models->arena, WORLD_ATTRIBUTES, sizeof(*attributes));
    for (unsigned i = 0; i < WORLD_ATTRIBUTES; i++)
        attributes[i] = (struct seuil_attribute){
            .name = attribute_names[i],
            .key = seuil_name_hash(seuil_str_from(attribute_names[i]), SEUIL_STR(""))};
    models->attributes = attributes;
    models->attribute_count = WORLD_ATTRIBUTES;
    for (unsigned i = 0; i < models->model_count; i++) {
        struct seuil_model *model = &world->model[i];
        struct seuil_group *groups;
        static struct legs legs;

        model->name = i ? "second" : "first";
        model->label = model->name;
        model->version = "1";
        model->key = seuil_name_hash(seuil_str_from(model->name), SEUIL_STR(""));
        model->index = (uint16_t)i;
        model->group_count = (uint16_t)(1 + world_below(world, 3));
        groups = seuil_arena_alloc(&models->arena, model->group_count, sizeof(*groups));
        for (unsigned j = 0; j < model->group_count; j++) {
            groups[j].name = groups[j].label = name_of(world, "group-", j);
            groups[j].ceiling =
                world_chance(world, 50) ? (double)(5 + world_below(world, 40)) : INFINITY;
            groups[j].floor = world_chance(world, 50) ? -(double)world_below(world, 30) : -INFINITY;
        }
        model->groups = groups;
        model->excluded_name = model->excluded_label = "excluded";
        legs.count = 0;
        draw_rules(world, options, model, first, counts[i], &legs);
        first += counts[i];
        draw_reset_and_legs(world, options, model, &first, &legs);
        draw_tiers(world, options, model);
        draw_criteria(world, options, model);
        if (options->sales) {
            draw_hidden(world, options, model, first);
            draw_sales(world, options, model);
            first += 2;
        }
    }
    models->models = world->model;
    models->rules = world->rules;
    models->rule_count = first;
    models->horizon_ms = options->horizon_ms ? options->horizon_ms : SEUIL_HORIZON_DEFAULT_MS;
}

/* ---- histories --------------------------------------------------------------------------- */

static void draw_event(struct world *world, const struct world_options *options, unsigned i)
{
    struct world_event *drawn = &world->events[i];
    struct seuil_event *event = &drawn->event;
    static const char *const texts[] = {"v0", "v1", "v2"};
    unsigned kind = (unsigned)world_below(world, 20);

    snprintf(drawn->id, sizeof(drawn->id), "e%u", i);
    event->id = seuil_str_from(drawn->id);
    event->lead = SEUIL_STR("lead-1");
    event->time = WORLD_START + (int64_t)world_below(world, (uint64_t)options->span_ms);
    if (options->ties && i > 0 && world_chance(world, 30))
        event->time = world->events[world_below(world, i)].event.time;
    event->arrival = event->time;
    if (options->ahead && world_chance(world, 20))
        event->arrival -= (int64_t)world_below(world, (uint64_t)SEUIL_AHEAD_MAX_MS);
    event->position = (struct seuil_position){.topic = 0, .offset = (int64_t)i};
    event->map = drawn->entries;
    if (options->retract && i > 0 && world_chance(world, 10)) {
        const struct seuil_event *target = &world->events[world_below(world, i)].event;

        event->kind = SEUIL_KIND_ACTIVITY;
        event->retracts = target->id;
        event->time = target->time;
        if (world_chance(world, 60))
            event->time += (int64_t)world_below(world, options->fast ? 300 : 6 * SEUIL_HOUR_MS) -
                           (options->fast ? 50 : SEUIL_HOUR_MS);
        event->arrival = event->time;
        return;
    }
    if (kind < 2 && options->profile) {
        event->kind = SEUIL_KIND_PROFILE;
        event->map_count = 1;
        drawn->entries[0].key =
            seuil_str_from(attribute_names[world_below(world, WORLD_ATTRIBUTES)]);
        if (world_chance(world, 85))
            drawn->entries[0].value = (struct seuil_value){
                .type = SEUIL_TYPE_STRING, .s = seuil_str_from(texts[world_below(world, 3)])};
        return;
    }
    if (options->sales && world_chance(world, 20)) {
        static const char *const commands[] = {"recycle", "convert", "disqualify", "reopen",
                                               "reopen"};

        event->kind = SEUIL_KIND_COMMAND;
        event->field[SEUIL_FIELD_NAME] = (struct seuil_value){
            .type = SEUIL_TYPE_STRING, .s = seuil_str_from(commands[world_below(world, 5)])};
        return;
    }
    if (kind < 3 && options->adjust) {
        event->kind = SEUIL_KIND_COMMAND;
        event->field[SEUIL_FIELD_NAME] =
            (struct seuil_value){.type = SEUIL_TYPE_STRING, .s = SEUIL_STR("adjust")};
        event->map_count = world_chance(world, 50) ? 2 : 1;
        drawn->entries[0] = (struct seuil_entry){
            .key = SEUIL_STR("points"),
            .value = {.type = SEUIL_TYPE_DOUBLE, .d = draw_points(world, options)}};
        drawn->entries[1] = (struct seuil_entry){
            .key = SEUIL_STR("until"),
            .value = {.type = SEUIL_TYPE_INT,
                      .i = event->time + 1 +
                           (int64_t)world_below(world, (uint64_t)options->span_ms)}};
        return;
    }
    event->kind = SEUIL_KIND_ACTIVITY;
    snprintf(drawn->name, sizeof(drawn->name), "a%u", (unsigned)world_below(world, WORLD_NAMES));
    snprintf(drawn->object, sizeof(drawn->object), "o%u", (unsigned)world_below(world, 4));
    event->field[SEUIL_FIELD_NAME] =
        (struct seuil_value){.type = SEUIL_TYPE_STRING, .s = seuil_str_from(drawn->name)};
    event->field[SEUIL_FIELD_OBJECT] =
        (struct seuil_value){.type = SEUIL_TYPE_STRING, .s = seuil_str_from(drawn->object)};
    if (world_chance(world, 60))
        event->field[SEUIL_FIELD_VALUE] =
            world_chance(world, 70)
                ? (struct seuil_value){.type = SEUIL_TYPE_INT,
                                       .i = (int64_t)world_below(world, 30) - 5}
                : (struct seuil_value){.type = SEUIL_TYPE_DOUBLE,
                                       .d = (double)world_below(world, 1000) / 37};
    if (world_chance(world, 50)) {
        event->map_count = 1;
        drawn->entries[0] =
            (struct seuil_entry){.key = SEUIL_STR("filled"),
                                 .value = {.type = SEUIL_TYPE_STRING,
                                           .s = seuil_str_from(" x" + world_below(world, 2))}};
        if (world_chance(world, 30))
            drawn->entries[0].value.s.len = 1;
    }
}

static void compile(struct world *world)
{
    struct seuil_error error = {0};

    if (seuil_rules_compile(&world->models, &error) != 0)
        world_fail(world, "the model does not compile: %s", error.text);
    free(world->scratch_memory);
    world->scratch_memory = allocate(1, seuil_scratch_size(&world->models));
    world->scratch = seuil_scratch_init(world->scratch_memory, &world->models, NULL);
}

void world_redecay(struct world *world, const struct world_options *options)
{
    for (uint32_t i = 0; i < world->models.rule_count; i++)
        if (world->rules[i].role == SEUIL_ROLE_POINTS)
            world->rules[i].decay = draw_decay(world, options);
    compile(world);
}

void world_init(struct world *world, uint64_t seed, const struct world_options *options)
{
    world_seed = seed;
    memset(world, 0, sizeof(*world));
    world->random = seed * 0x2545f4914f6cdd1du;
    world->sales = options->sales;
    draw_models(world, options);
    compile(world);
    world->event_count = (unsigned)(1 + world_below(world, options->events));
    for (unsigned i = 0; i < world->event_count; i++)
        draw_event(world, options, i);
    world->lead = allocate(1, sizeof(struct seuil_lead));
    world->other = allocate(1, sizeof(struct seuil_lead));
    seuil_lead_init(world->lead, SEUIL_STR("lead-1"));
    seuil_lead_init(world->other, SEUIL_STR("lead-1"));
}

void world_done(struct world *world)
{
    free(world->lead);
    free(world->other);
    free(world->scratch_memory);
    seuil_arena_done(&world->models.arena);
}

/* ---- stepping ---------------------------------------------------------------------------- */

static void check_crossing(const struct world *world, const struct seuil_crossing *crossing)
{
    const struct seuil_explanation *explanation = &crossing->explanation;
    const struct seuil_model *model = &world->models.models[crossing->model];
    double cents = 0;

    if (crossing->tier == crossing->tier_before)
        world_fail(world, "a crossing into the same tier");
    if (explanation->line_count > SEUIL_LINES_MAX + 1)
        world_fail(world, "%u lines", explanation->line_count);
    for (unsigned i = 0; i < explanation->line_count; i++)
        cents += rint(explanation->lines[i].now * 100);
    if (cents != rint(explanation->score * 100) && fabs(cents) < 1e12)
        world_fail(world, "the lines sum to %.2f, the score is %.2f", cents / 100,
                   explanation->score);
    if (fabs(explanation->score - explanation->exact) > 0.0100001 + 1e-9 * fabs(explanation->exact))
        world_fail(world, "%.17g is published as %.2f", explanation->exact, explanation->score);
    if (crossing->tier == SEUIL_TIER_EXCLUDED || crossing->tier_before == SEUIL_TIER_EXCLUDED ||
        world->sales)
        return;
    /* Never rounded across the mark just crossed. */
    if (crossing->up) {
        const struct seuil_tier *tier = &model->tiers[crossing->tier];

        if (tier->strict ? explanation->score <= tier->entry : explanation->score < tier->entry)
            world_fail(world, "up to %s at %.2f", tier->name, explanation->score);
    } else {
        const struct seuil_tier *tier = &model->tiers[crossing->tier_before];

        if (isnan(tier->exit) ? (tier->strict ? explanation->score > tier->entry
                                              : explanation->score >= tier->entry)
                              : explanation->score >= tier->exit)
            world_fail(world, "down from %s at %.2f", tier->name, explanation->score);
    }
}

static struct seuil_outcome outcome;

const struct seuil_outcome *world_step_raw(struct world *world, struct seuil_lead *lead,
                                           const struct seuil_event *event)
{
    seuil_engine_step(&world->models, world->scratch, event, lead, &outcome);
    for (unsigned i = 0; i < outcome.crossing_count; i++)
        check_crossing(world, &outcome.crossings[i]);
    world->expiries += (outcome.todo & SEUIL_TODO_EXPIRED) != 0;
    return &outcome;
}

const struct seuil_outcome *world_step(struct world *world, struct seuil_lead *lead,
                                       const struct seuil_event *event, seuil_time_ms until)
{
    unsigned ticks = 0;

    while (lead->due <= until) {
        struct seuil_event tick = {
            .kind = SEUIL_KIND_TICK, .time = lead->due, .arrival = lead->due};

        world_step_raw(world, lead, &tick);
        if (++ticks > 100000)
            world_fail(world, "ticks without end");
    }
    return event ? world_step_raw(world, lead, event) : &outcome;
}

void world_repack(struct world *world, struct seuil_lead *lead)
{
    uint8_t bytes[SEUIL_LEAD_BYTES_MAX], again[SEUIL_LEAD_BYTES_MAX];
    size_t len = seuil_lead_write(lead, bytes), len_again;
    int err;

    if (len != seuil_lead_size(lead))
        world_fail(world, "the size is told wrongly");
    seuil_lead_init(lead, SEUIL_STR("lead-1"));
    err = seuil_lead_read(bytes, len, lead);
    if (err)
        world_fail(world, "a state of %zu bytes is refused: %d", len, err);
    len_again = seuil_lead_write(lead, again);
    if (len != len_again || memcmp(bytes, again, len) != 0)
        world_fail(world, "a state read and written is another");
}

size_t world_evidence(struct world *world, const struct seuil_lead *lead, uint8_t *out)
{
    static struct seuil_lead copy;

    (void)world;
    copy = *lead;
    copy.clock = WORLD_START;
    copy.due = SEUIL_TIME_NEVER;
    copy.birth.known = false;
    copy.automaton_count = 0;
    copy.cause_count = 0;
    copy.expired = false;
    return seuil_lead_write(&copy, out);
}

/* ---- the literal definition -------------------------------------------------------------- */

struct award {
    seuil_time_ms time;
    const char *object;
};

static uint64_t hash_of(const struct world_event *event)
{
    extern uint64_t seuil_hash64_seed(const void *, size_t, uint64_t);
    extern uint64_t seuil_hash64(const void *, size_t);

    return seuil_hash64_seed(event->event.id.ptr, event->event.id.len,
                             seuil_hash64(event->event.lead.ptr, event->event.lead.len));
}

static int by_time(const void *a, const void *b)
{
    const struct world_event *x = *(const struct world_event *const *)a;
    const struct world_event *y = *(const struct world_event *const *)b;
    uint64_t hx, hy;

    if (x->event.time != y->event.time)
        return x->event.time < y->event.time ? -1 : 1;
    hx = hash_of(x);
    hy = hash_of(y);
    return hx < hy ? -1 : hx > hy;
}

static bool rule_takes(const struct seuil_rule *rule, const struct world_event *event)
{
    if (event->event.kind != SEUIL_KIND_ACTIVITY)
        return false;
    for (unsigned i = 0; i < rule->when->count; i++)
        if (seuil_str_eq(rule->when->values[i].s, seuil_str_from(event->name)))
            return true;
    return false;
}

static bool has_room(const struct seuil_limit *limit, const struct award *awards, unsigned count,
                     const struct world_event *event)
{
    seuil_time_ms time = event->event.time;
    unsigned used = 0;

    for (unsigned i = 0; i < count; i++) {
        switch (limit->kind) {
        case SEUIL_LIMIT_LEAD:
            used++;
            break;
        case SEUIL_LIMIT_OBJECT: {
            /* Remembered while no longer than remember_ms lies between two awards. */
            if (strcmp(awards[i].object, event->object) != 0)
                break;
            used++;
            for (unsigned j = i + 1; j <= count; j++)
                if (j == count || strcmp(awards[j].object, event->object) == 0) {
                    if ((j == count ? time : awards[j].time) - awards[i].time >= limit->remember_ms)
                        used = 0;
                    break;
                }
            break;
        }
        case SEUIL_LIMIT_CALENDAR:
            used += seuil_zone_period(limit->zone, limit->period, awards[i].time) ==
                    seuil_zone_period(limit->zone, limit->period, time);
            break;
        default:
            used += time - awards[i].time < limit->duration_ms;
        }
    }
    return used < limit->count;
}

static double literal_factor(const struct seuil_decay *decay, int64_t age)
{
    switch (decay->shape) {
    case SEUIL_DECAY_NONE:
        return 1;
    case SEUIL_DECAY_HALF_LIFE:
        return pow(2, -(double)age / (double)decay->duration_ms);
    case SEUIL_DECAY_EXPIRES:
        return age < decay->duration_ms;
    case SEUIL_DECAY_LINEAR:
        return fmax(0, 1 - (double)age / (double)decay->duration_ms);
    default:
        for (unsigned i = 0; i < decay->step_count; i++)
            if (age < decay->steps[i].age_ms)
                return decay->steps[i].factor;
        return 0;
    }
}

/* What one award of @event counts before decay. */
static double literal_points(const struct seuil_rule *rule, const struct seuil_event *event)
{
    const struct seuil_value *value = &event->field[SEUIL_FIELD_VALUE];
    double measure = value->type == SEUIL_TYPE_INT      ? (double)value->i
                     : value->type == SEUIL_TYPE_DOUBLE ? value->d
                                                        : 0;

    if (rule->measure == SEUIL_MEASURE_NONE)
        return rule->points;
    if (rule->measure == SEUIL_MEASURE_FILLED)
        measure = (value->type != SEUIL_TYPE_NULL) +
                  (event->map_count && !seuil_str_eq(event->map[0].value.s, SEUIL_STR(" ")));
    return fmin(fmax(rule->factor * measure, rule->floor), rule->ceiling);
}

/* ---- several events, literally ------------------------------------------------------------ */

/* The legs of rule @index that @event hits. */
static unsigned legs_of(const struct world *world, unsigned index, const struct world_event *event)
{
    unsigned legs = 0;

    for (unsigned i = 0; i < world->models.rule_count; i++)
        if (world->rules[i].role == SEUIL_ROLE_LEG && world->rules[i].parent == index &&
            rule_takes(&world->rules[i], event))
            legs |= 1u << world->rules[i].leg;
    return legs;
}

/* Whether any rule of the model looks at @event. */
static bool is_looked_at(const struct world *world, unsigned model, const struct world_event *event)
{
    for (unsigned i = 0; i < world->models.rule_count; i++)
        if (world->rules[i].model == model && world->rules[i].when &&
            rule_takes(&world->rules[i], event))
            return true;
    return false;
}

/* A chain of legs that ends with leg @leg at event @at and begins no earlier than @from. */
static bool has_chain(const struct world *world, unsigned index, unsigned leg, unsigned at,
                      seuil_time_ms from, const struct world_event *const *sorted)
{
    if (sorted[at]->event.time < from || !(legs_of(world, index, sorted[at]) >> leg & 1))
        return false;
    for (unsigned i = 0; leg > 0 && i < at; i++)
        if (has_chain(world, index, leg - 1, i, from, sorted))
            return true;
    return leg == 0;
}

static bool all_legs_near(const struct world *world, unsigned index, unsigned at,
                          const struct world_event *const *sorted)
{
    const struct seuil_rule *rule = &world->rules[index];
    unsigned legs = 0;

    for (unsigned i = 0; i <= at; i++)
        if (sorted[at]->event.time - sorted[i]->event.time <= rule->within_ms)
            legs |= legs_of(world, index, sorted[i]);
    return legs == (1u << rule->leg_count) - 1;
}

/* Answers to the last objects up to event @at, which is an answer itself. */
static bool last_answered(const struct world *world, unsigned index, unsigned at,
                          const struct world_event *const *sorted)
{
    const struct seuil_rule *rule = &world->rules[index];
    const char *objects[WORLD_EVENTS_MAX];
    bool met[WORLD_EVENTS_MAX], answers = false;
    unsigned count = 0, first = 0, answered = 0;

    for (unsigned i = 0; i <= at; i++) {
        unsigned legs = legs_of(world, index, sorted[i]), found = 0;

        while (found < count && strcmp(objects[found], sorted[i]->object) != 0)
            found++;
        if (legs & 1 && found == count) {
            objects[count] = sorted[i]->object;
            met[count++] = false;
        }
        first = count > rule->of ? count - rule->of : 0;
        if (legs & 2 && found < count)
            met[found] = true;
        answers = legs & 2 && found < count && found >= first;
    }
    for (unsigned i = first; i < count; i++)
        answered += met[i];
    return answers && answered >= rule->times;
}

static bool row_ends(const struct world *world, unsigned index, unsigned at,
                     const struct world_event *const *sorted)
{
    unsigned row = 0;

    for (unsigned i = 0; i <= at; i++) {
        unsigned legs = legs_of(world, index, sorted[i]);

        row = legs & 2 ? 0 : row + (legs & 1);
        if (row == world->rules[index].times) {
            row = 0;
            if (i == at)
                return true;
        }
    }
    return false;
}

/* When a silence ended: before the event of @order, or, with @by_event, at it. */
struct ended {
    seuil_time_ms time;
    unsigned order;
    bool by_event;
};

static unsigned silences_of(const struct world *world, unsigned index, seuil_time_ms until,
                            const struct world_event *const *sorted, unsigned count,
                            struct ended *ended)
{
    const struct seuil_rule *rule = &world->rules[index];
    seuil_time_ms since = SEUIL_TIME_NONE;
    unsigned sent = 0, found = 0;

    for (unsigned i = 0; i <= count; i++) {
        seuil_time_ms time = i < count ? sorted[i]->event.time : SEUIL_TIME_NEVER;
        unsigned legs;

        if (since != SEUIL_TIME_NONE && sent >= rule->times && since + rule->within_ms <= time &&
            since + rule->within_ms <= until) {
            unsigned order = i;

            since += rule->within_ms;
            while (order > 0 && sorted[order - 1]->event.time == since)
                order--;
            ended[found++] = (struct ended){.time = since, .order = order};
            sent = 0;
        }
        if (i == count || time > until)
            break;
        if (!is_looked_at(world, rule->model, sorted[i]))
            continue;
        legs = legs_of(world, index, sorted[i]);
        if (legs & 2 || since == SEUIL_TIME_NONE)
            since = time;
        if (legs & 2)
            sent = 0;
        else
            sent += legs & 1;
        if (legs == 1 && sent >= rule->times && time - since >= rule->within_ms) {
            ended[found++] = (struct ended){.time = time, .order = i, .by_event = true};
            since = time;
            sent = 0;
        }
    }
    return found;
}

/* The nth event within a time, and how long ago the last one was. */
static bool is_frequent(const struct seuil_rule *rule, unsigned at,
                        const struct world_event *const *sorted)
{
    seuil_time_ms time = sorted[at]->event.time, last_time = SEUIL_TIME_NONE;
    unsigned near = 1;

    for (unsigned i = 0; i < at; i++)
        if (rule_takes(rule, sorted[i])) {
            near += time - sorted[i]->event.time <= rule->frequency_ms;
            last_time = sorted[i]->event.time;
        }
    if (rule->frequency > 1 && near < rule->frequency)
        return false;
    if (rule->recency_ms == 0)
        return true;
    return last_time != SEUIL_TIME_NONE &&
           (time - last_time > rule->recency_ms) == rule->recency_after;
}

/* Whether event @at, in order, may be awarded by the rule of @index. */
static bool is_candidate(const struct world *world, unsigned index, unsigned at,
                         const struct world_event *const *sorted)
{
    const struct seuil_rule *rule = &world->rules[index];

    switch (rule->role) {
    case SEUIL_ROLE_POINTS:
        return rule_takes(rule, sorted[at]) &&
               ((rule->frequency <= 1 && !rule->recency_ms) || is_frequent(rule, at, sorted));
    case SEUIL_ROLE_TOGETHER:
        return legs_of(world, index, sorted[at]) && all_legs_near(world, index, at, sorted);
    case SEUIL_ROLE_SEQUENCE:
        return has_chain(world, index, rule->leg_count - 1u, at,
                         sorted[at]->event.time - rule->within_ms, sorted);
    case SEUIL_ROLE_LAST:
        return last_answered(world, index, at, sorted);
    case SEUIL_ROLE_STREAK:
        return legs_of(world, index, sorted[at]) && row_ends(world, index, at, sorted);
    default:
        return false;
    }
}

struct idle;

struct score_of {
    const struct ended *resets;
    unsigned reset_count;
    seuil_time_ms at;
    struct idle *idles;
    unsigned idle_count;
};

/* Whether a reset comes after what was awarded at event @order, or by a timer before it. */
static bool is_reset(const struct score_of *score, seuil_time_ms time, unsigned order,
                     bool by_event)
{
    for (unsigned i = 0; i < score->reset_count; i++)
        if (by_event ? score->resets[i].order > order
                     : score->resets[i].time > time ||
                           (score->resets[i].by_event && score->resets[i].time == time))
            return true;
    return false;
}

/* Awards and resets that matter to an inactivity, in order: timers before the event of `order`,
 * then what the event resets, then what it is awarded. */
struct idle {
    unsigned order, phase;
    seuil_time_ms time;
    int rule; /* -1: a reset */
    double points;
};

static int by_order(const void *a, const void *b)
{
    const struct idle *x = a, *y = b;

    if (x->order != y->order)
        return x->order < y->order ? -1 : 1;
    if (x->phase != y->phase)
        return x->phase < y->phase ? -1 : 1;
    if (x->time != y->time)
        return x->time < y->time ? -1 : 1;
    return (x->rule >= 0) - (y->rule >= 0);
}

static double idle_left(const struct seuil_decay *decay, double sum, seuil_time_ms from,
                        seuil_time_ms to)
{
    double periods = floor((double)(to - from) / (double)decay->duration_ms);

    if (decay->subtract == 0)
        return pow(decay->keep, periods);
    return fabs(sum) < 1e-9 ? 1 : fmax(0, 1 - decay->subtract * periods / fabs(sum));
}

/* What the rules under the one inactivity of a model have at @at, by group. */
static void idle_score(const struct world *world, const struct seuil_model *model,
                       struct idle *idles, unsigned count, seuil_time_ms at, double *groups)
{
    const struct seuil_decay *decay = NULL;
    seuil_time_ms last_time = SEUIL_TIME_NONE;
    double of_rule[16] = {0}, sum = 0;

    qsort(idles, count, sizeof(idles[0]), by_order);
    for (unsigned i = 0; i <= count; i++) {
        seuil_time_ms time = i < count ? idles[i].time : at;
        double left = 1;

        if (i < count && idles[i].rule < 0) {
            memset(of_rule, 0, sizeof(of_rule));
            sum = 0;
            continue;
        }
        if (decay && last_time != SEUIL_TIME_NONE)
            left = idle_left(decay, sum, last_time, time);
        sum = 0;
        for (unsigned j = 0; j < model->rule_count; j++)
            sum += of_rule[j] *= left;
        if (i == count)
            break;
        decay = &world->rules[idles[i].rule].decay;
        of_rule[idles[i].rule - (int)model->rule_first] += idles[i].points;
        sum += idles[i].points;
        last_time = time;
    }
    for (unsigned j = 0; j < model->rule_count; j++)
        if (world->rules[model->rule_first + j].group != SEUIL_GROUP_EXCLUSION)
            groups[world->rules[model->rule_first + j].group] += of_rule[j];
}

static double rule_score(const struct world *world, unsigned index,
                         const struct world_event *const *sorted, unsigned count,
                         struct score_of *score)
{
    const struct seuil_rule *rule = &world->rules[index];
    struct award awards[2 * WORLD_EVENTS_MAX];
    struct ended ended[WORLD_EVENTS_MAX];
    unsigned award_count = 0, ended_count = 0, next = 0;
    double sum = 0;
    static const struct world_event nothing;

    if (rule->role == SEUIL_ROLE_ABSENCE)
        ended_count = silences_of(world, index, score->at, sorted, count, ended);
    for (unsigned i = 0; i <= count; i++) {
        bool event = i < count && sorted[i]->event.time <= score->at;

        while (next < ended_count && ended[next].order == i && !ended[next].by_event) {
            struct world_event timer = nothing;
            bool room = true;

            timer.event.time = ended[next].time;
            for (unsigned j = 0; j < rule->limit_count && room; j++)
                room = has_room(&rule->limits[j], awards, award_count, &timer);
            if (room) {
                awards[award_count++] = (struct award){.time = timer.event.time, .object = ""};
                if (rule->decay.shape == SEUIL_DECAY_INACTIVITY)
                    score->idles[score->idle_count++] = (struct idle){.order = i,
                                                                      .time = timer.event.time,
                                                                      .rule = (int)index,
                                                                      .points = rule->points};
                else if (!is_reset(score, timer.event.time, i, false) ||
                         rule->group == SEUIL_GROUP_EXCLUSION)
                    sum +=
                        rule->points * literal_factor(&rule->decay, score->at - timer.event.time);
            }
            next++;
        }
        if (!event)
            break;
        if (next < ended_count && ended[next].order == i)
            next++;
        else if (!is_candidate(world, index, i, sorted))
            continue;
        for (unsigned j = 0; event && j < rule->limit_count; j++)
            event = has_room(&rule->limits[j], awards, award_count, sorted[i]);
        if (!event)
            continue;
        awards[award_count++] =
            (struct award){.time = sorted[i]->event.time, .object = sorted[i]->object};
        if (rule->decay.shape == SEUIL_DECAY_INACTIVITY)
            score->idles[score->idle_count++] =
                (struct idle){.order = i,
                              .phase = 2,
                              .time = sorted[i]->event.time,
                              .rule = (int)index,
                              .points = literal_points(rule, &sorted[i]->event)};
        else if (!is_reset(score, sorted[i]->event.time, i, true) ||
                 rule->group == SEUIL_GROUP_EXCLUSION)
            sum += literal_points(rule, &sorted[i]->event) *
                   literal_factor(&rule->decay, score->at - sorted[i]->event.time);
    }
    return sum;
}

static bool criterion_holds(const struct seuil_criterion *criterion,
                            const struct world_event *const *sorted, unsigned count)
{
    const struct world_event *last = NULL;

    for (unsigned i = 0; i < count; i++)
        if (sorted[i]->event.kind == SEUIL_KIND_PROFILE &&
            seuil_str_eq(sorted[i]->entries[0].key,
                         seuil_str_from(attribute_names[criterion->when->attribute])))
            last = sorted[i];
    return last && last->entries[0].value.type == SEUIL_TYPE_STRING &&
           seuil_str_eq(last->entries[0].value.s, criterion->when->values[0].s);
}

static bool is_void(const struct world *world, const struct world_event *event)
{
    for (unsigned i = 0; i < world->event_count; i++) {
        const struct seuil_event *other = &world->events[i].event;

        if (other->retracts.len && seuil_str_eq(other->retracts, event->event.id) &&
            event->event.time <= other->time)
            return true;
    }
    return event->event.retracts.len > 0;
}

double world_literal_score(const struct world *world, unsigned number, seuil_time_ms at)
{
    const struct world_event *sorted[WORLD_EVENTS_MAX];
    const struct seuil_model *model = &world->models.models[number];
    unsigned count = 0;
    double groups[SEUIL_GROUPS_MAX] = {0}, total = 0, fit = 0;
    struct ended resets[WORLD_EVENTS_MAX];
    static struct idle idles[WORLD_EVENTS_MAX * 16];
    struct score_of score = {.resets = resets, .at = at, .idles = idles};

    for (unsigned i = 0; i < world->event_count; i++)
        if (world->events[i].event.kind == SEUIL_KIND_PROFILE || !is_void(world, &world->events[i]))
            sorted[count++] = &world->events[i];
    qsort(sorted, count, sizeof(sorted[0]), by_time);
    for (unsigned i = 0; i < model->silence_count; i++)
        if (world->rules[model->silences[i]].role == SEUIL_ROLE_RESET)
            score.reset_count = silences_of(world, model->silences[i], at, sorted, count, resets);
    for (unsigned i = 0; i < model->rule_count; i++) {
        const struct seuil_rule *rule = &world->rules[model->rule_first + i];
        double sum = rule_score(world, model->rule_first + i, sorted, count, &score);

        if (rule->group == SEUIL_GROUP_EXCLUSION)
            total += sum;
        else
            groups[rule->group] += sum;
    }
    for (unsigned i = 0; i < score.reset_count; i++)
        idles[score.idle_count++] = (struct idle){.order = resets[i].order,
                                                  .phase = resets[i].by_event ? 1 : 0,
                                                  .time = resets[i].time,
                                                  .rule = -1};
    idle_score(world, model, idles, score.idle_count, at, groups);
    for (unsigned i = 0; i < model->group_count; i++)
        total += fmin(fmax(groups[i], model->groups[i].floor), model->groups[i].ceiling);
    for (unsigned i = 0; i < model->fit_count; i++)
        if (criterion_holds(&model->fit[i], sorted, count))
            fit += model->fit[i].points;
    total += fmin(fmax(fit, model->fit_floor), model->fit_ceiling);
    if (model->exclusion_count && criterion_holds(&model->exclusions[0], sorted, count))
        total += model->exclusions[0].points;
    for (unsigned i = 0; i < world->event_count; i++) {
        const struct world_event *event = &world->events[i];

        if (event->event.kind == SEUIL_KIND_COMMAND && !is_void(world, event) &&
            event->event.time <= at &&
            (event->event.map_count == 1 || at < event->entries[1].value.i))
            total += event->entries[0].value.d;
    }
    return total;
}
