#include "codec/json_in.h"

#include <assert.h>
#include <math.h>

#include "codec/json_scan.h"
#include "codec/text.h"

static int fail_at(struct seuil_json *j, const uint8_t *at, int code, const char *why)
{
    j->p = at;
    return seuil_json_fail(j, code, why);
}

/* ---- one field ---------------------------------------------------------------------------- */

/* A string, number, bool or null where @next stands; SEUIL_ERR_FORMAT for anything nested. */
static int scalar(struct seuil_json *j, uint8_t next, struct seuil_value *ret_value,
                  struct seuil_str *ret_raw)
{
    const uint8_t *from = j->p;
    int rc = seuil_json_steps(j, 1);

    if (rc)
        return rc;
    switch (next) {
    case '"':
        ret_value->type = SEUIL_TYPE_STRING;
        return seuil_json_string(j, &ret_value->s);
    case '{':
    case '[':
        return seuil_json_fail(j, SEUIL_ERR_FORMAT,
                               "a single value is wanted, not an object or a list");
    case 't':
    case 'f':
    case 'n':
        rc = seuil_json_literal(j, ret_value);
        *ret_raw = (struct seuil_str){(const char *)from, (uint32_t)(j->p - from)};
        return rc;
    default:
        return seuil_json_number(j, ret_value, ret_raw);
    }
}

static int take_time(struct seuil_json *j, const uint8_t *at, const struct seuil_value *value,
                     struct seuil_event *event)
{
    seuil_time_ms time;

    switch (value->type) {
    case SEUIL_TYPE_INT:
        time = value->i;
        break;
    case SEUIL_TYPE_DOUBLE: /* 1.7e12 is a number of milliseconds; 1.5 is none */
        if (value->d != floor(value->d) || fabs(value->d) > 9007199254740992.0)
            return fail_at(j, at, SEUIL_ERR_FORMAT, "a time is not a whole number of milliseconds");
        time = (int64_t)value->d;
        break;
    case SEUIL_TYPE_STRING:
        if (seuil_time_parse(value->s, &time))
            return fail_at(j, at, SEUIL_ERR_FORMAT,
                           "a time is neither milliseconds nor RFC 3339 with a zone, as "
                           "2026-03-02T08:00:00Z");
        break;
    default:
        return fail_at(j, at, SEUIL_ERR_FORMAT, "a time is true or false");
    }
    if (!seuil_time_sane(time))
        return fail_at(j, at, SEUIL_ERR_LIMIT,
                       "a time lies outside the years 0 to 9999: it is not in milliseconds");
    event->time = time;
    return 0;
}

static int take(struct seuil_json *j, unsigned target, const uint8_t *at,
                const struct seuil_value *value, struct seuil_event *event)
{
    if (value->type == SEUIL_TYPE_NULL)
        return 0; /* null and absent are one */
    switch (seuil_target_class(target)) {
    case SEUIL_CLASS_STRING:
        if (value->type != SEUIL_TYPE_STRING)
            return fail_at(j, at, SEUIL_ERR_FORMAT, "a string is wanted");
        seuil_target_put_string(event, target, value->s);
        return 0;
    case SEUIL_CLASS_NUMBER:
        if (value->type != SEUIL_TYPE_INT && value->type != SEUIL_TYPE_DOUBLE)
            return fail_at(j, at, SEUIL_ERR_FORMAT, "a number is wanted");
        event->field[target] = *value;
        return 0;
    case SEUIL_CLASS_BOOL:
        if (value->type != SEUIL_TYPE_BOOL)
            return fail_at(j, at, SEUIL_ERR_FORMAT, "true or false is wanted");
        if (target == SEUIL_TARGET_CONSENT)
            event->consent = *value;
        else
            event->field[target] = *value;
        return 0;
    case SEUIL_CLASS_TIME:
        return take_time(j, at, value, event);
    case SEUIL_CLASS_TYPE:
        if (value->type != SEUIL_TYPE_STRING)
            return fail_at(j, at, SEUIL_ERR_FORMAT, "a string is wanted");
        if (!seuil_str_eq(value->s, seuil_str_from(seuil_kind_name(event->kind))))
            return fail_at(j, at, SEUIL_ERR_FORMAT,
                           "the event is of another type than this input's");
        return 0;
    case SEUIL_CLASS_MAP:
        break;
    }
    assert(!"a map is not a single value");
    return SEUIL_ERR_INTERNAL;
}

/* ---- the kind's map ----------------------------------------------------------------------- */

#define NOWHERE UINT32_MAX /* of a key that has no entry: its value was left out */

