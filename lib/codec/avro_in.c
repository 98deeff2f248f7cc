#include "codec/avro_in.h"

#include <assert.h>
#include <string.h>

#include "codec/avro_bytes.h"
#include "codec/text.h"

/* @units of the source make a millisecond; instants before 1970 round down like those after. */
static inline const uint8_t *read_time(struct seuil_avro_reader *r, const uint8_t *p,
                                       uint32_t units, int64_t *ret_time)
{
    const uint8_t *from = p;
    int64_t time;

    p = seuil_avro_read_long(r, p, &time);
    if (!p)
        return NULL;
    if (units > 1)
        time = time / units - (time % units < 0);
    if (!seuil_time_sane(time))
        return seuil_avro_fail(
            r, from, SEUIL_ERR_LIMIT,
            "a time lies outside the years 0 to 9999: it is not in milliseconds");
    *ret_time = time;
    return p;
}

static const uint8_t *read_time_text(struct seuil_avro_reader *r, const uint8_t *p,
                                     int64_t *ret_time)
{
    const uint8_t *from = p;
    struct seuil_str text;

    p = seuil_avro_read_bytes(r, p, &text);
    if (p && seuil_time_parse(text, ret_time))
        return seuil_avro_fail(r, from, SEUIL_ERR_FORMAT, "a time is not RFC 3339 with a zone");
    return p;
}

/* ---- taking ------------------------------------------------------------------------------- */

static const uint8_t *take_decimal(struct seuil_avro_reader *r, const uint8_t *p,
                                   const struct seuil_avro_step *step,
                                   struct seuil_value *ret_value)
{
    struct seuil_str bytes;

    if (step->op == SEUIL_OP_TAKE_FIXED_DECIMAL)
        return seuil_avro_read_decimal(r, p, step->count, step->arg, ret_value);
    p = seuil_avro_read_bytes(r, p, &bytes);
    return p ? seuil_avro_read_decimal(r, (const uint8_t *)bytes.ptr, bytes.len, step->arg,
                                       ret_value)
             : NULL;
}

/* A single value by its step; what is not single is passed over and leaves @ret_value null. */
static const uint8_t *take(const struct seuil_avro_program *program, struct seuil_avro_reader *r,
                           const uint8_t *p, const struct seuil_avro_step *step,
                           struct seuil_value *ret_value)
{
    uint32_t index;

    switch (step->op) {
    case SEUIL_OP_TAKE_STRING:
    case SEUIL_OP_TAKE_ID:
        ret_value->type = SEUIL_TYPE_STRING;
        return seuil_avro_read_text(r, p, &ret_value->s);
    case SEUIL_OP_TAKE_ENUM:
        p = seuil_avro_read_index(r, p, step->count, "an enum has no such symbol", &index);
        if (p) {
            ret_value->type = SEUIL_TYPE_STRING;
            ret_value->s = program->symbols[step->arg + index];
        }
        return p;
    case SEUIL_OP_TAKE_INT:
        ret_value->type = SEUIL_TYPE_INT;
        return seuil_avro_read_int(r, p, &ret_value->i);
    case SEUIL_OP_TAKE_LONG:
        ret_value->type = SEUIL_TYPE_INT;
        return seuil_avro_read_long(r, p, &ret_value->i);
    case SEUIL_OP_TAKE_TIME:
        ret_value->type = SEUIL_TYPE_INT;
        return read_time(r, p, step->count, &ret_value->i);
    case SEUIL_OP_TAKE_TIME_TEXT:
        ret_value->type = SEUIL_TYPE_INT;
        return read_time_text(r, p, &ret_value->i);
    case SEUIL_OP_TAKE_BOOL:
        ret_value->type = SEUIL_TYPE_BOOL;
        return seuil_avro_read_bool(r, p, &ret_value->b);
    case SEUIL_OP_TAKE_FLOAT:
        return seuil_avro_read_float(r, p, 4, ret_value);
    case SEUIL_OP_TAKE_DOUBLE:
        return seuil_avro_read_float(r, p, 8, ret_value);
    case SEUIL_OP_TAKE_DECIMAL:
    case SEUIL_OP_TAKE_FIXED_DECIMAL:
        return take_decimal(r, p, step, ret_value);
    case SEUIL_OP_TAKE_UUID:
        ret_value->type = SEUIL_TYPE_STRING;
        return seuil_avro_read_uuid(r, p, &ret_value->s);
    default:
        return seuil_avro_skip(r, p, step, 1);
    }
}

