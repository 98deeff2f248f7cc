/* The events of the common job: page views, e-mails and forms in Avro with Confluent framing. Event
 * i is a function of the options alone, so every system reads the same bytes. */
#ifndef SEUIL_BENCH_EVENTS_H
#define SEUIL_BENCH_EVENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

#define BENCH_PARTITIONS 8
#define BENCH_LEAD_LEN   21
#define BENCH_ID_LEN     36

enum bench_kind { BENCH_PAGE_VIEW, BENCH_EMAIL, BENCH_FORM, BENCH_KINDS };

/* The ends of the topics' names, by kind. */
extern const char *const bench_topics[BENCH_KINDS];

struct bench_job {
    uint64_t events, leads;
    bool zipf; /* few leads have most of the events */
};

/* The time of event @i of a log that covers 30 days whatever its length, ms UTC. */
int64_t bench_event_time(const struct bench_job *job, uint64_t i);

/* Writes event @i, with @time_ms, into @out (cleared before). @id: BENCH_ID_LEN bytes; NULL draws
 * one. Sets @ret_lead, the record's key. Returns its kind. */
enum bench_kind bench_event_make(const struct bench_job *job, uint64_t i, int64_t time_ms,
                                 const char *id, char ret_lead[BENCH_LEAD_LEN + 1],
                                 struct seuil_buf *out);

#endif
