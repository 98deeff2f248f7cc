/* Where records go: the outbound topic, the dead letters, the internal topic, the scores.
 *
 * A sink belongs to one thread. It is idempotent and keeps order; any failed delivery ends the
 * tenure of its producer: everything not yet acknowledged is dropped, a new producer is made, and
 * its users send again from their first unacknowledged entry (PROTOCOL 17). */

#ifndef SEUIL_STREAM_SINK_H
#define SEUIL_STREAM_SINK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "codec/outbox.h"
#include "core/time.h"

enum seuil_destination {
    SEUIL_DEST_OUTBOUND,
    SEUIL_DEST_DEAD_LETTERS,
    SEUIL_DEST_INTERNAL,
    SEUIL_DEST_SCORES,
    SEUIL_DESTINATIONS,
};

struct seuil_sink {
    const struct seuil_sink_ops *ops;
};

struct seuil_delivery {
    uint32_t shard;
    uint64_t tenure; /* as given to send */
    uint64_t cookie; /* as given to send */
    bool ok;
};

struct seuil_sink_ops {
    /* Queue one record (copied). @tenure and @cookie come back with its delivery. 0;
     * SEUIL_ERR_BACKOFF: the queue is full or the producer is being replaced, try later;
     * SEUIL_ERR_LIMIT: the broker would never take it (too large), text in @err. */
    int (*send)(struct seuil_sink *sink, uint32_t shard, uint64_t tenure, uint64_t cookie,
                const struct seuil_entry_view *entry, struct seuil_error *err);
    /* The next delivery report: 1, or 0 when there is none. A report with ok false means that this
     * and every later record not yet reported are gone: send them again. */
    int (*poll)(struct seuil_sink *sink, struct seuil_delivery *ret_delivery);
    /* Wait until everything queued is reported, at most @timeout_ms. */
    void (*flush)(struct seuil_sink *sink, int timeout_ms);
    /* Make @fd (an eventfd) readable when a delivery report arrives. NULL: the sink reports at
     * once, poll is enough. */
    void (*watch)(struct seuil_sink *sink, int fd);
    void (*free)(struct seuil_sink *sink);
};

#endif
