/* What go-on, adopt and rebuild share: the shard at hand, taken from whoever owns it, its meta as
 * it shall be, and the questions to the log. Functions return 0, or an exit status after reporting.
 */

#ifndef SEUIL_CTL_DECIDE_H
#define SEUIL_CTL_DECIDE_H

#include "base/buf.h"
#include "ctl.h"
#include "ctl_world.h"

struct seuil_decision {
    struct seuil_world world;
    const char *command;
    bool json, yes;
    char owner[64];
    struct seuil_token token;
    struct seuil_meta meta; /* of the shard at hand, as it shall be */
    uint64_t seq;           /* as it stands in Redis */
    struct seuil_ctl_list topics;
    const char *start; /* adopt, rebuild: earliest, latest, an offset or a time; NULL: earliest */
    uint32_t settled;
    struct seuil_buf out;
};

/* Report what the store refused. */
int seuil_decision_refused(const struct seuil_decision *d, uint32_t shard,
                           const struct seuil_store_reply *reply);
/* Take the token of @shard and read its meta. */
int seuil_decision_take(struct seuil_decision *d, uint32_t shard);
/* Commit meta as it stands in @d, and what happens to @leads. */
int seuil_decision_commit(struct seuil_decision *d, uint32_t shard,
                          const struct seuil_tx_lead *leads, uint32_t lead_count);
/* Say what was done. */
void seuil_decision_tell(struct seuil_decision *d, uint32_t shard, const char *what);

int seuil_decision_watermarks(struct seuil_decision *d, uint32_t shard, uint32_t topic,
                              int64_t *ret_start, int64_t *ret_end);
/* Where to read @topic from, as --start says. */
int seuil_decision_start(struct seuil_decision *d, uint32_t shard, uint32_t topic,
                         int64_t *ret_offset);

/* ---- ctl_rebuild.c */
/* Whether a shard without meta has lost it (PROTOCOL 21): else it never was, and seuild makes it.
 */
int seuil_rebuild_was_made(struct seuil_decision *d, uint32_t shard, bool *ret_made);
/* Delete what is left of @shard and have it begin anew. @found: it has a meta, and was taken. */
int seuil_rebuild_shard(struct seuil_decision *d, uint32_t shard, bool found);

#endif
