/* How evidence gets into a lead (EVIDENCE 1 and 2). Private to lib/core. */

#ifndef SEUIL_CORE_INGEST_H
#define SEUIL_CORE_INGEST_H

#include "core/scratch.h"

/* When @event happened, for this engine: its arrival if it claims to be more than five minutes
 * after it (then SEUIL_NOTE_TIME_CLAMPED is set in @notes), clamped to the range of times. */
seuil_time_ms seuil_ingest_time(const struct seuil_event *event, unsigned *notes);

/* XXH3 of (lead id, event id). */
uint64_t seuil_ingest_hash(const struct seuil_event *event);
/* The same of the event that @event voids. */
uint64_t seuil_ingest_target(const struct seuil_event *event);

/* The fold point: keys below it are late. */
struct seuil_key seuil_fold_point(const struct seuil_evidence *evidence, int64_t horizon_ms);

/* The hash of the object of @event that a limit of @rule asks for, or what a hidden rule says; 0
 * when there is none. */
uint32_t seuil_ingest_object(const struct seuil_models *models, const struct seuil_rule *rule,
                             const struct seuil_event *event);

/* Add @hits with what each has @carried to @record; whether it has any now. */
bool seuil_ingest_hits(struct seuil_scratch *scratch, const struct seuil_hits *hits,
                       const struct seuil_hit *carried, struct seuil_evidence *evidence,
                       struct seuil_record *record, unsigned *notes);

/* Add the rules of scratch->hits, and those that look at them, to the @record of @event. */
bool seuil_ingest_event_hits(struct seuil_scratch *scratch, const struct seuil_event *event,
                             struct seuil_evidence *evidence, struct seuil_record *record,
                             unsigned *notes);

/* Put the event of @key, which hit scratch->hits, into recent. APPLIED, DUPLICATE or LATE;
 * @ret_changed: whether the evidence is another now. */
enum seuil_verdict seuil_ingest_record(struct seuil_scratch *scratch,
                                       const struct seuil_event *event, struct seuil_key key,
                                       struct seuil_evidence *evidence, unsigned *notes,
                                       bool *ret_changed);

/* Put a mark into recent that voids the event with the hash @target. As above; of two that void one
 * event the later stays. */
enum seuil_verdict seuil_ingest_retraction(struct seuil_scratch *scratch, uint64_t target,
                                           struct seuil_key key, struct seuil_evidence *evidence,
                                           bool *ret_changed);

/* Whether the event of @key.hash is in recent; if so, the earlier time stays. */
bool seuil_ingest_repeat(struct seuil_scratch *scratch, struct seuil_evidence *evidence,
                         struct seuil_key key);

/* Put a record into recent that is @mark with @operand and hits no rule. As above. */
enum seuil_verdict seuil_ingest_mark(struct seuil_scratch *scratch, enum seuil_mark mark,
                                     uint64_t operand, struct seuil_key key,
                                     struct seuil_evidence *evidence, bool *ret_changed);

/* The lead gives its consent at @key.time, and nothing else. */
void seuil_ingest_consent(struct seuil_key key, struct seuil_evidence *evidence);

/* Write the attributes of @event that a model names into the profile. As above. */
enum seuil_verdict seuil_ingest_profile(struct seuil_scratch *scratch,
                                        const struct seuil_event *event, struct seuil_key key,
                                        struct seuil_evidence *evidence, unsigned *notes,
                                        bool *ret_changed);

/* Whether a model names an attribute of @event. */
bool seuil_ingest_looks_at(const struct seuil_scratch *scratch, const struct seuil_event *event);

/* Add @adjustment. As above. */
enum seuil_verdict seuil_ingest_adjustment(struct seuil_scratch *scratch,
                                           const struct seuil_adjustment *adjustment,
                                           struct seuil_evidence *evidence, unsigned *notes,
                                           bool *ret_changed);

/* Those of another lead that is the same person: the last writer wins; an adjustment that is there
 * already is one. There is room: the named attributes of both. */
void seuil_ingest_attribute(struct seuil_evidence *evidence,
                            const struct seuil_attribute_value *value);
void seuil_ingest_united_adjustment(struct seuil_evidence *evidence,
                                    const struct seuil_adjustment *adjustment, unsigned *notes);

/* Attributes that no model names any more are dropped. */
void seuil_ingest_drop_unnamed(const struct seuil_scratch *scratch,
                               struct seuil_evidence *evidence);

/* After any change: fold what left the horizon, forget what is worth nothing. The lead is bound. */
void seuil_ingest_absorb(struct seuil_scratch *scratch, struct seuil_lead *lead, unsigned *notes);

/* That, and keep the bound of a state's size. */
void seuil_ingest_settle(struct seuil_scratch *scratch, struct seuil_lead *lead, unsigned *notes);

#endif
