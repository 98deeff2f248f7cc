#include "codec/document.h"

#include <stddef.h>

const struct seuil_wanted *seuil_wanted_find(const struct seuil_wanted *wanted,
                                             struct seuil_str name)
{
    uint32_t low = 0, high = wanted->child_count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int order = seuil_str_cmp(wanted->children[middle].name, name);

        if (order == 0)
            return &wanted->children[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}
