#include "core/away.h"

#include <assert.h>
#include <string.h>

#include "base/hash.h"
#include "core/command.h"
#include "core/engine_int.h"
#include "core/ingest.h"
#include "core/lead_codec.h"
#include "core/scratch.h"

/* What an alias without a merge takes beside its id: with it, lengths and a section begin. */
#define HEARD_BYTES 8

/* ---- aliases ----------------------------------------------------------------------------- */

static bool is(const struct seuil_alias *alias, struct seuil_str id)
{
    return seuil_str_eq(id, (struct seuil_str){alias->id, alias->id_len});
}

const struct seuil_alias *seuil_alias_find(const struct seuil_lead *lead, struct seuil_str id)
{
    for (unsigned i = 0; i < lead->alias_count; i++)
        if (is(&lead->aliases[i], id))
            return &lead->aliases[i];
    return NULL;
}

/* Not before the command at @merged, of the same topic. */
static bool reaches(const struct seuil_alias *alias, const struct seuil_birth *merged,
                    seuil_time_ms time)
{
    return alias->merged.generation == merged->generation ? alias->merged.offset >= merged->offset
                                                          : alias->merged_time >= time;
}

bool seuil_alias_came(const struct seuil_lead *lead, struct seuil_str id,
                      const struct seuil_birth *merged, seuil_time_ms time)
{
    for (unsigned i = 0; i < lead->alias_count; i++) {
        const struct seuil_alias *alias = &lead->aliases[i];

        if (alias->merged.known && alias->merged.topic == merged->topic && is(alias, id))
            return reaches(alias, merged, time);
    }
    return false;
}

unsigned seuil_alias_bytes(const struct seuil_lead *lead)
{
    unsigned bytes = 0;

    for (unsigned i = 0; i < lead->alias_count; i++)
        bytes += lead->aliases[i].id_len;
    return bytes;
}

void seuil_alias_drop_first(struct seuil_lead *lead)
{
    assert(lead->alias_count > 0);
    lead->alias_count--;
    memmove(lead->aliases, lead->aliases + 1, lead->alias_count * sizeof(lead->aliases[0]));
}

static struct seuil_alias *append(struct seuil_lead *lead, struct seuil_str id)
{
    struct seuil_alias *alias;

    assert(id.len > 0 && id.len <= SEUIL_ID_MAX);
    while (lead->alias_count == SEUIL_ALIASES_MAX ||
           seuil_alias_bytes(lead) + id.len > SEUIL_ALIAS_BYTES_MAX)
        seuil_alias_drop_first(lead);
    alias = &lead->aliases[lead->alias_count++];
    alias->merged = (struct seuil_birth){0};
    alias->merged_time = SEUIL_TIME_NONE;
    alias->id_len = (uint16_t)id.len;
    memcpy(alias->id, id.ptr, id.len);
    return alias;
}

void seuil_alias_add(struct seuil_lead *lead, struct seuil_str id, const struct seuil_birth *merged,
                     seuil_time_ms time)
{
    struct seuil_alias *alias = NULL;

    for (unsigned i = 0; i < lead->alias_count && !alias; i++)
        if (is(&lead->aliases[i], id) &&
            (!lead->aliases[i].merged.known || lead->aliases[i].merged.topic == merged->topic))
            alias = &lead->aliases[i];
    if (!alias)
        alias = append(lead, id);
    else if (alias->merged.known && reaches(alias, merged, time))
        return;
    alias->merged = *merged;
    alias->merged_time = time;
}

void seuil_alias_heard(const struct seuil_models *models, struct seuil_lead *lead,
                       struct seuil_str id)
{
    if (!seuil_alias_find(lead, id) && seuil_lead_size(lead) + id.len + HEARD_BYTES <=
                                           SEUIL_LEAD_BYTES_SETTLED(models->model_count))
        append(lead, id);
}

/* ---- leaving ----------------------------------------------------------------------------- */

static bool tells_who(const struct seuil_models *models, const struct seuil_attribute_value *value)
{
    if (value->type == SEUIL_TYPE_NULL || (value->type == SEUIL_TYPE_STRING && value->len == 0))
        return false;
    for (unsigned i = 0; i < models->attribute_count; i++)
        if (models->attributes[i].key == value->key)
            return models->attributes[i].tells_who || !models->known_by;
    return false;
}

