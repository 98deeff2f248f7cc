/* A crossing in Avro's binary encoding, field by field as schemas/qualification.avsc has them.
 *
 * Straight lines instead of avro-c's values: no allocation, no schema at run time. That it is the
 * schema's encoding is held by a test that reads it back with avro-c and the schema's own text. */

#include <assert.h>
#include <math.h>
#include <string.h>

#include "codec/qualification.h"

static void add_long(struct seuil_buf *out, int64_t value)
{
    uint64_t z = (uint64_t)value << 1 ^ (value < 0 ? UINT64_MAX : 0);
    uint8_t bytes[10];
    unsigned n = 0;

    for (; z >= 0x80; z >>= 7)
        bytes[n++] = (uint8_t)(z | 0x80);
    bytes[n++] = (uint8_t)z;
    assert(n <= sizeof(bytes));
    seuil_buf_add(out, bytes, n);
}

static void add_string(struct seuil_buf *out, struct seuil_str text)
{
    add_long(out, text.len);
    seuil_buf_add(out, text.ptr, text.len);
}

static void add_text(struct seuil_buf *out, const char *text)
{
    add_string(out, seuil_str_from(text));
}

/* The same amount as in JSON: in cents, so that both say the same. */
static void add_amount(struct seuil_buf *out, double value)
{
    double cents = round(value * 100) / 100 + 0.0; /* no negative zero */
    uint8_t bytes[8];
    uint64_t bits;

    memcpy(&bits, &cents, sizeof(bits));
    for (unsigned i = 0; i < 8; i++)
        bytes[i] = (uint8_t)(bits >> 8 * i);
    seuil_buf_add(out, bytes, sizeof(bytes));
}

/* A union of null and string: empty is null. */
static void add_optional_text(struct seuil_buf *out, const char *text)
{
    add_long(out, text[0] != '\0');
    if (text[0])
        add_text(out, text);
}

static void add_optional_time(struct seuil_buf *out, seuil_time_ms time, bool is_there)
{
    add_long(out, is_there);
    if (is_there)
        add_long(out, time);
}

static void add_line(struct seuil_buf *out, const struct seuil_line *line)
{
    add_text(out, line->rule);
    add_text(out, line->label);
    add_long(out, line->count > INT32_MAX ? INT32_MAX : line->count);
    add_amount(out, line->points);
    add_amount(out, line->now);
    add_optional_text(out, line->limited_by);
}

int seuil_qualification_avro(const struct seuil_qualification *q, struct seuil_buf *out)
{
    const struct seuil_explanation *e = q->explanation;

    add_text(out, q->id);
    add_string(out, q->lead);
    add_text(out, q->model);
    add_text(out, q->model_version);
    add_text(out, q->direction);
    add_text(out, q->tier_before);
    add_text(out, q->tier);
    add_amount(out, e->score);
    add_amount(out, e->fit);
    add_text(out, q->reason);
    add_long(out, q->effective);
    add_optional_time(out, q->until, q->until != SEUIL_TIME_NEVER);
    add_long(out, q->cause != NULL);
    if (q->cause) {
        add_string(out, q->cause->id);
        add_string(out, q->cause->topic);
        add_long(out, q->cause->partition);
        add_long(out, q->cause->offset);
    }
    if (e->line_count) {
        add_long(out, e->line_count);
        for (uint32_t i = 0; i < e->line_count; i++)
            add_line(out, &e->lines[i]);
    }
    add_long(out, 0);
    add_optional_text(out, e->grade);
    add_optional_time(out, q->tier_since, q->tier_since != SEUIL_TIME_NONE);
    add_optional_text(out, q->model_version_before);
    return out->failed;
}
