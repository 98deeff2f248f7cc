/* A server that greets well and then answers anything: the store gives every request one answer,
 * and never OK to what was not done. */

#include "unit/store/store_fixture.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/buf.h"
#include "store/store_redis.h"

static const char greeting[] = "$22\r\nredis_version:7.0.15\r\n\r\n"
                               "$29\r\nmaxmemory_policy:noeviction\r\n\r\n"
                               "+OK\r\n*0\r\n";

struct server {
    pthread_t thread;
    int listener;
    char path[64];
    uint32_t state;
    atomic_bool stop;
};

static uint32_t chance(struct server *server, uint32_t bound)
{
    server->state ^= server->state << 13;
    server->state ^= server->state >> 17;
    server->state ^= server->state << 5;
    return server->state % bound;
}

/* A reply of the protocol, of any shape, with texts that are sometimes what is hoped for. */
static void any_reply(struct server *server, struct seuil_buf *out, int depth)
{
    static const char *const texts[] = {"",
                                        "0",
                                        "1",
                                        "-5",
                                        "OK",
                                        "QUEUED",
                                        "s:{test.0}:l:a",
                                        "s:{test.0}:l:",
                                        "x",
                                        "101112131415161718191a1b1c1d1e1f",
                                        "format",
                                        "seq",
                                        "token",
                                        "99999999999999999999"};
    static const char *const errors[] = {
        "OOM x",    "EXECABORT x",
        "NOPERM x", "ERR x",
        "",         "EXECABORT Transaction discarded because of: OOM x"};
    const char *text = texts[chance(server, sizeof(texts) / sizeof(texts[0]))];
    uint32_t count = chance(server, 6);

    switch (chance(server, depth > 3 ? 5 : 8)) {
    case 0:
        seuil_buf_printf(out, "+%s\r\n", chance(server, 2) ? "OK" : "QUEUED");
        break;
    case 1:
        seuil_buf_printf(out, "-%s\r\n", errors[chance(server, 6)]);
        break;
    case 2:
        seuil_buf_printf(out, ":%d\r\n", (int)chance(server, 3) - 1);
        break;
    case 3:
        seuil_buf_printf(out, "$-1\r\n");
        break;
    case 4:
        seuil_buf_printf(out, "$%zu\r\n%s\r\n", strlen(text), text);
        break;
    default:
        seuil_buf_printf(out, "*%u\r\n", count);
        for (uint32_t i = 0; i < count; i++)
            any_reply(server, out, depth + 1);
    }
}

static void serve(struct server *server, int fd)
{
    struct seuil_buf out = {0};
    char bytes[4096];
    bool greeted = false;

    while (recv(fd, bytes, sizeof(bytes), 0) > 0) {
        seuil_buf_clear(&out);
        if (!greeted)
            seuil_buf_add(&out, greeting, sizeof(greeting) - 1);
        for (uint32_t i = greeted ? 1 + chance(server, 8) : 0; i > 0; i--)
            any_reply(server, &out, 0);
        greeted = true;
        if (out.len && send(fd, out.ptr, out.len, MSG_NOSIGNAL) < 0)
            break;
        if (chance(server, 20) == 0)
            break;
    }
    seuil_buf_done(&out);
    close(fd);
}

static void *run(void *arg)
{
    struct server *server = arg;
    int fd;

    while ((fd = accept(server->listener, NULL, NULL)) >= 0 && !server->stop)
        serve(server, fd);
    return NULL;
}

static void begin(struct server *server, uint32_t seed)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    memset(server, 0, sizeof(*server));
    server->state = seed;
    snprintf(server->path, sizeof(server->path), "/tmp/seuil-hostile-%d", (int)getpid());
    strcpy(address.sun_path, server->path);
    unlink(server->path);
    server->listener = socket(AF_UNIX, SOCK_STREAM, 0);
    cr_assert_eq(bind(server->listener, (struct sockaddr *)&address, sizeof(address)), 0);
    listen(server->listener, 16);
    pthread_create(&server->thread, NULL, run, server);
}

static void end(struct server *server)
{
    server->stop = true;
    shutdown(server->listener, SHUT_RDWR);
    pthread_join(server->thread, NULL);
    close(server->listener);
    unlink(server->path);
}

static void request(struct seuil_store *store, int which, struct seuil_meta *meta)
{
    struct seuil_token token = token_of(1);
    struct seuil_str ids[2] = {SEUIL_STR("a"), SEUIL_STR("b")};
    struct seuil_tx_lead lead = lead_of("a", "state");
    struct seuil_tx tx;

    switch (which % 8) {
    case 0:
        store->ops->acquire(store, 0, &token, "me", 7);
        break;
    case 1:
        store->ops->create(store, 0, meta, 7);
        break;
    case 2:
        store->ops->load(store, 0, ids, 2, 7);
        break;
    case 3:
        store->ops->due(store, 0, 5, 5, 7);
        break;
    case 4:
        store->ops->outbox(store, 0, 0, 5, 7);
        break;
    case 5:
        store->ops->walk(store, 0, 0, 7);
        break;
    case 6:
        store->ops->read_meta(store, 0, 7);
        break;
    default:
        tx = next_tx(meta);
        tx.leads = &lead;
        tx.lead_count = 1;
        store->ops->commit(store, 0, &tx, 7);
        meta->seq--;
    }
}

