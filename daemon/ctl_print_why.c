/* Why a lead is not in the next tier yet, for people and for programs. */

#include <math.h>

#include "codec/text.h"
#include "core/condition.h"
#include "ctl_print.h"

static bool is_instant(seuil_time_ms time)
{
    return time != SEUIL_TIME_NONE && time != SEUIL_TIME_NEVER;
}

/* ---- conditions -------------------------------------------------------------------------- */

#define VALUES_SHOWN 4

static void add_value(const struct seuil_value *value, struct seuil_buf *out)
{
    if (value->type == SEUIL_TYPE_STRING)
        seuil_buf_add(out, value->s.ptr, value->s.len);
    else if (value->type == SEUIL_TYPE_BOOL)
        seuil_buf_add_text(out, value->b ? "true" : "false");
    else
        seuil_buf_printf(out, "%.15g", value->type == SEUIL_TYPE_INT ? (double)value->i : value->d);
}

static void add_range(const struct seuil_condition *test, struct seuil_buf *out)
{
    if (isfinite(test->low))
        seuil_buf_printf(out, "%s %.15g", test->low_open ? "above" : "at least", test->low);
    if (isfinite(test->low) && isfinite(test->high))
        seuil_buf_add_text(out, " and ");
    if (isfinite(test->high))
        seuil_buf_printf(out, "%s %.15g", test->high_open ? "below" : "at most", test->high);
}

/* What a need asks of its attribute: "one of industrie, conseil", "not above 10". */
static void add_test(const struct seuil_need *need, struct seuil_buf *out)
{
    const struct seuil_condition *test = need->test;
    bool gone = need->against != (test->op == SEUIL_COND_ABSENT);

    if (need->against && test->op < SEUIL_COND_PRESENT)
        seuil_buf_add_text(out, "not ");
    switch (test->op) {
    case SEUIL_COND_IN:
        if (test->count > 1)
            seuil_buf_add_text(out, "one of ");
        for (uint32_t i = 0; i < test->count && i < VALUES_SHOWN; i++) {
            seuil_buf_add_text(out, i ? ", " : "");
            add_value(&test->values[i], out);
        }
        if (test->count > VALUES_SHOWN)
            seuil_buf_printf(out, " and %u more", test->count - VALUES_SHOWN);
        return;
    case SEUIL_COND_RANGE:
        add_range(test, out);
        return;
    case SEUIL_COND_REGEX:
        seuil_buf_add_text(out, "matching ");
        seuil_buf_add(out, test->regex->pattern.ptr, test->regex->pattern.len);
        return;
    case SEUIL_COND_PRESENT:
    case SEUIL_COND_ABSENT:
        seuil_buf_add_text(out, gone ? "not there" : "there");
        return;
    default:
        seuil_buf_add_text(out, test->op == SEUIL_COND_PREFIX   ? "beginning with "
                                : test->op == SEUIL_COND_SUFFIX ? "ending with "
                                                                : "with ");
        seuil_buf_add(out, test->text.ptr, test->text.len);
    }
}

static void add_needs(const struct seuil_needs *needs, const char *before, const char *between,
                      const char *after, struct seuil_buf *out)
{
    for (uint32_t i = 0; i < needs->count; i++) {
        const struct seuil_need *need = &needs->list[i];

        seuil_buf_printf(out, "%s%s: ", i ? between : before, need->name);
        add_test(need, out);
        if (need->unknown && !need->against)
            seuil_buf_add_text(out, " (not known yet)");
    }
    if (needs->count)
        seuil_buf_add_text(out, after);
}