static bool add_key(struct seuil_avro_reader *r, const uint8_t *p, struct seuil_str key)
{
    int rc = seuil_keyset_add(&r->scratch->inner, key);

    if (!seuil_avro_steps_on(r, p, r->scratch->inner.probes))
        return false;
    switch (rc) {
    case 1:
        return true;
    case 0:
        seuil_avro_note(r, p, SEUIL_ERR_FORMAT, "a key stands twice in one map");
        return false;
    default:
        seuil_avro_note(r, p, SEUIL_ERR_LIMIT, "a map has more than 512 entries");
        return false;
    }
}

static const uint8_t *take_entry(const struct seuil_avro_program *program,
                                 struct seuil_avro_reader *r, const uint8_t *p,
                                 const struct seuil_avro_step *step, struct seuil_event *event)
{
    struct seuil_entry *entry = &r->scratch->entries[event->map_count];
    const uint8_t *from = p;
    uint32_t index;
    bool single;

    if (event->map_count == SEUIL_MAP_ENTRIES_MAX)
        return seuil_avro_fail(r, p, SEUIL_ERR_LIMIT, "a map has more than 256 entries");
    p = seuil_avro_read_text(r, p, &entry->key);
    if (!p || !add_key(r, from, entry->key))
        return NULL;
    if (step->op == SEUIL_OP_UNION) {
        p = seuil_avro_read_index(r, p, step->count, "a union has no such branch", &index);
        if (!p || !seuil_avro_step_on(r, p))
            return NULL;
        step = r->steps + step->arg + index;
    }
    memset(&entry->value, 0, sizeof(entry->value));
    single = step->op >= SEUIL_OP_TAKE_STRING ||
             (step->op == SEUIL_OP_NOTHING && event->kind != SEUIL_KIND_FORM);
    p = take(program, r, p, step, &entry->value);
    if (p && single)
        event->map_count++;
    return p;
}

static const uint8_t *take_map(const struct seuil_avro_program *program,
                               struct seuil_avro_reader *r, const uint8_t *p,
                               const struct seuil_avro_step *step, struct seuil_event *event)
{
    uint64_t count;
    int64_t bytes;

    seuil_keyset_clear(&r->scratch->inner);
    event->map = r->scratch->entries;
    while (seuil_avro_step_on(r, p)) {
        p = seuil_avro_read_block(r, p, &count, &bytes);
        if (!p || count == 0)
            return p;
        while (count-- > 0) {
            if (!seuil_avro_step_on(r, p))
                return NULL;
            p = take_entry(program, r, p, r->steps + step->arg, event);
            if (!p)
                return NULL;
        }
    }
    return NULL;
}

/* ---- fields of the top record ------------------------------------------------------------- */

/* Whatever is not read where the fields are walked. */
static __attribute__((noinline)) const uint8_t *
take_other(const struct seuil_avro_program *program, struct seuil_avro_reader *r, const uint8_t *p,
           const struct seuil_avro_step *step, struct seuil_event *event)
{
    struct seuil_value spare = {0};
    uint32_t index;

    if (step->op >= SEUIL_OP_UNION && step->op <= SEUIL_OP_TEXT_NULL) {
        p = seuil_avro_read_index(r, p, step->count, "a union has no such branch", &index);
        if (!p)
            return NULL;
        step = r->steps + step->arg + index;
    }
    if (step->op == SEUIL_OP_TAKE_MAP)
        return take_map(program, r, p, step, event);
    if (step->op < SEUIL_OP_TAKE_STRING)
        return seuil_avro_skip(r, p, step, 1);
    p = take(program, r, p, step, &spare);
    if (!p)
        return NULL;
    if (step->target == SEUIL_TARGET_TIME)
        event->time = spare.i;
    else if (step->target == SEUIL_TARGET_CONSENT)
        event->consent = spare;
    else if (step->target < SEUIL_TARGET_ID)
        event->field[step->target] = spare;
    else
        seuil_target_put_string(event, step->target, spare.s);
    return p;
}

/* A text that is ASCII, whole and shorter than 8 KiB, as nearly all are, is read here: its length
 * in one byte or two. Anything else is read anew, slowly, which also says what is wrong. */
static inline __attribute__((always_inline)) const uint8_t *
text_at(const uint8_t *p, const uint8_t *end, struct seuil_str *ret_text)
{
    uint32_t len;

    if (__builtin_expect(end - p < 2, 0))
        return NULL;
    len = *p++;
    if (len & 0x80) {
        if (*p & 0x80)
            return NULL;
        len = (len & 0x7f) | (uint32_t)*p++ << 7;
    }
    if (__builtin_expect((len & 1) || (len >>= 1) > end - p || !seuil_ascii_check(p, len, end), 0))
        return NULL;
    *ret_text = (struct seuil_str){(const char *)p, len};
    return p + len;
}