Test(hostile_server, every_request_gets_one_answer_whatever_the_server_says, .timeout = 60)
{
    struct seuil_redis_config config = {.app = "test",
                                        .partitions = 1,
                                        .connect_timeout_ms = 1000,
                                        .request_timeout_ms = 20,
                                        .backoff_min_ms = 1,
                                        .backoff_max_ms = 1};
    struct seuil_meta meta = new_meta(1);
    uint32_t statuses[SEUIL_STORE_WRONG + 1] = {0};
    struct seuil_store *store;
    struct server server;

    begin(&server, 99);
    config.unix_path = server.path;
    store = seuil_store_redis_new(&config, NULL);
    for (int round = 0; round < 2000; round++) {
        struct seuil_store_reply reply;

        request(store, round, &meta);
        reply = answer(store);
        cr_assert(reply.cookie == 7 && reply.status <= SEUIL_STORE_WRONG);
        statuses[reply.status]++;
        cr_assert_not(reply.verb == SEUIL_STORE_COMMIT && reply.status == SEUIL_STORE_OK);
        for (uint32_t i = 0; i < reply.item_count; i++)
            cr_assert(reply.items[i].id.len < 100 && reply.items[i].len < 100);
    }
    cr_assert_gt(statuses[SEUIL_STORE_WRONG], 20);
    cr_assert_gt(statuses[SEUIL_STORE_BACKOFF], 20);
    cr_assert_gt(statuses[SEUIL_STORE_DOUBT], 20);
    store->ops->free(store);
    end(&server);
}

Test(hostile_server, what_is_no_redis_is_wrong, .timeout = 30)
{
    struct seuil_redis_config config = {.app = "test", .partitions = 1};
    struct seuil_meta meta = new_meta(1);
    struct seuil_store_reply reply;
    struct seuil_store *store;
    int fds[2];
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    snprintf(address.sun_path, sizeof(address.sun_path), "/tmp/seuil-none-%d", (int)getpid());
    unlink(address.sun_path);
    fds[0] = socket(AF_UNIX, SOCK_STREAM, 0);
    cr_assert_eq(bind(fds[0], (struct sockaddr *)&address, sizeof(address)), 0);
    listen(fds[0], 4);
    config.unix_path = address.sun_path;
    store = seuil_store_redis_new(&config, NULL);
    store->ops->create(store, 0, &meta, 0);
    cr_assert_eq(store->ops->poll(store, mono_ms(), 0, &reply), 0);
    fds[1] = accept(fds[0], NULL, NULL);
    cr_assert_eq(send(fds[1], "$3\r\nfoo\r\n+OK\r\n+OK\r\n*0\r\n", 23, MSG_NOSIGNAL), 23);
    reply = answer(store);
    cr_assert_status(reply, SEUIL_STORE_WRONG);
    store->ops->free(store);
    close(fds[0]);
    close(fds[1]);
    unlink(address.sun_path);
}

Test(hostile_server, an_answer_right_before_the_end_still_counts, .timeout = 30)
{
    struct seuil_redis_config config = {.app = "test", .partitions = 1};
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct seuil_str id = SEUIL_STR("a");
    struct seuil_store_reply reply;
    struct seuil_store *store;
    static char bytes[65536] = "*1\r\n$65522\r\n"; /* as much as is read at once */
    char question[4096];
    int listener, fd;

    snprintf(address.sun_path, sizeof(address.sun_path), "/tmp/seuil-brief-%d", (int)getpid());
    unlink(address.sun_path);
    listener = socket(AF_UNIX, SOCK_STREAM, 0);
    cr_assert_eq(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
    listen(listener, 4);
    config.unix_path = address.sun_path;
    store = seuil_store_redis_new(&config, NULL);
    store->ops->load(store, 0, &id, 1, 0);
    cr_assert_eq(store->ops->poll(store, mono_ms(), 0, &reply), 0);
    fd = accept(listener, NULL, NULL);
    cr_assert_gt(send(fd, greeting, sizeof(greeting) - 1, MSG_NOSIGNAL), 0);
    cr_assert_not(answer_within(store, 40, &reply));
    cr_assert_gt(recv(fd, question, sizeof(question), 0), 0); /* the greeting and the question */
    memcpy(bytes + 65534, "\r\n", 2);
    cr_assert_eq(send(fd, bytes, sizeof(bytes), MSG_NOSIGNAL), sizeof(bytes));
    close(fd);
    reply = answer(store);
    cr_assert_status(reply, SEUIL_STORE_OK);
    cr_assert_eq(reply.items[0].len, 65522);
    store->ops->free(store);
    close(listener);
    unlink(address.sun_path);
}
