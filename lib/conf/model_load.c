#include "conf/model_load.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/heap.h"
#include "conf/model_read.h"
#include "conf/rules_compile.h"

static void read_consent(struct seuil_model_reader *reader, const struct seuil_yaml_node *node)
{
    if (node->kind == SEUIL_YAML_SCALAR && strcmp(node->text, "required") == 0)
        reader->models->consent = true;
    else
        seuil_model_error(reader, node, SEUIL_ERR_INVALID,
                          "consent is \"required\", or not there: then nobody is asked");
}

/* Attributes that tell who a lead is: for all models of the set. */
static void read_known_by(struct seuil_model_reader *reader, const struct seuil_yaml_node *node)
{
    struct seuil_subject subject;

    if (!seuil_model_list(reader, node, "known_by"))
        return;
    reader->models->known_by = true;
    for (uint32_t i = 0; i < node->count; i++) {
        const struct seuil_yaml_node *name = &node->items[i];

        if (name->kind != SEUIL_YAML_SCALAR)
            seuil_model_error(reader, name, SEUIL_ERR_INVALID,
                              "the name of an attribute is a text");
        else if (seuil_model_subject(reader, name, -1, &subject))
            ((struct seuil_attribute *)reader->attributes.list)[subject.attribute].tells_who = true;
    }
}

/* The head of the file: what the rest refers to. */
static void read_head(struct seuil_model_reader *reader)
{
    const struct seuil_yaml_node *root = reader->root;
    const struct seuil_yaml_node *language =
        seuil_model_need(reader, root, "seuil_model", "a model");
    const struct seuil_yaml_node *version = seuil_model_need(reader, root, "version", "a model");
    const struct seuil_yaml_node *zone = seuil_yaml_find(root, "zone");
    const struct seuil_yaml_node *decay = seuil_yaml_find(root, "decay");
    const struct seuil_yaml_node *consent = seuil_yaml_find(root, "consent");
    const struct seuil_yaml_node *known_by = seuil_yaml_find(root, "known_by");
    const struct seuil_yaml_node *silent = seuil_yaml_find(root, "silent");
    struct seuil_model *model = reader->model;
    struct seuil_str text;
    int64_t number = SEUIL_MODEL_LANGUAGE;

    if (language)
        seuil_yaml_int(reader->doc, language, "seuil_model", INT64_MIN, INT64_MAX, reader->errs,
                       &number);
    if (number != SEUIL_MODEL_LANGUAGE)
        seuil_model_error(reader, language, SEUIL_ERR_UNSUPPORTED,
                          "this version reads models of language %d, not %lld",
                          SEUIL_MODEL_LANGUAGE, (long long)number);
    model->name = seuil_model_name(reader, root, "a model");
    model->label = seuil_model_label(reader, root, model->name ? model->name : "");
    if (model->name)
        model->key = seuil_name_hash(SEUIL_STR("model"), seuil_str_from(model->name));
    model->version = "";
    if (version &&
        !seuil_yaml_text(reader->doc, version, "version", SEUIL_NAME_MAX, reader->errs, &text))
        model->version = seuil_model_strdup(reader, text);
    if (consent)
        read_consent(reader, consent);
    if (known_by)
        read_known_by(reader, known_by);
    if (silent)
        seuil_yaml_bool(reader->doc, silent, "silent", reader->errs, &model->silent);
    if (zone)
        reader->zone = seuil_model_zone(reader, zone);
    if (decay)
        seuil_model_scoped_decay(reader, decay, 0, &reader->decay);
}

static void check_model_name(struct seuil_model_reader *reader, const struct seuil_model *models)
{
    const struct seuil_model *model = reader->model;

    for (uint16_t i = 0; model->name && i < model->index; i++) {
        const struct seuil_model *other = &models[i];

        if (!other->name)
            continue;
        if (strcmp(other->name, model->name) == 0)
            seuil_model_error(reader, seuil_model_name_node(reader->root), SEUIL_ERR_INVALID,
                              "there is a model called \"%s\" already", model->name);
        else if (other->key == model->key)
            seuil_model_error(reader, seuil_model_name_node(reader->root), SEUIL_ERR_INVALID,
                              "models \"%s\" and \"%s\" have the same key: rename one", other->name,
                              model->name);
    }
}

