/* One question to Redis at a time, waiting for the answer: for start-up and tools. */

#ifndef SEUIL_STORE_SYNC_H
#define SEUIL_STORE_SYNC_H

#include "store/conn.h"

struct seuil_sync {
    struct seuil_link *link;
    struct seuil_conn conn;
};

/* Connect, waiting at most the configured time. 0; SEUIL_ERR_BACKOFF (retriable): Redis does not
 * answer or is not ready; SEUIL_ERR_CONFIG: it cannot be used as configured; SEUIL_ERR_NOMEM. */
int seuil_sync_open(struct seuil_sync *sync, const struct seuil_redis_config *config,
                    struct seuil_error *err);
void seuil_sync_close(struct seuil_sync *sync);

/* Send @command, which is emptied, and wait for one reply, valid until the next call. 0;
 * SEUIL_ERR_BACKOFF: refused for now, or nothing was sent; SEUIL_ERR_DOUBT: no answer, the
 * connection is of no more use; SEUIL_ERR_CONFIG: refused. */
int seuil_sync_ask(struct seuil_sync *sync, struct seuil_buf *command,
                   const struct seuil_reply **ret_reply, struct seuil_error *err);

#endif
