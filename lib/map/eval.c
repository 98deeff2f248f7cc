/* The ops of a map, one after the other. */

#include <assert.h>
#include <stdlib.h>

#include "base/hash.h"
#include "conf/regex.h"
#include "map/scratch.h"

/* ---- tests -------------------------------------------------------------------------------- */

static int by_text(const void *text, const void *entry)
{
    return seuil_str_cmp(*(const struct seuil_str *)text, *(const struct seuil_str *)entry);
}

static bool in_list(const struct seuil_str *texts, uint32_t count, struct seuil_str text)
{
    return count != 0 && bsearch(&text, texts, count, sizeof(*texts), by_text) != NULL;
}

static bool in_range(struct seuil_map_scratch *s, const struct seuil_map_test *test)
{
    struct seuil_map_value kept = s->value;
    bool number = seuil_map_as_number(s) == 0;
    double d = s->value.v.type == SEUIL_TYPE_INT ? (double)s->value.v.i : s->value.v.d;

    if (!number)
        s->fault = (struct seuil_map_fault){0}; /* what is no number is in no range */
    s->value = kept;
    return number && d >= test->low && d <= test->high;
}

static bool test_text(struct seuil_map_scratch *s, const struct seuil_map_test *test,
                      struct seuil_str text)
{
    struct seuil_str want = test->texts[0];

    switch ((enum seuil_map_test_kind)test->kind) {
    case SEUIL_TEST_IN:
        return in_list(test->texts, test->count, text);
    case SEUIL_TEST_PREFIX:
        return seuil_str_starts(text, want);
    case SEUIL_TEST_SUFFIX:
        return text.len >= want.len &&
               memcmp(text.ptr + text.len - want.len, want.ptr, want.len) == 0;
    case SEUIL_TEST_CONTAINS:
        return text.len && memmem(text.ptr, text.len, want.ptr, want.len);
    case SEUIL_TEST_REGEX:
        if (text.len > SEUIL_MAP_STEP_TEXT_MAX) {
            seuil_map_fail(s, SEUIL_ERR_LIMIT, "a text of more than 8,192 bytes is not matched");
            return false;
        }
        if (!seuil_map_work(s, SEUIL_MAP_MATCH_WORK))
            return false;
        switch (seuil_regex_match(s->regex, test->regex, text)) {
        case 0:
            return false;
        case 1:
            return true;
        default:
            seuil_map_overrun(s);
            return false;
        }
    case SEUIL_TEST_PRESENT:
    case SEUIL_TEST_RANGE:
        break;
    }
    return false;
}

static int run_test(struct seuil_map_scratch *s, const struct seuil_map_test *test)
{
    struct seuil_str text;

    s->flag = s->value.there;
    if (!s->flag || test->kind == SEUIL_TEST_PRESENT)
        return 0;
    if (test->kind == SEUIL_TEST_RANGE) {
        s->flag = in_range(s, test);
        return s->fault.code;
    }
    s->flag = seuil_map_as_text(s, &text) && seuil_map_work(s, 1 + text.len / 8) &&
              test_text(s, test, text);
    return s->fault.code;
}

/* ---- hashes ------------------------------------------------------------------------------- */

static int hash_bytes(struct seuil_map_scratch *s, uint8_t tag, const void *bytes, uint32_t len)
{
    if ((uint64_t)s->hash_len + 5 + len > SEUIL_MAP_HASH_MAX)
        return seuil_map_fail(s, SEUIL_ERR_LIMIT, "an id is derived of more than 4,096 bytes");
    s->hash[s->hash_len++] = (char)tag;
    for (unsigned i = 0; i < 4; i++)
        s->hash[s->hash_len++] = (char)(len >> 8 * i);
    if (len)
        memcpy(s->hash + s->hash_len, bytes, len);
    s->hash_len += len;
    return 0;
}

enum hashed { HASHED_ABSENT, HASHED_TEXT, HASHED_TOPIC, HASHED_PLACE };

