/* A source and a sink of arrays for one shard: what Kafka does, at once, and what it does wrong
 * when told so. For unit tests; the simulation has its own, with delays. */

#ifndef SEUIL_TESTS_SUPPORT_FAKE_STREAM_H
#define SEUIL_TESTS_SUPPORT_FAKE_STREAM_H

#include "core/limits.h"
#include "stream/sink.h"
#include "stream/source.h"

#define FAKE_TOPICS  4
#define FAKE_RECORDS 20000

struct fake_record {
    int64_t offset;
    seuil_time_ms time;
    char *key, *value; /* NULL: none; heap */
    uint32_t value_len;
};

struct fake_topic {
    struct fake_record *records; /* by offset */
    uint32_t count;
    int64_t first, next; /* offsets of the log */
    int64_t position;    /* of the consumer */
    bool stalled;        /* the broker holds its records and answers nothing */
    uint32_t fills;
};

struct fake_source {
    struct seuil_source base;
    struct fake_topic topics[FAKE_TOPICS];
    seuil_time_ms now;       /* wall clock, for ask_ends */
    seuil_time_ms confirmed; /* monotonic; SEUIL_TIME_NONE: not assigned */
    bool asked;              /* ends, to be answered by the next fill */
    bool no_eof;             /* EOF events do not come: ends are known by asking only */
    int witness_answer;      /* of witness_state */
    uint64_t witnesses;      /* commits so far */
    bool has_witness;
    int64_t positions[SEUIL_TOPICS_MAX];
    char metadata[256];
    const char *traceparent;            /* of every record */
    const struct seuil_header *headers; /* of every record */
    uint32_t header_count;
};

struct fake_sent {
    uint8_t destination;
    uint64_t tenure, cookie;
    char *key, *value;
    char error[64]; /* header seuil.error */
    char id[64];    /* header ce_id */
    char entry[64]; /* header seuil.entry */
    bool stale, traced;
};

struct fake_sink {
    struct seuil_sink base;
    struct fake_sent *sent;
    uint32_t count, cap, reported;
    bool silent; /* nothing is reported */
    bool full;   /* nothing is taken */
};

void fake_source_init(struct fake_source *source);
void fake_source_done(struct fake_source *source);
/* Append a record; @value NULL: a tombstone. Returns its offset. */
int64_t fake_produce(struct fake_source *source, uint32_t topic, seuil_time_ms time,
                     const char *key, const char *value);
/* The same with a value of any bytes. */
int64_t fake_produce_bytes(struct fake_source *source, uint32_t topic, seuil_time_ms time,
                           const char *key, const void *value, uint32_t value_len);
/* An offset that is never delivered: a control record. */
void fake_control(struct fake_source *source, uint32_t topic);

void fake_sink_init(struct fake_sink *sink);
void fake_sink_done(struct fake_sink *sink);

#endif
