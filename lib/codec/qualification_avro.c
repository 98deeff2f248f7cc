/* A crossing in Avro's binary encoding, field by field as schemas/qualification.avsc has them.
 *
 * Straight lines instead of avro-c's values: no allocation, no schema at run time. That it is the
 * schema's encoding is held by a test that reads it back with avro-c and the schema's own text. */

#include "codec/avro_put.h"
#include "codec/qualification.h"

static void add_line(struct seuil_buf *out, const struct seuil_line *line)
{
    seuil_avro_put_text(out, line->rule);
    seuil_avro_put_text(out, line->label);
    seuil_avro_put_long(out, line->count > INT32_MAX ? INT32_MAX : line->count);
    seuil_avro_put_amount(out, line->points);
    seuil_avro_put_amount(out, line->now);
    seuil_avro_put_optional_text(out, line->limited_by);
}

int seuil_qualification_avro(const struct seuil_qualification *q, struct seuil_buf *out)
{
    const struct seuil_explanation *e = q->explanation;

    seuil_avro_put_text(out, q->id);
    seuil_avro_put_string(out, q->lead);
    seuil_avro_put_text(out, q->model);
    seuil_avro_put_text(out, q->model_version);
    seuil_avro_put_text(out, q->direction);
    seuil_avro_put_text(out, q->tier_before);
    seuil_avro_put_text(out, q->tier);
    seuil_avro_put_amount(out, e->score);
    seuil_avro_put_amount(out, e->fit);
    seuil_avro_put_text(out, q->reason);
    seuil_avro_put_long(out, q->effective);
    seuil_avro_put_optional_time(out, q->until, q->until != SEUIL_TIME_NEVER);
    seuil_avro_put_long(out, q->cause != NULL);
    if (q->cause) {
        seuil_avro_put_string(out, q->cause->id);
        seuil_avro_put_string(out, q->cause->topic);
        seuil_avro_put_long(out, q->cause->partition);
        seuil_avro_put_long(out, q->cause->offset);
    }
    if (e->line_count) {
        seuil_avro_put_long(out, e->line_count);
        for (uint32_t i = 0; i < e->line_count; i++)
            add_line(out, &e->lines[i]);
    }
    seuil_avro_put_long(out, 0);
    seuil_avro_put_optional_text(out, e->grade);
    seuil_avro_put_optional_time(out, q->tier_since, q->tier_since != SEUIL_TIME_NONE);
    seuil_avro_put_optional_text(out, q->model_version_before);
    return out->failed;
}
