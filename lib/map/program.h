/* The flat form of a map: what the loader writes and eval.c runs. */

#ifndef SEUIL_MAP_PROGRAM_H
#define SEUIL_MAP_PROGRAM_H

#include "base/arena.h"
#include "core/condition.h"
#include "core/zone.h"
#include "map/map.h"

/* Names of `let`, variants, ops: far beyond any real source. */
#define SEUIL_MAP_LETS_MAX     16
#define SEUIL_MAP_VARIANTS_MAX 64
#define SEUIL_MAP_OPS_MAX      8192
/* What the transforms of one event may write. */
#define SEUIL_MAP_TEXT_MAX (64 * 1024)
/* A text that is folded, hashed with a key, or matched. */
#define SEUIL_MAP_STEP_TEXT_MAX 8192

/* ---- paths -------------------------------------------------------------------------------- */

enum seuil_map_base {
    SEUIL_BASE_ITEM,   /* the innermost item of `each`, or the record */
    SEUIL_BASE_OUTER,  /* the item of the map's own `each` */
    SEUIL_BASE_RECORD, /* the record */
    SEUIL_BASE_LET,    /* a value of `let` */
};

enum seuil_map_segment_kind {
    SEUIL_SEGMENT_NAME,     /* the member called name */
    SEUIL_SEGMENT_INDEX,    /* the index-th element, from the end when negative */
    SEUIL_SEGMENT_EQUAL,    /* the first element whose member name is value */
    SEUIL_SEGMENT_CONTAINS, /* the first element whose member name has value in it */
};

struct seuil_map_segment {
    uint8_t kind;
    int32_t index;
    struct seuil_str name, value;
};

struct seuil_map_path {
    uint8_t base; /* enum seuil_map_base */
    uint8_t let;
    uint32_t first, count; /* segments */
};

/* ---- operations --------------------------------------------------------------------------- */

/* They work on one value, which may be absent, and one flag. Jumps go forward only. */
enum seuil_map_op {
    SEUIL_MAP_END,
    SEUIL_MAP_ABSENT,       /* value := absent */
    SEUIL_MAP_PATH,         /* value := what stands at path arg */
    SEUIL_MAP_CONST,        /* value := text arg */
    SEUIL_MAP_KEY,          /* value := the record's key */
    SEUIL_MAP_TOPIC,        /* value := the record's topic */
    SEUIL_MAP_TIME,         /* value := the record's time */
    SEUIL_MAP_INDEX,        /* value := number of the item, from 0 */
    SEUIL_MAP_STEP,         /* value := step arg of it */
    SEUIL_MAP_TABLE,        /* value := its row in table arg, or absent */
    SEUIL_MAP_JUMP,         /* to arg */
    SEUIL_MAP_JUMP_PRESENT, /* to arg when the value is there */
    SEUIL_MAP_JUMP_FALSE,   /* to arg when the flag is false */
    SEUIL_MAP_JUMP_TRUE,
    SEUIL_MAP_TEST,       /* flag := test arg of the value */
    SEUIL_MAP_NOT,        /* flag := not flag */
    SEUIL_MAP_FLAG,       /* value := the flag */
    SEUIL_MAP_HASH,       /* begin a hash; arg: whether the record's position is in it */
    SEUIL_MAP_HASH_VALUE, /* the value goes into it */
    SEUIL_MAP_HASH_TEXT,  /* value := the hash */
    SEUIL_MAP_FIELD,      /* what follows is for target arg: for messages */
    SEUIL_MAP_STORE,      /* the value goes to target arg; count: number of its watch */
    SEUIL_MAP_ENTRY,      /* the value becomes the entry called text arg */
    SEUIL_MAP_ENTRIES,    /* the members at path arg become entries; filter count */
    SEUIL_MAP_PAIRS,      /* the elements of pairs arg become entries */
};

struct seuil_map_instruction {
    uint8_t op;
    bool lenient; /* STORE, ENTRY, STEP: what cannot be converted is absent */
    uint16_t count;
    uint32_t arg;
};

enum seuil_map_step_kind {
#define STEP(NAME, ...) SEUIL_STEP_##NAME,
#include "map/steps.def"
#undef STEP
    SEUIL_STEP_COUNT,
};

