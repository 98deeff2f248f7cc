#include "store/conn.h"

#include <assert.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "store/greeting.h"
#include "store/tls.h"

/* Read from a connection at a time, and how often before others have their turn. TLS gives a record
 * (16 KiB at most) at a time, and what it holds back no descriptor tells: it is read to its end. */
#define READ_BYTES (64 * 1024)
#define READ_TURNS 256
/* A transaction goes out at once, without waiting for the server to make room halfway. */
#define SEND_BYTES (2 << 20)

bool seuil_redis_error_passes(struct seuil_str text)
{
    static const struct seuil_str prefixes[] = {
        {"OOM ", 4},
        {"MISCONF ", 8},
        {"READONLY ", 9},
        {"LOADING ", 8},
        {"BUSY ", 5},
        {"MASTERDOWN ", 11},
        {"TRYAGAIN ", 9},
        {"NOREPLICAS ", 11},
        {"CLUSTERDOWN ", 12},
        {"ASK ", 4},
        {"ERR max number of clients", 25},
    };

    for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
        if (seuil_str_starts(text, prefixes[i]))
            return true;
    return false;
}

int seuil_conn_init(struct seuil_conn *conn, const struct seuil_link *link)
{
    memset(conn, 0, sizeof(*conn));
    conn->link = link;
    conn->fd = -1;
    conn->reader = seuil_reply_reader_new();
    return conn->reader ? 0 : SEUIL_ERR_NOMEM;
}

void seuil_conn_done(struct seuil_conn *conn)
{
    seuil_conn_close(conn);
    seuil_reply_reader_free(conn->reader);
    seuil_buf_done(&conn->out);
    conn->reader = NULL;
}

void seuil_conn_close(struct seuil_conn *conn)
{
    conn->attempt += conn->state != SEUIL_CONN_DOWN && conn->state != SEUIL_CONN_READY;
    seuil_tls_free(conn->tls);
    conn->tls = NULL;
    if (conn->fd >= 0)
        close(conn->fd);
    conn->fd = -1;
    conn->state = SEUIL_CONN_DOWN;
    seuil_buf_clear(&conn->out);
    conn->out_done = 0;
}

static int failed(struct seuil_conn *conn, const char *what, int error)
{
    char text[96];

    snprintf(conn->why, sizeof(conn->why), "%s %s: %s", what, conn->link->where,
             error ? strerror_r(error, text, sizeof(text)) : "the connection was closed");
    return SEUIL_ERR_IO;
}

/* ---- connecting ------------------------------------------------------------------------------ */

