/* A lead stays where it is as long as its score lies within two marks and its exclusions on one
 * side of a third. Between the instants at which adjustments begin or end, the score is a sum of
 * groups, each clamped; a group is a constant, a multiple of 2^(-t/H) for each half-life H in
 * play, and age-bounded awards, which fall straight or jump.
 *
 * With one half-life and nothing age-bounded the score is piecewise linear in f = 2^(-t/H): the
 * first f on a mark is computed, and the millisecond found around it by exact evaluation.
 *
 * Otherwise branch and bound: over an interval the score lies between the sums of the extremes of
 * its parts; where no mark lies between those, nothing happens; where the score only falls or only
 * rises, bisection finds the millisecond; else the interval is halved.
 * Contributions of one half-life, and straight lines, are added up before their extremes are
 * taken, so that parts that cancel for good do not keep the bounds apart. */

#include "core/due.h"

#include <assert.h>
#include <math.h>

#include "core/idle.h"
#include "core/score.h"
#include "core/tier.h"

#define PARTS_MAX      (SEUIL_GROUPS_MAX + 2) /* groups, what has none, then exclusions */
#define HALVES_MAX     8                      /* half-lives that are added up across terms */
#define SEARCH_MAX     20000                  /* intervals looked at in one search */
#define ROUNDING       8e-15                  /* of a sum, as a part of the size of its terms */
#define HALF_LIVES_MAX 1100                   /* after so many, 2^(-t/H) is 0 */

struct search {
    struct seuil_scratch *scratch;
    const struct seuil_lead *lead;
    const struct seuil_model *model;
    unsigned index; /* of the model */
    struct seuil_standing standing;
    struct seuil_stay stay;
    double mark; /* of exclusion, on the grid; INFINITY: excluded in any case */
    seuil_time_ms from;
    unsigned part_count;             /* groups and two */
    unsigned half_count;             /* of those in h */
    int single;                      /* the one half-life in play; -1: none */
    bool simple;                     /* the closed form will do */
    unsigned looked;                 /* intervals so far */
    double c[PARTS_MAX];             /* constants */
    double h[PARTS_MAX][HALVES_MAX]; /* at `from`, by half-life */
    double low[PARTS_MAX], high[PARTS_MAX];
};

static bool stays(struct search *search, seuil_time_ms at)
{
    struct seuil_score score;
    double total;

    seuil_score_at(search->scratch, search->lead, search->index, at, &score);
    if ((seuil_on_grid(score.exclusion) <= search->mark) != search->standing.excluded)
        return false;
    total = seuil_on_grid(search->standing.excluded ? seuil_score_beneath(&score)
                                                    : seuil_score_total(&score));
    return total >= search->stay.low && total <= search->stay.high;
}

static unsigned part_of(const struct search *search, const struct seuil_term *term)
{
    return term->rule->group == SEUIL_GROUP_EXCLUSION ? search->part_count - 1u
           : term->rule->group == SEUIL_GROUP_NONE    ? search->part_count - 2u
                                                      : term->rule->group;
}

static bool is_loose(const struct seuil_term *term)
{
    return term->is_aged || term->is_idle || (term->is_half && term->half >= HALVES_MAX);
}

static void prepare(struct search *search)
{
    struct seuil_scratch *scratch = search->scratch;
    const struct seuil_model_view *view = &scratch->model[search->index];

    search->part_count = search->model->group_count + 2u;
    search->half_count = scratch->half_count < HALVES_MAX ? scratch->half_count : HALVES_MAX;
    for (unsigned i = 0; i < search->part_count; i++) {
        bool is_group = i < search->model->group_count;

        search->c[i] = 0;
        for (unsigned j = 0; j < search->half_count; j++)
            search->h[i][j] = 0;
        search->low[i] = is_group ? search->model->groups[i].floor : -INFINITY;
        search->high[i] = is_group ? search->model->groups[i].ceiling : INFINITY;
    }
    search->c[search->part_count - 1] = view->exclusion;
    search->single = -1;
    search->simple = true;
    for (unsigned i = 0; i < view->term_count; i++) {
        const struct seuil_term *term = &scratch->terms[view->term_first + i];
        double now;

        if (is_loose(term)) {
            search->simple = false;
            continue;
        }
        now = term->rule->points * seuil_term_value(scratch, term, search->from);
        if (!term->is_half) {
            search->c[part_of(search, term)] += now;
            continue;
        }
        if (search->single >= 0 && search->single != term->half)
            search->simple = false;
        search->single = term->half;
        search->h[part_of(search, term)][term->half] += now;
    }
}

