#include "store/redis_shard.h"

#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>

static void check_by(struct seuil_redis_store *self, seuil_time_ms at)
{
    self->next_check = at < self->next_check ? at : self->next_check;
}

void seuil_redis_finish(struct seuil_redis_store *self, struct seuil_request *request,
                        enum seuil_store_status status, const char *why)
{
    request->status = status;
    snprintf(request->text, sizeof(request->text), "%s", why);
    request->main = NULL;
    request->next = NULL;
    *self->done_last = request;
    self->done_last = &request->next;
}

void seuil_redis_mark_dirty(struct seuil_redis_store *self, struct seuil_redis_shard *shard)
{
    if (shard->dirty)
        return;
    shard->dirty = true;
    shard->next_dirty = self->dirty;
    self->dirty = shard;
}

void seuil_redis_mark_ready(struct seuil_redis_store *self, struct seuil_redis_shard *shard)
{
    if (shard->ready)
        return;
    shard->ready = true;
    shard->next_ready = NULL;
    *self->ready_last = shard;
    self->ready_last = &shard->next_ready;
}

/* ---- the end of a connection ----------------------------------------------------------------- */

void seuil_redis_unregister(struct seuil_redis_store *self, struct seuil_redis_shard *shard)
{
    if (shard->events)
        epoll_ctl(self->epoll, EPOLL_CTL_DEL, shard->conn.fd, NULL);
    shard->events = 0;
}

static bool may_have_arrived(const struct seuil_redis_shard *shard,
                             const struct seuil_request *request)
{
    return request->stage == SEUIL_STAGE_SENT && request->start < shard->conn.written_total;
}

void seuil_redis_shard_close(struct seuil_redis_store *self, struct seuil_redis_shard *shard)
{
    seuil_redis_unregister(self, shard);
    seuil_conn_close(&shard->conn);
    shard->guard.state = SEUIL_GUARD_UNKNOWN;
    shard->ended = false;
}

/* Answer everything that is under way, close, and wait before the next attempt. */
void seuil_redis_shard_fail(struct seuil_redis_store *self, struct seuil_redis_shard *shard,
                            const char *why)
{
    const struct seuil_redis_config *config = &self->link->config;
    enum seuil_store_status refused =
        shard->conn.unusable ? SEUIL_STORE_WRONG : SEUIL_STORE_BACKOFF;
    bool was_ready = shard->conn.state == SEUIL_CONN_READY;
    int64_t half;

    while (shard->first) {
        struct seuil_request *request = shard->first;

        shard->first = request->next;
        seuil_redis_finish(self, request,
                           may_have_arrived(shard, request) ? SEUIL_STORE_DOUBT : refused, why);
    }
    shard->last = &shard->first;
    shard->waiting = NULL;
    seuil_redis_shard_close(self, shard);
    if (was_ready && shard->answered)
        shard->backoff_ms = 0;
    shard->answered = false;
    shard->backoff_ms = shard->backoff_ms ? 2 * shard->backoff_ms : config->backoff_min_ms;
    if (shard->backoff_ms > config->backoff_max_ms)
        shard->backoff_ms = config->backoff_max_ms;
    half = shard->backoff_ms / 2;
    shard->retry_at = self->now + half + (int64_t)seuil_link_random(self->link, (uint64_t)half + 1);
}

/* ---- sending --------------------------------------------------------------------------------- */

static void send_request(struct seuil_redis_store *self, struct seuil_redis_shard *shard,
                         struct seuil_request *request)
{
    request->stage = SEUIL_STAGE_SENT;
    request->start = shard->conn.queued_total;
    if (request->guard_from < request->replies)
        shard->guard.state = SEUIL_GUARD_ASKED;
    if (seuil_conn_queue(&shard->conn, &request->body)) {
        shard->conn.unusable = false;
        seuil_redis_shard_fail(self, shard, "out of memory");
    }
}

/* A commit at the head of the waiting ones: true when it was sent. */
static bool send_commit(struct seuil_redis_store *self, struct seuil_redis_shard *shard,
                        struct seuil_request *request)
{
    struct seuil_buf ask = {0};