static void add_needs_json(const struct seuil_needs *needs, struct seuil_buf *out)
{
    struct seuil_buf text = {0};

    seuil_buf_add_text(out, ",\"needs\":[");
    for (uint32_t i = 0; i < needs->count; i++) {
        text.len = 0;
        add_test(&needs->list[i], &text);
        seuil_buf_add_text(out, i ? ",{\"attribute\":" : "{\"attribute\":");
        seuil_json_add_string(out, seuil_str_from(needs->list[i].name));
        seuil_buf_add_text(out, ",\"test\":");
        seuil_json_add_string(out, (struct seuil_str){(const char *)text.ptr, (uint32_t)text.len});
        seuil_buf_printf(out, ",\"known\":%s}", needs->list[i].unknown ? "false" : "true");
    }
    seuil_buf_add_byte(out, ']');
    out->failed |= text.failed;
    seuil_buf_done(&text);
}

/* ---- exclusions -------------------------------------------------------------------------- */

static void add_bars(const struct seuil_why *why, double mark, struct seuil_buf *out)
{
    if (why->barred)
        seuil_buf_add_text(out, "    disqualified by a command: reopen or recycle takes it back\n");
    if (why->exclusion <= mark)
        seuil_buf_printf(out, "    exclusions of %.2f, which must rise above %.2f:\n",
                         why->exclusion, mark);
    for (uint32_t i = 0; i < why->bar_count && why->exclusion <= mark; i++)
        seuil_buf_printf(out, "    %s: %.2f by %s%s\n", why->bars[i].label, why->bars[i].points,
                         why->bars[i].profile ? "the profile" : "events",
                         why->bars[i].enough ? ", to lift it is enough" : "");
}

static void add_bars_json(const struct seuil_why *why, struct seuil_buf *out)
{
    seuil_buf_printf(out, ",\"disqualified\":%s,\"exclusions\":[", why->barred ? "true" : "false");
    for (uint32_t i = 0; i < why->bar_count; i++) {
        const struct seuil_bar *bar = &why->bars[i];

        seuil_buf_add_text(out, i ? ",{\"rule\":" : "{\"rule\":");
        seuil_json_add_string(out, seuil_str_from(bar->name));
        seuil_buf_add_text(out, ",\"label\":");
        seuil_json_add_string(out, seuil_str_from(bar->label));
        seuil_buf_add_text(out, ",\"points\":");
        seuil_json_add_cents(out, bar->points);
        seuil_buf_printf(out, ",\"profile\":%s,\"enough\":%s}", bar->profile ? "true" : "false",
                         bar->enough ? "true" : "false");
    }
    seuil_buf_add_byte(out, ']');
}

/* ---- ways -------------------------------------------------------------------------------- */

double seuil_shown_gap(double gap)
{
    return gap <= 0 ? 0.0 : fmax(0.01, round(gap * 100) / 100);
}

/* One thing that would bring the lead nearer. */
static void add_way(const struct seuil_way *way, struct seuil_buf *out)
{
    seuil_buf_printf(out, "    %s: ", way->label);
    if (way->waits) {
        seuil_buf_printf(out, "+%.2f, but its condition does not hold", way->gain);
        add_needs(&way->needs, ": ", "; ", "", out);
        seuil_buf_add_byte(out, '\n');
    } else if (way->from != SEUIL_TIME_NONE) {
        if (way->shortcut)
            seuil_buf_add_text(out, "a shortcut");
        else
            seuil_buf_printf(out, "+%.2f", way->gain);
        seuil_buf_add_text(out, way->silent ? ", if the silence lasts until "
                                            : ", if nothing of it comes before ");
        seuil_print_time(way->from, out);
        seuil_buf_add_byte(out, '\n');
    } else if (way->shortcut && way->events > 1)
        seuil_buf_printf(out, "a shortcut, after %u events\n", way->events);
    else if (way->shortcut)
        seuil_buf_add_text(out, "a shortcut, once is enough\n");
    else if (way->profile)
        seuil_buf_printf(out, "up to +%.2f by the profile\n", way->gain);
    else if (way->events > 1 && way->times)
        seuil_buf_printf(out, "+%.2f after %u events, %u would do\n", way->gain, way->events,
                         way->times);
    else if (way->events > 1)
        seuil_buf_printf(out, "+%.2f after %u events\n", way->gain, way->events);
    else if (way->times)
        seuil_buf_printf(out, "+%.2f, %u time%s would do\n", way->gain, way->times,
                         way->times == 1 ? "" : "s");
    else
        seuil_buf_printf(out, "+%.2f each\n", way->gain);
}

