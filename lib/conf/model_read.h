/* What the readers of the parts of a model file share. Used by model_*.c only. */

#ifndef SEUIL_CONF_MODEL_READ_H
#define SEUIL_CONF_MODEL_READ_H

#include "base/errs.h"
#include "conf/model_keys.h"
#include "conf/timeline.h"
#include "conf/yaml.h"
#include "core/condition.h"
#include "core/model.h"

#define SEUIL_POINTS_MAX 1e9
/* Durations of decay, limits: from a tenth of a second (64 buckets must fit) to a century. */
#define SEUIL_DURATION_MIN_MS INT64_C(100)
#define SEUIL_DURATION_MAX_MS (36525 * SEUIL_DAY_MS)
/* Awards of one limit, where nothing else bounds it. */
#define SEUIL_LIMIT_COUNT_MAX 1000000

/* A growing heap array of pointers or structs. */
struct seuil_vector {
    void *list;
    uint32_t count, cap;
};

struct seuil_model_reader {
    struct seuil_models *models;
    struct seuil_errs *errs;
    bool nomem;

    /* Of the set. */
    struct seuil_vector rules;      /* struct seuil_rule */
    struct seuil_vector legs;       /* struct seuil_rule: of the file at hand */
    struct seuil_vector attributes; /* struct seuil_attribute, in order of appearance */
    struct seuil_vector zones;      /* const struct seuil_zone * */

    /* Of the file at hand. */
    const struct seuil_yaml *doc;
    const struct seuil_yaml_node *root;
    struct seuil_model *model;
    struct seuil_decay decay;        /* of the model */
    struct seuil_decay *group_decay; /* parallel to model->groups */
    const struct seuil_zone *zone;   /* the model's own, or NULL */
    const struct seuil_condition *only[SEUIL_KINDS];
    bool only_read[SEUIL_KINDS];
    bool only_bad;

    struct seuil_timelines *timelines; /* of all files */

    bool from_files;               /* models are files: there may be others beside them */
    struct seuil_vector lists;     /* of the file at hand: private to model_list.c */
    struct seuil_vector list_docs; /* struct seuil_yaml *, of all files */
    struct seuil_arena list_arena;
    struct seuil_vector exclusive; /* of the file at hand: private to model_exclusive.c */
};

/* Mistakes: at a node, always SEUIL_ERR_*. */
#define seuil_model_error(reader, node, code, ...)                                                 \
    seuil_yaml_error((reader)->doc, node, (reader)->errs, code, __VA_ARGS__)

/* ---- model_util.c ------------------------------------------------------------------------- */

/* Room for one more item of @size bytes, zeroed; NULL when memory is out (noted in the reader). */
void *seuil_vector_add(struct seuil_model_reader *reader, struct seuil_vector *vector, size_t size);

/* As the arena's functions, with the failure noted in the reader. */
void *seuil_model_alloc(struct seuil_model_reader *reader, size_t count, size_t size);
const char *seuil_model_strdup(struct seuil_model_reader *reader, struct seuil_str text);

/* Whether @node is a mapping (a list); reports when not. @node is not NULL. */
bool seuil_model_mapping(struct seuil_model_reader *reader, const struct seuil_yaml_node *node,
                         const char *what);
bool seuil_model_list(struct seuil_model_reader *reader, const struct seuil_yaml_node *node,
                      const char *what);

/* Report keys that @section has not (conf/model_keys.h). @node is a mapping. */
void seuil_model_keys(struct seuil_model_reader *reader, const struct seuil_yaml_node *node,
                      enum seuil_section section);

/* The value of @key, or NULL and a report that @what needs it. */
const struct seuil_yaml_node *seuil_model_need(struct seuil_model_reader *reader,
                                               const struct seuil_yaml_node *node, const char *key,
                                               const char *what);

/* The `name` of @node, in the arena: NULL and a report when it is missing or not usable. */
const char *seuil_model_name(struct seuil_model_reader *reader, const struct seuil_yaml_node *node,
                             const char *what);
/* The `label`, @name when there is none. */
const char *seuil_model_label(struct seuil_model_reader *reader, const struct seuil_yaml_node *node,
                              const char *name);

/* A number in `key` within the bounds of points; false when it is not there or wrong. */
bool seuil_model_number(struct seuil_model_reader *reader, const struct seuil_yaml_node *node,
                        const char *key, double *ret_number);

/* `floor` and `ceiling` of @node, infinite when they are not there. */
void seuil_model_bounds(struct seuil_model_reader *reader, const struct seuil_yaml_node *node,
                        double *ret_floor, double *ret_ceiling);

/* Report when @name is that of one of @count structs of @size bytes at @list whose first member is
 * their name. */
bool seuil_model_unique(struct seuil_model_reader *reader, const struct seuil_yaml_node *node,
                        const char *name, const void *list, uint32_t count, size_t size,
                        const char *what);

/* The node of `name` in @node, else @node: where to point at. */
const struct seuil_yaml_node *seuil_model_name_node(const struct seuil_yaml_node *node);

