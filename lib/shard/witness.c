#include "shard/witness.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shard/internal.h"

void seuil_witness_format(const struct seuil_meta *meta, char ret_text[SEUIL_WITNESS_MAX])
{
    int len = snprintf(ret_text, SEUIL_WITNESS_MAX, "v1 seq=%" PRIu64 " base=", meta->seq);
    bool first = true;

    for (uint32_t i = 0; i < SEUIL_TOPICS_MAX; i++) {
        char part[48];
        int more;

        if (!meta->topics[i].present)
            continue;
        more = snprintf(part, sizeof(part), "%s%" PRIu32 ":%" PRId64, first ? "" : ",", i,
                        meta->topics[i].base);
        if (meta->topics[i].generation)
            more += snprintf(part + more, sizeof(part) - (size_t)more, "@%" PRIu32,
                             meta->topics[i].generation);
        if (len + more >= SEUIL_WITNESS_MAX)
            break;
        memcpy(ret_text + len, part, (size_t)more + 1);
        len += more;
        first = false;
    }
}

bool seuil_witness_parse(const char *text, struct seuil_witness_text *ret_witness)
{
    struct seuil_witness_text witness;
    char *at;

    for (uint32_t i = 0; i < SEUIL_TOPICS_MAX; i++)
        witness.base[i] = -1;
    memset(witness.generation, 0, sizeof(witness.generation));
    if (strncmp(text, "v1 seq=", 7) != 0)
        return false;
    witness.seq = strtoull(text + 7, &at, 10);
    if (at == text + 7 || strncmp(at, " base=", 6) != 0)
        return false;
    at += 6;
    while (*at >= '0' && *at <= '9') {
        unsigned long topic = strtoul(at, &at, 10);

        if (*at != ':' || topic >= SEUIL_TOPICS_MAX)
            return false;
        witness.base[topic] = strtoll(at + 1, &at, 10);
        if (*at == '@')
            witness.generation[topic] = (uint32_t)strtoul(at + 1, &at, 10);
        if (*at == ',')
            at++;
    }
    if (*at)
        return false;
    *ret_witness = witness;
    return true;
}

bool seuil_witness_ahead(const struct seuil_witness_text *witness, const struct seuil_meta *meta)
{
    if (witness->seq >= meta->seq)
        return true;
    for (uint32_t i = 0; i < SEUIL_TOPICS_MAX; i++)
        if (meta->topics[i].present && witness->generation[i] >= meta->topics[i].generation &&
            witness->base[i] > meta->topics[i].base)
            return true;
    return false;
}

void seuil_witness_send(struct seuil_shard *shard)
{
    struct seuil_witness *witness = &shard->witness;
    char text[SEUIL_WITNESS_MAX];

    for (uint32_t i = 0; i < SEUIL_TOPICS_MAX; i++)
        witness->positions[i] = shard->topics[i].lane ? shard->topics[i].applied.next : -1;
    witness->seq = shard->meta.seq;
    seuil_witness_format(&shard->meta, text);
    witness->asked = shard->mono;
    witness->ticket =
        shard->env.source->ops->witness(shard->env.source, shard->number, witness->positions, text);
}

void seuil_witness_run(struct seuil_shard *shard)
{
    struct seuil_witness *witness = &shard->witness;
    bool moved = witness->seq != shard->meta.seq;

    if (witness->ticket) {
        int rc = shard->env.source->ops->witness_state(shard->env.source, shard->number,
                                                       witness->ticket);

        if (rc == 0 && shard->mono - witness->asked < 10 * SEUIL_SECOND_MS)
            return;
        witness->ticket = 0;
        if (rc != 1)
            witness->seq = 0; /* it is for others: try again at the next interval */
    }
    for (uint32_t i = 0; i < SEUIL_TOPICS_MAX && !moved; i++)
        moved = shard->topics[i].lane && witness->positions[i] != shard->topics[i].applied.next;
    if (!moved)
        return;
    if (shard->mono - witness->asked >= shard->config->witness_ms)
        seuil_witness_send(shard);
    else
        seuil_shard_wake_at(shard, witness->asked + shard->config->witness_ms);
}