bool seuil_engine_knows(const struct seuil_models *models, const struct seuil_lead *lead)
{
    for (unsigned i = 0; i < lead->evidence.attribute_count; i++)
        if (tells_who(models, &lead->evidence.attributes[i]))
            return true;
    return false;
}

enum seuil_verdict seuil_engine_may_leave(const struct seuil_models *models,
                                          const struct seuil_event *event,
                                          const struct seuil_merge *merge, struct seuil_lead *lead)
{
    struct seuil_str own = {lead->id, lead->id_len};
    unsigned notes = 0;

    assert(!seuil_lead_is_away(lead));
    if (merge->into.len == 0 || seuil_str_eq(merge->into, event->lead))
        return SEUIL_VERDICT_REFUSED;
    if (lead->cut != SEUIL_TIME_NONE && !lead->expired &&
        seuil_ingest_time(event, &notes) <= lead->cut)
        return SEUIL_VERDICT_FORGOTTEN;
    if (seuil_str_eq(merge->into, own) || (!lead->expired && seuil_alias_find(lead, merge->into)))
        return SEUIL_VERDICT_DUPLICATE;
    if (models->consent && (!lead->consented || lead->expired))
        return SEUIL_VERDICT_FILTERED;
    if (merge->by_browser && !lead->expired && seuil_engine_knows(models, lead))
        return SEUIL_VERDICT_KNOWN;
    return SEUIL_VERDICT_APPLIED;
}

/* Automata whose ids must not come again keep their ordinals. */
static void keep_ordinals(struct seuil_lead *lead)
{
    unsigned kept = 0;

    for (unsigned i = 0; i < lead->automaton_count; i++)
        if (lead->automata[i].ordinal)
            lead->automata[kept++] = (struct seuil_automaton){.model = lead->automata[i].model,
                                                              .ordinal = lead->automata[i].ordinal};
    lead->automaton_count = (uint16_t)kept;
}

static void stay_away(const struct seuil_event *event, struct seuil_lead *lead,
                      struct seuil_outcome *outcome)
{
    seuil_time_ms at = seuil_ingest_time(event, &outcome->notes);

    if (at > lead->clock)
        lead->clock = at;
    lead->due = lead->clock + SEUIL_AWAY_MS;
    outcome->verdict = SEUIL_VERDICT_APPLIED;
    outcome->todo = SEUIL_TODO_SAVE | SEUIL_TODO_ERASE | SEUIL_TODO_RESCHEDULE;
}

static void clear_outcome(struct seuil_outcome *outcome, enum seuil_verdict verdict)
{
    seuil_engine_clear_outcome(outcome);
    outcome->verdict = verdict;
}

void seuil_engine_stay(struct seuil_scratch *scratch, struct seuil_lead *lead,
                       enum seuil_verdict verdict, struct seuil_outcome *ret_outcome)
{
    clear_outcome(ret_outcome, verdict);
    if ((verdict != SEUIL_VERDICT_DUPLICATE && verdict != SEUIL_VERDICT_FORGOTTEN) ||
        lead->clock == SEUIL_TIME_NONE)
        return;
    ret_outcome->todo = SEUIL_TODO_SAVE;
    if (seuil_lead_is_away(lead) || lead->expired)
        return;
    seuil_scratch_bind(scratch, lead); /* as after a step */
    seuil_scratch_view(scratch, lead, lead->clock);
}

static size_t pack_up(struct seuil_lead *lead, uint8_t *out)
{
    struct seuil_stamp stamps[SEUIL_TOPICS_MAX];
    bool keyed = lead->keyed;
    size_t len;

    memcpy(stamps, lead->stamps, sizeof(stamps));
    memset(lead->stamps, 0, sizeof(lead->stamps));
    lead->keyed = false; /* who hands it over says whose it is */
    len = seuil_lead_write(lead, out);
    lead->keyed = keyed;
    memcpy(lead->stamps, stamps, sizeof(stamps));
    return len;
}

size_t seuil_engine_leave(const struct seuil_event *event, struct seuil_str into,
                          struct seuil_lead *lead, uint8_t *out, struct seuil_outcome *ret_outcome)
{
    size_t len;

