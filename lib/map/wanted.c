/* The tree of names that the paths of a map lead through. */

#include <stdlib.h>

#include "map/load.h"

struct seuil_map_want *seuil_map_want_child(struct seuil_map_loader *l, struct seuil_map_want *want,
                                            struct seuil_str name)
{
    struct seuil_map_want **at = &want->children;

    while (*at && seuil_str_cmp((*at)->name, name) < 0)
        at = &(*at)->next;
    if (!*at || !seuil_str_eq((*at)->name, name)) {
        struct seuil_map_want *child = seuil_arena_alloc(&l->map->arena, 1, sizeof(*child));

        if (!child) {
            seuil_map_nomem(l);
            return want;
        }
        child->name = seuil_map_keep(l, name);
        child->next = *at;
        *at = child;
    }
    return *at;
}

void seuil_map_want_graft(struct seuil_map_loader *l, const struct seuil_map_want *want,
                          struct seuil_map_want *at)
{
    at->whole |= want->whole;
    for (const struct seuil_map_want *c = want->children; c; c = c->next)
        seuil_map_want_graft(l, c, seuil_map_want_child(l, at, c->name));
}

static void freeze(struct seuil_map_loader *l, const struct seuil_map_want *want,
                   struct seuil_wanted *frozen)
{
    struct seuil_wanted *children;
    uint32_t count = 0;

    for (const struct seuil_map_want *c = want->children; c; c = c->next)
        count++;
    *frozen = (struct seuil_wanted){.name = want->name, .whole = want->whole || count == 0};
    if (count == 0)
        return;
    children = seuil_arena_alloc(&l->map->arena, count, sizeof(*children));
    if (!children) {
        seuil_map_nomem(l);
        return;
    }
    frozen->child_count = count;
    frozen->children = children;
    count = 0;
    for (const struct seuil_map_want *c = want->children; c; c = c->next)
        freeze(l, c, &children[count++]);
}

const struct seuil_wanted *seuil_map_want_freeze(struct seuil_map_loader *l,
                                                 const struct seuil_map_want *want)
{
    struct seuil_wanted *root = seuil_arena_alloc(&l->map->arena, 1, sizeof(*root));

    if (!root) {
        seuil_map_nomem(l);
        return NULL;
    }
    freeze(l, want, root);
    return root;
}