    if (request->stage == SEUIL_STAGE_GUARDS || shard->guard.state == SEUIL_GUARD_ASKED)
        return false;
    if (shard->guard.state == SEUIL_GUARD_KNOWN &&
        seuil_guard_judge(&shard->guard, request) == SEUIL_STORE_OK) {
        seuil_request_commit_end(request, &shard->keys, shard->guard.head);
        if (request->body.failed) {
            seuil_redis_shard_fail(self, shard, "out of memory");
            return false;
        }
        send_request(self, shard, request);
        return true;
    }
    /* unknown, or read too long ago to say no: ask now */
    request->status = SEUIL_STORE_OK;
    request->text[0] = '\0';
    request->stage = SEUIL_STAGE_GUARDS;
    request->at = 0;
    request->guard_from = 0;
    request->replies = SEUIL_GUARD_REPLIES;
    shard->guard.state = SEUIL_GUARD_ASKED;
    seuil_guard_write(&shard->keys, &ask);
    if (seuil_conn_queue(&shard->conn, &ask))
        seuil_redis_shard_fail(self, shard, "out of memory");
    seuil_buf_done(&ask);
    return false;
}

/* Send what may be sent: everything up to a commit that waits for its guard. */
static void pump(struct seuil_redis_store *self, struct seuil_redis_shard *shard)
{
    while (shard->waiting && shard->conn.state == SEUIL_CONN_READY) {
        struct seuil_request *request = shard->waiting;

        if (request->verb == SEUIL_STORE_COMMIT) {
            if (!send_commit(self, shard, request))
                return;
        } else {
            send_request(self, shard, request);
        }
        if (shard->waiting == request) /* not failed meanwhile */
            shard->waiting = request->next;
    }
}

void seuil_redis_watch(struct seuil_redis_store *self, struct seuil_redis_shard *shard)
{
    uint32_t events = EPOLLIN | (seuil_conn_wants_write(&shard->conn) ? EPOLLOUT : 0u);
    struct epoll_event event = {.events = events, .data.ptr = shard};

    if (shard->conn.fd < 0 || events == shard->events)
        return;
    if (epoll_ctl(self->epoll, shard->events ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, shard->conn.fd,
                  &event) == 0)
        shard->events = events;
    else
        seuil_redis_shard_fail(self, shard, "out of memory");
}

static void connect_shard(struct seuil_redis_store *self, struct seuil_redis_shard *shard)
{
    if (seuil_conn_open(&shard->conn)) {
        seuil_redis_shard_fail(self, shard, shard->conn.why);
        return;
    }
    shard->connect_deadline = self->now + self->link->config.connect_timeout_ms;
    check_by(self, shard->connect_deadline);
    seuil_redis_watch(self, shard);
}

/* Bring a shard with something to do forward: connect, send, write. */
static void work(struct seuil_redis_store *self, struct seuil_redis_shard *shard)
{
    if (!shard->made)
        return;
    for (struct seuil_request *request = shard->waiting; request; request = request->next) {
        if (!request->deadline)
            request->deadline = self->now + self->link->config.request_timeout_ms;
        check_by(self, request->deadline);
    }
    if (shard->conn.state == SEUIL_CONN_DOWN && shard->first) {
        if (self->now < shard->retry_at) {
            check_by(self, shard->retry_at);
            return;
        }
        connect_shard(self, shard);
    }
    if (shard->conn.state != SEUIL_CONN_READY)
        return;
    pump(self, shard);
    if (shard->conn.state == SEUIL_CONN_READY && seuil_conn_flush(&shard->conn))
        seuil_redis_shard_fail(self, shard, shard->conn.why);
    seuil_redis_watch(self, shard);
}

void seuil_redis_work(struct seuil_redis_store *self)
{
    while (self->dirty) {
        struct seuil_redis_shard *shard = self->dirty;

        self->dirty = shard->next_dirty;
        shard->dirty = false;
        work(self, shard);
    }
}

/* ---- deadlines ------------------------------------------------------------------------------- */

/* Requests that nobody was there to send: answered one by one, the connection goes on trying. */
static void expire_unsent(struct seuil_redis_store *self, struct seuil_redis_shard *shard)
{
    while (shard->first && shard->first->deadline && shard->first->deadline <= self->now) {
        struct seuil_request *request = shard->first;

        shard->first = request->next;
        if (!shard->first)
            shard->last = &shard->first;
        shard->waiting = shard->first;
        seuil_redis_finish(self, request, SEUIL_STORE_BACKOFF,
                           shard->conn.why[0] ? shard->conn.why : "not connected to Redis yet");
    }
}