/* What conditions are over, beside the kinds of events. */
enum {
    SEUIL_OF_ATTRIBUTES = -1,
    SEUIL_OF_STANDING = -2, /* attributes, and `grade` and `status` */
};

/* ---- model_condition.c --------------------------------------------------------------------- */

/* The condition at @node over the fields of @kind, or SEUIL_OF_*. NULL after a report. */
const struct seuil_condition *seuil_model_condition(struct seuil_model_reader *reader,
                                                    const struct seuil_yaml_node *node, int kind);

/* ---- model_list.c -------------------------------------------------------------------------- */

/* `lists:` of the file at hand. */
void seuil_model_lists(struct seuil_model_reader *reader);

/* The values at @node, which is a list, one value, or {list: NAME}: NULL after a report. What comes
 * lives until seuil_model_lists_done. */
const struct seuil_yaml_node *seuil_model_list_of(struct seuil_model_reader *reader,
                                                  const struct seuil_yaml_node *node);
void seuil_model_lists_done(struct seuil_model_reader *reader);

/* ---- model_test.c -------------------------------------------------------------------------- */

/* What a test looks at. */
struct seuil_subject {
    uint8_t field;
    uint16_t attribute;
    int kind;
    struct seuil_str key;
};

/* The field called @node of @kind, an entry of its map ("fields.company"), or an attribute. False
 * after a report. */
bool seuil_model_subject(struct seuil_model_reader *reader, const struct seuil_yaml_node *node,
                         int kind, struct seuil_subject *ret_subject);

/* The test at @node into @ret_condition; false after a report. @depth counts levels of the tree. */
bool seuil_model_test(struct seuil_model_reader *reader, const struct seuil_yaml_node *node,
                      const struct seuil_subject *subject, unsigned depth,
                      struct seuil_condition *ret_condition);

/* ---- model_decay.c ------------------------------------------------------------------------- */

/* False after a report. */
bool seuil_model_decay(struct seuil_model_reader *reader, const struct seuil_yaml_node *node,
                       struct seuil_decay *ret_decay);
/* The same of a group (@scope: its index + 1) or of the model (0): it may be inactivity. */
bool seuil_model_scoped_decay(struct seuil_model_reader *reader, const struct seuil_yaml_node *node,
                              uint16_t scope, struct seuil_decay *ret_decay);
/* A hidden rule for each inactivity that a rule is under. */
void seuil_model_scopes(struct seuil_model_reader *reader);

/* ---- model_points.c ------------------------------------------------------------------------ */

/* The points of @rule, whose kind is read. */
void seuil_model_points(struct seuil_model_reader *reader, const struct seuil_yaml_node *node,
                        struct seuil_rule *rule);

/* ---- model_rule.c -------------------------------------------------------------------------- */

void seuil_model_rules(struct seuil_model_reader *reader);
/* Exclusions by event become rules; those by attribute criteria of the model. */
void seuil_model_exclusions(struct seuil_model_reader *reader);

/* `event:` and `when:` of @node into @rule; false after a report. */
bool seuil_model_event(struct seuil_model_reader *reader, const struct seuil_yaml_node *node,
                       const char *what, struct seuil_rule *rule);

/* @own (may be NULL) and the model's own condition together. */
const struct seuil_condition *seuil_model_with_only(struct seuil_model_reader *reader,
                                                    const struct seuil_condition *own,
                                                    uint8_t kind);

/* ---- model_quarantine.c -------------------------------------------------------------------- */

void seuil_model_quarantine(struct seuil_model_reader *reader);

/* ---- model_filter.c ------------------------------------------------------------------------ */

void seuil_model_filters(struct seuil_model_reader *reader);

/* ---- model_compound.c ---------------------------------------------------------------------- */

/* The value of the key that makes a rule a compound; NULL: it is none. */
const struct seuil_yaml_node *seuil_model_compound_of(struct seuil_model_reader *reader,
                                                      const struct seuil_yaml_node *node);
/* Read it into @rule, which is in the reader's list. */
void seuil_model_compound(struct seuil_model_reader *reader, const struct seuil_yaml_node *node,
                          struct seuil_rule *rule);
/* What `per:` names in a limit per object of such a rule: a field of the events that may complete
 * it, whose legs then carry it; of LAST its own object. False after a report. */
bool seuil_model_leg_subject(struct seuil_model_reader *reader, const struct seuil_yaml_node *node,
                             const struct seuil_rule *rule, struct seuil_subject *ret_subject);
void seuil_model_frequency(struct seuil_model_reader *reader, const struct seuil_yaml_node *node,
                           struct seuil_rule *rule);
/* The model's `reset:`, after its rules. */
void seuil_model_reset(struct seuil_model_reader *reader);
/* Behind all other rules of the model: the legs of its compounds. */
void seuil_model_legs(struct seuil_model_reader *reader);
/* Which of the rules from @first on are silences. */
void seuil_model_silences(struct seuil_model_reader *reader, uint32_t first);

/* ---- model_limit.c ------------------------------------------------------------------------- */

void seuil_model_limits(struct seuil_model_reader *reader, const struct seuil_yaml_node *node,
                        struct seuil_rule *rule);
