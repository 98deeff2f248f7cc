/* What is known of schemas that records named: asked, there, missing; learned by which input.
 *
 * A state machine without threads, clocks and network. Readers (an input's shards) say what they
 * want and are told at once: it is learned, wait, or give the record up. One thread takes the jobs:
 * fetch a text, let a reader learn it. The caller holds a lock around each call, never during a
 * job.
 *
 * A transient fault is asked again for ever, later each time, each schema by itself; what was never
 * asked goes first. That a schema is missing is believed only when it was said again after
 * confirm_ms, since servers of one registry learn of a new schema one after the other; then it is
 * remembered for a while, and asked again. */

#ifndef SEUIL_REGISTRY_LOOKUP_H
#define SEUIL_REGISTRY_LOOKUP_H

#include "base/buf.h"
#include "base/err.h"
#include "codec/framing.h"
#include "core/limits.h"
#include "core/time.h"

/* Schemas known of at once. When there are more, the missing ones that nobody asked for longest
 * are forgotten. */
#define SEUIL_LOOKUP_MAX 8192
/* A missing schema is asked for again after this; after longer, when confirm_ms is longer. */
#define SEUIL_LOOKUP_MISSING_MS (60 * SEUIL_SECOND_MS)

struct seuil_lookup_config {
    int64_t backoff_min_ms, backoff_max_ms;
    int64_t confirm_ms;
    uint64_t seed; /* of the jitter */
};

struct seuil_lookup;

struct seuil_lookup *seuil_lookup_new(const struct seuil_lookup_config *config);
void seuil_lookup_free(struct seuil_lookup *lookup);

/* Reader @reader (below SEUIL_TOPICS_MAX) has a record that names @ref. 0: learned; else with a
 * sentence in @err: SEUIL_ERR_BACKOFF: wait; SEUIL_ERR_MISSING: there is no such schema, and that
 * was confirmed; SEUIL_ERR_INVALID: it is there, and the reader cannot use it. */
int seuil_lookup_want(struct seuil_lookup *lookup, uint32_t reader,
                      const struct seuil_schema_ref *ref, seuil_time_ms mono_ms,
                      struct seuil_error *err);

enum seuil_lookup_task { SEUIL_LOOKUP_NOTHING, SEUIL_LOOKUP_FETCH, SEUIL_LOOKUP_LEARN };

struct seuil_lookup_job {
    enum seuil_lookup_task task;
    struct seuil_schema_ref ref;
    uint32_t reader;  /* LEARN */
    const char *text; /* LEARN; stays until the lookup is freed */
    uint32_t len;
};

/* The next job; NOTHING: none until the returned instant (SEUIL_TIME_NEVER: until one is wanted).
 */
seuil_time_ms seuil_lookup_next(struct seuil_lookup *lookup, seuil_time_ms mono_ms,
                                struct seuil_lookup_job *ret_job);

/* How a job ended: @rc of seuil_registry_schema, and of seuil_decoder_learn. */
void seuil_lookup_fetched(struct seuil_lookup *lookup, const struct seuil_schema_ref *ref, int rc,
                          const struct seuil_buf *text, const struct seuil_error *err,
                          seuil_time_ms mono_ms);
void seuil_lookup_learned(struct seuil_lookup *lookup, const struct seuil_schema_ref *ref,
                          uint32_t reader, int rc, const struct seuil_error *err,
                          seuil_time_ms mono_ms);

#endif
