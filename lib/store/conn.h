/* One connection to Redis: non-blocking from connect to close, with TLS, AUTH and the checks of the
 * server at its start. It moves bytes and replies; what they mean is its owner's business. */

#ifndef SEUIL_STORE_CONN_H
#define SEUIL_STORE_CONN_H

#include "store/link.h"
#include "store/resp.h"

enum seuil_conn_state {
    SEUIL_CONN_DOWN,
    SEUIL_CONN_CONNECTING,
    SEUIL_CONN_HANDSHAKE, /* of TLS */
    SEUIL_CONN_GREETING,  /* AUTH, SELECT, checks */
    SEUIL_CONN_READY,
};

struct ssl_st;

struct seuil_conn {
    const struct seuil_link *link;
    enum seuil_conn_state state;
    int fd;           /* -1: none */
    uint32_t attempt; /* connects that failed: of several addresses the next one is tried */
    struct ssl_st *tls;
    bool tls_wants_write;
    struct seuil_buf out;
    size_t out_done;        /* bytes of out already written */
    uint64_t queued_total;  /* bytes put into out since connect */
    uint64_t written_total; /* bytes handed to the kernel since connect */
    struct seuil_reply_reader *reader;
    uint32_t greeting_at, greeting_count;
    bool unusable; /* why the connection failed will not pass by itself (WRONG) */
    char why[320]; /* of the last failure */
};

/* 0 or SEUIL_ERR_NOMEM. */
int seuil_conn_init(struct seuil_conn *conn, const struct seuil_link *link);
void seuil_conn_done(struct seuil_conn *conn);

/* Begin to connect: 0, or SEUIL_ERR_IO with why. */
int seuil_conn_open(struct seuil_conn *conn);
/* Go on with connecting after its descriptor was ready: 1 when READY, 0 when not yet, negative when
 * it failed (why, unusable): close it. */
int seuil_conn_step(struct seuil_conn *conn);
/* Close at once; what was queued is dropped. Replies already returned stay valid until release. */
void seuil_conn_close(struct seuil_conn *conn);

/* What to wait for on fd. */
bool seuil_conn_wants_write(const struct seuil_conn *conn);

/* Put bytes behind what is queued. @bytes is emptied; its memory may be exchanged. */
int seuil_conn_queue(struct seuil_conn *conn, struct seuil_buf *bytes);
/* Write what the kernel takes: 0 or SEUIL_ERR_IO. */
int seuil_conn_flush(struct seuil_conn *conn);
/* Read what came: 0, or SEUIL_ERR_IO when the connection ended (what came before can be parsed). */
int seuil_conn_fill(struct seuil_conn *conn);
/* As seuil_reply_reader_next, with why. */
int seuil_conn_next(struct seuil_conn *conn, const struct seuil_reply **ret_reply);

/* Does this error reply pass by itself (OOM, LOADING …)? Nothing was executed then. */
bool seuil_redis_error_passes(struct seuil_str text);

#endif
