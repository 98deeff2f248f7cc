/* What a status of the store means for the shard, the same for every request (rule 20). */

#include "shard/internal.h"

bool seuil_shard_accept(struct seuil_shard *shard, const struct seuil_store_reply *reply,
                        const char *what)
{
    const char *text = reply->text ? reply->text : "";

    switch (reply->status) {
    case SEUIL_STORE_OK:
        shard->progress = shard->mono;
        return true;
    case SEUIL_STORE_FENCED:
        shard->counters.fenced++;
        seuil_shard_doubt(shard, "%s: another owner holds the token", what);
        return false;
    case SEUIL_STORE_STALE:
        seuil_shard_doubt(shard, "%s: the sequence number in Redis is not the expected one", what);
        return false;
    case SEUIL_STORE_MISSING:
        seuil_shard_doubt(shard, "%s: the shard's meta is gone from Redis", what);
        return false;
    case SEUIL_STORE_BACKOFF:
        shard->counters.backoffs++;
        seuil_shard_doubt(shard, "%s: Redis refuses for now: %s", what, text);
        return false;
    case SEUIL_STORE_DOUBT:
        seuil_shard_doubt(shard, "%s: outcome unknown: %s", what, text);
        return false;
    case SEUIL_STORE_WRONG:
        seuil_shard_halt(shard, "%s: Redis or its bytes are not usable: %s", what, text);
        return false;
    }
    return false;
}
