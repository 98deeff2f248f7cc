#include "ctl_persons.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/heap.h"

static int by_id(const void *a, const void *b)
{
    return seuil_str_cmp(*(const struct seuil_str *)a, *(const struct seuil_str *)b);
}

int seuil_persons_link(struct seuil_persons *persons, struct seuil_str a, struct seuil_str b)
{
    if (persons->count + 2 > persons->cap) {
        uint32_t cap = persons->cap ? 2 * persons->cap : 64;
        struct seuil_str *more = seuil_heap_realloc(persons->links, cap * sizeof(*more));

        if (!more)
            return SEUIL_ERR_NOMEM;
        persons->links = more;
        persons->cap = cap;
    }
    persons->links[persons->count++] = a;
    persons->links[persons->count++] = b;
    return 0;
}

static uint32_t place_of(const struct seuil_persons *persons, struct seuil_str id)
{
    const struct seuil_str *found =
        persons->count ? bsearch(&id, persons->links, persons->count, sizeof(id), by_id) : NULL;

    return found ? (uint32_t)(found - persons->links) : UINT32_MAX;
}

static uint32_t least(uint32_t *person, uint32_t i)
{
    while (person[i] != i)
        i = person[i] = person[person[i]];
    return i;
}

int seuil_persons_settle(struct seuil_persons *persons)
{
    uint32_t pairs = persons->count, kept = 0;
    struct seuil_str *links;

    if (pairs == 0)
        return 0;
    links = seuil_heap_alloc(pairs * sizeof(*links));
    persons->person = seuil_heap_alloc(pairs * sizeof(*persons->person));
    if (!links || !persons->person) {
        seuil_heap_free(links);
        return SEUIL_ERR_NOMEM;
    }
    memcpy(links, persons->links, pairs * sizeof(*links));
    qsort(persons->links, pairs, sizeof(*links), by_id);
    for (uint32_t i = 0; i < pairs; i++)
        if (i == 0 || by_id(&persons->links[i], &persons->links[kept - 1]) != 0)
            persons->links[kept++] = persons->links[i];
    persons->count = kept;
    for (uint32_t i = 0; i < kept; i++)
        persons->person[i] = i;
    for (uint32_t i = 0; i < pairs; i += 2) {
        uint32_t a = least(persons->person, place_of(persons, links[i]));
        uint32_t b = least(persons->person, place_of(persons, links[i + 1]));

        persons->person[a > b ? a : b] = a > b ? b : a;
    }
    seuil_heap_free(links);
    return 0;
}

struct seuil_str seuil_persons_of(const struct seuil_persons *persons, struct seuil_str id)
{
    uint32_t place = place_of(persons, id);

    return place == UINT32_MAX ? id : persons->links[least(persons->person, place)];
}

bool seuil_persons_connect(const struct seuil_persons *persons, struct seuil_str id)
{
    return place_of(persons, id) != UINT32_MAX;
}

void seuil_persons_done(struct seuil_persons *persons)
{
    seuil_heap_free(persons->links);
    seuil_heap_free(persons->person);
}