static void check_shard(struct seuil_redis_store *self, struct seuil_redis_shard *shard)
{
    char why[260];

    if (shard->conn.state == SEUIL_CONN_DOWN) {
        expire_unsent(self, shard);
    } else if (shard->conn.state != SEUIL_CONN_READY && shard->connect_deadline <= self->now) {
        snprintf(why, sizeof(why), "%s did not answer%s within %lld ms", self->link->where,
                 shard->conn.state == SEUIL_CONN_HANDSHAKE ? " TLS (does this port speak it?)" : "",
                 (long long)self->link->config.connect_timeout_ms);
        shard->conn.unusable = false;
        seuil_redis_shard_fail(self, shard, why);
    } else if (shard->conn.state == SEUIL_CONN_READY && shard->first && shard->first->deadline &&
               shard->first->deadline <= self->now) {
        snprintf(why, sizeof(why), "no answer of %s within %lld ms", self->link->where,
                 (long long)self->link->config.request_timeout_ms);
        seuil_redis_shard_fail(self, shard, why);
    }
    if (shard->conn.state != SEUIL_CONN_DOWN && shard->conn.state != SEUIL_CONN_READY)
        check_by(self, shard->connect_deadline);
    else if (shard->first && shard->first->deadline)
        check_by(self, shard->first->deadline);
    if (shard->conn.state == SEUIL_CONN_DOWN && shard->first) {
        if (shard->retry_at <= self->now)
            seuil_redis_mark_dirty(self, shard);
        else
            check_by(self, shard->retry_at);
    }
}

void seuil_redis_check(struct seuil_redis_store *self)
{
    if (self->now < self->next_check)
        return;
    self->next_check = INT64_MAX;
    for (uint32_t i = 0; i < self->partitions; i++)
        if (self->shards[i].made)
            check_shard(self, &self->shards[i]);
}

/* ---- receiving ------------------------------------------------------------------------------- */

/* The guard of the commit at the head of the queue was read: send it, or say why not. True when it
 * is decided. */
static bool guard_came(struct seuil_redis_store *self, struct seuil_redis_shard *shard,
                       struct seuil_request *request)
{
    seuil_reply_reader_release(shard->conn.reader);
    if (shard->guard.state != SEUIL_GUARD_KNOWN) { /* HMGET was refused */
        request->status = SEUIL_STORE_BACKOFF;
        snprintf(request->text, sizeof(request->text), "meta could not be read for the guard");
        return true;
    }
    if (seuil_guard_judge(&shard->guard, request) != SEUIL_STORE_OK)
        return true;
    request->stage = SEUIL_STAGE_WAITS;
    request->at = 0;
    seuil_redis_mark_dirty(self, shard);
    return false;
}

/* Take one reply; true when the request at the head is decided by it. */
static bool take_reply(struct seuil_redis_store *self, struct seuil_redis_shard *shard,
                       const struct seuil_reply *reply)
{
    struct seuil_request *request = shard->first;

    if (!seuil_request_reply(request, reply, &shard->guard)) {
        char why[sizeof(request->text)];

        memcpy(why, request->text, sizeof(why));
        seuil_redis_shard_fail(self, shard, why);
        return false;
    }
    if (request->at < request->replies)
        return false;
    shard->answered = true;
    if (request->stage == SEUIL_STAGE_GUARDS)
        return guard_came(self, shard, request);
    if (request->verb == SEUIL_STORE_COMMIT && request->main && /* EXEC said nil */
        (shard->guard.state != SEUIL_GUARD_KNOWN ||
         seuil_guard_judge(&shard->guard, request) == SEUIL_STORE_OK)) {
        request->status = SEUIL_STORE_STALE;
        snprintf(request->text, sizeof(request->text), "meta was touched by somebody else");
    }
    return true;
}

/* Parse what has come for @shard: true when a request was decided and *ret_reply is filled. */
bool seuil_redis_advance(struct seuil_redis_store *self, struct seuil_redis_shard *shard,
                         struct seuil_store_reply *ret_reply)
{
    const struct seuil_reply *reply;

    while (shard->conn.state == SEUIL_CONN_READY) {
        struct seuil_request *request = shard->first;
        int rc = seuil_conn_next(&shard->conn, &reply);

        if (rc == 0 && !shard->ended)
            return false;
        if (rc == 0) { /* what came before the end was still good */
            seuil_redis_shard_fail(self, shard, shard->conn.why);
            return false;
        }
        if (rc < 0 || !request || request->stage == SEUIL_STAGE_WAITS) {
            seuil_redis_shard_fail(self, shard,
                                   rc < 0 ? shard->conn.why : "a reply that nobody asked for");
            return false;
        }
        if (!take_reply(self, shard, reply))
            continue;
        if (shard->waiting == request) /* a commit that was never sent */
            shard->waiting = request->next;
        shard->first = request->next;
        if (!shard->first)
            shard->last = &shard->first;
        seuil_redis_mark_dirty(self, shard); /* who waited for its guard may go on */
        seuil_redis_mark_ready(self, shard);
        seuil_request_answer(request, &shard->keys, &self->items, &self->meta, ret_reply);
        self->told = request;
        self->told_by = shard;
        return true;
    }
    return false;
}