static int hash_position(struct seuil_map_scratch *s)
{
    uint64_t numbers[] = {(uint64_t)s->record.partition, (uint64_t)s->record.offset, s->outer.index,
                          s->items.index};
    uint8_t bytes[sizeof(numbers)];

    for (unsigned i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)(numbers[i / 8] >> 8 * (i % 8));
    if (hash_bytes(s, HASHED_TOPIC, s->record.topic.ptr, s->record.topic.len))
        return s->fault.code;
    return hash_bytes(s, HASHED_PLACE, bytes, sizeof(bytes));
}

static int hash_value(struct seuil_map_scratch *s)
{
    struct seuil_str text = {0};

    if (!s->value.there)
        return hash_bytes(s, HASHED_ABSENT, NULL, 0);
    if (!seuil_map_as_text(s, &text))
        return seuil_map_fail(s, SEUIL_ERR_FORMAT, "an id is derived of single values only");
    return hash_bytes(s, HASHED_TEXT, text.ptr, text.len);
}

static int hash_text(struct seuil_map_scratch *s)
{
    static const char hex[] = "0123456789abcdef";
    struct seuil_hash128 hash = seuil_hash128(s->hash, s->hash_len);
    char *out = seuil_map_room(s, 32);

    if (!out)
        return s->fault.code;
    for (unsigned i = 0; i < 16; i++) {
        out[i] = hex[hash.high >> (60 - 4 * i) & 15];
        out[16 + i] = hex[hash.low >> (60 - 4 * i) & 15];
    }
    seuil_map_set_text(s, (struct seuil_str){out, 32});
    return 0;
}

/* ---- tables ------------------------------------------------------------------------------- */

static int look_up(struct seuil_map_scratch *s, const struct seuil_map_table *table)
{
    uint32_t low = 0, high = table->count;
    struct seuil_str text;

    if (!s->value.there)
        return 0;
    if (!seuil_map_as_text(s, &text))
        return seuil_map_fail(s, SEUIL_ERR_FORMAT, "a table takes a single value");
    if (table->ignore_case) {
        char *folded = seuil_map_room(s, text.len);

        if (!folded)
            return s->fault.code;
        memcpy(folded, text.ptr, text.len);
        seuil_text_fold(folded, text.len);
        text.ptr = folded;
    }
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int order = seuil_str_cmp(table->rows[middle].key, text);

        if (order == 0) {
            seuil_map_set_text(s, table->rows[middle].value.s);
            return 0;
        }
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    s->value = (struct seuil_map_value){.node = SEUIL_NODE_NONE};
    return 0;
}

/* ---- the loop ----------------------------------------------------------------------------- */

static void set_int(struct seuil_map_scratch *s, int64_t value, enum seuil_unit unit)
{
    s->value = (struct seuil_map_value){.there = true,
                                        .unit = (uint8_t)unit,
                                        .node = SEUIL_NODE_NONE,
                                        .v = {.type = SEUIL_TYPE_INT, .i = value}};
}

/* Loads and stores, not additions: a lost count does no harm, a locked bus would. */
static void raise_by_one(uint64_t *count)
{
    __atomic_store_n(count, __atomic_load_n(count, __ATOMIC_RELAXED) + 1, __ATOMIC_RELAXED);
}

static void count(const struct seuil_map *map, uint16_t watch, bool present)
{
    struct seuil_map_counter *c;

    if (watch >= map->watch_count)
        return;
    c = &map->counters[watch];
    if (present) {
        raise_by_one(&c->present);
        __atomic_store_n(&c->silent, 0, __ATOMIC_RELAXED);
    } else {
        raise_by_one(&c->absent);
        raise_by_one(&c->silent);
    }
}

