/* Taking a halted shard, changing its meta under the guard, asking the log. */

#include "ctl_decide.h"

#include <inttypes.h>
#include <string.h>
#include <sys/random.h>
#include <sysexits.h>

#include "codec/encode.h"
#include "conf/scalar.h"

int seuil_decision_refused(const struct seuil_decision *d, uint32_t shard,
                           const struct seuil_store_reply *reply)
{
    const char *why = reply->text[0] ? reply->text
                      : reply->status == SEUIL_STORE_FENCED || reply->status == SEUIL_STORE_STALE
                          ? "another owner took it meanwhile: try again"
                          : "Redis refused";

    return seuil_ctl_fail(d->command, EX_TEMPFAIL, "shard %u: %s", shard, why);
}

int seuil_decision_take(struct seuil_decision *d, uint32_t shard)
{
    const struct seuil_store_reply *reply;

    if (getrandom(&d->token, sizeof(d->token), 0) != sizeof(d->token))
        return seuil_ctl_fail(d->command, EX_OSERR, "no random numbers");
    d->world.store->ops->acquire(d->world.store, shard, &d->token, d->owner, 0);
    reply = seuil_world_wait(&d->world);
    if (!reply)
        return EX_TEMPFAIL;
    if (reply->status != SEUIL_STORE_OK)
        return seuil_decision_refused(d, shard, reply);
    d->meta = *reply->meta;
    d->seq = d->meta.seq;
    return 0;
}

int seuil_decision_commit(struct seuil_decision *d, uint32_t shard,
                          const struct seuil_tx_lead *leads, uint32_t lead_count)
{
    struct seuil_meta next = d->meta;
    struct seuil_tx tx = {.token = d->token,
                          .meta = &next,
                          .leads = leads,
                          .lead_count = lead_count,
                          .seq = d->seq,
                          .trim_to = d->meta.outbox_head};
    const struct seuil_store_reply *reply;

    next.token = d->token;
    next.seq = d->seq + 1;
    d->world.store->ops->commit(d->world.store, shard, &tx, 0);
    reply = seuil_world_wait(&d->world);
    if (!reply)
        return EX_TEMPFAIL;
    if (reply->status != SEUIL_STORE_OK)
        return seuil_decision_refused(d, shard, reply);
    d->seq = d->meta.seq = next.seq;
    return 0;
}

void seuil_decision_tell(struct seuil_decision *d, uint32_t shard, const char *what)
{
    d->settled++;
    if (d->json) {
        seuil_buf_printf(&d->out, "{\"shard\":%u,\"done\":", shard);
        seuil_json_add_string(&d->out, seuil_str_from(what));
        seuil_buf_add_text(&d->out, "}\n");
    } else {
        seuil_buf_printf(&d->out, "shard %u: %s\n", shard, what);
    }
}

/* ---- questions to the log ------------------------------------------------------------------- */

int seuil_decision_watermarks(struct seuil_decision *d, uint32_t shard, uint32_t topic,
                              int64_t *ret_start, int64_t *ret_end)
{
    struct seuil_source *source = d->world.source;

    if (source->ops->watermarks(source, shard, topic, ret_start, ret_end))
        return seuil_ctl_fail(d->command, EX_TEMPFAIL, "Kafka does not tell where topic %s ends",
                              seuil_world_topic(&d->world, topic));
    return 0;
}

int seuil_decision_start(struct seuil_decision *d, uint32_t shard, uint32_t topic,
                         int64_t *ret_offset)
{
    struct seuil_source *source = d->world.source;
    int64_t first, end, offset;
    seuil_time_ms time;
    int rc = seuil_decision_watermarks(d, shard, topic, &first, &end);

    if (rc)
        return rc;
    if (!d->start || strcmp(d->start, "earliest") == 0) {
        *ret_offset = first;
    } else if (strcmp(d->start, "latest") == 0) {
        *ret_offset = end;
    } else if (seuil_int_parse(seuil_str_from(d->start), &offset) == 0) {
        if (offset < first || offset > end)
            return seuil_ctl_fail(d->command, EX_USAGE,
                                  "--start %s: the log of shard %u reaches from %" PRId64
                                  " to %" PRId64,
                                  d->start, shard, first, end);
        *ret_offset = offset;
    } else if (seuil_instant_parse(seuil_str_from(d->start), &time) == 0) {
        if (source->ops->offset_of_time(source, shard, topic, time, ret_offset))
            return seuil_ctl_fail(d->command, EX_TEMPFAIL, "Kafka does not answer");
    } else {
        return seuil_ctl_fail(d->command, EX_USAGE,
                              "--start must be earliest, latest, an offset or a time, not \"%s\"",
                              d->start);
    }
    return 0;
}