/* ---- one half-life ----------------------------------------------------------------------- */

/* The score at @f, whole or beneath the exclusion, without fit and adjustments. */
static double sum_at(const struct search *search, double f)
{
    unsigned half = (unsigned)search->single;
    double sum = 0;

    for (unsigned i = 0; i + 1 < search->part_count; i++)
        sum += seuil_clamp(search->c[i] + search->h[i][half] * f, search->low[i], search->high[i]);
    if (!search->standing.excluded) {
        unsigned last = search->part_count - 1u;

        sum += search->c[last] + search->h[last][half] * f;
    }
    return sum;
}

/* The values of f in (@low, @high) at which a group begins or ceases to be clamped, descending. */
static unsigned bends(const struct search *search, double low, double high,
                      double f[2 * SEUIL_GROUPS_MAX])
{
    unsigned count = 0;

    for (unsigned i = 0; i + 1 < search->part_count; i++) {
        double slope = search->h[i][search->single];

        for (unsigned side = 0; side < 2 && slope != 0; side++) {
            double at = ((side ? search->high[i] : search->low[i]) - search->c[i]) / slope;
            unsigned j = count;

            if (!(at > low && at < high))
                continue;
            while (j > 0 && f[j - 1] < at) {
                f[j] = f[j - 1];
                j--;
            }
            f[j] = at;
            count++;
        }
    }
    return count;
}

/* Where between @f_high and @f_low, with the values @v_high and @v_low there, a line goes beyond
 * @mark; @v_low is beyond. */
static double meet(double f_high, double v_high, double f_low, double v_low, double mark)
{
    double part = (v_high - mark) / (v_high - v_low);

    if (!(part > 0)) /* already there, or by rounding */
        return f_high;
    return part < 1 ? f_high + (f_low - f_high) * part : f_low;
}

/* The largest f in [@low, @high] at which the lead leaves, as the real line has it; -1: none. */
static double leave_f(const struct search *search, double base, double low, double high)
{
    double f[2 * SEUIL_GROUPS_MAX + 1], found = -1;
    double least = (search->stay.low - 0.5) / SEUIL_GRID - base;
    double most = (search->stay.high + 0.5) / SEUIL_GRID - base;
    unsigned count = bends(search, low, high, f), last = search->part_count - 1u;
    double f_high = high, v_high = sum_at(search, high);
    double x_high = search->c[last] + search->h[last][search->single] * high;
    double x_low = search->c[last] + search->h[last][search->single] * low;
    double mark = (search->mark + 0.5) / SEUIL_GRID;

    if (search->h[last][search->single] != 0 &&
        (search->standing.excluded ? x_low > mark : x_low <= mark))
        found = meet(high, x_high, low, x_low, mark);
    f[count] = low;
    for (unsigned i = 0; i <= count; i++) {
        double v = sum_at(search, f[i]);

        if (v < least || v > most) {
            double at = meet(f_high, v_high, f[i], v, v < least ? least : most);

            return at > found ? at : found;
        }
        f_high = f[i];
        v_high = v;
    }
    return found;
}

/* The lead stays at @a and does not at @b: the first such @b, if there is one change at most. */
static seuil_time_ms narrow(struct search *search, seuil_time_ms a, seuil_time_ms b)
{
    while (b - a > 1) {
        seuil_time_ms middle = a + (b - a) / 2;

        if (stays(search, middle))
            a = middle;
        else
            b = middle;
    }
    return b;
}

