/* Leads that are one person (SCORING 6): ids of a lead, and what is left of one that was merged
 * into another.
 *
 * A lead that was merged away gave all that was remembered of it to the other, whose shard may be
 * another one. What stays is a *forwarding entry*: where it went, stamps, birth and ordinals. Its
 * later events are sent the same way; it ends SEUIL_AWAY_MS after the last of them, or with a
 * command forget of either id. The lead that took it in keeps the id as an *alias*, with the merge
 * command that it came by: a hand-over that comes again is known by it, and adds nothing. */

#ifndef SEUIL_CORE_AWAY_H
#define SEUIL_CORE_AWAY_H

#include "core/engine.h"

/* ---- aliases */

/* NULL: @id is no alias of @lead. */
const struct seuil_alias *seuil_alias_find(const struct seuil_lead *lead, struct seuil_str id);

/* @id, of 1 to SEUIL_ID_MAX bytes, is an alias of @lead: it was merged into it by the command at
 * @merged, of @time. An id that came by commands of several topics is there once for each. Beyond
 * the bounds of number and bytes the oldest are forgotten. */
void seuil_alias_add(struct seuil_lead *lead, struct seuil_str id, const struct seuil_birth *merged,
                     seuil_time_ms time);

/* An event of @id left something in @lead: it is an alias, though no hand-over has come yet. It
 * stays unheard where it would take the room of what changes after evidence was settled. */
void seuil_alias_heard(const struct seuil_models *models, struct seuil_lead *lead,
                       struct seuil_str id);

/* Whether the hand-over of @id by the command at @merged, or a later one of that topic, came. A
 * generation begins with a log that was made again, but also when a shard is rebuilt from the same
 * one and hands over once more: between two of them the commands' times tell. */
bool seuil_alias_came(const struct seuil_lead *lead, struct seuil_str id,
                      const struct seuil_birth *merged, seuil_time_ms time);

/* Forget the oldest. */
void seuil_alias_drop_first(struct seuil_lead *lead);

/* Bytes of their ids. */
unsigned seuil_alias_bytes(const struct seuil_lead *lead);

/* ---- the lead that leaves */

static inline bool seuil_lead_is_away(const struct seuil_lead *lead)
{
    return lead->into_len > 0 && !lead->expired;
}

/* Whether the merge command @event, of which seuil_merge_read gave @merge, may take @lead, which is
 * not away, elsewhere. APPLIED: it may; DUPLICATE: the other is an alias of it already; REFUSED:
 * the other is no id, or its own; KNOWN: a known lead is not merged by a shared browser alone;
 * FILTERED: consent is asked for, and nothing may be stored of it; FORGOTTEN: the command is not
 * later than its cut-off. */
enum seuil_verdict seuil_engine_may_leave(const struct seuil_models *models,
                                          const struct seuil_event *event,
                                          const struct seuil_merge *merge, struct seuil_lead *lead);

/* A lead that was worth nothing begins anew. Whether its key was deleted in between must not be
 * seen, so nothing of it is kept. */
void seuil_engine_begin_anew(struct seuil_lead *lead);

/* Whether a model names an attribute that @lead has as one that tells who it is. Without
 * `known_by` any attribute that a model looks at does. */
bool seuil_engine_knows(const struct seuil_models *models, const struct seuil_lead *lead);

/* A command changes nothing, for @verdict (seuil_engine_may_leave, seuil_engine_may_send_on). Yet
 * that it was judged is worth a stamp (todo: SAVE) where the lead has a state: judged again in a
 * replay, by what came after it, it might be another. */
void seuil_engine_stay(struct seuil_scratch *scratch, struct seuil_lead *lead,
                       enum seuil_verdict verdict, struct seuil_outcome *ret_outcome);

/* Make a forwarding entry of @lead: what is to be handed over is packed into @out of
 * SEUIL_LEAD_BYTES_MAX bytes, its length returned; without stamps, which are nobody else's affair.
 * Nothing is left of one that had expired, whether its key is still there or not. todo: SAVE,
 * ERASE, RESCHEDULE. */
size_t seuil_engine_leave(const struct seuil_event *event, struct seuil_str into,
                          struct seuil_lead *lead, uint8_t *out, struct seuil_outcome *ret_outcome);

/* Whether @event is of use where @lead, which is away, went. APPLIED: it is sent on; DUPLICATE: the
 * command that merges it with that lead; REFUSED, UNSUPPORTED: a command that is none. */
enum seuil_verdict seuil_engine_may_send_on(const struct seuil_event *event,
                                            const struct seuil_lead *lead);

/* @event of @lead, which is away, is sent on: it stays away for longer. If the event erases the
 * lead, a tombstone is left. todo as above. */
void seuil_engine_send_on(const struct seuil_models *models, struct seuil_scratch *scratch,
                          const struct seuil_event *event, struct seuil_lead *lead,
                          struct seuil_outcome *ret_outcome);

/* The lead that @lead went to was forgotten at @event->time: so is @lead, unless it went there
 * later, or is not away. APPLIED or FILTERED. */
void seuil_engine_follow_forget(const struct seuil_models *models, struct seuil_scratch *scratch,
                                const struct seuil_event *event, struct seuil_lead *lead,
                                struct seuil_outcome *ret_outcome);

/* What stands for the way from @lead, which is away, to where it went: a hash of both and of when.
 * Something that has gone this way before goes in a circle. */
uint64_t seuil_lead_way(const struct seuil_lead *lead);

/* A circle of merges, or too long a chain, ends here: @lead takes in what comes. */
void seuil_lead_come_back(struct seuil_lead *lead);

/* ---- the lead that takes it in */

/* As seuil_engine_merge, of a lead @from that was handed over by the merge command at @merged, in
 * the log of its own shard; @event is that command, with the id of the lead that left. Silence acts
 * on @from up to @until first, as it has on @into. The id becomes an alias of @into, and so do
 * those of @from. DUPLICATE: that hand-over, or a later one, was taken in before; only events that
 * are not known yet are taken from it. */
void seuil_engine_take_in(const struct seuil_models *models, struct seuil_scratch *scratch,
                          const struct seuil_event *event, const struct seuil_birth *merged,
                          seuil_time_ms until, struct seuil_lead *from, struct seuil_lead *into,
                          struct seuil_outcome *ret_outcome);

#endif
