#include "registry/lookup.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/heap.h"

#define BUCKETS 1024

enum state {
    ASKING,   /* to be fetched at `next` */
    THERE,    /* `text` */
    MISSING,  /* confirmed; asked again when it is wanted after `next` */
    UNUSABLE, /* of no use to anybody: no Avro, damaged */
};

enum reading { NOT_WANTED, WANTED, LEARNED, REFUSED };

struct entry {
    struct entry *next_in_bucket;
    struct seuil_schema_ref ref;
    enum state state;
    bool busy;             /* a job is under way */
    bool confirmed;        /* MISSING before */
    seuil_time_ms next;    /* of the next job */
    seuil_time_ms missing; /* said so first; SEUIL_TIME_NONE */
    seuil_time_ms wanted;  /* last */
    int64_t backoff_ms;    /* the last wait; 0: none yet */
    char *text;
    uint32_t len;
    uint8_t readings[SEUIL_TOPICS_MAX]; /* enum reading */
    char why[512];
};

struct seuil_lookup {
    struct seuil_lookup_config config;
    uint64_t random;
    uint32_t count;
    struct entry *buckets[BUCKETS];
};

struct seuil_lookup *seuil_lookup_new(const struct seuil_lookup_config *config)
{
    struct seuil_lookup *lookup = seuil_heap_zalloc(1, sizeof(*lookup));

    if (!lookup)
        return NULL;
    lookup->config = *config;
    lookup->random = config->seed | 1;
    return lookup;
}

void seuil_lookup_free(struct seuil_lookup *lookup)
{
    for (int i = 0; lookup && i < BUCKETS; i++)
        for (struct entry *entry = lookup->buckets[i], *next; entry; entry = next) {
            next = entry->next_in_bucket;
            seuil_heap_free(entry->text);
            seuil_heap_free(entry);
        }
    seuil_heap_free(lookup);
}

/* ---- entries ------------------------------------------------------------------------------- */

static struct entry **bucket_of(struct seuil_lookup *lookup, const struct seuil_schema_ref *ref)
{
    uint64_t x = (ref->low ^ ref->high * 3 ^ ref->kind) * UINT64_C(0x9e3779b97f4a7c15);

    return &lookup->buckets[x >> 54];
}

static struct entry *find(struct seuil_lookup *lookup, const struct seuil_schema_ref *ref)
{
    struct entry *entry = *bucket_of(lookup, ref);

    while (entry && !seuil_schema_ref_eq(&entry->ref, ref))
        entry = entry->next_in_bucket;
    return entry;
}

/* Forget the missing schema that was wanted longest ago; whether there was one. */
static bool forget_one(struct seuil_lookup *lookup)
{
    struct entry **oldest = NULL, *gone;

    for (int i = 0; i < BUCKETS; i++)
        for (struct entry **at = &lookup->buckets[i]; *at; at = &(*at)->next_in_bucket)
            if ((*at)->state == MISSING && (!oldest || (*at)->wanted < (*oldest)->wanted))
                oldest = at;
    if (!oldest)
        return false;
    gone = *oldest;
    *oldest = gone->next_in_bucket;
    seuil_heap_free(gone);
    lookup->count--;
    return true;
}

static struct entry *add(struct seuil_lookup *lookup, const struct seuil_schema_ref *ref,
                         seuil_time_ms mono)
{
    struct entry **bucket = bucket_of(lookup, ref), *entry;

    if (lookup->count >= SEUIL_LOOKUP_MAX && !forget_one(lookup))
        return NULL;
    entry = seuil_heap_zalloc(1, sizeof(*entry));
    if (!entry)
        return NULL;
    entry->ref = *ref;
    entry->next = mono;
    entry->missing = SEUIL_TIME_NONE;
    entry->next_in_bucket = *bucket;
    *bucket = entry;
    lookup->count++;
    return entry;
}

/* ---- readers ------------------------------------------------------------------------------- */

static int tell(const struct entry *entry, int code, struct seuil_error *err)
{
    char name[SEUIL_SCHEMA_REF_TEXT];

    return seuil_error_set(err, code, "schema %s: %s", seuil_schema_ref_format(&entry->ref, name),
                           entry->why[0] ? entry->why : "the registry is asked");
}

int seuil_lookup_want(struct seuil_lookup *lookup, uint32_t reader,
                      const struct seuil_schema_ref *ref, seuil_time_ms mono_ms,
                      struct seuil_error *err)
{
    struct entry *entry = find(lookup, ref);

    assert(reader < SEUIL_TOPICS_MAX);
    if (!entry)
        entry = add(lookup, ref, mono_ms);
    if (!entry)
        return seuil_error_set(err, SEUIL_ERR_BACKOFF,
                               "no room for another schema: %u are being asked for", lookup->count);
    entry->wanted = mono_ms;
    if (entry->state == MISSING && mono_ms < entry->next)
        return tell(entry, SEUIL_ERR_MISSING, err);
    if (entry->state == MISSING) {
        entry->state = ASKING;
        entry->next = mono_ms;
    }
    if (entry->state == UNUSABLE || entry->readings[reader] == REFUSED)
        return tell(entry, SEUIL_ERR_INVALID, err);
    if (entry->readings[reader] == LEARNED)
        return 0;
    entry->readings[reader] = WANTED;
    return tell(entry, SEUIL_ERR_BACKOFF, err);
}

/* ---- jobs ---------------------------------------------------------------------------------- */

