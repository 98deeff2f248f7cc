#include "codec/scratch.h"

#include <string.h>

#include "base/err.h"
#include "base/hash.h"
#include "base/heap.h"
#include "codec/decode.h"

void seuil_keyset_clear(struct seuil_keyset *set)
{
    set->count = 0;
    if (++set->generation == 0) { /* wrapped: old slots would look new */
        memset(set->slots, 0, sizeof(set->slots));
        set->generation = 1;
    }
}

int seuil_keyset_add(struct seuil_keyset *set, struct seuil_str key)
{
    uint32_t hash = (uint32_t)seuil_hash64(key.ptr, key.len);
    uint32_t i = hash & (SEUIL_KEYSET_SLOTS - 1);

    for (set->probes = 1; set->slots[i].generation == set->generation; set->probes++) {
        if (set->slots[i].hash == hash && seuil_str_eq(set->slots[i].key, key)) {
            set->slot = &set->slots[i];
            return 0;
        }
        i = (i + 1) & (SEUIL_KEYSET_SLOTS - 1);
    }
    if (set->count == SEUIL_KEYSET_MAX)
        return SEUIL_ERR_LIMIT;
    set->count++;
    set->slot = &set->slots[i];
    *set->slot = (struct seuil_key_slot){set->generation, hash, key, 0};
    return 1;
}

struct seuil_decode_scratch *seuil_decode_scratch_new(void)
{
    struct seuil_decode_scratch *scratch = seuil_heap_zalloc(1, sizeof(*scratch));

    if (!scratch)
        return NULL;
    scratch->text = seuil_heap_alloc(SEUIL_SCRATCH_TEXT_MAX);
    scratch->locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (!scratch->text || !scratch->locale) {
        seuil_decode_scratch_free(scratch);
        return NULL;
    }
    return scratch;
}

void seuil_decode_scratch_free(struct seuil_decode_scratch *scratch)
{
    if (!scratch)
        return;
    if (scratch->locale)
        freelocale(scratch->locale);
    seuil_heap_free(scratch->text);
    seuil_heap_free(scratch);
}
