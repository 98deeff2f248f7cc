/* What a thread needs while it runs maps, and where it stands in a record. */

#ifndef SEUIL_MAP_SCRATCH_H
#define SEUIL_MAP_SCRATCH_H

#include "map/program.h"

#define SEUIL_NODE_NONE UINT32_MAX

/* The value that ops work on. */
struct seuil_map_value {
    bool there;
    uint8_t unit;         /* of an INT: enum seuil_unit */
    uint32_t node;        /* where it stands in the document; SEUIL_NODE_NONE: it was made */
    struct seuil_value v; /* a scalar; null when it is a list or an object */
    struct seuil_str raw; /* as written */
};

struct seuil_map_items { /* of an `each` */
    uint32_t next, end;  /* nodes; next == end: no more */
    uint32_t item;       /* at hand */
    uint32_t index;      /* its number, from 0 */
    uint32_t count;
};

struct seuil_map_fault {
    int code;
    const char *why;
    struct seuil_str value; /* the offending one; may be empty */
};

/* Bytes that a hash takes: a length before each part. */
#define SEUIL_MAP_HASH_MAX 4096

struct seuil_map_scratch {
    struct seuil_document document;
    uint32_t record_count; /* its nodes: what follows was read out of texts */
    struct seuil_decode_scratch *inner;
    enum seuil_duplicates duplicates; /* of JSON within texts */
    struct seuil_record_view record;

    /* where it stands */
    bool broken, spent; /* nothing of the record is of use; it had its share of work */
    uint32_t events;
    struct seuil_map_items outer, items;
    const struct seuil_map_variant *variant; /* of `items`; NULL: the next outer item is due */
    uint32_t lets[SEUIL_MAP_LETS_MAX];       /* nodes */
    uint32_t dropped;
    const char *reason;
    uint64_t budget;

    /* of one event */
    struct seuil_map_value value;
    bool flag;
    uint32_t item_node;
    unsigned target;
    struct seuil_map_fault fault;
    uint32_t text_len, hash_len;
    struct seuil_event *event;
    struct seuil_keyset keys;
    struct seuil_entry entries[SEUIL_MAP_ENTRIES_MAX];
    void *regex;
    locale_t locale;
    char text[SEUIL_MAP_TEXT_MAX];
    char hash[SEUIL_MAP_HASH_MAX];
    int32_t points[4 * SEUIL_MAP_STEP_TEXT_MAX]; /* code points of a text that is folded */
};

/* Steps of a regular expression, and what a match counts as work: few come near the first. */
#define SEUIL_MAP_MATCH_STEPS 20000
#define SEUIL_MAP_MATCH_WORK  1000

/* Note why the value at hand cannot be used; returns @code. */
static inline int seuil_map_fail(struct seuil_map_scratch *s, int code, const char *why)
{
    if (s->fault.code == 0)
        s->fault = (struct seuil_map_fault){.code = code, .why = why};
    return code;
}

/* Room for @len bytes of text that lives as long as the event; NULL and a fault when there is none.
 */
char *seuil_map_room(struct seuil_map_scratch *s, uint32_t len);

/* Count @steps of work: false and a fault when the record has had its share. */
static inline bool seuil_map_work(struct seuil_map_scratch *s, uint64_t steps)
{
    if (s->budget < steps) {
        s->spent = true;
        seuil_map_fail(s, SEUIL_ERR_LIMIT, "the record needs more work than a record may");
        return false;
    }
    s->budget -= steps;
    return true;
}

/* A match that ran into its limit has had its share, and that of others. */
static inline int seuil_map_overrun(struct seuil_map_scratch *s)
{
    s->budget -= s->budget < SEUIL_MAP_MATCH_STEPS ? s->budget : SEUIL_MAP_MATCH_STEPS;
    return seuil_map_fail(s, SEUIL_ERR_LIMIT, "a regular expression takes too many steps");
}

/* The scalar value at hand as text: as it was written, or its digits. False for a list or an
 * object, and after a fault. */
bool seuil_map_as_text(struct seuil_map_scratch *s, struct seuil_str *ret_text);
/* 0 or a fault. */
int seuil_map_as_number(struct seuil_map_scratch *s);
int seuil_map_as_bool(struct seuil_map_scratch *s);

void seuil_map_set_text(struct seuil_map_scratch *s, struct seuil_str text);

/* The node at @path; SEUIL_NODE_NONE when there is none (path.c). */
uint32_t seuil_map_find(const struct seuil_map *map, struct seuil_map_scratch *s,
                        const struct seuil_map_path *path);
void seuil_map_take_node(struct seuil_map_scratch *s, uint32_t node);

/* Run the program at @start up to its end. 0, or the fault's code (eval.c). */
int seuil_map_run(const struct seuil_map *map, struct seuil_map_scratch *s, uint32_t start);

/* One step on the value at hand: 0 or a fault (step.c). */
int seuil_map_step(const struct seuil_map *map, struct seuil_map_scratch *s,
                   const struct seuil_map_step *step);
int seuil_map_step_time(struct seuil_map_scratch *s, const struct seuil_map_step *step);
int seuil_map_step_unicode(struct seuil_map_scratch *s, enum seuil_map_step_kind kind);
int seuil_map_step_mail(const struct seuil_map *map, struct seuil_map_scratch *s,
                        enum seuil_map_step_kind kind);
int seuil_map_step_url(struct seuil_map_scratch *s, const struct seuil_map_step *step);

/* The value at hand as milliseconds, by what is known of it, for a time that no step has made. */
int seuil_map_as_time(struct seuil_map_scratch *s, seuil_time_ms *ret_time);

/* The value at hand to where the event has it (store.c). */
int seuil_map_store(struct seuil_map_scratch *s, unsigned target);
int seuil_map_put_entry(struct seuil_map_scratch *s, struct seuil_str name);
int seuil_map_put_entries(const struct seuil_map *map, struct seuil_map_scratch *s, uint32_t path,
                          const struct seuil_map_filter *filter);
int seuil_map_put_pairs(const struct seuil_map *map, struct seuil_map_scratch *s,
                        const struct seuil_map_pairs *pairs);

#endif