static void read_model(struct seuil_model_reader *reader, struct seuil_model *models,
                       uint16_t index)
{
    struct seuil_model *model = &models[index];
    uint32_t before = reader->errs->total;

    reader->root = seuil_yaml_root(reader->doc);
    reader->model = model;
    reader->decay = (struct seuil_decay){.shape = SEUIL_DECAY_NONE};
    reader->group_decay = NULL;
    reader->zone = NULL;
    memset(reader->only, 0, sizeof(reader->only));
    memset(reader->only_read, 0, sizeof(reader->only_read));
    reader->only_bad = false;
    reader->exclusive.count = 0;
    model->index = index;
    model->rule_first = reader->rules.count;
    if (!seuil_model_mapping(reader, reader->root, "a model"))
        return;
    seuil_model_keys(reader, reader->root, SEUIL_SECTION_MODEL);
    read_head(reader);
    seuil_model_lists(reader);
    check_model_name(reader, models);
    seuil_model_groups(reader);
    seuil_model_grades(reader);
    seuil_model_tiers(reader);
    seuil_model_excluded(reader);
    seuil_model_fit(reader);
    seuil_model_exclusions(reader);
    seuil_model_rules(reader);
    seuil_model_roles(reader);
    seuil_model_reset(reader);
    seuil_model_silences(reader, model->rule_first);
    seuil_model_scopes(reader);
    seuil_model_quarantine(reader);
    seuil_model_filters(reader);
    seuil_model_legs(reader);
    seuil_model_timelines(reader);
    seuil_model_exclusive(reader);
    /* Sums over parts that are wrong would only mislead. */
    if (reader->errs->total == before && !reader->nomem)
        seuil_model_reach(reader);
}

static int attribute_cmp(const void *a, const void *b)
{
    return strcmp(((const struct seuil_attribute *)a)->name,
                  ((const struct seuil_attribute *)b)->name);
}

/* Trees over attributes are in no other tree, so each test is met once. */
static void renumber(struct seuil_condition *condition, const uint16_t *index_of)
{
    if (!condition)
        return;
    if (condition->op > SEUIL_COND_NOT) {
        if (condition->attribute < SEUIL_ATTRIBUTES_MAX)
            condition->attribute = index_of[condition->attribute];
        return;
    }
    for (uint32_t i = 0; i < condition->count; i++)
        renumber((struct seuil_condition *)&condition->children[i], index_of);
}

static void renumber_all(const struct seuil_criterion *criteria, uint16_t count,
                         const uint16_t *index_of)
{
    for (uint16_t i = 0; i < count; i++) {
        struct seuil_criterion *criterion = (struct seuil_criterion *)&criteria[i];

        renumber((struct seuil_condition *)criterion->when, index_of);
        for (uint16_t j = 0; j < criterion->case_count; j++)
            renumber((struct seuil_condition *)criterion->cases[j].when, index_of);
        if (criterion->number)
            criterion->number = (uint16_t)(index_of[criterion->number - 1] + 1);
    }
}

/* Attributes were numbered as they came; the set has them by name. */
static void sort_attributes(struct seuil_model_reader *reader, struct seuil_model *list,
                            unsigned model_count)
{
    struct seuil_models *models = reader->models;
    uint32_t count = reader->attributes.count;
    const struct seuil_attribute *came = reader->attributes.list;
    struct seuil_attribute *sorted = seuil_model_alloc(reader, count, sizeof(*sorted));
    uint16_t index_of[SEUIL_ATTRIBUTES_MAX];

    if (!sorted)
        return;
    if (count) {
        memcpy(sorted, came, count * sizeof(*sorted));
        qsort(sorted, count, sizeof(*sorted), attribute_cmp);
    }
    models->attributes = sorted;
    models->attribute_count = (uint16_t)count;
    for (uint32_t i = 0; i < count; i++)
        index_of[i] = (uint16_t)seuil_models_attribute(models, seuil_str_from(came[i].name));
    for (unsigned m = 0; m < model_count; m++) {
        renumber_all(list[m].fit, list[m].fit_count, index_of);
        renumber_all(list[m].exclusions, list[m].exclusion_count, index_of);
        if (list[m].status_attribute >= 0)
            list[m].status_attribute = index_of[list[m].status_attribute];
        for (uint16_t i = 0; i < list[m].tier_count; i++)
            renumber((struct seuil_condition *)list[m].tiers[i].when, index_of);
    }
    for (uint32_t i = 0; i < reader->rules.count; i++)
        renumber(
            (struct seuil_condition *)((struct seuil_rule *)reader->rules.list)[i].counts_while,
            index_of);
}

/* The parts are whole and right: put the set together. */
static void finish(struct seuil_model_reader *reader, struct seuil_model *list)
{
    struct seuil_models *models = reader->models;
    struct seuil_rule *rules;
    struct seuil_error err;
    int rc;

    sort_attributes(reader, list, models->model_count);
    rules = seuil_model_alloc(reader, reader->rules.count, sizeof(*rules));
    if (reader->nomem)
        return;
    if (reader->rules.count)
        memcpy(rules, reader->rules.list, reader->rules.count * sizeof(*rules));
    models->rules = rules;
    models->rule_count = reader->rules.count;
    for (uint32_t i = 0; i < models->rule_count; i++) {
        rules[i].meaning = seuil_model_meaning(models, &rules[i]);
        rules[i].meaning_before = seuil_model_meaning_before(models, &rules[i]);
        reader->nomem = reader->nomem || rules[i].meaning == 0 || rules[i].meaning_before == 0;
    }
    models->hash = seuil_model_hash(models);
    reader->nomem = reader->nomem || models->hash == 0;
    seuil_models_set_horizon(models, SEUIL_HORIZON_DEFAULT_MS);
    rc = seuil_rules_compile(models, &err);
    if (rc == SEUIL_ERR_NOMEM)
        reader->nomem = true;
    else if (rc)
        seuil_errs_add(reader->errs, &err);
}

