/* What `seuilctl dlq list | show | replay` share: the dead letters, read from their topic.
 *
 * What was sent again is remembered in that topic itself: after a letter's record was acknowledged
 * by its topic, a mark follows the letter in its partition, without key and value, whose headers
 * name the place that the record was read from. A letter that was written twice is marked once. */

#ifndef SEUIL_CTL_DLQ_H
#define SEUIL_CTL_DLQ_H

#include "base/buf.h"
#include "clients.h"
#include "codec/dead_letter.h"
#include "ctl.h"
#include "open.h"
#include "stream/tools.h"

#define SEUIL_MARK_TOPIC     "seuil.replayed.topic"
#define SEUIL_MARK_PARTITION "seuil.replayed.partition"
#define SEUIL_MARK_OFFSET    "seuil.replayed.offset"

struct seuil_dlq_marks { /* hashes of places */
    uint64_t *slots;     /* 0: free */
    uint64_t mask, count;
};

struct seuil_dlq {
    const char *command;                                                   /* "dlq list" */
    const char *config, *format, *error, *topic, *since_text, *until_text; /* options */
    bool json;
    seuil_time_ms since, until, now;
    struct seuil_opened opened;
    struct seuil_property properties[SEUIL_PROPERTIES_MAX];
    uint32_t property_count;
    struct seuil_dlq_marks marks;
    int64_t ends[SEUIL_PARTITIONS_MAX]; /* letters from there on are left for another time */
    uint64_t others;                    /* records of the topic that are no letters */
    uint64_t letters;                   /* those that are, let through or not */
    struct seuil_buf out;
};

/* Options that list and replay have; `count` of them. */
#define SEUIL_DLQ_FILTERS(d)                                                                       \
    {"config", "FILE", "configuration; not given: " SEUIL_CTL_CONFIG, &(d)->config, NULL},         \
        {"error", "NAME", "only letters with this error, as malformed or late", &(d)->error,       \
         NULL},                                                                                    \
        {"topic", "NAME", "only letters of this input or topic", &(d)->topic, NULL},               \
        {"since", "TIME", "only letters written at this time or later; 2h: two hours ago",         \
         &(d)->since_text, NULL},                                                                  \
        {"until", "TIME", "only letters written before this time", &(d)->until_text, NULL},        \
    {                                                                                              \
        "format", "text|json", "how to answer; json is one object a letter", &(d)->format, NULL    \
    }
#define SEUIL_DLQ_FILTER_COUNT 6

/* All functions return 0, or an exit status after reporting. */

/* After the options were read: open the configuration. `done` is to be called in every case. */
int seuil_dlq_open(struct seuil_dlq *d);
void seuil_dlq_done(struct seuil_dlq *d);

/* Read the whole topic once: the marks, and where it ends. */
int seuil_dlq_read_marks(struct seuil_dlq *d);
bool seuil_dlq_is_marked(const struct seuil_dlq *d, const struct seuil_dead_letter_view *letter);
/* Remember it as sent again from now on; EX_TEMPFAIL when memory is out. */
int seuil_dlq_mark(struct seuil_dlq *d, struct seuil_str topic, int32_t partition, int64_t offset);

/* Hand every letter that the filters let through to @take, which returns 0 to go on. */
int seuil_dlq_scan(struct seuil_dlq *d, void *ctx,
                   int (*take)(struct seuil_dlq *d, void *ctx, const struct seuil_read *read,
                               const struct seuil_dead_letter_view *letter));

/* "3:1207" */
int seuil_dlq_place(const struct seuil_dlq *d, const char *text, int64_t *ret_partition,
                    int64_t *ret_offset);

/* Text of others on a terminal: what is no printable UTF-8 becomes a dot; at most @most bytes. */
void seuil_dlq_add_text(struct seuil_buf *out, struct seuil_str text, uint32_t most);
/* A member of a JSON object: bytes as text, or as null when they are none. */
void seuil_dlq_add_json(struct seuil_buf *out, const char *name, struct seuil_str text);

int seuil_ctl_dlq_show(int argc, char **argv);
int seuil_ctl_dlq_replay(int argc, char **argv);

#endif
