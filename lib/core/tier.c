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

unsigned seuil_tier_judge(const struct seuil_model *model, unsigned from, double total)
{
    double on_grid = seuil_on_grid(total);
    unsigned tier = model->tier_count - 1u;

    while (tier > from && !enters(&model->tiers[tier], on_grid))
        tier--;
    while (tier > 0 && tier <= from && !keeps(&model->tiers[tier], on_grid))
        tier--;
    return tier;
}

/* Marks are whole numbers on the grid or, for very large ones, doubles without fraction. */
struct seuil_stay seuil_tier_stay(const struct seuil_model *model, unsigned tier)
{
    const struct seuil_tier *this = &model->tiers[tier];
    struct seuil_stay stay = {.low = -INFINITY, .high = INFINITY};

    if (tier > 0) {
        bool by_entry = isnan(this->exit);

        stay.low = seuil_on_grid(by_entry ? this->entry : this->exit);
        if (by_entry && this->strict)
            stay.low = nextafter(stay.low, INFINITY) > stay.low + 1 ? nextafter(stay.low, INFINITY)
                                                                    : stay.low + 1;
    }
    if (tier + 1u < model->tier_count) {
        stay.high = seuil_on_grid(this[1].entry);
        if (!this[1].strict)
            stay.high = nextafter(stay.high, -INFINITY) < stay.high - 1
                            ? nextafter(stay.high, -INFINITY)
                            : stay.high - 1;
    }
    return stay;
}

bool seuil_tier_is_excluded(const struct seuil_model *model, double exclusion)
{
    return model->exclusion_mark > -INFINITY &&
           seuil_on_grid(exclusion) <= seuil_on_grid(model->exclusion_mark);
}