/* Read the documents that are there (one may have failed to parse); NULL after reports. */
static struct seuil_models *build(struct seuil_yaml **docs, unsigned count, bool from_files,
                                  struct seuil_timelines *timelines, struct seuil_errs *errs)
{
    struct seuil_models *models = seuil_heap_zalloc(1, sizeof(*models));
    struct seuil_model_reader reader = {
        .models = models, .errs = errs, .timelines = timelines, .from_files = from_files};
    struct seuil_model *list;
    uint32_t before = errs->total;
    bool whole = true;

    list = models ? seuil_model_alloc(&reader, count, sizeof(*list)) : NULL;
    for (unsigned i = 0; list && i < count; i++) {
        reader.doc = docs[i];
        whole = whole && docs[i];
        if (docs[i])
            read_model(&reader, list, (uint16_t)i);
    }
    if (list && whole && errs->total == before && !reader.nomem) {
        models->models = list;
        models->model_count = (uint16_t)count;
        finish(&reader, list);
        if (errs->total == before && !reader.nomem)
            seuil_model_ideals(&reader, docs);
    }
    if (!models || reader.nomem)
        seuil_errs_at(errs, SEUIL_ERR_NOMEM, NULL, 0, 0, "out of memory while loading models");
    seuil_heap_free(reader.rules.list);
    seuil_heap_free(reader.legs.list);
    seuil_heap_free(reader.attributes.list);
    seuil_heap_free(reader.zones.list);
    seuil_heap_free(reader.exclusive.list);
    seuil_model_lists_done(&reader);
    if (!whole || errs->total != before) {
        seuil_models_free(models);
        models = NULL;
    }
    return models;
}

static struct seuil_models *load(const char *const *paths, const struct seuil_model_text *texts,
                                 unsigned count, struct seuil_timelines *timelines,
                                 struct seuil_errs *errs)
{
    struct seuil_yaml *docs[SEUIL_MODELS_MAX];
    struct seuil_models *models;

    if (count == 0 || count > SEUIL_MODELS_MAX) {
        seuil_errs_at(errs, SEUIL_ERR_LIMIT, NULL, 0, 0, "%u model files: 1 to %d are allowed",
                      count, SEUIL_MODELS_MAX);
        return NULL;
    }
    for (unsigned i = 0; i < count; i++)
        docs[i] = paths ? seuil_yaml_open(paths[i], errs)
                        : seuil_yaml_parse(texts[i].name, texts[i].bytes, texts[i].len, errs);
    models = build(docs, count, paths != NULL, timelines, errs);
    for (unsigned i = 0; i < count; i++)
        seuil_yaml_free(docs[i]);
    if (!models)
        seuil_errs_sort(errs);
    return models;
}

struct seuil_models *seuil_models_load(const char *const *paths, unsigned count,
                                       struct seuil_errs *errs)
{
    struct seuil_timelines timelines = {0};
    struct seuil_models *models = load(paths, NULL, count, &timelines, errs);

    seuil_timelines_done(&timelines);
    return models;
}

struct seuil_models *seuil_models_parse(const struct seuil_model_text *texts, unsigned count,
                                        struct seuil_errs *errs)
{
    struct seuil_timelines timelines = {0};
    struct seuil_models *models = load(NULL, texts, count, &timelines, errs);

    seuil_timelines_done(&timelines);
    return models;
}

struct seuil_models *seuil_models_load_tests(const char *const *paths, unsigned count,
                                             struct seuil_timelines *ret_timelines,
                                             struct seuil_errs *errs)
{
    return load(paths, NULL, count, ret_timelines, errs);
}

void seuil_models_free(struct seuil_models *models)
{
    if (!models)
        return;
    seuil_arena_done(&models->arena);
    seuil_heap_free(models);
}

void seuil_models_set_horizon(struct seuil_models *models, int64_t horizon_ms)
{
    uint8_t before[8], after[8];

    for (int i = 0; i < 8; i++) {
        before[i] = (uint8_t)((uint64_t)models->horizon_ms >> 8 * i);
        after[i] = (uint8_t)((uint64_t)horizon_ms >> 8 * i);
    }
    /* By exclusive or, so that one can be taken out for another. 0 means none yet. */
    if (models->horizon_ms)
        models->hash ^= seuil_hash64(before, sizeof(before));
    models->hash ^= seuil_hash64(after, sizeof(after));
    models->horizon_ms = horizon_ms;
}
