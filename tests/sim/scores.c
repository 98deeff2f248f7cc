/* The scores topic: what a transaction tells of a lead is the state that it writes, and the last
 * that is told of a lead is the state at the end. */

#include "sim.h"

#include <string.h>

#include "codec/scores.h"

static bool header_number(const struct seuil_entry_view *view, struct seuil_str name,
                          uint64_t *ret_value)
{
    for (uint32_t i = 0; i < view->header_count; i++) {
        const struct seuil_header *h = &view->headers[i];
        char text[32];

        if (!seuil_str_eq(h->name, name) || h->value_len >= sizeof(text))
            continue;
        memcpy(text, h->value, h->value_len);
        text[h->value_len] = '\0';
        *ret_value = strtoull(text, NULL, 10);
        return true;
    }
    return false;
}

/* The last that was told of @lead after @until in the history that ends with @last. */
static const struct sim_entry *last_told(const struct sim_entry *last,
                                         const struct sim_entry *until, int lead,
                                         struct seuil_entry_view *ret_view)
{
    for (const struct sim_entry *e = last; e != until; e = e->before)
        if (e->scores && seuil_outbox_unpack(e->bytes, e->len, ret_view) == 0 &&
            sim_lead_of(ret_view->key) == lead)
            return e;
    return NULL;
}

/* Whether @view says what the state @key is, by the models of now; none is what is gone. */
static bool tells(struct sim_world *world, const struct sim_key *key, int lead,
                  const struct seuil_entry_view *view)
{
    struct seuil_fold *fold = sim.state_fold[world->model];
    struct seuil_buf value = {0};
    bool same;

    if (key->bytes &&
        seuil_fold_resume(fold, seuil_str_from(sim_leads[lead]), key->bytes, key->len) < 0)
        return false;
    if (!key->bytes || seuil_scores_gone(seuil_fold_lead(fold)))
        return view->value == NULL;
    seuil_scores_write(SEUIL_OUT_JSON, sim.models[world->model], sim.scratch[world->model],
                       seuil_fold_lead(fold), &value);
    same = view->value && value.len == view->value_len &&
           memcmp(value.ptr, view->value, value.len) == 0;
    seuil_buf_done(&value);
    return same;
}

/* Whether the state has forgotten who it is: that it is gone was told then. */
static bool nobody(struct sim_world *world, const struct sim_key *key, int lead)
{
    struct seuil_fold *fold = sim.state_fold[world->model];

    return world->config.names.keyed && key->bytes &&
           seuil_fold_resume(fold, seuil_str_from(sim_leads[lead]), key->bytes, key->len) == 0 &&
           seuil_fold_lead(fold)->tombstone;
}

void sim_scores_commit(struct sim_world *world, const struct sim_state *before,
                       const struct sim_state *after)
{
    for (int l = 0; l < SIM_LEADS; l++) {
        struct seuil_entry_view view;
        bool changed = before->leads[l].bytes != after->leads[l].bytes;
        bool told = last_told(after->last, before->last, l, &view) != NULL;
        bool gone = !told && last_told(before->last, NULL, l, &view) && !view.value &&
                    tells(world, &after->leads[l], l, &view);

        if (told && !world->config.scores)
            sim_bad(world, "lead %s: scores are told, which are off", sim_leads[l]);
        /* One that the new models have not judged yet is told by them when they have. */
        if (changed && !told && !gone && world->config.scores &&
            world->setup.profile != SIM_MODEL && !nobody(world, &before->leads[l], l))
            sim_bad(world, "lead %s: its state is written, its scores are not told", sim_leads[l]);
        if (told && world->setup.profile != SIM_MODEL && !tells(world, &after->leads[l], l, &view))
            sim_bad(world, "lead %s: the scores told are not those of its state: %.*s",
                    sim_leads[l], (int)view.value_len, (const char *)view.value);
    }
}

void sim_scores_landed(struct sim_world *world, const struct sim_message *message)
{
    int lead = sim_lead_of(message->view.key);
    struct sim_told *told;
    uint64_t seq;

    if (lead < 0 || !header_number(&message->view, SEUIL_STR("seuil_seq"), &seq)) {
        sim_bad(world, "scores without a lead or a number");
        return;
    }
    sim_trace("  scores of %s, transaction %llu", sim_leads[lead], (unsigned long long)seq);
    told = sim_alloc(world, sizeof(*told));
    *told = (struct sim_told){world->told[lead], message, seq};
    world->told[lead] = told;
}

void sim_scores_end(struct sim_world *world, const struct sim_state *state)
{
    for (int l = 0; l < SIM_LEADS && world->config.scores; l++) {
        const struct sim_told *newest = NULL;
        const struct sim_entry *last;
        struct seuil_entry_view view;
        bool landed = false;

        last = last_told(state->last, NULL, l, &view);
        if (!last) {
            if (state->leads[l].bytes)
                sim_bad(world, "lead %s: nothing was ever told of it", sim_leads[l]);
            continue;
        }
        if (!tells(world, &state->leads[l], l, &view))
            sim_bad(world, "lead %s: the last scores are not those of its state: %.*s",
                    sim_leads[l], (int)view.value_len, (const char *)view.value);
        for (const struct sim_told *t = world->told[l]; t; t = t->before) {
            if (!newest || t->seq > newest->seq)
                newest = t;
            landed = landed || (t->message->packed_len == last->len &&
                                memcmp(t->message->packed, last->bytes, last->len) == 0);
        }
        if (!landed)
            sim_bad(world, "lead %s: the last scores did not arrive", sim_leads[l]);
        /* What a process sent and left behind may arrive late: subscribers go by the number. */
        else if (world->lost_tails == 0 &&
                 (newest->message->packed_len != last->len ||
                  memcmp(newest->message->packed, last->bytes, last->len) != 0))
            sim_bad(world, "lead %s: a later transaction told other scores", sim_leads[l]);
    }
}
