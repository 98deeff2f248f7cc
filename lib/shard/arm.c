/* When Redis shall wake a lead: the due entries of a transaction (rule 13).
 *
 * An entry of its own is exact and can be moved; it costs Redis ten times what writing the state
 * does. So a lead that Redis does not wake yet, or that a pack woke, goes into a pack with others
 * of the transaction, if they are due far enough ahead and near each other: those woken too early
 * are armed anew then. Everything else, lowering above all, takes the entry of its own. So a lead
 * is in at most one pack, and has at most one entry, and what is too early is only looked at once.
 */

#include <assert.h>
#include <stdlib.h>

#include "shard/internal.h"
#include "shard/pack.h"

/* Nearer than this a lead is armed to the millisecond. */
#define PACK_AHEAD_MS SEUIL_HOUR_MS
/* Leads of a pack are due within this part of the time until the first is. */
#define PACK_SPAN 8

void seuil_arm_begin(struct seuil_shard *shard)
{
    struct seuil_arming *arming = &shard->arming;

    arming->frontier = seuil_timers_frontier(shard);
    arming->far = seuil_timers_far(shard, arming->frontier);
    arming->count = 0;
    seuil_buf_clear(&arming->names);
}

/* Lowered with the state that asks for it; raised only when it lies in the past, where every read
 * of due times would meet it again. */
static enum seuil_due_op operation(const struct seuil_arming *arming,
                                   const struct seuil_cached *entry)
{
    bool past = entry->rearm;

    if (!arming->far && entry->armed_by != SEUIL_ARMED_PACK && entry->due > entry->armed &&
        arming->frontier != SEUIL_TIME_NONE && entry->armed <= arming->frontier)
        past = true;
    if (past)
        return entry->due == SEUIL_TIME_NEVER ? SEUIL_DUE_REMOVE : SEUIL_DUE_SET;
    return entry->due < entry->armed ? SEUIL_DUE_LOWER : SEUIL_DUE_KEEP;
}

void seuil_arm_lead(struct seuil_shard *shard, struct seuil_cached *entry, uint32_t at)
{
    struct seuil_arming *arming = &shard->arming;
    struct seuil_tx_lead *lead = &shard->tx_leads[at];
    seuil_time_ms wake = entry->due;
    bool first = entry->armed == SEUIL_TIME_NEVER && !entry->rearm;

    lead->due = entry->due;
    lead->due_op = operation(arming, entry);
    entry->sent_armed = lead->due_op == SEUIL_DUE_KEEP ? entry->armed : entry->due;
    entry->sent_by = lead->due_op == SEUIL_DUE_KEEP ? entry->armed_by : SEUIL_ARMED_ALONE;
    if (lead->due_op == SEUIL_DUE_KEEP || entry->due == SEUIL_TIME_NEVER ||
        arming->frontier == SEUIL_TIME_NONE || !(first || (entry->rearm && entry->woken)))
        return;
    /* Far behind, due times fall and rise with every day that goes by in a second. What is armed
     * now already needs not be lowered; it is looked at when the shard is near. */
    if (first && arming->far && wake > arming->frontier)
        wake = arming->frontier;
    if (!first && wake <= arming->frontier)
        return; /* it waits for base: a pack would wake it again and again */
    arming->list[arming->count++] = (struct seuil_arm){wake, at};
}

static int by_wake(const void *a, const void *b)
{
    const struct seuil_arm *x = a, *y = b;

    return x->wake != y->wake ? (x->wake > y->wake) - (x->wake < y->wake)
                              : (x->at > y->at) - (x->at < y->at);
}

static bool together(const struct seuil_arming *arming, seuil_time_ms first, seuil_time_ms last)
{
    if (first <= arming->frontier)
        return last <= arming->frontier;
    return first - arming->frontier >= PACK_AHEAD_MS &&
           last - first <= (first - arming->frontier) / PACK_SPAN;
}

/* How many of the list from @from go into one pack. */
static uint32_t reach(const struct seuil_shard *shard, uint32_t from)
{
    const struct seuil_arming *arming = &shard->arming;
    uint32_t to = from, bytes = 0;

    while (to < arming->count && to - from < SEUIL_PACK_LEADS && bytes < SEUIL_PACK_BYTES &&
           together(arming, arming->list[from].wake, arming->list[to].wake))
        bytes += 2 + shard->tx_leads[arming->list[to++].at].id.len;
    return to - from;
}

uint32_t seuil_arm_end(struct seuil_shard *shard, uint32_t count)
{
    struct seuil_arming *arming = &shard->arming;
    uint32_t first = count, at = 0;

    qsort(arming->list, arming->count, sizeof(*arming->list), by_wake);
    while (at < arming->count) {
        uint32_t members = reach(shard, at);
        size_t before = arming->names.len;

        if (members < 2) { /* its own entry, as it stands in the transaction */
            at++;
            continue;
        }
        seuil_pack_begin(&arming->names, shard->meta.seq + 1, count - first);
        for (uint32_t i = at; i < at + members; i++) {
            struct seuil_tx_lead *lead = &shard->tx_leads[arming->list[i].at];
            struct seuil_cached *entry = shard->flight.leads[arming->list[i].at];

            seuil_pack_add(&arming->names, lead->id);
            lead->due_op = SEUIL_DUE_KEEP;
            entry->sent_armed = arming->list[at].wake;
            entry->sent_by = SEUIL_ARMED_PACK;
        }
        shard->tx_leads[count++] =
            (struct seuil_tx_lead){.id.len = (uint32_t)(arming->names.len - before),
                                   .due_op = SEUIL_DUE_LOWER,
                                   .due = arming->list[at].wake};
        at += members;
    }
    if (arming->names.failed)
        shard->failed = true;
    /* The names stand still now. */
    for (uint32_t i = first, from = 0; i < count && !shard->failed; i++) {
        shard->tx_leads[i].id.ptr = (const char *)arming->names.ptr + from;
        from += shard->tx_leads[i].id.len;
    }
    assert(count <= SEUIL_TX_LEADS_MAX);
    return count;
}
