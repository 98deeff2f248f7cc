/* A real broker as the tests see it: topics of their own, members, lanes. Every wait is for an
 * event and bounded; what does not come fails the test. */

#ifndef TESTS_STREAM_WORLD_H
#define TESTS_STREAM_WORLD_H

#include "stream/admin.h"
#include "stream/kafka.h"

/* An event comes within a second or two; a machine that does much else takes longer. */
#define WAIT_MS 60000

/* The broker's address, from SEUIL_KAFKA. */
const char *bootstrap(void);

/* A name that no other test has. Kept until the process ends. */
const char *unique(const char *name);

void make_topic(const char *name, uint32_t partitions, const char *config, const char *value);

/* @count records with keys "k<i>", values "<topic>:<i>" and timestamps @time + i. */
void fill_topic(const char *name, uint32_t partition, uint32_t first, uint32_t count,
                seuil_time_ms time);

/* A configuration with @topics inputs, named by unique() and made with @partitions. */
struct setup {
    struct seuil_kafka_config config;
    struct seuil_property properties[8];
};
void setup(struct setup *setup, uint32_t topics, uint32_t partitions);
void setup_property(struct setup *setup, const char *name, const char *value);

/* new, check, join. */
struct seuil_kafka *member(const struct setup *setup);
void leave(struct seuil_kafka *kafka);

/* Poll until an event of @type comes. */
void await_event(struct seuil_kafka *kafka, enum seuil_kafka_event_type type,
                 struct seuil_kafka_event *ret_event);

/* Join alone: ASSIGNED, every lane sought to 0, assign. */
struct seuil_kafka *alone(const struct setup *setup);

struct seuil_lane *lane_new(uint32_t shard, uint32_t topic);

/* Fill until there is a record; fails when none comes. */
const struct seuil_record_in *await_record(struct seuil_kafka *kafka, struct seuil_lane *lane);

/* Take records up to the end: their number; each offset must be one more than the last. */
uint32_t drain(struct seuil_kafka *kafka, struct seuil_lane *lane, int64_t first, int64_t until);

void nap(void); /* 2 ms between two looks */
seuil_time_ms clock_ms(void);

#endif