/* What the marks alone do not tell. */
void seuil_print_why(const struct seuil_standing *standing, struct seuil_buf *out)
{
    const struct seuil_why *why = &standing->why;

    if (why->frozen)
        seuil_buf_add_text(out, "  frozen by its status: nothing counts until that changes\n");
    if (why->excluded)
        add_bars(why, standing->model->exclusion_mark, out);
    if (why->closed)
        seuil_buf_printf(out, "  the condition of tier \"%s\" does not hold\n",
                         seuil_model_tier_label(standing->model, why->tier));
    if (!why->letter && !why->reopened)
        add_needs(&why->needs, "    missing: ", "\n    missing: ", "\n", out);
    if (why->letter)
        seuil_buf_printf(out, "    grade %c would do: %.2f of fit missing\n", why->letter,
                         seuil_shown_gap(why->letter_missing));
    if (why->reopened)
        seuil_buf_add_text(out, "    without its status it would hold\n");
    for (uint32_t i = 0; i < why->way_count; i++)
        add_way(&why->ways[i], out);
    if (why->held_until != SEUIL_TIME_NONE) {
        seuil_buf_add_text(out, "  a shortcut holds it here until ");
        seuil_print_time(why->held_until, out);
        seuil_buf_add_byte(out, '\n');
    }
    if (is_instant(why->told_at)) {
        seuil_buf_add_text(out, "  its entry is told at ");
        seuil_print_time(why->told_at, out);
        seuil_buf_add_text(out, " if it is still here\n");
    }
}

void seuil_print_why_json(const struct seuil_standing *standing, struct seuil_buf *out)
{
    const struct seuil_why *why = &standing->why;

    seuil_buf_printf(out, ",\"frozen\":%s,\"condition_missing\":%s,\"held_until\":",
                     why->frozen ? "true" : "false", why->closed ? "true" : "false");
    seuil_print_time_json(why->held_until, out);
    seuil_buf_add_text(out, ",\"told_at\":");
    seuil_print_time_json(why->told_at, out);
    seuil_buf_add_text(out, ",\"grade_needed\":");
    if (why->letter) {
        seuil_buf_printf(out, "\"%c\",\"fit_missing\":", why->letter);
        seuil_json_add_cents(out, seuil_shown_gap(why->letter_missing));
    } else {
        seuil_buf_add_text(out, "null,\"fit_missing\":null");
    }
    seuil_buf_printf(out, ",\"status_forbids\":%s", why->reopened ? "true" : "false");
    add_needs_json(&why->needs, out);
    add_bars_json(why, out);
    seuil_buf_add_text(out, ",\"ways\":[");
    for (uint32_t i = 0; i < why->way_count; i++) {
        const struct seuil_way *way = &why->ways[i];

        seuil_buf_add_text(out, i ? ",{\"rule\":" : "{\"rule\":");
        seuil_json_add_string(out, seuil_str_from(way->name));
        seuil_buf_add_text(out, ",\"label\":");
        seuil_json_add_string(out, seuil_str_from(way->label));
        seuil_buf_add_text(out, ",\"gain\":");
        seuil_json_add_cents(out, way->gain);
        if (way->times)
            seuil_buf_printf(out, ",\"times\":%u", way->times);
        else
            seuil_buf_add_text(out, ",\"times\":null");
        seuil_buf_printf(
            out,
            ",\"events\":%u,\"profile\":%s,\"shortcut\":%s,\"waits\":%s,\"silent\":%s,\"from\":",
            way->events, way->profile ? "true" : "false", way->shortcut ? "true" : "false",
            way->waits ? "true" : "false", way->silent ? "true" : "false");
        seuil_print_time_json(way->from, out);
        add_needs_json(&way->needs, out);
        seuil_buf_add_byte(out, '}');
    }
    seuil_buf_add_byte(out, ']');
}