/* The first instant in [@a, @b] at which the lead does not stay, if there is one change at most. */
static seuil_time_ms bisect(struct search *search, seuil_time_ms a, seuil_time_ms b)
{
    if (!stays(search, a))
        return a;
    return stays(search, b) ? SEUIL_TIME_NEVER : narrow(search, a, b);
}

/* The first instant in [@first, @end) at which the lead does not stay, given a @guess of it and
 * that it changes once around there; SEUIL_TIME_NEVER when it stays to the end. */
static seuil_time_ms settle(struct search *search, seuil_time_ms guess, seuil_time_ms first,
                            seuil_time_ms end)
{
    seuil_time_ms inside, outside;
    int64_t step = 1;

    if (stays(search, guess)) {
        inside = guess;
        for (;;) {
            if (inside == end - 1)
                return SEUIL_TIME_NEVER;
            outside = step < end - 1 - inside ? inside + step : end - 1;
            if (!stays(search, outside))
                break;
            inside = outside;
            step *= 2;
        }
    } else {
        outside = guess;
        for (;;) {
            if (outside == first)
                return first;
            inside = step < outside - first ? outside - step : first;
            if (stays(search, inside))
                break;
            outside = inside;
            step *= 2;
        }
    }
    return narrow(search, inside, outside);
}

static seuil_time_ms closed_form(struct search *search, double base, seuil_time_ms first,
                                 seuil_time_ms end, bool open_end)
{
    double half_life, f, age;
    seuil_time_ms guess;

    if (search->single < 0)
        return stays(search, first) ? SEUIL_TIME_NEVER : first;
    half_life = (double)search->scratch->halves[search->single];
    f = leave_f(search, base, open_end ? 0 : exp2(-(double)(end - 1 - search->from) / half_life),
                exp2(-(double)(first - search->from) / half_life));
    if (f < 0)
        return open_end || stays(search, end - 1) ? SEUIL_TIME_NEVER
                                                  : settle(search, end - 1, first, end);
    age = f > 0 ? ceil(-log2(f) * half_life) : INFINITY;
    guess = age < (double)(end - 1 - search->from) ? search->from + (int64_t)age : end - 1;
    return settle(search, guess < first ? first : guess, first, end);
}

/* ---- branch and bound -------------------------------------------------------------------- */

struct bounds {
    double low, high;
};

/* The parts of the score over [a, b]: constant, multiples of 2^(-t/H), a straight line, and what
 * is only known to lie between two values. */
struct sum {
    double constant, rise; /* the line: 0 at a, rise at b */
    double h[HALVES_MAX];
    struct bounds loose;
    bool loose_falls, loose_rises; /* what is loose may do so */
    double size;                   /* of all parts: what rounding errors are measured by */
};

enum answer {
    STAYS,  /* all through the interval */
    LEAVES, /* once at most: it stays up to some instant, and not after it */
    UNKNOWN,
};

static struct bounds sum_bounds(const struct search *search, const struct sum *sum, const double *a,
                                const double *b)
{
    struct bounds bounds = {sum->constant + sum->loose.low, sum->constant + sum->loose.high};

    bounds.low += sum->rise < 0 ? sum->rise : 0;
    bounds.high += sum->rise > 0 ? sum->rise : 0;
    for (unsigned i = 0; i < search->half_count; i++) {
        bounds.low += sum->h[i] * (sum->h[i] < 0 ? a[i] : b[i]);
        bounds.high += sum->h[i] * (sum->h[i] < 0 ? b[i] : a[i]);
    }
    return bounds;
}

/* Over an interval with the factors @a at its beginning and @b at its end. What moves by less than
 * the last bit of the sum is taken to rest. */
static void movement(const struct search *search, const struct sum *sum, const double *a,
                     const double *b, bool *falls, bool *rises)
{
    double least = sum->size * 1e-16;

    *falls = sum->loose_falls || sum->rise < 0;
    *rises = sum->loose_rises || sum->rise > 0;
    for (unsigned i = 0; i < search->half_count; i++) {
        *falls |= sum->h[i] * (a[i] - b[i]) > least;
        *rises |= sum->h[i] * (a[i] - b[i]) < -least;
    }
}