    assert(!seuil_lead_is_away(lead) && into.len > 0 && into.len <= SEUIL_ID_MAX);
    clear_outcome(ret_outcome, SEUIL_VERDICT_APPLIED);
    seuil_engine_begin_anew(lead);
    len = pack_up(lead, out);
    seuil_evidence_clear(&lead->evidence);
    keep_ordinals(lead);
    lead->tombstone = lead->consented = false;
    lead->cut = SEUIL_TIME_NONE;
    lead->alias_count = lead->cause_count = 0;
    memcpy(lead->into, into.ptr, into.len);
    lead->into_len = (uint16_t)into.len;
    stay_away(event, lead, ret_outcome);
    lead->away_since = lead->clock;
    return len;
}

uint64_t seuil_lead_way(const struct seuil_lead *lead)
{
    uint64_t hash = seuil_hash64_seed(lead->id, lead->id_len, (uint64_t)lead->away_since);

    return seuil_hash64_seed(lead->into, lead->into_len, hash);
}

void seuil_lead_come_back(struct seuil_lead *lead)
{
    lead->into_len = 0;
}

/* Nothing but a tombstone is left. */
static void vanish(const struct seuil_models *models, struct seuil_scratch *scratch,
                   const struct seuil_event *event, struct seuil_lead *lead,
                   struct seuil_outcome *outcome)
{
    struct seuil_event forget;

    seuil_event_clear(&forget, SEUIL_KIND_COMMAND);
    forget.id = event->id;
    forget.lead = (struct seuil_str){lead->id, lead->id_len};
    forget.time = event->time;
    forget.arrival = event->arrival;
    forget.position = event->position;
    forget.field[SEUIL_FIELD_NAME] =
        (struct seuil_value){.type = SEUIL_TYPE_STRING, .s = SEUIL_STR("forget")};
    seuil_lead_come_back(lead);
    seuil_engine_step(models, scratch, &forget, lead, outcome);
}

enum seuil_verdict seuil_engine_may_send_on(const struct seuil_event *event,
                                            const struct seuil_lead *lead)
{
    struct seuil_adjustment adjustment;
    struct seuil_merge merge;
    unsigned notes = 0;

    assert(seuil_lead_is_away(lead));
    if (event->kind != SEUIL_KIND_COMMAND || event->retracts.len > 0)
        return SEUIL_VERDICT_APPLIED;
    if (seuil_merge_read(event, &merge)) {
        if (merge.into.len == 0 || seuil_str_eq(merge.into, event->lead))
            return SEUIL_VERDICT_REFUSED;
        return seuil_str_eq(merge.into, (struct seuil_str){lead->into, lead->into_len})
                   ? SEUIL_VERDICT_DUPLICATE
                   : SEUIL_VERDICT_APPLIED;
    }
    switch (seuil_command_read(event, seuil_ingest_time(event, &notes), &adjustment)) {
    case SEUIL_COMMAND_MALFORMED:
        return SEUIL_VERDICT_REFUSED;
    case SEUIL_COMMAND_UNSUPPORTED:
        return SEUIL_VERDICT_UNSUPPORTED;
    default:
        return SEUIL_VERDICT_APPLIED;
    }
}

void seuil_engine_send_on(const struct seuil_models *models, struct seuil_scratch *scratch,
                          const struct seuil_event *event, struct seuil_lead *lead,
                          struct seuil_outcome *ret_outcome)
{
    assert(seuil_lead_is_away(lead));
    clear_outcome(ret_outcome, SEUIL_VERDICT_APPLIED);
    if (seuil_command_forgets(models, event))
        vanish(models, scratch, event, lead, ret_outcome);
    else
        stay_away(event, lead, ret_outcome);
}

void seuil_engine_follow_forget(const struct seuil_models *models, struct seuil_scratch *scratch,
                                const struct seuil_event *event, struct seuil_lead *lead,
                                struct seuil_outcome *ret_outcome)
{
    clear_outcome(ret_outcome, SEUIL_VERDICT_FILTERED);
    if (seuil_lead_is_away(lead) && event->time >= lead->away_since)
        vanish(models, scratch, event, lead, ret_outcome);
}