static int socket_connect(struct seuil_conn *conn, const struct sockaddr *address, socklen_t len)
{
    int on = 1, send_bytes = SEND_BYTES;

    conn->fd = socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (conn->fd < 0)
        return failed(conn, "no socket for", errno);
    if (address->sa_family != AF_UNIX) {
        setsockopt(conn->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
        setsockopt(conn->fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
    } else { /* which does not grow by itself */
        setsockopt(conn->fd, SOL_SOCKET, SO_SNDBUF, &send_bytes, sizeof(send_bytes));
    }
    if (connect(conn->fd, address, len) == 0 || errno == EINPROGRESS)
        return 0;
    return failed(conn, "cannot connect to", errno); /* a full unix backlog says EAGAIN */
}

static int tcp_connect(struct seuil_conn *conn)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found;
    uint32_t count = 0, pick;
    char port[8];
    int rc;

    snprintf(port, sizeof(port), "%u", conn->link->config.port);
    rc = getaddrinfo(conn->link->config.host, port, &hints, &found);
    if (rc) {
        snprintf(conn->why, sizeof(conn->why), "the name of %s cannot be resolved: %s",
                 conn->link->where, gai_strerror(rc));
        return SEUIL_ERR_IO;
    }
    for (struct addrinfo *at = found; at; at = at->ai_next)
        count++;
    pick = conn->attempt % count;
    for (struct addrinfo *at = found; at; at = at->ai_next)
        if (pick-- == 0)
            rc = socket_connect(conn, at->ai_addr, at->ai_addrlen);
    freeaddrinfo(found);
    return rc;
}

int seuil_conn_open(struct seuil_conn *conn)
{
    struct sockaddr_un local = {.sun_family = AF_UNIX};
    int rc;

    assert(conn->state == SEUIL_CONN_DOWN && conn->fd < 0);
    conn->unusable = false;
    conn->queued_total = conn->written_total = 0;
    conn->out.failed = 0;
    seuil_reply_reader_release(conn->reader);
    if (seuil_reply_reader_reset(conn->reader))
        return failed(conn, "cannot connect to", ENOMEM);
    if (conn->link->config.unix_path) {
        strcpy(local.sun_path,
               conn->link->config.unix_path); /* its length is checked at the start */
        rc = socket_connect(conn, (struct sockaddr *)&local, sizeof(local));
    } else {
        rc = tcp_connect(conn);
    }
    if (rc)
        seuil_conn_close(conn);
    else
        conn->state = SEUIL_CONN_CONNECTING;
    return rc;
}

static int step_connecting(struct seuil_conn *conn)
{
    int error = 0;
    socklen_t len = sizeof(error);

    if (getsockopt(conn->fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0 || error)
        return failed(conn, "cannot connect to", error ? error : errno);
    conn->state = SEUIL_CONN_HANDSHAKE;
    if (!conn->link->tls)
        return 1;
    conn->tls = seuil_tls_new(conn->link, conn->fd);
    return conn->tls ? 1 : failed(conn, "TLS cannot begin with", ENOMEM);
}

static int step_handshake(struct seuil_conn *conn)
{
    struct seuil_buf greeting = {0};
    int rc = conn->tls ? seuil_tls_handshake(conn->tls, &conn->tls_wants_write, conn->why,
                                             sizeof(conn->why), &conn->unusable)
                       : 1;

    if (rc <= 0)
        return rc;
    conn->greeting_at = 0;
    conn->greeting_count = seuil_greeting_write(conn->link, &greeting);
    rc = seuil_conn_queue(conn, &greeting);
    seuil_buf_done(&greeting);
    conn->state = SEUIL_CONN_GREETING;
    return rc ? failed(conn, "cannot speak to", ENOMEM) : 1;
}

static int step_greeting(struct seuil_conn *conn)
{
    const struct seuil_reply *reply;
    int end, rc;

    if (seuil_conn_flush(conn))
        return SEUIL_ERR_IO;
    end = seuil_conn_fill(conn);
    while (conn->greeting_at < conn->greeting_count) {
        rc = seuil_conn_next(conn, &reply);
        if (rc == 0 && end < 0)
            return failed(conn, "the greeting failed at", 0);
        if (rc <= 0)
            return rc;
        rc = seuil_greeting_check(conn->link, conn->greeting_at++, reply, conn->why,
                                  sizeof(conn->why));
        conn->unusable = rc == SEUIL_ERR_UNSUPPORTED;
        if (rc)
            return rc;
        seuil_reply_reader_release(conn->reader);
    }
    conn->state = SEUIL_CONN_READY;
    return 1;
}

int seuil_conn_step(struct seuil_conn *conn)
{
    int rc = 1;

    while (rc == 1 && conn->state != SEUIL_CONN_READY) {
        switch (conn->state) {
        case SEUIL_CONN_CONNECTING:
            rc = step_connecting(conn);
            break;
        case SEUIL_CONN_HANDSHAKE:
            rc = step_handshake(conn);
            break;
        case SEUIL_CONN_GREETING:
            rc = step_greeting(conn);
            break;
        default:
            assert(!"a step of a connection that is not connecting");
        }
    }
    return rc;
}

/* ---- bytes ----------------------------------------------------------------------------------- */

bool seuil_conn_wants_write(const struct seuil_conn *conn)
{
    return conn->state == SEUIL_CONN_CONNECTING ||
           (conn->state == SEUIL_CONN_HANDSHAKE && conn->tls_wants_write) ||
           (conn->state >= SEUIL_CONN_GREETING && conn->out_done < conn->out.len);
}

int seuil_conn_queue(struct seuil_conn *conn, struct seuil_buf *bytes)
{
    if (bytes->failed)
        return bytes->failed;
    conn->queued_total += bytes->len;
    if (conn->out.len == 0) { /* nothing before it: no copy */
        struct seuil_buf other = conn->out;

        conn->out = *bytes;
        *bytes = other;
        return 0;
    }
    seuil_buf_add(&conn->out, bytes->ptr, bytes->len);
    seuil_buf_clear(bytes);
    return conn->out.failed;
}

/* Bytes moved, 0 when it would block, negative when the connection ended. */
static ssize_t move(struct seuil_conn *conn, bool out, void *bytes, size_t len)
{
    ssize_t n;

    if (conn->tls)
        return out ? seuil_tls_write(conn->tls, bytes, len) : seuil_tls_read(conn->tls, bytes, len);
    do
        n = out ? send(conn->fd, bytes, len, MSG_NOSIGNAL) : recv(conn->fd, bytes, len, 0);
    while (n < 0 && errno == EINTR);
    if (n > 0)
        return n;
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
        return 0;
    return n < 0 ? -errno : -ECONNRESET;
}

int seuil_conn_flush(struct seuil_conn *conn)
{
    while (conn->out_done < conn->out.len) {
        ssize_t n =
            move(conn, true, conn->out.ptr + conn->out_done, conn->out.len - conn->out_done);

        if (n < 0)
            return failed(conn, "cannot write to", (int)-n);
        if (n == 0)
            return 0;
        conn->out_done += (size_t)n;
        conn->written_total += (uint64_t)n;
    }
    seuil_buf_clear(&conn->out);
    conn->out_done = 0;
    return 0;
}

int seuil_conn_fill(struct seuil_conn *conn)
{
    static _Thread_local uint8_t bytes[READ_BYTES];
    int rc = 0;

    for (int turn = 0; turn < READ_TURNS && rc == 0; turn++) {
        ssize_t n = move(conn, false, bytes, sizeof(bytes));

        if (n < 0)
            return failed(conn, "lost the connection to", (int)-n);
        if (n == 0)
            return 0;
        rc = seuil_reply_reader_feed(conn->reader, bytes, (size_t)n);
        if (rc == 0 && !conn->tls && n < READ_BYTES)
            return 0; /* that was all */
    }
    if (rc == 0)
        return 0;
    snprintf(conn->why, sizeof(conn->why), "a reply of %s is too large for memory or beyond %d MiB",
             conn->link->where, SEUIL_REPLY_BYTES_MAX >> 20);
    return SEUIL_ERR_IO;
}

int seuil_conn_next(struct seuil_conn *conn, const struct seuil_reply **ret_reply)
{
    const char *why;
    int rc = seuil_reply_reader_next(conn->reader, ret_reply, &why);

    if (rc < 0)
        snprintf(conn->why, sizeof(conn->why), "%s does not speak Redis' protocol: %s",
                 conn->link->where, why);
    return rc;
}