/* Whether the sum only falls, or only rises. */
static bool is_monotone(const struct search *search, const struct sum *sum, const double *a,
                        const double *b)
{
    bool falls, rises;

    movement(search, sum, a, b, &falls, &rises);
    return !(falls && rises);
}

/* A term that is not in search->h: how it may move over [@a, @b]. */
static void add_loose(struct search *search, const struct seuil_term *term, seuil_time_ms a,
                      seuil_time_ms b, struct sum *sum)
{
    double points = term->rule->points;
    double at_a = points * seuil_term_value(search->scratch, term, a);
    double at_b = points * seuil_term_value(search->scratch, term, b);
    const struct seuil_decay *decay = &term->rule->decay;

    if (term->is_aged) {
        seuil_time_ms next = seuil_tally_break(term->tally, term->rule, a);
        double low, high, most = 1;

        seuil_tally_extent(term->tally, term->rule, a, &low, &high);
        sum->size += fabs(points) * (high - low);
        if (decay->shape == SEUIL_DECAY_LINEAR && next >= b) {
            sum->constant += at_a;
            sum->rise += at_b - at_a;
            return;
        }
        if (next <= b && (decay->shape == SEUIL_DECAY_STEPS || (low < 0 && high > 0))) {
            /* Percentages may rise with age, awards of both signs end one after the other: between
             * the extremes of all that is left. */
            if (decay->shape == SEUIL_DECAY_STEPS)
                most = 0;
            for (unsigned i = 0; i < decay->step_count; i++)
                most = decay->steps[i].factor > most ? decay->steps[i].factor : most;
            at_a = points * low * most;
            at_b = points * high * most;
            sum->loose_falls = sum->loose_rises = true;
        }
    } else {
        sum->size += fabs(at_a);
    }
    sum->loose_falls |= at_b < at_a;
    sum->loose_rises |= at_b > at_a;
    sum->loose.low += at_a < at_b ? at_a : at_b;
    sum->loose.high += at_a < at_b ? at_b : at_a;
}

static void part_sums(struct search *search, seuil_time_ms a, seuil_time_ms b, struct sum *sums)
{
    const struct seuil_model_view *view = &search->scratch->model[search->index];

    for (unsigned i = 0; i < search->part_count; i++) {
        sums[i] = (struct sum){.constant = search->c[i], .size = fabs(search->c[i])};
        for (unsigned j = 0; j < search->half_count; j++) {
            sums[i].h[j] = search->h[i][j];
            sums[i].size += fabs(search->h[i][j]);
        }
    }
    for (unsigned i = 0; i < view->term_count; i++) {
        const struct seuil_term *term = &search->scratch->terms[view->term_first + i];

        if (is_loose(term))
            add_loose(search, term, a, b, &sums[part_of(search, term)]);
    }
}

static void add_part(const struct search *search, struct sum *total, const struct sum *part)
{
    total->constant += part->constant;
    total->rise += part->rise;
    for (unsigned i = 0; i < search->half_count; i++)
        total->h[i] += part->h[i];
    total->loose.low += part->loose.low;
    total->loose.high += part->loose.high;
    total->loose_falls |= part->loose_falls;
    total->loose_rises |= part->loose_rises;
}

static void add_group(const struct search *search, unsigned group, const struct sum *part,
                      const double *a, const double *b, struct sum *total)
{
    double low = search->low[group], high = search->high[group];
    struct bounds bounds = sum_bounds(search, part, a, b);

    total->size += part->size;
    if (bounds.low >= low && bounds.high <= high) {
        add_part(search, total, part);
    } else {
        bool falls, rises;

        movement(search, part, a, b, &falls, &rises);
        total->loose.low += seuil_clamp(bounds.low, low, high);
        total->loose.high += seuil_clamp(bounds.high, low, high);
        if (total->loose.low < total->loose.high) {
            total->loose_falls |= falls;
            total->loose_rises |= rises;
        }
    }
}