static bool job_of(struct entry *entry, struct seuil_lookup_job *ret_job)
{
    *ret_job = (struct seuil_lookup_job){.ref = entry->ref};
    if (entry->state == ASKING) {
        ret_job->task = SEUIL_LOOKUP_FETCH;
        return true;
    }
    for (uint32_t reader = 0; entry->state == THERE && reader < SEUIL_TOPICS_MAX; reader++) {
        if (entry->readings[reader] != WANTED)
            continue;
        ret_job->task = SEUIL_LOOKUP_LEARN;
        ret_job->reader = reader;
        ret_job->text = entry->text;
        ret_job->len = entry->len;
        return true;
    }
    return false;
}

/* Whether @a goes before @b (NULL: it does). While the registry is silent each question costs a
 * time-out: what was never asked goes before what is asked again, since it may be answered without
 * the registry, or need no answer. */
static bool before(const struct entry *a, const struct entry *b, seuil_time_ms mono)
{
    bool a_new = a->next <= mono && a->backoff_ms == 0;
    bool b_new = b && b->next <= mono && b->backoff_ms == 0;

    return !b || (a_new != b_new ? a_new : a->next < b->next);
}

seuil_time_ms seuil_lookup_next(struct seuil_lookup *lookup, seuil_time_ms mono_ms,
                                struct seuil_lookup_job *ret_job)
{
    struct entry *first = NULL;
    struct seuil_lookup_job job;

    for (int i = 0; i < BUCKETS; i++)
        for (struct entry *entry = lookup->buckets[i]; entry; entry = entry->next_in_bucket)
            if (!entry->busy && before(entry, first, mono_ms) && job_of(entry, &job))
                first = entry;
    *ret_job = (struct seuil_lookup_job){.task = SEUIL_LOOKUP_NOTHING};
    if (!first || first->next > mono_ms)
        return first ? first->next : SEUIL_TIME_NEVER;
    job_of(first, ret_job);
    first->busy = true;
    return mono_ms;
}

static void note(struct entry *entry, const struct seuil_error *err, const char *more)
{
    snprintf(entry->why, sizeof(entry->why), "%.440s%s", err->text, more);
}

/* Twice as long as before, within bounds, less up to a quarter by chance (xorshift). */
static void back_off(struct seuil_lookup *lookup, struct entry *entry, seuil_time_ms mono)
{
    int64_t least = lookup->config.backoff_min_ms > 0 ? lookup->config.backoff_min_ms : 1;
    int64_t wait = entry->backoff_ms < least ? least : 2 * entry->backoff_ms;

    if (wait > lookup->config.backoff_max_ms && lookup->config.backoff_max_ms >= least)
        wait = lookup->config.backoff_max_ms;
    entry->backoff_ms = wait;
    lookup->random ^= lookup->random << 13;
    lookup->random ^= lookup->random >> 7;
    lookup->random ^= lookup->random << 17;
    entry->next = mono + wait * (int64_t)(192 + lookup->random % 64) / 256;
}

/* Missing: for good, or to be asked again before it is believed? */
static void went_missing(struct seuil_lookup *lookup, struct entry *entry,
                         const struct seuil_error *err, seuil_time_ms mono)
{
    int64_t confirm_ms = lookup->config.confirm_ms;

    if (entry->missing == SEUIL_TIME_NONE)
        entry->missing = mono;
    if (entry->confirmed || mono - entry->missing >= confirm_ms) {
        entry->state = MISSING;
        entry->confirmed = true;
        entry->next =
            mono + (confirm_ms > SEUIL_LOOKUP_MISSING_MS ? confirm_ms : SEUIL_LOOKUP_MISSING_MS);
        note(entry, err, "");
        return;
    }
    back_off(lookup, entry, mono);
    if (entry->next > entry->missing + confirm_ms)
        entry->next = entry->missing + confirm_ms;
    note(entry, err, "; asked again before that is believed (registry.confirm_missing)");
}

void seuil_lookup_fetched(struct seuil_lookup *lookup, const struct seuil_schema_ref *ref, int rc,
                          const struct seuil_buf *text, const struct seuil_error *err,
                          seuil_time_ms mono_ms)
{
    struct entry *entry = find(lookup, ref);

    assert(entry && entry->busy);
    entry->busy = false;
    if (rc == SEUIL_ERR_MISSING) {
        went_missing(lookup, entry, err, mono_ms);
        return;
    }
    entry->missing = SEUIL_TIME_NONE;
    if (rc == SEUIL_ERR_UNSUPPORTED || rc == SEUIL_ERR_FORMAT || rc == SEUIL_ERR_LIMIT) {
        entry->state = UNUSABLE;
        note(entry, err, "");
        return;
    }
    if (!rc)
        entry->text = seuil_heap_strdup((const char *)text->ptr, text->len);
    if (!rc && entry->text) {
        entry->state = THERE;
        entry->len = (uint32_t)text->len;
        entry->next = mono_ms;
        entry->backoff_ms = 0;
        snprintf(entry->why, sizeof(entry->why), "the registry has it");
        return;
    }
    back_off(lookup, entry, mono_ms);
    if (rc)
        note(entry, err, "");
    else
        snprintf(entry->why, sizeof(entry->why), "out of memory");
}

void seuil_lookup_learned(struct seuil_lookup *lookup, const struct seuil_schema_ref *ref,
                          uint32_t reader, int rc, const struct seuil_error *err,
                          seuil_time_ms mono_ms)
{
    struct entry *entry = find(lookup, ref);

    assert(entry && entry->busy && reader < SEUIL_TOPICS_MAX);
    entry->busy = false;
    if (rc == SEUIL_ERR_NOMEM) {
        back_off(lookup, entry, mono_ms);
        note(entry, err, "");
        return;
    }
    entry->readings[reader] = rc ? REFUSED : LEARNED;
    entry->next = mono_ms;
    if (rc)
        note(entry, err, "");
}
