/* The scores topic: for each lead whose state a transaction writes, the record that tells it rides
 * in the same transaction. So the last record of a lead is its state in Redis, whatever is killed
 * when; and since a lead is written once a checkpoint, or when it crosses, the checkpoint is what
 * keeps the topic from telling every event. */

#include <inttypes.h>
#include <stdio.h>

#include "codec/cloudevent.h"
#include "codec/scores.h"
#include "shard/internal.h"

static int write_value(struct seuil_shard *shard, const struct seuil_cloudevent *head,
                       const struct seuil_buf *scores)
{
    struct seuil_buf *value = &shard->value;

    seuil_buf_clear(value);
    if (shard->config->out_framed)
        seuil_framing_confluent_write(shard->config->scores_schema_id, value);
    else if (head->structured)
        seuil_cloudevent_open(head, value);
    seuil_buf_add(value, scores->ptr, scores->len);
    if (head->structured)
        seuil_cloudevent_close(value);
    return value->failed;
}

/* What the value says, and the id that is made of it. */
static int describe(struct seuil_shard *shard, const struct seuil_lead *lead, bool erased,
                    struct seuil_cloudevent *head, char *id)
{
    struct seuil_buf *scores = &shard->scores;

    seuil_buf_clear(scores);
    head->empty = erased || seuil_scores_gone(lead);
    if (!head->empty && seuil_scores_write(shard->config->out_format, shard->env.models,
                                           shard->env.scratch, lead, scores) != 0)
        return SEUIL_ERR_NOMEM;
    seuil_scores_id(lead, scores->ptr, (uint32_t)scores->len, id);
    head->type = head->empty ? SEUIL_CE_GONE : SEUIL_CE_SCORES;
    head->effective = lead->clock != SEUIL_TIME_NONE ? lead->clock : shard->wall;
    return 0;
}

/* The record of @lead for the transaction of @seq. */
static void add(struct seuil_shard *shard, const struct seuil_lead *lead, bool erased,
                uint64_t number)
{
    const struct seuil_shard_config *config = shard->config;
    struct seuil_cloudevent_text text;
    struct seuil_entry_view out = {.destination = SEUIL_DEST_SCORES};
    char id[SEUIL_CROSSING_ID_MAX], seq[24];
    struct seuil_cloudevent head = {.id = id,
                                    .source = config->source,
                                    .lead = {lead->id, lead->id_len},
                                    .format = config->out_format,
                                    .structured = config->out_structured,
                                    .processed = shard->wall,
                                    .input_lag_ms = -1};
    int len;

    if (describe(shard, lead, erased, &head, id) != 0 ||
        (!head.empty && write_value(shard, &head, &shard->scores) != 0)) {
        shard->failed = true;
        return;
    }
    out.key = head.lead;
    out.value = head.empty ? NULL : shard->value.ptr;
    out.value_len = head.empty ? 0 : (uint32_t)shard->value.len;
    seuil_cloudevent_add(&head, &text, &out);
    len = snprintf(seq, sizeof(seq), "%" PRIu64, number);
    out.headers[out.header_count++] = (struct seuil_header){
        .name = SEUIL_STR("seuil_seq"), .value = (const uint8_t *)seq, .value_len = (uint32_t)len};
    if (seuil_pending_add(&shard->pending, &out) != 0)
        shard->failed = true;
}

/* What was told to be gone, and is still, is not told again: such a state changes by no more than
 * what its lead has heard of since. Of an earlier tenure nobody knows, so null comes at least once.
 */
void seuil_scores_add(struct seuil_shard *shard, struct seuil_cached *entry, bool erased)
{
    struct seuil_lead *lead = shard->env.lead;
    bool keyed = shard->config->names.keyed, told_gone = entry->told_gone;

    /* Not judged by the present models yet: it is told when it is, which writes it again. */
    if (!erased && entry->model_epoch != shard->model_epoch)
        return;
    seuil_lead_init(lead,
                    keyed ? (struct seuil_str){0} : (struct seuil_str){entry->id, entry->id_len});
    if (seuil_lead_read(entry->bytes, entry->len, lead) != 0) {
        shard->failed = true;
        return;
    }
    entry->told_gone = erased || seuil_scores_gone(lead);
    if (lead->id_len > 0 && !(told_gone && entry->told_gone)) /* else seuil_scores_forget told it */
        add(shard, lead, erased, shard->meta.seq + 1);
}

void seuil_scores_forget(struct seuil_shard *shard, const struct seuil_lead *lead)
{
    if (shard->config->scores && lead->keyed && lead->tombstone)
        add(shard, lead, true, (shard->flight.busy ? shard->flight.meta.seq : shard->meta.seq) + 1);
}

bool seuil_scores_held(const struct seuil_shard *shard)
{
    return shard->config->scores &&
           shard->meta.outbox_tail - shard->publish.head >= SEUIL_SCORES_PENDING_MAX;
}
