/* The leads that a shard remembers: packed states by id, bounded by bytes.
 *
 * Open addressing by the 64-bit hash of the id; entries stay where they are, so that batches, lists
 * and the heap of due times may point at them. An entry that is pinned, listed, in flight or being
 * loaded is never evicted; of the others a clock hand takes those not looked at since it last came
 * by. An entry without bytes is a lead that Redis does not have. */

#ifndef SEUIL_SHARD_CACHE_H
#define SEUIL_SHARD_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"
#include "base/slab.h"
#include "base/str.h"
#include "core/defer.h"
#include "core/time.h"

enum seuil_list { SEUIL_LIST_A, SEUIL_LIST_B, SEUIL_LIST_URGENT, SEUIL_LISTS, SEUIL_LIST_NONE };

/* What in Redis wakes a lead: not known, an entry of its own, a pack of many leads. */
enum seuil_armed { SEUIL_ARMED_UNKNOWN, SEUIL_ARMED_ALONE, SEUIL_ARMED_PACK };

/* What each event touches comes last, beside the id: two lines of the processor's cache, if the
 * allocator puts an entry at the begin of one. */
struct seuil_cached {
    uint64_t hash;
    seuil_time_ms armed;       /* Redis' due entry is not later; NEVER: none is known */
    seuil_time_ms sent_armed;  /* what armed becomes with the transaction under way */
    uint8_t armed_by, sent_by; /* enum seuil_armed, of armed and sent_armed */
    bool in_flight;            /* part of the transaction under way */
    bool erasing;              /* that transaction deletes the key */
    bool rearm;                /* Redis' due entry is in the past: set it anew */
    bool woken;                /* because a pack woke it */
    bool waking;               /* look at it as soon as it is loaded */
    bool expired;              /* of no more worth: delete it once base allows */
    uint32_t saved, sent; /* versions: the one that Redis is known to have, the one under way */
    uint32_t heap_at;     /* place in the heap of due times plus one; 0: not in it */
    uint32_t list_at;     /* place in its list */
    uint32_t cap;         /* of bytes */
    uint32_t judged;      /* the checkpoint whose base is behind every record that came for it */
    uint32_t unused[2];   /* the end of the first line */

    uint8_t *bytes; /* the packed state, then pendings (core/defer.h); owned; NULL: no room yet */
    uint32_t len;
    uint32_t tail;        /* bytes of pendings: there are some only while the entry is listed */
    uint32_t pins;        /* items of a batch that point here */
    uint32_t version;     /* of the state in the cache */
    uint32_t model_epoch; /* of the model set that judged this state last */
    uint16_t id_len;
    uint8_t list;               /* enum seuil_list */
    bool loading : 1;           /* asked from Redis, no answer yet */
    bool referenced : 1;        /* looked at since the clock hand came by */
    bool told_gone : 1;         /* the last scores told of it are null */
    seuil_time_ms due;          /* of the state in the cache; with pendings: not later */
    struct seuil_digest digest; /* of state and pendings */
    char id[];
};

struct seuil_cache_slot {
    uint64_t hash;
    struct seuil_cached *entry; /* NULL: free */
};

struct seuil_cache_due {
    seuil_time_ms at; /* not later than the entry's due time */
    struct seuil_cached *entry;
};

/* Entries in the order in which they came: items[first .. end), with gaps where one left; the first
 * is none. */
struct seuil_cache_list {
    struct seuil_cached **items;
    uint32_t first, end, cap;
    uint32_t count;
};

struct seuil_cache {
    struct seuil_slab slab; /* of entries and their bytes */
    struct seuil_cache_slot *slots;
    uint64_t mask; /* slots - 1; 0: no table yet */
    uint64_t count;
    uint64_t bytes; /* of entries, states and table */
    uint64_t hand;
    uint64_t in_flight; /* entries that are, for the pressure test */
    struct seuil_cache_list lists[SEUIL_LISTS];
    bool failed;
    bool evicted;                 /* something was, since the cache was new */
    uint32_t judged;              /* the greatest of what was evicted */
    struct seuil_cache_due *heap; /* least first */
    uint32_t heap_count, heap_cap;
};

/* Free every entry and the table; @cache (zeroed at first) is as new. */
void seuil_cache_done(struct seuil_cache *cache);

/* The hash of a lead's id: never 0. */
static inline uint64_t seuil_cache_hash(struct seuil_str id)
{
    uint64_t hash = seuil_hash64(id.ptr, id.len);

    return hash ? hash : 1;
}

/* Looking up costs three misses in turn: the slot, the entry, its bytes. A batch touches each for
 * several records before it needs them, so that their ways through the page tables overlap.
 * Prefetching alone is no help: it may be left out where the processor does not know the page. */
static inline void seuil_cache_touch_slot(const struct seuil_cache *cache, uint64_t hash)
{
    if (cache->slots)
        (void)*(const volatile uint64_t *)&cache->slots[hash & cache->mask].hash;
}

static inline void seuil_cache_touch_entry(const struct seuil_cache *cache, uint64_t hash)
{
    const struct seuil_cached *entry = cache->slots ? cache->slots[hash & cache->mask].entry : NULL;

    if (!entry)
        return;
    (void)*(const volatile uint32_t *)&entry->pins;
    (void)*(const volatile uint64_t *)&entry->digest.seen; /* and the id behind it */
}

static inline void seuil_cache_touch_bytes(const struct seuil_cached *entry)
{
    if (entry->cap)
        (void)*(const volatile uint8_t *)entry->bytes;
}

/* The page is known already. */
static inline void seuil_cache_prefetch_bytes(const struct seuil_cached *entry)
{
    __builtin_prefetch(entry->bytes);
    __builtin_prefetch(entry->bytes + 64);
    __builtin_prefetch(entry->bytes + 128);
    __builtin_prefetch(entry->bytes + 192);
}

struct seuil_cached *seuil_cache_find(const struct seuil_cache *cache, uint64_t hash,
                                      struct seuil_str id);

/* A new entry for an id that is not there, without bytes; NULL when memory is out. */
struct seuil_cached *seuil_cache_add(struct seuil_cache *cache, uint64_t hash, struct seuil_str id);

/* Give @entry a state (len 0: none) without pendings, whose digest is not known. 0 or
 * SEUIL_ERR_NOMEM (then it keeps the one before). */
int seuil_cache_set(struct seuil_cache *cache, struct seuil_cached *entry, const uint8_t *bytes,
                    uint32_t len);

/* Append a pending to @entry. 0 or SEUIL_ERR_NOMEM. */
int seuil_cache_append(struct seuil_cache *cache, struct seuil_cached *entry, const uint8_t *bytes,
                       uint32_t len);

/* Evict until at most @limit bytes are in use or nothing can go; whether the limit is kept. */
bool seuil_cache_evict(struct seuil_cache *cache, uint64_t limit);

/* Put @entry at the end of @list, off any other; take it off. When there is no memory for its place
 * it is in none, and cache->failed says that what is listed is not all. */
void seuil_cache_enlist(struct seuil_cache *cache, struct seuil_cached *entry,
                        enum seuil_list list);
void seuil_cache_unlist(struct seuil_cache *cache, struct seuil_cached *entry);

/* The heap of due times: @entry enters, moves or leaves as its due time says. 0 or
 * SEUIL_ERR_NOMEM. */
int seuil_cache_schedule(struct seuil_cache *cache, struct seuil_cached *entry);
void seuil_cache_unschedule(struct seuil_cache *cache, struct seuil_cached *entry);
struct seuil_cached *seuil_cache_first_due(struct seuil_cache *cache);

#endif
