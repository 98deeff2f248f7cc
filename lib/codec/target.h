/* What a decoder looks for: the canonical fields of one kind, under the names the source uses. */

#ifndef SEUIL_CODEC_TARGET_H
#define SEUIL_CODEC_TARGET_H

#include <stdint.h>

#include "base/arena.h"
#include "codec/decode.h"
#include "core/time_text.h"

/* Below SEUIL_TARGET_ID a target is the enum seuil_field of the same number. */
enum seuil_target {
    SEUIL_TARGET_ID = SEUIL_FIELD_HOST,
    SEUIL_TARGET_LEAD,
    SEUIL_TARGET_RETRACTS,
    SEUIL_TARGET_TIME,
    SEUIL_TARGET_CONSENT,
    SEUIL_TARGET_TYPE, /* JSON only */
    SEUIL_TARGET_MAP,
    SEUIL_TARGET_COUNT,
};

/* What a target takes. */
enum seuil_target_class {
    SEUIL_CLASS_STRING,
    SEUIL_CLASS_NUMBER,
    SEUIL_CLASS_BOOL,
    SEUIL_CLASS_TIME,
    SEUIL_CLASS_TYPE,
    SEUIL_CLASS_MAP,
};

#define SEUIL_NAMES_SLOTS 128

/* The targets of one kind by source name: a small open hash, built once. */
struct seuil_names {
    enum seuil_kind kind;
    struct seuil_str name[SEUIL_TARGET_COUNT]; /* len 0: the kind has no such field */
    uint8_t slots[SEUIL_NAMES_SLOTS];          /* target + 1; 0: free */
};

/* Fill @ret_names for @kind; names are copied into @arena. SEUIL_ERR_INVALID and @err when a rename
 * names no field of any kind, or two fields have one name; SEUIL_ERR_NOMEM. Renames of fields of
 * other kinds are left alone when @any_kind. */
int seuil_names_build(enum seuil_kind kind, bool any_kind, const struct seuil_rename *renames,
                      uint32_t rename_count, struct seuil_arena *arena,
                      struct seuil_names *ret_names, struct seuil_error *err);

enum seuil_target_class seuil_target_class(enum seuil_target target);

static inline uint32_t seuil_names_hash(const char *ptr, uint32_t len)
{
    return len == 0 ? 0
                    : ((uint8_t)ptr[0] * 5u + (uint8_t)ptr[len - 1] * 11u + len * 17u) %
                          SEUIL_NAMES_SLOTS;
}

/* The target of a source name; -1 when it is not wanted. */
static inline int seuil_names_find(const struct seuil_names *names, struct seuil_str name)
{
    uint32_t i = seuil_names_hash(name.ptr, name.len);

    for (; names->slots[i]; i = (i + 1) % SEUIL_NAMES_SLOTS)
        if (seuil_str_eq(names->name[names->slots[i] - 1], name))
            return names->slots[i] - 1;
    return -1;
}

/* Put a string where it belongs; of a target whose class is STRING. */
static inline void seuil_target_put_string(struct seuil_event *event, unsigned target,
                                           struct seuil_str s)
{
    switch (target) {
    case SEUIL_TARGET_ID:
        event->id = s;
        break;
    case SEUIL_TARGET_LEAD:
        event->lead = s;
        break;
    case SEUIL_TARGET_RETRACTS:
        event->retracts = s;
        break;
    default:
        if (target >= SEUIL_TARGET_ID) /* of another class: not met */
            break;
        event->field[target].type = SEUIL_TYPE_STRING;
        event->field[target].s = s;
    }
}

#endif
