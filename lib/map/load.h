/* What the files of the loader share. */

#ifndef SEUIL_MAP_LOAD_H
#define SEUIL_MAP_LOAD_H

#include "map/program.h"

/* A growing array on the heap, copied into the map's arena at the end. */
struct seuil_map_list {
    void *items;
    uint32_t count, cap;
};

/* The tree of wanted names while it grows. */
struct seuil_map_want {
    struct seuil_str name;
    bool whole;
    struct seuil_map_want *children, *next;
};

struct seuil_map_let_name {
    struct seuil_str name;
    struct seuil_map_want *want;                        /* what is wanted below it */
    struct seuil_map_want *at[SEUIL_MAP_LET_PATHS_MAX]; /* where that lies; NULL: in a text */
};

struct seuil_map_loader {
    struct seuil_map *map;
    struct seuil_errs *errs;
    const struct seuil_yaml *doc; /* of the nodes at hand */
    bool nomem;
    struct seuil_map_list segments, paths, ops, steps, tables, tests, filters, pairs, texts, lets,
        variants, watches;
    struct seuil_map_want record;        /* the root */
    struct seuil_map_want *outer, *item; /* what names in paths are relative to */
    uint32_t let_count;
    struct seuil_map_let_name let_names[SEUIL_MAP_LETS_MAX];
    const struct seuil_zone *zone;
};

/* What is said of one key: by the input's own map, else by the preset. */
struct seuil_map_part {
    const struct seuil_yaml *doc;
    const struct seuil_yaml_node *node;
};

struct seuil_map_sources {
    struct seuil_map_part own, preset;
};

/* Report a mistake @offset characters into scalar @node. */
int seuil_map_error(struct seuil_map_loader *l, const struct seuil_yaml_node *node, uint32_t offset,
                    const char *format, ...) __attribute__((format(printf, 4, 5)));
void seuil_map_nomem(struct seuil_map_loader *l);

/* Append @size_bytes of @item; its index. */
uint32_t seuil_map_push(struct seuil_map_loader *l, struct seuil_map_list *list, const void *item,
                        size_t size_bytes);
/* A copy that lives as long as the map. */
struct seuil_str seuil_map_keep(struct seuil_map_loader *l, struct seuil_str text);
uint32_t seuil_map_text(struct seuil_map_loader *l, struct seuil_str text);
const struct seuil_str *seuil_map_texts(struct seuil_map_loader *l,
                                        const struct seuil_yaml_node *list, const char *what,
                                        uint32_t *ret_count);
const struct seuil_zone *seuil_map_zone(struct seuil_map_loader *l,
                                        const struct seuil_yaml_node *node, uint32_t offset,
                                        struct seuil_str name);

/* ---- ops: emit one, and jumps whose end comes later ---- */
uint32_t seuil_map_emit(struct seuil_map_loader *l, enum seuil_map_op op, uint32_t arg);
uint32_t seuil_map_here(const struct seuil_map_loader *l);
void seuil_map_patch(struct seuil_map_loader *l, uint32_t jump);
void seuil_map_lenient(struct seuil_map_loader *l, uint32_t from);
/* What the mapping says under @key, true or false; @fallback where it says nothing. */
bool seuil_map_flag(struct seuil_map_loader *l, const struct seuil_yaml_node *node, const char *key,
                    bool fallback);

/* ---- wanted names (wanted.c) ---- */
struct seuil_map_want *seuil_map_want_child(struct seuil_map_loader *l, struct seuil_map_want *want,
                                            struct seuil_str name);
/* What is wanted below @want is wanted below @at too. */
void seuil_map_want_graft(struct seuil_map_loader *l, const struct seuil_map_want *want,
                          struct seuil_map_want *at);
const struct seuil_wanted *seuil_map_want_freeze(struct seuil_map_loader *l,
                                                 const struct seuil_map_want *want);

/* ---- paths and expressions in one text (load_text.c) ---- */
/* "context.page.url": its index, and what it leads to in @ret_want. Negative after a mistake. */
int64_t seuil_map_load_path(struct seuil_map_loader *l, const struct seuil_yaml_node *node,
                            struct seuil_map_want **ret_want);
/* "PATH | step | step(argument)": ops that leave the value. */
void seuil_map_load_text(struct seuil_map_loader *l, const struct seuil_yaml_node *node);
/* "PATH" or "PATH | json". */
int64_t seuil_map_load_let(struct seuil_map_loader *l, const struct seuil_yaml_node *node,
                           struct seuil_map_want **ret_want, bool *ret_json);

/* ---- values and conditions in YAML (load_value.c, load_when.c) ---- */
void seuil_map_load_value(struct seuil_map_loader *l, const struct seuil_yaml_node *node);
void seuil_map_load_when(struct seuil_map_loader *l, const struct seuil_yaml_node *node);
uint32_t seuil_map_load_in(struct seuil_map_loader *l, const struct seuil_yaml_node *node);

/* ---- one of `events` (load_event.c) ---- */
void seuil_map_load_event(struct seuil_map_loader *l, const struct seuil_yaml_node *node,
                          const struct seuil_map_sources *sources, uint32_t number);

/* ---- the kind's map (load_entries.c) ---- */
void seuil_map_load_entries(struct seuil_map_loader *l, const struct seuil_yaml_node *node);

#endif
