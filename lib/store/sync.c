#include "store/sync.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <time.h>

static int64_t monotonic_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Wait for the connection's descriptor; false when @end has passed. */
static bool wait_until(const struct seuil_conn *conn, int64_t end)
{
    struct pollfd fd = {.fd = conn->fd, .events = POLLIN};
    int64_t left = end - monotonic_ms();

    if (left <= 0)
        return false;
    if (seuil_conn_wants_write(conn))
        fd.events |= POLLOUT;
    return poll(&fd, 1, left > INT32_MAX ? INT32_MAX : (int)left) > 0 || errno == EINTR;
}

static int gave_up(struct seuil_sync *sync, int code, const char *why, struct seuil_error *err)
{
    seuil_error_set(err, code, "%s", why);
    if (err)
        err->retriable = code == SEUIL_ERR_BACKOFF;
    seuil_sync_close(sync);
    return code;
}

int seuil_sync_open(struct seuil_sync *sync, const struct seuil_redis_config *config,
                    struct seuil_error *err)
{
    int64_t end;
    int rc;

    memset(sync, 0, sizeof(*sync));
    sync->conn.fd = -1;
    sync->link = seuil_link_new(config, err);
    if (!sync->link)
        return SEUIL_ERR_CONFIG;
    if (seuil_conn_init(&sync->conn, sync->link))
        return gave_up(sync, SEUIL_ERR_NOMEM, "out of memory", err);
    end = monotonic_ms() + sync->link->config.connect_timeout_ms;
    rc = seuil_conn_open(&sync->conn);
    while (rc == 0 && wait_until(&sync->conn, end))
        rc = seuil_conn_step(&sync->conn);
    if (rc == 1)
        return 0;
    return gave_up(sync, sync->conn.unusable ? SEUIL_ERR_CONFIG : SEUIL_ERR_BACKOFF,
                   rc ? sync->conn.why : "Redis did not answer in time", err);
}

void seuil_sync_close(struct seuil_sync *sync)
{
    if (sync->conn.reader)
        seuil_conn_done(&sync->conn);
    seuil_link_free(sync->link);
    sync->link = NULL;
}

static int lost(const struct seuil_sync *sync, const char *why, struct seuil_error *err)
{
    int code = sync->conn.written_total ? SEUIL_ERR_DOUBT : SEUIL_ERR_BACKOFF;

    seuil_error_set(err, code, "%s", why);
    if (err)
        err->retriable = true;
    return code;
}

int seuil_sync_ask(struct seuil_sync *sync, struct seuil_buf *command,
                   const struct seuil_reply **ret_reply, struct seuil_error *err)
{
    int64_t end = monotonic_ms() + sync->link->config.request_timeout_ms;
    bool passes;
    int rc;

    seuil_reply_reader_release(sync->conn.reader);
    sync->conn.written_total = 0;
    if (seuil_conn_queue(&sync->conn, command))
        return seuil_error_set(err, SEUIL_ERR_NOMEM, "out of memory");
    for (;;) {
        if (seuil_conn_flush(&sync->conn) || seuil_conn_fill(&sync->conn))
            return lost(sync, sync->conn.why, err);
        rc = seuil_conn_next(&sync->conn, ret_reply);
        if (rc < 0)
            return lost(sync, sync->conn.why, err);
        if (rc)
            break;
        if (!wait_until(&sync->conn, end))
            return lost(sync, "Redis did not answer in time", err);
    }
    if ((*ret_reply)->type != SEUIL_REPLY_ERROR)
        return 0;
    passes = seuil_redis_error_passes((*ret_reply)->text);
    rc = seuil_error_set(err, passes ? SEUIL_ERR_BACKOFF : SEUIL_ERR_CONFIG,
                         "Redis at %s refused: %.*s", sync->link->where,
                         (int)((*ret_reply)->text.len < 300 ? (*ret_reply)->text.len : 300),
                         (*ret_reply)->text.ptr);
    if (err)
        err->retriable = passes;
    return rc;
}
