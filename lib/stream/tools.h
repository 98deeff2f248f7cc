/* A plain producer and a plain reader of one topic, for tools: the demo, tests, looking at dead
 * letters. Neither joins a group nor commits anything. The daemon does not use them. */

#ifndef SEUIL_STREAM_TOOLS_H
#define SEUIL_STREAM_TOOLS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "codec/outbox.h"
#include "core/time.h"

struct seuil_property { /* of librdkafka, verbatim */
    const char *name, *value;
};

struct seuil_producer;

/* A producer with Java's partitioner. NULL and @err when a property is not valid. */
struct seuil_producer *seuil_producer_new(const struct seuil_property *properties, uint32_t count,
                                          struct seuil_error *err);

/* Queue one record (copied). @time: the record's timestamp, 0: now. @partition: -1 by key. 0, or
 * SEUIL_ERR_IO with text. */
int seuil_producer_send(struct seuil_producer *producer, const char *topic, int32_t partition,
                        struct seuil_str key, const uint8_t *value, uint32_t value_len,
                        seuil_time_ms time, struct seuil_error *err);

/* The same with headers (copied). */
int seuil_producer_send_headers(struct seuil_producer *producer, const char *topic,
                                int32_t partition, struct seuil_str key, const uint8_t *value,
                                uint32_t value_len, seuil_time_ms time,
                                const struct seuil_header *headers, uint32_t header_count,
                                struct seuil_error *err);

/* Wait until all is acknowledged: 0; SEUIL_ERR_TIMEOUT, or SEUIL_ERR_IO when a delivery failed. */
int seuil_producer_flush(struct seuil_producer *producer, int timeout_ms, struct seuil_error *err);
void seuil_producer_free(struct seuil_producer *producer);

struct seuil_reader;

struct seuil_read {
    int32_t partition;
    int64_t offset;
    seuil_time_ms time;
    struct seuil_str key;
    const uint8_t *value; /* NULL: a tombstone */
    uint32_t value_len;
    uint32_t header_count;
    struct seuil_header headers[SEUIL_HEADERS_MAX];
};

/* Read every partition of @topic from its start. NULL and @err: no such topic, no broker. */
struct seuil_reader *seuil_reader_new(const struct seuil_property *properties, uint32_t count,
                                      const char *topic, struct seuil_error *err);

/* The next record, in order within its partition: 1; 0: nothing within @timeout_ms; -1: every
 * partition is at its end for now (told once for each time it comes to the end). @ret_read stays
 * valid until the next call. */
int seuil_reader_next(struct seuil_reader *reader, int timeout_ms, struct seuil_read *ret_read);
/* From here on only @partition is read, from @offset on (or the first one after it that the log
 * has). 0; SEUIL_ERR_MISSING: there is no such partition; SEUIL_ERR_IO. */
int seuil_reader_seek(struct seuil_reader *reader, int32_t partition, int64_t offset,
                      struct seuil_error *err);
void seuil_reader_free(struct seuil_reader *reader);

#endif
