/* Records for people to look at, from a file or from Kafka, through one input's decoder and map. */

#ifndef SEUIL_CTL_RECORDS_H
#define SEUIL_CTL_RECORDS_H

#include "map/read.h"
#include "open.h"
#include "stream/tools.h"

struct seuil_records {
    const char *command;
    const struct seuil_opened *opened;
    uint32_t input; /* index in the settings */
    struct seuil_intake intake;
    struct seuil_read_scratch scratch;
    uint64_t read, wrong; /* records; those of which an event could not be made */
    /* Told of each record's events; NULL event: one that cannot be made (@err), or with err->code 0
     * a record that is filtered (err->text: why). @number: of the record, from 1. */
    void (*event)(struct seuil_records *records, uint64_t number, const struct seuil_event *event,
                  const struct seuil_error *err);
    void *ctx;
};

/* Choose the input called @name, or the one of topic @topic (one of them NULL). 0, or an exit
 * status after reporting. `done` is to be called in every case. */
int seuil_records_open(struct seuil_records *records, const char *name, const char *topic);
void seuil_records_done(struct seuil_records *records);

/* Every record of a file, "-" for standard input: a line each, or with @whole, and for Avro, the
 * file is one record. @key: that of all of them, or NULL. 0 or an exit status after reporting. */
int seuil_records_file(struct seuil_records *records, const char *path, bool whole,
                       const char *key);

/* One that was read from @topic, or that is to be taken as if. */
void seuil_records_read(struct seuil_records *records, const char *topic, struct seuil_read *read);

/* The record at "PARTITION:OFFSET" of the input's topic. */
int seuil_records_offset(struct seuil_records *records, const char *place);

#endif