/* The zone of that name, read once for a set; NULL after a report. */
const struct seuil_zone *seuil_model_zone(struct seuil_model_reader *reader,
                                          const struct seuil_yaml_node *node);

/* ---- model_tier.c -------------------------------------------------------------------------- */

void seuil_model_groups(struct seuil_model_reader *reader);
void seuil_model_tiers(struct seuil_model_reader *reader);
void seuil_model_excluded(struct seuil_model_reader *reader);

/* ---- model_fit.c --------------------------------------------------------------------------- */

void seuil_model_fit(struct seuil_model_reader *reader);
void seuil_model_grades(struct seuil_model_reader *reader);

/* ---- model_role.c -------------------------------------------------------------------------- */

/* `status:` and `recycle:`; adds the model's hidden rules, so it is the last to add any. */
void seuil_model_roles(struct seuil_model_reader *reader);
/* A hidden rule; its index in the set + 1 in @ret_index, which may be NULL. */
struct seuil_rule *seuil_model_hidden(struct seuil_model_reader *reader, const char *name,
                                      enum seuil_role role, uint16_t *ret_index);

/* ---- model_reach.c ------------------------------------------------------------------------- */

/* Report tiers and an exclusion mark that no lead can reach. */
void seuil_model_reach(struct seuil_model_reader *reader);

/* ---- model_exclusive.c --------------------------------------------------------------------- */

/* Note the rule or criterion at @node, if it has `exclusive:`. */
void seuil_model_exclusive_add(struct seuil_model_reader *reader,
                               const struct seuil_yaml_node *node,
                               const struct seuil_condition *when, int kind);
/* Report those of the file at hand that overlap. */
void seuil_model_exclusive(struct seuil_model_reader *reader);
/* A number that those of one set share, of the criterion with this condition; UINT32_MAX: it is in
 * none. */
uint32_t seuil_model_exclusive_set(const struct seuil_model_reader *reader,
                                   const struct seuil_condition *when);

/* ---- model_timeline.c ---------------------------------------------------------------------- */

/* `tests:`, after all the rest: they name tiers and rules. */
void seuil_model_timelines(struct seuil_model_reader *reader);

/* A timeline as it is read. */
struct seuil_timeline_reader {
    struct seuil_model_reader *model;
    struct seuil_arena *arena;
    struct seuil_timeline *timeline;
    seuil_time_ms clock;
    uint32_t events; /* so far, for ids */
};

/* As the arena's functions, with the failure noted. */
void *seuil_timeline_alloc(struct seuil_timeline_reader *reader, size_t count, size_t size);
const char *seuil_timeline_strdup(struct seuil_timeline_reader *reader, struct seuil_str text);

/* The index of a tier's name, SEUIL_TIER_EXCLUDED included; -1 after a report. */
int seuil_timeline_tier(struct seuil_timeline_reader *reader, const struct seuil_yaml_node *node);

/* ---- model_ideal.c ------------------------------------------------------------------------- */

/* The set is whole: report ideal profiles that never reach the tier of sales. @docs are the files,
 * by model. */
void seuil_model_ideals(struct seuil_model_reader *reader, struct seuil_yaml *const *docs);

/* ---- model_event.c ------------------------------------------------------------------------- */

/* The event of step @node, whose kind is at @type; NULL after a report. */
const struct seuil_event *seuil_timeline_event(struct seuil_timeline_reader *reader,
                                               const struct seuil_yaml_node *node,
                                               const struct seuil_yaml_node *type);

/* ---- model_expect.c ------------------------------------------------------------------------ */

/* NULL after a report. */
const struct seuil_expect *seuil_timeline_expect(struct seuil_timeline_reader *reader,
                                                 const struct seuil_yaml_node *node);

/* ---- model_instant.c ----------------------------------------------------------------------- */

/* A stretch of time as people write it: "3d", "3 jours", "1 jour 2 heures", "90 min". False when it
 * is none, or too long. */
bool seuil_stretch_parse(struct seuil_str text, int64_t *ret_ms);

/* A time: RFC 3339, or without an offset ("2026-03-29 02:30", "2026-03-29") in @zone (NULL: UTC);
 * of a local time that comes twice the first, of one that is left out the instant as long after the
 * gap's beginning. SEUIL_ERR_FORMAT. */
int seuil_local_time_parse(struct seuil_str text, const struct seuil_zone *zone,
                           seuil_time_ms *ret_time);

/* The time at @node, in the model's zone; false after a report. */
bool seuil_timeline_instant(struct seuil_timeline_reader *reader,
                            const struct seuil_yaml_node *node, const char *what,
                            seuil_time_ms *ret_time);

/* ---- model_hash.c -------------------------------------------------------------------------- */

/* The meaning fingerprint of @rule, and the one that format 1 of states knows; 0 when memory is
 * out. */
uint32_t seuil_model_meaning(const struct seuil_models *models, const struct seuil_rule *rule);
uint32_t seuil_model_meaning_before(const struct seuil_models *models,
                                    const struct seuil_rule *rule);
/* The hash of the set without its horizon; 0 when memory is out. */
uint64_t seuil_model_hash(const struct seuil_models *models);

#endif
