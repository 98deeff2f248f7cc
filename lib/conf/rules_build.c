#include "conf/rules_build.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"

int seuil_build_nomem(struct seuil_build *build)
{
    return seuil_error_set(build->err, SEUIL_ERR_NOMEM, "out of memory while compiling rules");
}

int seuil_build_postings(struct seuil_build *build, const struct seuil_trigger *triggers,
                         uint32_t count, struct seuil_postings *ret_postings)
{
    uint16_t *rules = seuil_arena_alloc(build->arena, count, sizeof(*rules));
    uint32_t n = 0;

    if (!rules)
        return seuil_build_nomem(build);
    for (uint32_t i = 0; i < count; i++)
        if (n == 0 || rules[n - 1] != triggers[i].rule)
            rules[n++] = triggers[i].rule;
    *ret_postings = (struct seuil_postings){n, rules};
    return 0;
}

/* How many triggers from @at on have the text of the first. */
static uint32_t same_text(const struct seuil_trigger *triggers, uint32_t count, uint32_t at)
{
    uint32_t n = 1;

    while (at + n < count && seuil_str_eq(triggers[at + n].text, triggers[at].text))
        n++;
    return n;
}

int seuil_build_exact(struct seuil_build *build, const struct seuil_trigger *triggers,
                      uint32_t count, const struct seuil_exact **ret_exact)
{
    struct seuil_exact *exact = seuil_arena_alloc(build->arena, 1, sizeof(*exact));
    struct seuil_exact_cell *cells;
    uint32_t distinct = 0, size = 4, n;
    int rc;

    for (uint32_t i = 0; i < count; i += same_text(triggers, count, i))
        distinct++;
    while (size < 2 * distinct)
        size *= 2;
    cells = seuil_arena_alloc(build->arena, size, sizeof(*cells));
    if (!exact || !cells)
        return seuil_build_nomem(build);
    exact->mask = size - 1;
    exact->cells = cells;
    for (uint32_t i = 0; i < count; i += n) {
        struct seuil_str text = triggers[i].text;
        uint64_t hash = seuil_hash64(text.ptr, text.len);
        uint32_t at = (uint32_t)hash & exact->mask;

        n = same_text(triggers, count, i);
        while (cells[at].postings.count)
            at = (at + 1) & exact->mask;
        cells[at].hash = hash;
        cells[at].text = text;
        rc = seuil_build_postings(build, triggers + i, n, &cells[at].postings);
        if (rc)
            return rc;
        if (text.len > exact->len_max)
            exact->len_max = text.len;
    }
    *ret_exact = exact;
    return 0;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static uint32_t bound_index(const double *bounds, uint32_t count, double bound)
{
    const double *found = bsearch(&bound, bounds, count, sizeof(*bounds), by_value);

    assert(found);
    return (uint32_t)(found - bounds);
}

/* The elementary intervals that a trigger covers, first and one past the last. */
static void covered(const struct seuil_trigger *trigger, const double *bounds, uint32_t count,
                    uint32_t *ret_first, uint32_t *ret_end)
{
    uint32_t first = 0, end = 2 * count + 1;

    if (trigger->low != -INFINITY)
        first = 2 * bound_index(bounds, count, trigger->low) + (trigger->low_open ? 2 : 1);
    if (trigger->high != INFINITY)
        end = 2 * bound_index(bounds, count, trigger->high) + (trigger->high_open ? 1 : 2);
    *ret_first = first;
    *ret_end = end < first ? first : end;
}

/* Fill the lists: count first, then place. */
static int fill_intervals(struct seuil_build *build, const struct seuil_trigger *triggers,
                          uint32_t count, const double *bounds, uint32_t bound_count,
                          struct seuil_postings *postings)
{
    uint32_t first, end;
    uint64_t total = 0;
    uint16_t *pool;

    for (uint32_t i = 0; i < count; i++) {
        covered(&triggers[i], bounds, bound_count, &first, &end);
        total += end - first;
        if (build->interval_postings + total > SEUIL_INTERVAL_POSTINGS_MAX)
            return seuil_error_set(build->err, SEUIL_ERR_LIMIT,
                                   "too many overlapping number ranges on one field: let fewer "
                                   "rules test it");
        for (uint32_t k = first; k < end; k++)
            postings[k].count++;
    }
    build->interval_postings += total;
    pool = seuil_arena_alloc(build->arena, total, sizeof(*pool));
    if (!pool)
        return seuil_build_nomem(build);
    for (uint32_t k = 0; k <= 2 * bound_count; k++) {
        postings[k].rules = pool;
        pool += postings[k].count;
        postings[k].count = 0;
    }
    for (uint32_t i = 0; i < count; i++) {
        covered(&triggers[i], bounds, bound_count, &first, &end);
        for (uint32_t k = first; k < end; k++)
            ((uint16_t *)postings[k].rules)[postings[k].count++] = triggers[i].rule;
    }
    return 0;
}

int seuil_build_intervals(struct seuil_build *build, const struct seuil_trigger *triggers,
                          uint32_t count, const struct seuil_intervals **ret_intervals)
{
    struct seuil_intervals *intervals = seuil_arena_alloc(build->arena, 1, sizeof(*intervals));
    double *bounds = seuil_arena_alloc(build->arena, 2 * (size_t)count, sizeof(*bounds));
    struct seuil_postings *postings;
    uint32_t n = 0, distinct = 0;
    int rc;

    if (!intervals || !bounds)
        return seuil_build_nomem(build);
    for (uint32_t i = 0; i < count; i++) {
        if (triggers[i].low != -INFINITY)
            bounds[n++] = triggers[i].low;
        if (triggers[i].high != INFINITY)
            bounds[n++] = triggers[i].high;
    }
    qsort(bounds, n, sizeof(*bounds), by_value);
    for (uint32_t i = 0; i < n; i++)
        if (distinct == 0 || bounds[distinct - 1] != bounds[i])
            bounds[distinct++] = bounds[i];
    postings = seuil_arena_alloc(build->arena, 2 * (size_t)distinct + 1, sizeof(*postings));
    if (!postings)
        return seuil_build_nomem(build);
    rc = fill_intervals(build, triggers, count, bounds, distinct, postings);
    if (rc)
        return rc;
    intervals->bound_count = distinct;
    intervals->bounds = bounds;
    intervals->postings = postings;
    *ret_intervals = intervals;
    return 0;
}
