#include "ctl_print.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static void add_str(struct seuil_buf *out, struct seuil_str text)
{
    seuil_buf_add(out, text.ptr, text.len);
}

/* Never "-0.00". */
static double shown(double value)
{
    return fabs(value) < 0.005 ? 0.0 : value;
}

/* The bound of the group, or of the fit, that a clamp's line is about. */
static double bound_of(const struct seuil_model *model, const char *name, bool floor)
{
    for (uint16_t i = 0; i < model->group_count; i++)
        if (strcmp(model->groups[i].name, name) == 0)
            return floor ? model->groups[i].floor : model->groups[i].ceiling;
    return floor ? model->fit_floor : model->fit_ceiling;
}

/* What a clamp took or gave is a line of its own: "-12.40  Pages vues: capped at 60". */
static bool add_clamp(const struct seuil_model *model, const struct seuil_line *line,
                      struct seuil_buf *out)
{
    bool floor = strcmp(line->limited_by, "floor") == 0;

    if (!floor && strcmp(line->limited_by, "ceiling") != 0)
        return false;
    seuil_buf_printf(out, "    %9.2f  %s: %s %.15g\n", shown(line->now), line->label,
                     floor ? "not below" : "capped at", bound_of(model, line->rule, floor));
    return true;
}

static void add_line(const struct seuil_model *model, const struct seuil_line *line,
                     struct seuil_buf *out)
{
    const char *open = " (";
    double points = shown(line->points), now = shown(line->now);

    if (add_clamp(model, line, out))
        return;
    seuil_buf_printf(out, "    %9.2f  %s", now, line->label);
    if (line->count) {
        seuil_buf_printf(out, "%s%u time%s", open, line->count, line->count == 1 ? "" : "s");
        open = ", ";
    }
    if (fabs(points - now) >= 0.005) {
        seuil_buf_printf(out, "%s%.2f before decay", open, points);
        open = ", ";
    }
    if (line->limited_by[0]) {
        seuil_buf_printf(out, "%slimited by %s", strcmp(open, " (") == 0 ? open : "; ",
                         line->limited_by);
        open = ", ";
    }
    seuil_buf_add_text(out, strcmp(open, " (") == 0 ? "\n" : ")\n");
}

void seuil_print_lines(const struct seuil_model *model, const struct seuil_explanation *explanation,
                       struct seuil_buf *out)
{
    for (uint32_t i = 0; i < explanation->line_count; i++)
        add_line(model, &explanation->lines[i], out);
    seuil_buf_printf(out, "  = %9.2f\n", shown(explanation->score));
}

void seuil_print_lines_json(const struct seuil_explanation *explanation, struct seuil_buf *out)
{
    seuil_buf_add_byte(out, '[');
    for (uint32_t i = 0; i < explanation->line_count; i++) {
        const struct seuil_line *line = &explanation->lines[i];

        seuil_buf_add_text(out, i ? ",{\"rule\":" : "{\"rule\":");
        seuil_json_add_string(out, seuil_str_from(line->rule));
        seuil_buf_add_text(out, ",\"label\":");
        seuil_json_add_string(out, seuil_str_from(line->label));
        seuil_buf_printf(out, ",\"count\":%u,\"points\":", line->count);
        seuil_json_add_cents(out, line->points);
        seuil_buf_add_text(out, ",\"now\":");
        seuil_json_add_cents(out, line->now);
        seuil_buf_add_text(out, ",\"limited_by\":");
        if (line->limited_by[0])
            seuil_json_add_string(out, seuil_str_from(line->limited_by));
        else
            seuil_buf_add_text(out, "null");
        seuil_buf_add_byte(out, '}');
    }
    seuil_buf_add_byte(out, ']');
}

void seuil_print_padded(const char *text, int width, struct seuil_buf *out)
{
    for (const char *c = text; *c; c++)
        width -= ((unsigned char)*c & 0xc0) != 0x80;
    seuil_buf_printf(out, "%s%*s", text, width > 0 ? width : 0, "");
}

static bool is_instant(seuil_time_ms time)
{
    return time != SEUIL_TIME_NEVER && time != SEUIL_TIME_NONE;
}

void seuil_print_time(seuil_time_ms time, struct seuil_buf *out)
{
    char text[32];

    if (is_instant(time))
        seuil_time_format(time, text);
    seuil_buf_add_text(out, is_instant(time) ? text : "never");
}