/* A form's fields are texts, so a number or a bool is kept as it is written. */
static int take_entry(struct seuil_json *j, struct seuil_event *event, struct seuil_str key)
{
    struct seuil_entry *entry = &j->scratch->entries[event->map_count];
    struct seuil_str raw;
    uint8_t next;
    int rc = seuil_json_peek(j, &next);

    if (rc)
        return rc;
    if (next == '{' || next == '[') /* lists and objects have no place in a map of values */
        return seuil_json_skip(j, 3);
    if (event->map_count == SEUIL_MAP_ENTRIES_MAX)
        return seuil_json_fail(j, SEUIL_ERR_LIMIT, "a map has more than 256 entries");
    rc = scalar(j, next, &entry->value, &raw);
    if (rc)
        return rc;
    entry->key = key;
    if (event->kind == SEUIL_KIND_FORM) {
        if (entry->value.type == SEUIL_TYPE_NULL)
            return 0;
        if (entry->value.type != SEUIL_TYPE_STRING)
            entry->value = (struct seuil_value){.type = SEUIL_TYPE_STRING, .s = raw};
    }
    event->map_count++;
    return 0;
}

/* 0: @key is new; 1: it stood there before, and the last one wins. */
static int add_key(struct seuil_json *j, enum seuil_duplicates duplicates, struct seuil_keyset *set,
                   const uint8_t *at, struct seuil_str key)
{
    int added = seuil_keyset_add(set, key), rc = seuil_json_steps(j, set->probes);

    if (rc)
        return rc;
    switch (added) {
    case 1:
        return 0;
    case 0:
        return duplicates == SEUIL_DUPLICATES_LAST
                   ? 1
                   : fail_at(j, at, SEUIL_ERR_FORMAT, "a name stands twice in one object");
    default:
        return fail_at(j, at, SEUIL_ERR_LIMIT, "an object has more than 512 members");
    }
}

/* The entry at @index goes, and the last one takes its place. */
static int drop_entry(struct seuil_json *j, struct seuil_event *event, uint32_t index)
{
    struct seuil_entry *entries = j->scratch->entries;
    struct seuil_keyset *keys = &j->scratch->inner;

    if (index == --event->map_count)
        return 0;
    entries[index] = entries[event->map_count];
    seuil_keyset_add(keys, entries[index].key); /* it is there */
    keys->slot->at = index;
    return seuil_json_steps(j, keys->probes);
}

/* One member of the kind's map; of a name that stood there before the old value goes. */
static int read_entry(struct seuil_json *j, enum seuil_duplicates duplicates,
                      struct seuil_event *event)
{
    struct seuil_keyset *keys = &j->scratch->inner;
    struct seuil_str key;
    struct seuil_key_slot *slot;
    const uint8_t *at;
    uint32_t count;
    int rc;

    seuil_json_space(j);
    at = j->p;
    rc = seuil_json_name(j, &key);
    if (!rc)
        rc = add_key(j, duplicates, keys, at, key);
    if (rc < 0)
        return rc;
    slot = keys->slot;
    rc = rc && slot->at != NOWHERE ? drop_entry(j, event, slot->at) : 0;
    if (rc)
        return rc;
    count = event->map_count;
    rc = take_entry(j, event, key);
    slot->at = event->map_count > count ? count : NOWHERE;
    return rc;
}

static int read_map(struct seuil_json *j, enum seuil_duplicates duplicates,
                    struct seuil_event *event)
{
    struct seuil_value null;
    bool first = true;
    uint8_t next;
    int rc = seuil_json_peek(j, &next);

    if (rc)
        return rc;
    if (next == 'n')
        return seuil_json_literal(j, &null);
    if (next != '{')
        return seuil_json_fail(j, SEUIL_ERR_FORMAT, "an object is wanted");
    j->p++;
    seuil_keyset_clear(&j->scratch->inner);
    event->map = j->scratch->entries;
    while ((rc = seuil_json_next(j, '}', &first)) > 0) {
        rc = read_entry(j, duplicates, event);
        if (rc)
            return rc;
    }
    return rc;
}

/* ---- the whole ---------------------------------------------------------------------------- */

/* The kind of a record is needed before its fields can be told: canonical events say it first, and
 * for others the members are walked once more, by a look of their own. */
static int find_kind(struct seuil_json *look, const struct seuil_names *names,
                     enum seuil_duplicates duplicates, int *ret_kind)
{
    struct seuil_str name, raw;
    struct seuil_value value;
    const uint8_t *at;
    bool first = true;
    int rc, kind = SEUIL_KINDS;
    uint8_t next;

