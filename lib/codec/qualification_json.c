#include "codec/qualification.h"

/* A member's name with all that stands around it, known when this is compiled. */
#define NAME(out, before, member)                                                                  \
    seuil_buf_add(out, before "\"" member "\":", sizeof(before "\"" member "\":") - 1)
#define STRING(out, before, member, text)                                                          \
    (NAME(out, before, member), seuil_json_add_string(out, seuil_str_from(text)))
#define AMOUNT(out, member, value) (NAME(out, ",", member), seuil_json_add_cents(out, value))
#define NUMBER(out, member, value) (NAME(out, ",", member), seuil_json_add_integer(out, value))

static void add_time(struct seuil_buf *out, seuil_time_ms value)
{
    char text[40] = "\"";
    int len = 1 + seuil_time_format(value, text + 1);

    text[len++] = '"';
    seuil_buf_add(out, text, (size_t)len);
}

/* Empty is null. */
static void add_optional_text(struct seuil_buf *out, const char *text)
{
    if (text[0])
        seuil_json_add_string(out, seuil_str_from(text));
    else
        seuil_buf_add_text(out, "null");
}

static void add_optional_time(struct seuil_buf *out, seuil_time_ms time, bool is_there)
{
    if (is_there)
        add_time(out, time);
    else
        seuil_buf_add_text(out, "null");
}

static void add_cause(struct seuil_buf *out, const struct seuil_cause *cause)
{
    NAME(out, ",", "cause");
    if (!cause) {
        seuil_buf_add_text(out, "null");
        return;
    }
    NAME(out, "{", "id");
    seuil_json_add_string(out, cause->id);
    NAME(out, ",", "topic");
    seuil_json_add_string(out, cause->topic);
    NUMBER(out, "partition", cause->partition);
    NUMBER(out, "offset", cause->offset);
    seuil_buf_add_byte(out, '}');
}

static void add_line(struct seuil_buf *out, const struct seuil_line *line)
{
    STRING(out, "{", "rule", line->rule);
    STRING(out, ",", "label", line->label);
    NUMBER(out, "count", line->count);
    AMOUNT(out, "points", line->points);
    AMOUNT(out, "now", line->now);
    NAME(out, ",", "limited_by");
    add_optional_text(out, line->limited_by);
    seuil_buf_add_byte(out, '}');
}

int seuil_qualification_json(const struct seuil_qualification *q, struct seuil_buf *out)
{
    const struct seuil_explanation *e = q->explanation;

    STRING(out, "{", "id", q->id);
    NAME(out, ",", "lead");
    seuil_json_add_string(out, q->lead);
    STRING(out, ",", "model", q->model);
    STRING(out, ",", "model_version", q->model_version);
    STRING(out, ",", "direction", q->direction);
    STRING(out, ",", "tier_before", q->tier_before);
    STRING(out, ",", "tier", q->tier);
    AMOUNT(out, "score", e->score);
    AMOUNT(out, "fit", e->fit);
    STRING(out, ",", "reason", q->reason);
    NAME(out, ",", "effective_time");
    add_time(out, q->effective);
    NAME(out, ",", "qualified_until");
    add_optional_time(out, q->until, q->until != SEUIL_TIME_NEVER);
    add_cause(out, q->cause);
    NAME(out, ",", "explanation");
    seuil_buf_add_byte(out, '[');
    for (uint32_t i = 0; i < e->line_count; i++) {
        if (i)
            seuil_buf_add_byte(out, ',');
        add_line(out, &e->lines[i]);
    }
    seuil_buf_add_byte(out, ']');
    NAME(out, ",", "grade");
    add_optional_text(out, e->grade);
    NAME(out, ",", "tier_since");
    add_optional_time(out, q->tier_since, q->tier_since != SEUIL_TIME_NONE);
    NAME(out, ",", "model_version_before");
    add_optional_text(out, q->model_version_before);
    seuil_buf_add_byte(out, '}');
    return out->failed;
}