void seuil_print_time_json(seuil_time_ms time, struct seuil_buf *out)
{
    seuil_buf_add_text(out, is_instant(time) ? "\"" : "null");
    if (is_instant(time)) {
        seuil_print_time(time, out);
        seuil_buf_add_byte(out, '"');
    }
}

static void add_grade(const struct seuil_explanation *explanation, struct seuil_buf *out)
{
    if (explanation->grade[0])
        seuil_buf_printf(out, ", grade %s", explanation->grade);
}

static void add_reason(const struct seuil_crossing *crossing, const struct seuil_event *cause,
                       struct seuil_buf *out)
{
    seuil_buf_printf(out, "  reason: %s", seuil_reason_name(crossing->reason));
    if (crossing->has_cause) {
        seuil_buf_add_text(out, ", ");
        add_str(out, (struct seuil_str){crossing->cause.id, crossing->cause.id_len});
    } else if (cause && cause->kind != SEUIL_KIND_TICK) {
        seuil_buf_printf(out, ", %s ", seuil_kind_name(cause->kind));
        add_str(out, cause->id);
    }
    seuil_buf_add_byte(out, '\n');
}

static void add_until(seuil_time_ms until, struct seuil_buf *out)
{
    if (!is_instant(until)) {
        seuil_buf_add_text(out, "  stays in this tier if nothing more happens\n");
        return;
    }
    seuil_buf_add_text(out, "  leaves this tier at ");
    seuil_print_time(until, out);
    seuil_buf_add_text(out, " if nothing more happens\n");
}

void seuil_print_crossing(const struct seuil_models *models, const struct seuil_lead *lead,
                          const struct seuil_crossing *crossing, const struct seuil_event *cause,
                          struct seuil_buf *out)
{
    const struct seuil_model *model = &models->models[crossing->model];

    seuil_print_time(crossing->effective, out);
    seuil_buf_add_byte(out, ' ');
    seuil_buf_add(out, lead->id, lead->id_len);
    seuil_buf_printf(out, " %s: %s from \"%s\" to \"%s\", score %.2f, fit %.2f", model->name,
                     crossing->up ? "up" : "down",
                     seuil_model_tier_label(model, crossing->tier_before),
                     seuil_model_tier_label(model, crossing->tier),
                     shown(crossing->explanation.score), shown(crossing->explanation.fit));
    add_grade(&crossing->explanation, out);
    if (!crossing->publish)
        seuil_buf_add_text(out, " (not published)");
    seuil_buf_add_byte(out, '\n');
    add_reason(crossing, cause, out);
    seuil_print_lines(model, &crossing->explanation, out);
    add_until(crossing->qualified_until, out);
    seuil_buf_add_byte(out, '\n');
}

int seuil_standing_of(const struct seuil_models *models, struct seuil_scratch *scratch,
                      const struct seuil_lead *lead, uint16_t index, seuil_time_ms at,
                      struct seuil_standing *ret_standing)
{
    const struct seuil_model *model = &models->models[index];
    struct seuil_standing standing = {
        .model = model, .at = at, .tier = seuil_lead_tier(lead, model)};
    int rc = seuil_engine_explain(models, scratch, lead, index, at, &standing.explanation);

    standing.due = seuil_engine_due_at(models, scratch, lead);
    standing.until = seuil_engine_qualified_until(models, scratch, lead, index);
    *ret_standing = standing;
    return rc;
}

int seuil_standing_why(const struct seuil_models *models, struct seuil_scratch *scratch,
                       const struct seuil_lead *lead, uint16_t index, seuil_time_ms at,
                       struct seuil_standing *ret_standing)
{
    int rc = seuil_standing_of(models, scratch, lead, index, at, ret_standing);

    seuil_engine_why(models, scratch, lead, index, at, &ret_standing->why);
    ret_standing->asks_why = true;
    return rc;
}

