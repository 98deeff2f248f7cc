#include "core/lead.h"

#include <assert.h>
#include <string.h>

#include "core/model.h"

void seuil_lead_begin(struct seuil_lead *lead)
{
    lead->birth = (struct seuil_birth){0};
    lead->tombstone = false;
    lead->expired = false;
    lead->consented = false;
    lead->cut = SEUIL_TIME_NONE;
    lead->clock = SEUIL_TIME_NONE;
    lead->due = SEUIL_TIME_NEVER;
    lead->automaton_count = 0;
    lead->into_len = 0;
    lead->alias_count = 0;
    lead->cause_count = 0;
    seuil_evidence_clear(&lead->evidence);
}

void seuil_lead_init(struct seuil_lead *lead, struct seuil_str id)
{
    assert(id.len <= SEUIL_ID_MAX);
    if (id.len)
        memmove(lead->id, id.ptr, id.len) /* may be its own */;
    lead->id_len = (uint32_t)id.len;
    lead->keyed = false;
    memset(lead->stamps, 0, sizeof(lead->stamps));
    seuil_lead_begin(lead);
}

void seuil_lead_name_id(struct seuil_lead *lead, struct seuil_str id)
{
    if (!lead->keyed || lead->id_len || !id.len)
        return;
    assert(id.len <= SEUIL_ID_MAX);
    memcpy(lead->id, id.ptr, id.len);
    lead->id_len = id.len;
}

int64_t seuil_lead_stamp(const struct seuil_lead *lead, uint32_t topic, uint32_t generation)
{
    assert(topic < SEUIL_TOPICS_MAX);
    return lead->stamps[topic].generation == generation ? lead->stamps[topic].next : 0;
}

void seuil_lead_set_stamp(struct seuil_lead *lead, uint32_t topic, uint32_t generation,
                          int64_t next)
{
    assert(topic < SEUIL_TOPICS_MAX && next >= 0);
    lead->stamps[topic] = (struct seuil_stamp){.generation = generation, .next = next};
}

struct seuil_automaton *seuil_lead_automaton(struct seuil_lead *lead, uint32_t model)
{
    for (unsigned i = 0; i < lead->automaton_count; i++)
        if (lead->automata[i].model == model)
            return &lead->automata[i];
    return NULL;
}

uint8_t seuil_lead_tier(const struct seuil_lead *lead, const struct seuil_model *model)
{
    for (unsigned i = 0; i < lead->automaton_count; i++) {
        const struct seuil_automaton *automaton = &lead->automata[i];

        if (automaton->model != model->key)
            continue;
        if (automaton->excluded)
            return SEUIL_TIER_EXCLUDED;
        return automaton->under < model->tier_count ? automaton->under : 0;
    }
    return 0;
}