/* The top record's fields one after the other; returns where they end. Texts and numbers go
 * straight to their place in the event. Each kind of step jumps to the next one's by a table, which
 * saves a tenth of the walk. */
static const uint8_t *take_fields(const struct seuil_avro_program *program,
                                  struct seuil_avro_reader *r, const struct seuil_avro_step **step,
                                  struct seuil_event *event)
{
    static const void *const ways[SEUIL_OPS] = {
        [SEUIL_OP_END] = &&end,
        [SEUIL_OP_NOTHING... SEUIL_OP_UNION] = &&other,
        [SEUIL_OP_NULL_TEXT] = &&null_text,
        [SEUIL_OP_TEXT_NULL] = &&text_null,
        [SEUIL_OP_TAKE_MAP... SEUIL_OP_TAKE_KEYS] = &&other,
        [SEUIL_OP_TAKE_STRING] = &&text,
        [SEUIL_OP_TAKE_ID] = &&id,
        [SEUIL_OP_TAKE_ENUM... SEUIL_OP_TAKE_BOOL] = &&other,
        [SEUIL_OP_TAKE_INT... SEUIL_OP_TAKE_LONG] = &&number,
        [SEUIL_OP_TAKE_FLOAT... SEUIL_OP_TAKE_UUID] = &&other,
        [SEUIL_OP_TAKE_TIME] = &&when,
        [SEUIL_OP_TAKE_TIME_TEXT] = &&other,
    };
    const uint8_t *p = r->start, *end = r->end, *next;
    const struct seuil_avro_step *s = *step;
    struct seuil_value *value;

#define GO_ON goto *ways[s->op]
    GO_ON;
null_text:
    if (p == end || *p > 2 || *p == 1)
        goto other;
    if (*p++ == 0) {
        s++;
        GO_ON;
    }
    goto text_of_union;
text_null:
    if (p == end || *p > 2 || *p == 1)
        goto other;
    if (*p++ == 2) {
        s++;
        GO_ON;
    }
text_of_union:
    value = (void *)((char *)event + s->at);
    next = text_at(p, end, &value->s);
    if (__builtin_expect(!next, 0)) {
        p--;
        goto other;
    }
    value->type = SEUIL_TYPE_STRING;
    p = next;
    s++;
    GO_ON;
text:
    value = (void *)((char *)event + s->at);
    next = text_at(p, end, &value->s);
    if (__builtin_expect(!next, 0))
        goto other;
    value->type = SEUIL_TYPE_STRING;
    p = next;
    s++;
    GO_ON;
id:
    next = text_at(p, end, (void *)((char *)event + s->at));
    if (__builtin_expect(!next, 0))
        goto other;
    p = next;
    s++;
    GO_ON;
number:
    value = (void *)((char *)event + s->at);
    value->type = SEUIL_TYPE_INT;
    next = s->op == SEUIL_OP_TAKE_INT ? seuil_avro_read_int(r, p, &value->i)
                                      : seuil_avro_read_long(r, p, &value->i);
    if (__builtin_expect(!next, 0))
        goto other;
    p = next;
    s++;
    GO_ON;
when:
    next = read_time(r, p, s->count, &event->time);
    if (__builtin_expect(!next, 0))
        goto other;
    p = next;
    s++;
    GO_ON;
other:
    p = take_other(program, r, p, s, event);
    if (__builtin_expect(!p, 0))
        goto end;
    s++;
    GO_ON;
end:
    *step = s;
    return p;
#undef GO_ON
}

int seuil_avro_read(const struct seuil_avro_program *program, struct seuil_decode_scratch *scratch,
                    const uint8_t *bytes, uint32_t len, struct seuil_event *event,
                    struct seuil_fault *fault)
{
    struct seuil_avro_reader r = {
        .start = bytes,
        .end = bytes + len,
        .steps = program->steps,
        .records = program->records,
        .scratch = scratch,
        .fault = fault,
        /* The fields of the top record take a byte each: one step of the four is theirs, so that
         * they need no counting. */
        .most = SEUIL_STEPS_MOST(len) - len,
    };
    const struct seuil_avro_step *first = program->steps + program->start, *step = first;
    const uint8_t *p;

    scratch->text_len = 0;
    p = take_fields(program, &r, &step, event);
    scratch->steps = r.work + (uint64_t)(step - first);
    if (__builtin_expect(!p, 0)) {
        if (step->target < SEUIL_TARGET_COUNT)
            fault->field = program->names->name[step->target];
        return fault->code;
    }
    if (p != r.end) {
        seuil_avro_note(
            &r, p, SEUIL_ERR_FORMAT,
            "bytes are left behind the record: another schema wrote it, or another framing");
        return fault->code;
    }
    return 0;
}