/* What makes a value. 0 or a fault. */
static int make_value(const struct seuil_map *map, struct seuil_map_scratch *s,
                      const struct seuil_map_instruction *op)
{
    switch ((enum seuil_map_op)op->op) {
    case SEUIL_MAP_PATH:
        seuil_map_take_node(s, seuil_map_find(map, s, &map->paths[op->arg]));
        return s->fault.code;
    case SEUIL_MAP_CONST:
        seuil_map_set_text(s, map->texts[op->arg]);
        return 0;
    case SEUIL_MAP_KEY:
        seuil_map_set_text(s, s->record.key);
        return 0;
    case SEUIL_MAP_TOPIC:
        seuil_map_set_text(s, s->record.topic);
        return 0;
    case SEUIL_MAP_TIME:
        set_int(s, s->record.time, SEUIL_UNIT_MS);
        return 0;
    case SEUIL_MAP_INDEX:
        set_int(s, s->items.count > 1 ? s->items.index : s->outer.index, SEUIL_UNIT_NONE);
        return 0;
    case SEUIL_MAP_STEP:
        return seuil_map_step(map, s, &map->steps[op->arg]);
    case SEUIL_MAP_TABLE:
        return look_up(s, &map->tables[op->arg]);
    case SEUIL_MAP_HASH:
        s->hash_len = 0;
        return op->arg ? hash_position(s) : 0;
    case SEUIL_MAP_HASH_VALUE:
        return hash_value(s);
    case SEUIL_MAP_HASH_TEXT:
        return hash_text(s);
    case SEUIL_MAP_FLAG:
        s->value = (struct seuil_map_value){
            .there = true, .node = SEUIL_NODE_NONE, .v = {.type = SEUIL_TYPE_BOOL, .b = s->flag}};
        return 0;
    default:
        s->value = (struct seuil_map_value){.node = SEUIL_NODE_NONE};
        return 0;
    }
}

/* What puts the value into the event. */
static int put_value(const struct seuil_map *map, struct seuil_map_scratch *s,
                     const struct seuil_map_instruction *op)
{
    bool there = s->value.there;
    int rc;

    switch ((enum seuil_map_op)op->op) {
    case SEUIL_MAP_STORE:
        rc = there ? seuil_map_store(s, op->arg) : 0;
        count(map, op->count, there);
        return rc;
    case SEUIL_MAP_ENTRY:
        return there ? seuil_map_put_entry(s, map->texts[op->arg]) : 0;
    case SEUIL_MAP_ENTRIES:
        return seuil_map_put_entries(map, s, op->arg, &map->filters[op->count]);
    default:
        return seuil_map_put_pairs(map, s, &map->pairs[op->arg]);
    }
}

/* Where the next op stands; a jump leads forward. */
static uint32_t jump(const struct seuil_map_scratch *s, const struct seuil_map_instruction *op,
                     uint32_t next)
{
    switch ((enum seuil_map_op)op->op) {
    case SEUIL_MAP_JUMP_PRESENT:
        /* Of several places the first that has a single value: a list is none. */
        return s->value.there && s->value.v.type != SEUIL_TYPE_NULL ? op->arg : next;
    case SEUIL_MAP_JUMP_FALSE:
        return s->flag ? next : op->arg;
    case SEUIL_MAP_JUMP_TRUE:
        return s->flag ? op->arg : next;
    default:
        return op->arg;
    }
}

int seuil_map_run(const struct seuil_map *map, struct seuil_map_scratch *s, uint32_t start)
{
    for (uint32_t at = start;;) {
        const struct seuil_map_instruction *op = &map->ops[at++];
        int rc = 0;

        if (!seuil_map_work(s, 1))
            return s->fault.code;
        switch ((enum seuil_map_op)op->op) {
        case SEUIL_MAP_END:
            return 0;
        case SEUIL_MAP_JUMP:
        case SEUIL_MAP_JUMP_PRESENT:
        case SEUIL_MAP_JUMP_FALSE:
        case SEUIL_MAP_JUMP_TRUE:
            assert(op->arg >= at);
            at = jump(s, op, at);
            break;
        case SEUIL_MAP_TEST:
            rc = run_test(s, &map->tests[op->arg]);
            break;
        case SEUIL_MAP_NOT:
            s->flag = !s->flag;
            break;
        case SEUIL_MAP_FIELD:
            s->target = op->arg;
            break;
        case SEUIL_MAP_STORE:
        case SEUIL_MAP_ENTRY:
        case SEUIL_MAP_ENTRIES:
        case SEUIL_MAP_PAIRS:
            rc = put_value(map, s, op);
            break;
        default:
            rc = make_value(map, s, op);
        }
        if (rc && op->lenient && !s->spent) {
            s->fault = (struct seuil_map_fault){0};
            s->value = (struct seuil_map_value){.node = SEUIL_NODE_NONE};
        } else if (rc) {
            return rc;
        }
    }
}
