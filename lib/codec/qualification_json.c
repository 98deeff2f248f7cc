#include "codec/qualification.h"

static void name(struct seuil_buf *out, const char *before, const char *text)
{
    seuil_buf_add_text(out, before);
    seuil_buf_add_byte(out, '"');
    seuil_buf_add_text(out, text);
    seuil_buf_add_text(out, "\":");
}

static void string(struct seuil_buf *out, const char *before, const char *member, const char *text)
{
    name(out, before, member);
    seuil_json_add_string(out, seuil_str_from(text));
}

static void amount(struct seuil_buf *out, const char *member, double value)
{
    name(out, ",", member);
    seuil_json_add_cents(out, value);
}

static void number(struct seuil_buf *out, const char *member, int64_t value)
{
    name(out, ",", member);
    seuil_buf_printf(out, "%lld", (long long)value);
}

static void time(struct seuil_buf *out, const char *member, seuil_time_ms value)
{
    char text[32];

    seuil_time_format(value, text);
    string(out, ",", member, text);
}

static void add_cause(struct seuil_buf *out, const struct seuil_cause *cause)
{
    name(out, ",", "cause");
    if (!cause) {
        seuil_buf_add_text(out, "null");
        return;
    }
    name(out, "{", "id");
    seuil_json_add_string(out, cause->id);
    name(out, ",", "topic");
    seuil_json_add_string(out, cause->topic);
    number(out, "partition", cause->partition);
    number(out, "offset", cause->offset);
    seuil_buf_add_byte(out, '}');
}

static void add_line(struct seuil_buf *out, const struct seuil_line *line)
{
    string(out, "{", "rule", line->rule);
    string(out, ",", "label", line->label);
    number(out, "count", line->count);
    amount(out, "points", line->points);
    amount(out, "now", line->now);
    if (line->limited_by[0]) {
        string(out, ",", "limited_by", line->limited_by);
    } else {
        name(out, ",", "limited_by");
        seuil_buf_add_text(out, "null");
    }
    seuil_buf_add_byte(out, '}');
}

int seuil_qualification_json(const struct seuil_qualification *q, struct seuil_buf *out)
{
    const struct seuil_explanation *e = q->explanation;

    string(out, "{", "id", q->id);
    name(out, ",", "lead");
    seuil_json_add_string(out, q->lead);
    string(out, ",", "model", q->model);
    string(out, ",", "model_version", q->model_version);
    string(out, ",", "direction", q->direction);
    string(out, ",", "tier_before", q->tier_before);
    string(out, ",", "tier", q->tier);
    amount(out, "score", e->score);
    amount(out, "fit", e->fit);
    string(out, ",", "reason", q->reason);
    time(out, "effective_time", q->effective);
    if (q->until == SEUIL_TIME_NEVER) {
        name(out, ",", "qualified_until");
        seuil_buf_add_text(out, "null");
    } else {
        time(out, "qualified_until", q->until);
    }
    add_cause(out, q->cause);
    name(out, ",", "explanation");
    seuil_buf_add_byte(out, '[');
    for (uint32_t i = 0; i < e->line_count; i++) {
        if (i)
            seuil_buf_add_byte(out, ',');
        add_line(out, &e->lines[i]);
    }
    seuil_buf_add_text(out, "]}");
    return out->failed;
}
