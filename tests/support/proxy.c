#include "support/proxy.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define PAIRS_MAX 128

struct bytes {
    uint8_t *ptr;
    size_t len, cap;
};

struct pair {
    int client, server; /* -1: closed */
    struct bytes to_server, to_client;
};

struct seuil_proxy {
    pthread_t thread;
    pthread_mutex_t lock; /* of all below */
    pthread_cond_t moved;
    int listener, wake[2];
    char target[108];
    struct pair pairs[PAIRS_MAX];
    bool hold_requests, hold_replies, swallow, stop;
    bool cutting;
    uint64_t cut_left;
    uint64_t requests, replies;
};

static void die(const char *what)
{
    fprintf(stderr, "proxy: %s: %s\n", what, strerror(errno));
    abort();
}

static int local_socket(const char *path, struct sockaddr_un *address)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    memset(address, 0, sizeof(*address));
    address->sun_family = AF_UNIX;
    if (fd < 0 || strlen(path) >= sizeof(address->sun_path))
        die("socket");
    strcpy(address->sun_path, path);
    return fd;
}

static void pair_close(struct pair *pair)
{
    if (pair->client >= 0)
        close(pair->client);
    if (pair->server >= 0)
        close(pair->server);
    free(pair->to_server.ptr);
    free(pair->to_client.ptr);
    memset(pair, 0, sizeof(*pair));
    pair->client = pair->server = -1;
}

static void add(struct bytes *to, const uint8_t *bytes, size_t len)
{
    if (to->len + len > to->cap) {
        to->cap = 2 * (to->len + len);
        to->ptr = realloc(to->ptr, to->cap);
        if (!to->ptr)
            die("memory");
    }
    memcpy(to->ptr + to->len, bytes, len);
    to->len += len;
}

/* Write what can be written now; false when the other end is gone. */
static bool drain(int fd, struct bytes *from, size_t max)
{
    size_t len = from->len < max ? from->len : max;
    ssize_t n;

    if (!len)
        return true;
    n = send(fd, from->ptr, len, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0)
        return errno == EAGAIN;
    memmove(from->ptr, from->ptr + n, from->len - (size_t)n);
    from->len -= (size_t)n;
    return true;
}

/* Read once; false at the end. */
static bool fetch(int fd, struct bytes *to, bool drop, uint64_t *count)
{
    uint8_t bytes[65536];
    ssize_t n = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT);

    if (n <= 0)
        return n < 0 && errno == EAGAIN;
    *count += (uint64_t)n;
    if (!drop)
        add(to, bytes, (size_t)n);
    return true;
}

static void welcome(struct seuil_proxy *proxy)
{
    struct sockaddr_un address;
    int client = accept4(proxy->listener, NULL, NULL, SOCK_CLOEXEC);

    for (int i = 0; client >= 0 && i < PAIRS_MAX; i++) {
        struct pair *pair = &proxy->pairs[i];

        if (pair->server >= 0)
            continue;
        pair->client = client;
        pair->server = local_socket(proxy->target, &address);
        if (connect(pair->server, (struct sockaddr *)&address, sizeof(address)))
            pair_close(pair);
        return;
    }
    if (client >= 0)
        close(client);
}

/* Pass a pair's requests on, down to the byte where it is to be cut; false when it is. */
static bool pass_requests(struct seuil_proxy *proxy, struct pair *pair)
{
    size_t before = pair->to_server.len;

    if (proxy->hold_requests)
        return true;
    if (!drain(pair->server, &pair->to_server, proxy->cutting ? proxy->cut_left : SIZE_MAX))
        return false;
    if (!proxy->cutting)
        return true;
    proxy->cut_left -= before - pair->to_server.len;
    if (proxy->cut_left > 0)
        return true;
    proxy->cutting = false;
    return false;
}

static void serve(struct seuil_proxy *proxy, struct pair *pair, short client, short server)
{
    bool alive = true;

    if (client && !fetch(pair->client, &pair->to_server, false, &proxy->requests)) {
        close(pair->client); /* what it said may still arrive */
        pair->client = -1;
    }
    if (server)
        alive = fetch(pair->server, &pair->to_client, proxy->swallow, &proxy->replies);
    alive = pass_requests(proxy, pair) && alive;
    if (pair->client >= 0 && !proxy->hold_replies)
        alive = drain(pair->client, &pair->to_client, SIZE_MAX) && alive;
    if (!alive || (pair->client < 0 && pair->to_server.len == 0))
        pair_close(pair);
}

static void turn(struct seuil_proxy *proxy)
{
    struct pollfd fds[2 + 2 * PAIRS_MAX] = {{proxy->listener, POLLIN, 0},
                                            {proxy->wake[0], POLLIN, 0}};
    uint8_t byte[64];

    for (int i = 0; i < PAIRS_MAX; i++) {
        struct pair *pair = &proxy->pairs[i];
        bool more = pair->to_client.len && !proxy->hold_replies;
        bool owed = pair->to_server.len && !proxy->hold_requests;

        fds[2 + 2 * i] = (struct pollfd){pair->client, (short)(POLLIN | (more ? POLLOUT : 0)), 0};
        fds[3 + 2 * i] = (struct pollfd){pair->server, (short)(POLLIN | (owed ? POLLOUT : 0)), 0};
    }
    pthread_mutex_unlock(&proxy->lock);
    poll(fds, 2 + 2 * PAIRS_MAX, 1000);
    pthread_mutex_lock(&proxy->lock);
    if (fds[1].revents && read(proxy->wake[0], byte, sizeof(byte)) < 0)
        die("wake");
    if (fds[0].revents)
        welcome(proxy);
    for (int i = 0; i < PAIRS_MAX; i++) {
        struct pair *pair = &proxy->pairs[i];
        short client = fds[2 + 2 * i].revents, server = fds[3 + 2 * i].revents;

        /* a pair that was cut meanwhile has other descriptors: its events are void */
        if (pair->server >= 0 && pair->server == fds[3 + 2 * i].fd &&
            pair->client == fds[2 + 2 * i].fd)
            serve(proxy, pair, client & (POLLIN | POLLHUP | POLLERR),
                  server & (POLLIN | POLLHUP | POLLERR));
    }
    pthread_cond_broadcast(&proxy->moved);
}