    while ((rc = seuil_json_next(look, '}', &first)) > 0) {
        rc = seuil_json_name(look, &name);
        if (rc)
            return rc;
        if (!seuil_str_eq(name, names->name[SEUIL_TARGET_TYPE])) {
            rc = seuil_json_skip(look, 2);
            if (rc)
                return rc;
            continue;
        }
        rc = seuil_json_peek(look, &next);
        at = look->p;
        if (!rc)
            rc = scalar(look, next, &value, &raw);
        if (rc)
            return rc;
        kind = value.type == SEUIL_TYPE_STRING ? seuil_kind_find(value.s) : -1;
        if (kind < 0)
            return fail_at(look, at, SEUIL_ERR_UNSUPPORTED,
                           "`type` is none of page_view, email, form, activity, profile, command");
        *ret_kind = kind;
        if (duplicates == SEUIL_DUPLICATES_REFUSED)
            break;
    }
    if (rc >= 0 && kind == SEUIL_KINDS)
        rc = seuil_json_fail(look, SEUIL_ERR_MISSING, "`type` is missing");
    return rc > 0 ? 0 : rc;
}

/* What an earlier member of the same name gave is taken back: the last one may be null. */
static void take_back(unsigned target, struct seuil_event *event)
{
    switch (target) {
    case SEUIL_TARGET_TIME:
        event->time = SEUIL_TIME_NONE;
        break;
    case SEUIL_TARGET_CONSENT:
        event->consent.type = SEUIL_TYPE_NULL;
        break;
    case SEUIL_TARGET_MAP:
        event->map_count = 0;
        break;
    case SEUIL_TARGET_TYPE:
        break;
    default:
        seuil_target_put_string(event, target, (struct seuil_str){0});
        if (target < SEUIL_TARGET_ID)
            event->field[target].type = SEUIL_TYPE_NULL;
    }
}

static int read_member(struct seuil_json *j, const struct seuil_names *names,
                       enum seuil_duplicates duplicates, uint64_t *seen, struct seuil_event *event)
{
    struct seuil_str name, raw;
    struct seuil_value value;
    const uint8_t *at;
    uint8_t next;
    int target, rc;

    seuil_json_space(j);
    at = j->p;
    rc = seuil_json_name(j, &name);
    if (rc)
        return rc;
    target = seuil_names_find(names, name);
    if (target < 0) {
        if (duplicates == SEUIL_DUPLICATES_REFUSED)
            rc = add_key(j, duplicates, &j->scratch->top, at, name);
        return rc ? rc : seuil_json_skip(j, 2);
    }
    if (*seen >> target & 1) {
        if (duplicates == SEUIL_DUPLICATES_REFUSED)
            rc = fail_at(j, at, SEUIL_ERR_FORMAT, "a name stands twice in one object");
        else
            take_back((unsigned)target, event);
    }
    *seen |= UINT64_C(1) << target;
    if (!rc)
        rc = seuil_json_peek(j, &next);
    if (!rc && target == SEUIL_TARGET_MAP) {
        rc = read_map(j, duplicates, event);
    } else if (!rc) {
        at = j->p;
        rc = scalar(j, next, &value, &raw);
        if (!rc)
            rc = take(j, (unsigned)target, at, &value, event);
    }
    if (rc)
        j->fault->field = names->name[target];
    return rc;
}

static int read_object(struct seuil_json *j, const struct seuil_names *names, int kind,
                       enum seuil_duplicates duplicates, struct seuil_event *event)
{
    struct seuil_json look;
    uint64_t seen = 0;
    bool first = true;
    int rc;

    _Static_assert(SEUIL_TARGET_COUNT <= 64, "targets seen are a bit set");
    rc = seuil_json_expect(j, '{', "the JSON text is not an object");
    if (!rc && kind < 0) {
        look = *j;
        rc = find_kind(&look, names, duplicates, &kind);
        j->steps = look.steps;
        j->scratch->text_len = 0;
    }
    if (rc)
        return rc;
    event->kind = (enum seuil_kind)kind;
    while ((rc = seuil_json_next(j, '}', &first)) > 0) {
        rc = read_member(j, &names[kind], duplicates, &seen, event);
        if (rc)
            return rc;
    }
    if (rc)
        return rc;
    seuil_json_space(j);
    if (j->p != j->end)
        return seuil_json_fail(j, SEUIL_ERR_FORMAT, "more stands behind the JSON object");
    return 0;
}

int seuil_json_read(const struct seuil_names *names, int kind, enum seuil_duplicates duplicates,
                    struct seuil_decode_scratch *scratch, const uint8_t *bytes, uint32_t len,
                    struct seuil_event *event, struct seuil_fault *fault)
{
    struct seuil_json j = seuil_json_of(bytes, len, scratch, fault);
    int rc;

    scratch->text_len = 0;
    seuil_keyset_clear(&scratch->top);
    rc = read_object(&j, names, kind, duplicates, event);
    scratch->steps = j.steps;
    return rc;
}