/* What is known of the lead through all of [@a, @b], where adjustments do not change. */
static enum answer look(struct search *search, double base, seuil_time_ms a, seuil_time_ms b)
{
    double f_a[HALVES_MAX], f_b[HALVES_MAX], margin;
    struct sum sums[PARTS_MAX], total = {.constant = base, .size = fabs(base)};
    unsigned last = search->part_count - 1u;
    struct bounds bounds;
    bool surely;

    for (unsigned i = 0; i < search->half_count; i++) {
        double half_life = (double)search->scratch->halves[i];

        f_a[i] = exp2(-(double)(a - search->from) / half_life);
        f_b[i] = exp2(-(double)(b - search->from) / half_life);
    }
    part_sums(search, a, b, sums);
    bounds = sum_bounds(search, &sums[last], f_a, f_b);
    margin = ROUNDING * sums[last].size;
    surely = search->standing.excluded ? seuil_on_grid(bounds.high + margin) <= search->mark
                                       : seuil_on_grid(bounds.low - margin) > search->mark;
    for (unsigned i = 0; i < last; i++)
        add_group(search, i, &sums[i], f_a, f_b, &total);
    if (!search->standing.excluded) {
        total.size += sums[last].size;
        add_part(search, &total, &sums[last]);
    }
    bounds = sum_bounds(search, &total, f_a, f_b);
    margin = ROUNDING * total.size;
    if (surely && seuil_on_grid(bounds.low - margin) >= search->stay.low &&
        seuil_on_grid(bounds.high + margin) <= search->stay.high)
        return STAYS;
    return is_monotone(search, &total, f_a, f_b) && is_monotone(search, &sums[last], f_a, f_b)
               ? LEAVES
               : UNKNOWN;
}

/* The first instant in [@a, @b] at which the lead does not stay. Depth first, earliest half first;
 * @b of each pending half is kept, its beginning is where the half before it ends. */
static seuil_time_ms branch(struct search *search, double base, seuil_time_ms a, seuil_time_ms b)
{
    seuil_time_ms pending[64], found;
    unsigned depth = 0;

    for (;;) {
        enum answer answer = a == b ? LEAVES : look(search, base, a, b);

        if (++search->looked > SEARCH_MAX)
            return a;
        if (answer == UNKNOWN) {
            assert(depth < 64);
            pending[depth++] = b;
            b = a + (b - a) / 2;
            continue;
        }
        found = answer == LEAVES ? bisect(search, a, b) : SEUIL_TIME_NEVER;
        if (found != SEUIL_TIME_NEVER || depth == 0)
            return found;
        a = b + 1;
        b = pending[--depth];
    }
}

/* Intervals grow, since most changes are near and most futures are quiet. */
static seuil_time_ms search_interval(struct search *search, double base, seuil_time_ms first,
                                     seuil_time_ms end)
{
    int64_t width = SEUIL_HOUR_MS;

    while (first < end) {
        seuil_time_ms stop = width < end - first ? first + width : end;
        seuil_time_ms found = branch(search, base, first, stop - 1);

        if (found != SEUIL_TIME_NEVER)
            return found;
        first = stop;
        width *= 4;
    }
    return SEUIL_TIME_NEVER;
}

/* ---- the search -------------------------------------------------------------------------- */

/* The next instant after @at at which an adjustment begins or ends. */
static seuil_time_ms next_adjustment(const struct seuil_lead *lead, seuil_time_ms at)
{
    seuil_time_ms next = SEUIL_TIME_NEVER;

    for (unsigned i = 0; i < lead->evidence.adjustment_count; i++) {
        const struct seuil_adjustment *adjustment = &lead->evidence.adjustments[i];

        if (adjustment->key.time > at && adjustment->key.time < next)
            next = adjustment->key.time;
        if (adjustment->until > at && adjustment->until < next)
            next = adjustment->until;
    }
    return next;
}

