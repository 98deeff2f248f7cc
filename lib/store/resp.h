/* Redis' protocol: requests are written straight into a buffer; replies are parsed by hiredis'
 * reader into memory that is kept and used again, so that an item costs no allocation. */

#ifndef SEUIL_STORE_RESP_H
#define SEUIL_STORE_RESP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

/* ---- requests: failures stay in buf->failed -------------------------------------------------- */

/* A command of @count arguments follows. */
void seuil_resp_command(struct seuil_buf *buf, uint64_t count);
void seuil_resp_arg(struct seuil_buf *buf, const void *bytes, uint64_t len);
/* One argument made of two parts: a key prefix and an id. */
void seuil_resp_arg2(struct seuil_buf *buf, struct seuil_str head, struct seuil_str tail);
/* One argument of @len bytes, which the caller appends between the two. */
void seuil_resp_arg_begin(struct seuil_buf *buf, uint64_t len);
void seuil_resp_arg_end(struct seuil_buf *buf);
void seuil_resp_arg_text(struct seuil_buf *buf, const char *text);
void seuil_resp_arg_i64(struct seuil_buf *buf, int64_t value);
void seuil_resp_arg_u64(struct seuil_buf *buf, uint64_t value);

/* ---- replies --------------------------------------------------------------------------------- */

/* Items of one array: the most asked for is two for each of SEUIL_ITEMS_ASKED_MAX. */
#define SEUIL_REPLY_ITEMS_MAX 65536
/* Arrays in arrays: EXEC's of a command's array needs 2, a script's 2. */
#define SEUIL_REPLY_DEPTH_MAX 8
/* All of one reply: 1,024 states of 8 KiB are 8 MiB; outbox entries may be larger. */
#define SEUIL_REPLY_BYTES_MAX (64 * 1024 * 1024)

enum seuil_reply_type {
    SEUIL_REPLY_NIL,
    SEUIL_REPLY_STRING,
    SEUIL_REPLY_STATUS,
    SEUIL_REPLY_ERROR,
    SEUIL_REPLY_INTEGER,
    SEUIL_REPLY_ARRAY,
    SEUIL_REPLY_OTHER, /* of a protocol version that was not asked for */
};

struct seuil_reply {
    enum seuil_reply_type type;
    uint32_t count;            /* ARRAY */
    struct seuil_reply *items; /* ARRAY */
    struct seuil_str text;     /* STRING, STATUS, ERROR; terminated */
    int64_t integer;
};

struct seuil_reply_reader;

/* NULL when memory is out. */
struct seuil_reply_reader *seuil_reply_reader_new(void);
void seuil_reply_reader_free(struct seuil_reply_reader *reader);
/* Forget unread bytes and half a reply: for a new connection. 0 or SEUIL_ERR_NOMEM. */
int seuil_reply_reader_reset(struct seuil_reply_reader *reader);
/* 0; SEUIL_ERR_NOMEM; SEUIL_ERR_LIMIT: a reply beyond SEUIL_REPLY_BYTES_MAX. */
int seuil_reply_reader_feed(struct seuil_reply_reader *reader, const void *bytes, size_t len);
/* 1: a whole reply, valid until release; 0: more bytes are needed; SEUIL_ERR_FORMAT: not the
 * protocol, or beyond a bound: the connection is of no more use, @ret_why says why. */
int seuil_reply_reader_next(struct seuil_reply_reader *reader, const struct seuil_reply **ret_reply,
                            const char **ret_why);
/* The replies returned so far are no longer needed. Not between a 0 and the 1 after it. */
void seuil_reply_reader_release(struct seuil_reply_reader *reader);

#endif