static void *run(void *arg)
{
    struct seuil_proxy *proxy = arg;

    pthread_mutex_lock(&proxy->lock);
    while (!proxy->stop)
        turn(proxy);
    pthread_mutex_unlock(&proxy->lock);
    return NULL;
}

struct seuil_proxy *seuil_proxy_start(const char *listen_path, const char *target_path)
{
    struct seuil_proxy *proxy = calloc(1, sizeof(*proxy));
    struct sockaddr_un address;

    if (!proxy || strlen(target_path) >= sizeof(proxy->target) || pipe(proxy->wake))
        die("start");
    strcpy(proxy->target, target_path);
    for (int i = 0; i < PAIRS_MAX; i++)
        proxy->pairs[i].client = proxy->pairs[i].server = -1;
    pthread_mutex_init(&proxy->lock, NULL);
    pthread_cond_init(&proxy->moved, NULL);
    proxy->listener = local_socket(listen_path, &address);
    unlink(listen_path);
    if (bind(proxy->listener, (struct sockaddr *)&address, sizeof(address)) ||
        listen(proxy->listener, 128) || pthread_create(&proxy->thread, NULL, run, proxy))
        die("start");
    return proxy;
}

static void wake(struct seuil_proxy *proxy)
{
    if (write(proxy->wake[1], "", 1) != 1)
        die("wake");
}

void seuil_proxy_stop(struct seuil_proxy *proxy)
{
    pthread_mutex_lock(&proxy->lock);
    proxy->stop = true;
    wake(proxy);
    pthread_mutex_unlock(&proxy->lock);
    pthread_join(proxy->thread, NULL);
    for (int i = 0; i < PAIRS_MAX; i++)
        pair_close(&proxy->pairs[i]);
    close(proxy->listener);
    close(proxy->wake[0]);
    close(proxy->wake[1]);
    pthread_mutex_destroy(&proxy->lock);
    pthread_cond_destroy(&proxy->moved);
    free(proxy);
}

static void set(struct seuil_proxy *proxy, bool *flag, bool value)
{
    pthread_mutex_lock(&proxy->lock);
    *flag = value;
    wake(proxy);
    pthread_mutex_unlock(&proxy->lock);
}

void seuil_proxy_hold_requests(struct seuil_proxy *proxy, bool hold)
{
    set(proxy, &proxy->hold_requests, hold);
}

void seuil_proxy_hold_replies(struct seuil_proxy *proxy, bool hold)
{
    set(proxy, &proxy->hold_replies, hold);
}

void seuil_proxy_swallow_replies(struct seuil_proxy *proxy, bool swallow)
{
    set(proxy, &proxy->swallow, swallow);
}

void seuil_proxy_cut(struct seuil_proxy *proxy)
{
    pthread_mutex_lock(&proxy->lock);
    for (int i = 0; i < PAIRS_MAX; i++)
        pair_close(&proxy->pairs[i]);
    wake(proxy);
    pthread_mutex_unlock(&proxy->lock);
}

void seuil_proxy_cut_after(struct seuil_proxy *proxy, uint64_t bytes)
{
    pthread_mutex_lock(&proxy->lock);
    proxy->cutting = true;
    proxy->cut_left = bytes;
    pthread_mutex_unlock(&proxy->lock);
}

static uint64_t get(struct seuil_proxy *proxy, const uint64_t *count)
{
    uint64_t value;

    pthread_mutex_lock(&proxy->lock);
    value = *count;
    pthread_mutex_unlock(&proxy->lock);
    return value;
}

uint64_t seuil_proxy_requests(struct seuil_proxy *proxy)
{
    return get(proxy, &proxy->requests);
}

uint64_t seuil_proxy_replies(struct seuil_proxy *proxy)
{
    return get(proxy, &proxy->replies);
}

static void await(struct seuil_proxy *proxy, const uint64_t *count, uint64_t bytes)
{
    struct timespec end;

    clock_gettime(CLOCK_REALTIME, &end);
    end.tv_sec += 5;
    pthread_mutex_lock(&proxy->lock);
    while (*count < bytes)
        if (pthread_cond_timedwait(&proxy->moved, &proxy->lock, &end) == ETIMEDOUT)
            die("the bytes waited for did not come");
    pthread_mutex_unlock(&proxy->lock);
}

void seuil_proxy_await_requests(struct seuil_proxy *proxy, uint64_t bytes)
{
    await(proxy, &proxy->requests, bytes);
}

void seuil_proxy_await_replies(struct seuil_proxy *proxy, uint64_t bytes)
{
    await(proxy, &proxy->replies, bytes);
}
