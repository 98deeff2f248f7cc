#include "codec/target.h"

#include <assert.h>
#include <string.h>

static const char *const common[] = {"id", "lead", "retracts", "time", "consent", "type"};

static const uint8_t field_types[SEUIL_FIELD_HOST] = {
#define X(name, text, kinds, type) [SEUIL_FIELD_##name] = SEUIL_TYPE_##type,
    SEUIL_FIELDS(X)
#undef X
};

enum seuil_target_class seuil_target_class(enum seuil_target target)
{
    switch (target) {
    case SEUIL_TARGET_ID:
    case SEUIL_TARGET_LEAD:
    case SEUIL_TARGET_RETRACTS:
        return SEUIL_CLASS_STRING;
    case SEUIL_TARGET_TIME:
        return SEUIL_CLASS_TIME;
    case SEUIL_TARGET_CONSENT:
        return SEUIL_CLASS_BOOL;
    case SEUIL_TARGET_TYPE:
        return SEUIL_CLASS_TYPE;
    case SEUIL_TARGET_MAP:
        return SEUIL_CLASS_MAP;
    default:
        break;
    }
    assert((unsigned)target < SEUIL_FIELD_HOST);
    switch (field_types[target]) {
    case SEUIL_TYPE_NUMBER:
        return SEUIL_CLASS_NUMBER;
    case SEUIL_TYPE_BOOL:
        return SEUIL_CLASS_BOOL;
    default:
        return SEUIL_CLASS_STRING;
    }
}

/* The canonical name of @target for @kind; NULL when the kind has no such field. */
static const char *canonical(unsigned target, enum seuil_kind kind)
{
    if (target < SEUIL_FIELD_HOST)
        return seuil_field_of_kind(target, kind) ? seuil_field_name(target) : NULL;
    if (target == SEUIL_TARGET_MAP)
        return seuil_kind_map_name(kind);
    return common[target - SEUIL_TARGET_ID];
}

static bool is_field_of_any(const char *field)
{
    for (int kind = 0; kind < SEUIL_KINDS; kind++)
        for (unsigned t = 0; t < SEUIL_TARGET_COUNT; t++)
            if (canonical(t, kind) && strcmp(canonical(t, kind), field) == 0)
                return true;
    return false;
}

static bool is_field_of(const char *field, enum seuil_kind kind)
{
    for (unsigned t = 0; t < SEUIL_TARGET_COUNT; t++)
        if (canonical(t, kind) && strcmp(canonical(t, kind), field) == 0)
            return true;
    return false;
}

static int check_renames(enum seuil_kind kind, bool any_kind, const struct seuil_rename *renames,
                         uint32_t count, struct seuil_error *err)
{
    for (uint32_t i = 0; i < count; i++) {
        if (any_kind ? !is_field_of_any(renames[i].field) : !is_field_of(renames[i].field, kind))
            return seuil_error_set(err, SEUIL_ERR_INVALID,
                                   "`fields` renames `%s`, which no %s event has; see "
                                   "schemas/README.md for the fields of each kind",
                                   renames[i].field, any_kind ? "" : seuil_kind_name(kind));
        if (renames[i].name[0] == '\0')
            return seuil_error_set(err, SEUIL_ERR_INVALID,
                                   "`fields` gives `%s` an empty name; write the name that the "
                                   "source uses",
                                   renames[i].field);
        for (uint32_t j = 0; j < i; j++)
            if (strcmp(renames[i].field, renames[j].field) == 0)
                return seuil_error_set(err, SEUIL_ERR_INVALID, "`fields` renames `%s` twice",
                                       renames[i].field);
    }
    return 0;
}

static int add(struct seuil_names *names, unsigned target, const char *text,
               struct seuil_arena *arena, struct seuil_error *err)
{
    struct seuil_str name = seuil_str_from(text);
    int there = seuil_names_find(names, name);
    uint32_t i;

    if (there >= 0)
        return seuil_error_set(err, SEUIL_ERR_INVALID,
                               "`%s` would be read as `%s` and as `%s`; rename one of them in "
                               "`fields`",
                               text, canonical((unsigned)there, names->kind),
                               canonical(target, names->kind));
    name.ptr = seuil_arena_strdup(arena, text, name.len);
    if (!name.ptr)
        return seuil_error_set(err, SEUIL_ERR_NOMEM, "out of memory");
    for (i = seuil_names_hash(name.ptr, name.len); names->slots[i];)
        i = (i + 1) % SEUIL_NAMES_SLOTS;
    names->slots[i] = (uint8_t)(target + 1);
    names->name[target] = name;
    return 0;
}

int seuil_names_build(enum seuil_kind kind, bool any_kind, const struct seuil_rename *renames,
                      uint32_t rename_count, struct seuil_arena *arena,
                      struct seuil_names *ret_names, struct seuil_error *err)
{
    struct seuil_names names = {.kind = kind};
    int rc = check_renames(kind, any_kind, renames, rename_count, err);

    for (unsigned t = 0; t < SEUIL_TARGET_COUNT && !rc; t++) {
        const char *text = canonical(t, kind);

        for (uint32_t i = 0; text && i < rename_count; i++)
            if (strcmp(renames[i].field, canonical(t, kind)) == 0)
                text = renames[i].name;
        if (text)
            rc = add(&names, t, text, arena, err);
    }
    if (rc)
        return rc;
    *ret_names = names;
    return 0;
}
