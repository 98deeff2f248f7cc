/* A condition: a tree of all / any / not over tests of one field each.
 *
 * Rules test the fields of an event, derived ones and entries of its map included; fit criteria
 * and exclusions test attributes of the profile. A test of an absent field is false, except
 * ABSENT. A test of another type than the value's is false, with one convenience: a number test
 * reads a string that is wholly a decimal number ("42", "-3.5", up to 15 digits), since the fields
 * of a form are strings.
 *
 * Strings compare bytewise. With ignore_case, letters of ASCII and of Latin-1 in UTF-8 (É, Ç, ...)
 * and Œ fold to lower case on both sides; texts in the tree must be folded already
 * (seuil_text_fold). Trees live in the arena of their set, or in static memory in tests:
 *
 *     static const struct seuil_value clicked[] = {{SEUIL_TYPE_STRING, .s = {"clicked", 7}}};
 *     static const struct seuil_condition when = {
 *         .op = SEUIL_COND_IN, .field = SEUIL_FIELD_ACTION, .count = 1, .values = clicked};
 */

#ifndef SEUIL_CORE_CONDITION_H
#define SEUIL_CORE_CONDITION_H

#include <stdbool.h>
#include <stdint.h>

#include "core/event.h"

enum seuil_condition_op {
    SEUIL_COND_ALL,    /* children; none: true */
    SEUIL_COND_ANY,    /* children; none: false */
    SEUIL_COND_NOT,    /* one child */
    SEUIL_COND_IN,     /* equals one of values, ascending by seuil_value_cmp, without repetition */
    SEUIL_COND_PREFIX, /* text */
    SEUIL_COND_SUFFIX, /* text */
    SEUIL_COND_CONTAINS, /* text */
    SEUIL_COND_REGEX,    /* regex */
    SEUIL_COND_RANGE,    /* low, high */
    SEUIL_COND_PRESENT,
    SEUIL_COND_ABSENT,
};

/* Beside the fields of events: an attribute of the profile, by `attribute`. */
#define SEUIL_FIELD_ATTRIBUTE (SEUIL_FIELD_MAP + 1)

/* Beside attributes a condition on a lead's standing may test the letter of its grade and its
 * status: their places behind the attributes. */
enum {
    SEUIL_STANDING_GRADE = SEUIL_ATTRIBUTES_MAX,
    SEUIL_STANDING_STATUS,
};

/* A regular expression. The core looks for a literal first and hands the rest to the matcher of
 * the index. */
struct seuil_regex {
    struct seuil_str pattern;
    bool ignore_case;                 /* of the literals */
    uint32_t literal_count;           /* 0: none is known, it always runs */
    const struct seuil_str *literals; /* one of them is in every subject that matches */
    const void *code;                 /* the matcher's */
};

struct seuil_condition {
    uint8_t op;    /* enum seuil_condition_op */
    uint8_t field; /* enum seuil_field, SEUIL_FIELD_MAP with key, or SEUIL_FIELD_ATTRIBUTE */
    bool ignore_case;
    bool low_open; /* RANGE: low itself is outside */
    bool high_open;
    uint16_t attribute;   /* index in the set or SEUIL_STANDING_*, of SEUIL_FIELD_ATTRIBUTE */
    uint32_t count;       /* of children or values */
    struct seuil_str key; /* of the map's entry, when field is SEUIL_FIELD_MAP */
    union {
        const struct seuil_condition *children;
        const struct seuil_value *values;
        const struct seuil_regex *regex;
    };
    struct seuil_str text;
    double low, high; /* RANGE: -INFINITY, INFINITY where there is no bound */
};

/* Levels of a condition's tree, the model's own condition included: evaluation recurses. */
#define SEUIL_CONDITION_DEPTH_MAX 16

/* A total order of values that are not null: bools, numbers, strings. */
int seuil_value_cmp(const struct seuil_value *a, const struct seuil_value *b);

/* The folded byte at @at of @text; a byte depends at most on the one before it. */
static inline uint8_t seuil_text_fold_at(const char *text, uint32_t at)
{
    uint8_t byte = (uint8_t)text[at];

    if (byte >= 'A' && byte <= 'Z')
        return byte + 32;
    if (byte >= 0x80 && at > 0) {
        uint8_t before = (uint8_t)text[at - 1];

        if (before == 0xc3 && byte <= 0x9e && byte != 0x97)
            return byte + 32;
        if (before == 0xc5 && byte == 0x92)
            return 0x93;
    }
    return byte;
}

/* Fold @len bytes of @text in place. */
void seuil_text_fold(char *text, uint32_t len);

/* The number that @text wholly is; false when it is none. */
bool seuil_text_number(struct seuil_str text, double *ret_number);

#endif