/* How far it is to the next tier's mark. */
static void add_gap(const struct seuil_standing *standing, struct seuil_buf *out)
{
    const struct seuil_model *model = standing->model;
    double total = standing->explanation.exact, gap;
    const struct seuil_tier *next;

    if (standing->tier == SEUIL_TIER_EXCLUDED) {
        seuil_buf_add_text(out, "  excluded: no score lifts it out\n");
        return;
    }
    if (standing->tier + 1 >= model->tier_count)
        return;
    next = &model->tiers[standing->tier + 1];
    gap = next->entry - total;
    if (gap <= 0 && next->strict)
        seuil_buf_printf(out, "  next tier \"%s\": needs more than %.2f\n", next->label,
                         next->entry);
    else
        seuil_buf_printf(out, "  next tier \"%s\" at %s%.2f: %.2f missing\n", next->label,
                         next->strict ? "more than " : "", next->entry, seuil_shown_gap(gap));
}

void seuil_print_standing(const struct seuil_standing *standing, struct seuil_str lead,
                          struct seuil_buf *out)
{
    const struct seuil_model *model = standing->model;

    seuil_buf_add_text(out, "lead ");
    add_str(out, lead);
    seuil_buf_printf(out, ", model %s at ", model->name);
    seuil_print_time(standing->at, out);
    seuil_buf_printf(out, ": \"%s\", score %.2f, fit %.2f",
                     seuil_model_tier_label(model, standing->tier),
                     shown(standing->explanation.score), shown(standing->explanation.fit));
    add_grade(&standing->explanation, out);
    if (model->fit_count && standing->explanation.completeness < 1)
        seuil_buf_printf(out, ", profile %.0f %% known",
                         floor(standing->explanation.completeness * 100));
    seuil_buf_add_byte(out, '\n');
    seuil_print_lines(model, &standing->explanation, out);
    add_gap(standing, out);
    if (standing->asks_why)
        seuil_print_why(standing, out);
    add_until(standing->until, out);
    seuil_buf_add_text(out, "  next due ");
    seuil_print_time(standing->due, out);
    seuil_buf_add_text(out, "\n\n");
}

void seuil_print_standing_json(const struct seuil_standing *standing, struct seuil_str lead,
                               struct seuil_buf *out)
{
    const struct seuil_model *model = standing->model;
    bool higher = standing->tier != SEUIL_TIER_EXCLUDED && standing->tier + 1 < model->tier_count;

    seuil_buf_add_text(out, "{\"lead\":");
    seuil_json_add_string(out, lead);
    seuil_buf_add_text(out, ",\"model\":");
    seuil_json_add_string(out, seuil_str_from(model->name));
    seuil_buf_add_text(out, ",\"model_version\":");
    seuil_json_add_string(out, seuil_str_from(model->version));
    seuil_buf_add_text(out, ",\"time\":");
    seuil_print_time_json(standing->at, out);
    seuil_buf_add_text(out, ",\"tier\":");
    seuil_json_add_string(out, seuil_str_from(seuil_model_tier_name(model, standing->tier)));
    seuil_buf_add_text(out, ",\"score\":");
    seuil_json_add_cents(out, standing->explanation.score);
    seuil_buf_add_text(out, ",\"fit\":");
    seuil_json_add_cents(out, standing->explanation.fit);
    seuil_buf_printf(
        out, ",\"grade\":%s%s%s,\"completeness\":", standing->explanation.grade[0] ? "\"" : "",
        standing->explanation.grade[0] ? standing->explanation.grade : "null",
        standing->explanation.grade[0] ? "\"" : "");
    seuil_json_add_cents(out, standing->explanation.completeness);
    seuil_buf_add_text(out, ",\"next_tier\":");
    if (higher) {
        seuil_json_add_string(out, seuil_str_from(model->tiers[standing->tier + 1].name));
        seuil_buf_add_text(out, ",\"missing\":");
        seuil_json_add_cents(out, seuil_shown_gap(model->tiers[standing->tier + 1].entry -
                                                  standing->explanation.exact));
    } else {
        seuil_buf_add_text(out, "null,\"missing\":null");
    }
    seuil_buf_add_text(out, ",\"next_due\":");
    seuil_print_time_json(standing->due, out);
    seuil_buf_add_text(out, ",\"qualified_until\":");
    seuil_print_time_json(standing->until, out);
    if (standing->asks_why)
        seuil_print_why_json(standing, out);
    seuil_buf_add_text(out, ",\"explanation\":");
    seuil_print_lines_json(&standing->explanation, out);
    seuil_buf_add_byte(out, '}');
}
