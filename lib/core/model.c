#include "core/model.h"

#include <assert.h>

#include "base/hash.h"

uint32_t seuil_models_own_rules(const struct seuil_models *models)
{
    uint32_t count = 0;

    for (uint16_t i = 0; i < models->model_count; i++)
        count += models->models[i].rule_count;
    return count;
}

const struct seuil_model *seuil_models_find(const struct seuil_models *models, uint32_t key)
{
    for (uint16_t i = 0; i < models->model_count; i++)
        if (models->models[i].key == key)
            return &models->models[i];
    return NULL;
}

int seuil_models_attribute(const struct seuil_models *models, struct seuil_str name)
{
    int low = 0, high = models->attribute_count;

    while (low < high) {
        int middle = low + (high - low) / 2;
        int c = seuil_str_cmp(name, seuil_str_from(models->attributes[middle].name));

        if (c == 0)
            return middle;
        if (c > 0)
            low = middle + 1;
        else
            high = middle;
    }
    return -1;
}

const char *seuil_model_tier_name(const struct seuil_model *model, uint8_t tier)
{
    if (tier == SEUIL_TIER_EXCLUDED)
        return model->excluded_name;
    assert(tier < model->tier_count);
    return model->tiers[tier].name;
}

const char *seuil_model_tier_label(const struct seuil_model *model, uint8_t tier)
{
    if (tier == SEUIL_TIER_EXCLUDED)
        return model->excluded_label;
    assert(tier < model->tier_count);
    return model->tiers[tier].label;
}

uint32_t seuil_status_hash(struct seuil_str status)
{
    if (status.len == 0 || seuil_str_eq(status, SEUIL_STR(SEUIL_STATUS_OPEN)))
        return 0;
    return seuil_name_hash(SEUIL_STR("status"), status);
}

uint32_t seuil_name_hash(struct seuil_str a, struct seuil_str b)
{
    uint32_t hash = (uint32_t)seuil_hash64_seed(b.ptr, b.len, seuil_hash64(a.ptr, a.len));

    return hash ? hash : 1;
}
