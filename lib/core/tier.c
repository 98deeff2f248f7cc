#include "core/tier.h"

static bool enters(const struct seuil_tier *tier, double on_grid)
{
    double entry = seuil_on_grid(tier->entry);

    return tier->strict ? on_grid > entry : on_grid >= entry;
}

static bool keeps(const struct seuil_tier *tier, double on_grid)
{
    return isnan(tier->exit) ? enters(tier, on_grid) : on_grid >= seuil_on_grid(tier->exit);
}

unsigned seuil_tier_judge(const struct seuil_model *model, uint32_t open, unsigned from,
                          double total)
{
    double on_grid = seuil_on_grid(total);
    unsigned tier = model->tier_count - 1u;

    while (tier > from && !(open >> tier & 1 && enters(&model->tiers[tier], on_grid)))
        tier--;
    while (tier > 0 && tier <= from && !(open >> tier & 1 && keeps(&model->tiers[tier], on_grid)))
        tier--;
    return tier;
}

/* The next values on the grid: marks are whole numbers there or, for very large ones, doubles
 * without fraction. */
static double above(double mark)
{
    return fabs(mark) <= 0x1p52 ? mark + 1 : nextafter(mark, INFINITY);
}

static double below(double mark)
{
    return fabs(mark) <= 0x1p52 ? mark - 1 : nextafter(mark, -INFINITY);
}

/* The least value on the grid that enters, or keeps, @tier. */
static double least_to_enter(const struct seuil_tier *tier)
{
    double mark = seuil_on_grid(tier->entry);

    return tier->strict ? above(mark) : mark;
}

static double least_to_keep(const struct seuil_tier *tier)
{
    return isnan(tier->exit) ? least_to_enter(tier) : seuil_on_grid(tier->exit);
}

struct seuil_stay seuil_tier_stay(const struct seuil_model *model, uint32_t open, unsigned tier)
{
    struct seuil_stay stay = {.low = -INFINITY, .high = INFINITY};
    unsigned next = tier + 1;

    while (next < model->tier_count && !(open >> next & 1))
        next++;
    if (tier > 0)
        stay.low = open >> tier & 1 ? least_to_keep(&model->tiers[tier]) : INFINITY;
    if (next < model->tier_count)
        stay.high = below(least_to_enter(&model->tiers[next]));
    return stay;
}

struct seuil_stay seuil_tier_crossed(const struct seuil_model *model, uint32_t open, unsigned from,
                                     unsigned to)
{
    struct seuil_stay bounds = seuil_tier_stay(model, open, to);

    if (to > from)
        bounds.low = least_to_enter(&model->tiers[to]);
    else if (to < from && open >> from & 1)
        bounds.high = below(least_to_keep(&model->tiers[from]));
    return bounds;
}

unsigned seuil_tier_held(const struct seuil_scratch *scratch, unsigned model, seuil_time_ms at)
{
    const struct seuil_model *rules = &scratch->models->models[model];
    unsigned tier = rules->has_shortcuts ? rules->tier_count - 1u : 0;

    if (at > scratch->model[model].still)
        at = scratch->model[model].still;
    while (tier > 0 && scratch->held_until[model][tier] <= at)
        tier--;
    return tier;
}

seuil_time_ms seuil_tier_hold_end(const struct seuil_scratch *scratch, unsigned model,
                                  seuil_time_ms at)
{
    const struct seuil_model *rules = &scratch->models->models[model];
    seuil_time_ms end = SEUIL_TIME_NEVER;

    if (!rules->has_shortcuts || scratch->model[model].still != SEUIL_TIME_NEVER)
        return SEUIL_TIME_NEVER;
    for (unsigned i = 1; i < rules->tier_count; i++)
        if (scratch->held_until[model][i] > at && scratch->held_until[model][i] < end)
            end = scratch->held_until[model][i];
    return end;
}

bool seuil_tier_is_excluded(const struct seuil_model *model, double exclusion)
{
    return model->exclusion_mark > -INFINITY &&
           seuil_on_grid(exclusion) <= seuil_on_grid(model->exclusion_mark);
}