enum seuil_map_time_form {
    SEUIL_TIME_FORM_TEXT, /* RFC 3339, or without zone */
    SEUIL_TIME_FORM_S,
    SEUIL_TIME_FORM_MS,
    SEUIL_TIME_FORM_US,
    SEUIL_TIME_FORM_NS,
};

struct seuil_map_step {
    uint8_t kind; /* enum seuil_map_step_kind */
    uint8_t form; /* of TIME: enum seuil_map_time_form */
    uint32_t group;
    double number;
    struct seuil_str text; /* the argument */
    const struct seuil_regex *regex;
    const struct seuil_zone *zone; /* NULL: none is set */
};

struct seuil_map_table {
    bool ignore_case; /* keys are folded already (seuil_text_fold) */
    bool has_default;
    uint32_t count;
    const struct seuil_entry *rows; /* ascending by key; values are texts */
    struct seuil_str otherwise;
};

enum seuil_map_test_kind {
    SEUIL_TEST_PRESENT,
    SEUIL_TEST_IN,
    SEUIL_TEST_PREFIX,
    SEUIL_TEST_SUFFIX,
    SEUIL_TEST_CONTAINS,
    SEUIL_TEST_REGEX,
    SEUIL_TEST_RANGE,
};

struct seuil_map_test {
    uint8_t kind;
    uint32_t count;
    const struct seuil_str *texts; /* IN: all; ascending. Others: one */
    const struct seuil_regex *regex;
    double low, high; /* RANGE, both inside */
};

/* Which entries go in by name. */
struct seuil_map_filter {
    bool only;      /* those in the list; else: those not in it */
    uint32_t count; /* 0 and not only: all */
    const struct seuil_str *names;
};

struct seuil_map_pairs {
    uint32_t path;
    uint32_t name, value; /* programs, run with the element as item */
    uint16_t filter;
    bool lenient;
};

/* The first of these that is there. */
#define SEUIL_MAP_LET_PATHS_MAX 4
struct seuil_map_let {
    uint32_t count;
    uint32_t path[SEUIL_MAP_LET_PATHS_MAX];
    bool json[SEUIL_MAP_LET_PATHS_MAX]; /* a text there is parsed */
    bool has_when[SEUIL_MAP_LET_PATHS_MAX];
    uint32_t when[SEUIL_MAP_LET_PATHS_MAX]; /* program that leaves the flag: passed over if false */
    const struct seuil_wanted *wanted;      /* of such a text */
};

struct seuil_map_variant {
    uint32_t number; /* from 1 */
    int kind;        /* enum seuil_kind; -1: dropped */
    const char *reason;
    bool has_when, has_each;
    uint32_t when;  /* program that leaves the flag */
    uint32_t each;  /* path */
    uint32_t start; /* program of the fields */
};

struct seuil_map_counter {
    uint64_t present, absent, silent; /* relaxed atomics */
    bool told;                        /* of the thread that raises alarms */
};

struct seuil_map {
    struct seuil_arena arena;
    const char *name, *format;
    const struct seuil_wanted *wanted;
    uint32_t column_count, variant_count, let_count, watch_count;
    bool has_each;
    bool drops_others;
    bool asks_place; /* where or when a record stands is part of its events */
    uint32_t each;   /* path */
    const struct seuil_column *columns;
    const struct seuil_map_segment *segments;
    const struct seuil_map_path *paths;
    const struct seuil_map_instruction *ops;
    const struct seuil_map_step *steps;
    const struct seuil_map_table *tables;
    const struct seuil_map_test *tests;
    const struct seuil_map_filter *filters;
    const struct seuil_map_pairs *pairs;
    const struct seuil_str *texts;
    const struct seuil_map_let *lets;
    const struct seuil_map_variant *variants;
    struct seuil_map_watch *watches; /* names; counters beside them */
    struct seuil_map_counter *counters;
    uint64_t *drops; /* by variant, then unmatched, no_items, other_lead; relaxed atomics */
    struct seuil_str secret;
    uint8_t inner_pad[64], outer_pad[64]; /* the secret's blocks of HMAC */
    const char *const *free_mail;         /* own additions, sorted */
    uint32_t free_mail_count;
};

/* The canonical name of @target (codec/target.h) for @kind; NULL when the kind has no such field.
 */
const char *seuil_map_target_name(unsigned target, enum seuil_kind kind);

#endif