/* From here on nothing moves any more, adjustments apart. */
static seuil_time_ms quiet_from(const struct search *search)
{
    const struct seuil_model_view *view = &search->scratch->model[search->index];
    int64_t ahead = 1;

    for (unsigned i = 0; i < view->term_count; i++) {
        const struct seuil_term *term = &search->scratch->terms[view->term_first + i];
        int64_t span = 0;

        if (term->is_half &&
            __builtin_mul_overflow(term->rule->decay.duration_ms, HALF_LIVES_MAX, &span))
            span = 4 * SEUIL_TIME_BOUND_MS;
        if (term->is_aged)
            span = seuil_decay_span_ms(&term->rule->decay) + 1;
        if (term->is_idle) {
            const struct seuil_scope *scope = &search->scratch->scopes[term->scope];
            /* Below any double beside it. */
            int64_t periods = seuil_idle_periods(scope->decay, scope->worth,
                                                 term->rule->points * term->sum, 1e-300);

            if (__builtin_mul_overflow(scope->decay->duration_ms, periods + 1, &span))
                span = 4 * SEUIL_TIME_BOUND_MS;
        }
        ahead = span > ahead ? span : ahead;
    }
    if (ahead > 4 * SEUIL_TIME_BOUND_MS)
        ahead = 4 * SEUIL_TIME_BOUND_MS;
    return search->from + ahead;
}

/* Whether silence can only lower the score: awards that fade or stay, none of them negative, and
 * nothing that ends. */
static bool only_falls(const struct seuil_scratch *scratch, const struct seuil_lead *lead,
                       unsigned model)
{
    const struct seuil_model_view *view = &scratch->model[model];

    for (unsigned i = 0; i < view->term_count; i++) {
        const struct seuil_term *term = &scratch->terms[view->term_first + i];

        if (term->is_aged || term->rule->points < 0 || term->rule->group == SEUIL_GROUP_EXCLUSION ||
            ((term->is_half || term->is_idle) && term->sum < 0))
            return false;
    }
    return lead->evidence.adjustment_count == 0;
}

seuil_time_ms seuil_due_change(struct seuil_scratch *scratch, const struct seuil_lead *lead,
                               unsigned model, struct seuil_standing standing, seuil_time_ms from)
{
    struct search search;
    seuil_time_ms first = from + 1, quiet;

    if (scratch->model[model].still != SEUIL_TIME_NEVER)
        return SEUIL_TIME_NEVER; /* frozen */
    search.scratch = scratch;
    search.lead = lead;
    search.model = &scratch->models->models[model];
    search.index = model;
    search.standing = standing;
    search.stay = seuil_tier_stay(search.model, scratch->model[model].open, standing.under);
    if (standing.under <= seuil_tier_held(scratch, model, from))
        search.stay.low = -INFINITY; /* for now: see the end of the hold */
    search.mark = search.model->exclusion_mark > -INFINITY
                      ? seuil_on_grid(search.model->exclusion_mark)
                      : -INFINITY;
    if (scratch->model[model].barred)
        search.mark = INFINITY;
    search.from = from;
    search.looked = 0;
    if (search.stay.low == -INFINITY && only_falls(scratch, lead, model))
        return SEUIL_TIME_NEVER; /* in the lowest tier, as most leads are */
    prepare(&search);
    quiet = quiet_from(&search);
    for (;;) {
        seuil_time_ms next = next_adjustment(lead, first), end, found;
        double base = scratch->model[model].fit + seuil_manual_at(&lead->evidence, first);
        bool open_end = next > quiet;

        end = first < quiet ? quiet + 1 : first + 1;
        end = next < end ? next : end;
        /* An adjustment that begins or ends moves the score at once, perhaps there and back. */
        if (lead->evidence.adjustment_count && !stays(&search, first))
            return first;
        found = search.simple ? closed_form(&search, base, first, end, open_end)
                              : search_interval(&search, base, first, end);
        if (found != SEUIL_TIME_NEVER)
            return found;
        if (next == SEUIL_TIME_NEVER)
            return SEUIL_TIME_NEVER;
        first = next;
    }
}
