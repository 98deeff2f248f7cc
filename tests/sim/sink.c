/* Deliveries: each process has an idempotent producer (a session: in order, no holes). A session
 * may die, and what it had queued may still land afterwards. */

#include "sim.h"

#include <string.h>

static struct sim_session *session_new(struct sim_world *world, struct sim_worker *worker)
{
    struct sim_session *session = sim_alloc(world, sizeof(*session));

    session->worker = worker;
    world->sessions = sim_grow(world, world->sessions, world->session_count, &world->session_cap,
                               sizeof(struct sim_session *));
    world->sessions[world->session_count++] = session;
    return session;
}

static int sink_send(struct seuil_sink *base, uint32_t shard, uint64_t tenure, uint64_t cookie,
                     const struct seuil_entry_view *entry, struct seuil_error *err)
{
    struct sim_sink *sink = (struct sim_sink *)base;
    struct sim_world *world = sink->worker->world;
    struct sim_session *session = sink->session;
    struct seuil_buf packed = {0};
    struct sim_message *message;

    if (session->failed || session->count - session->reported >= world->setup.queue)
        return seuil_error_set(err, SEUIL_ERR_BACKOFF, "the producer's queue is full");
    session->messages = sim_grow(world, session->messages, session->count, &session->cap,
                                 sizeof(struct sim_message));
    message = &session->messages[session->count++];
    seuil_outbox_pack(entry, &packed);
    message->shard = shard;
    message->tenure = tenure;
    message->cookie = cookie;
    message->packed = sim_copy(world, packed.ptr, packed.len);
    message->packed_len = (uint32_t)packed.len;
    seuil_buf_done(&packed);
    if (seuil_outbox_unpack(message->packed, message->packed_len, &message->view) < 0)
        sim_bad(world, "what was sent cannot be packed and unpacked");
    return 0;
}

static int sink_poll(struct seuil_sink *base, struct seuil_delivery *ret_delivery)
{
    struct sim_sink *sink = (struct sim_sink *)base;
    struct sim_session *session = sink->session;
    const struct sim_message *message;
    bool ok = !session->failed && session->reported < session->landed;

    if (session->failed && session->reported == session->count) {
        sink->session = session_new(sink->worker->world, sink->worker);
        return 0;
    }
    if (!ok && !session->failed)
        return 0;
    message = &session->messages[session->reported++];
    *ret_delivery = (struct seuil_delivery){message->shard, message->tenure, message->cookie, ok};
    return 1;
}

static void land_one(struct sim_world *world, struct sim_session *session)
{
    sim_check_landed(world, &session->messages[session->landed++]);
}

static void sink_flush(struct seuil_sink *base, int timeout_ms)
{
    struct sim_sink *sink = (struct sim_sink *)base;

    (void)timeout_ms;
    while (!sink->session->failed && sink->session->landed < sink->session->count)
        land_one(sink->worker->world, sink->session);
}

static void sink_free(struct seuil_sink *base)
{
    (void)base;
}

static const struct seuil_sink_ops sink_ops = {
    .send = sink_send,
    .poll = sink_poll,
    .flush = sink_flush,
    .free = sink_free,
};

void sim_sink_init(struct sim_worker *worker)
{
    worker->sink = (struct sim_sink){.base.ops = &sink_ops, .worker = worker};
    worker->sink.session = session_new(worker->world, worker);
}

/* The broker takes one message of the @k-th session that has one. */
bool sim_broker(struct sim_world *world, int k)
{
    int live = 0;

    for (int i = 0; i < world->session_count; i++) {
        struct sim_session *s = world->sessions[i];

        live += !s->closed && s->landed < s->count;
    }
    if (live == 0)
        return false;
    k %= live;
    for (int i = 0; i < world->session_count; i++) {
        struct sim_session *s = world->sessions[i];

        if (!s->closed && s->landed < s->count && k-- == 0) {
            land_one(world, s);
            return true;
        }
    }
    return false;
}

/* Up to @n delivery reports reach the shard. */
int sim_report(struct sim_world *world, struct sim_worker *worker, int n)
{
    struct seuil_delivery delivery;
    int done = 0;

    (void)world;
    while (done < n && sink_poll(&worker->sink.base, &delivery) == 1) {
        seuil_shard_delivery(worker->shard, &delivery);
        done++;
    }
    return done;
}

/* A delivery fails: the producer gives up all that is not reported; it lands @late, or never. */
void sim_producer_fails(struct sim_world *world, struct sim_worker *worker, bool late)
{
    struct sim_session *session = worker->sink.session;

    (void)world;
    if (session->failed || session->landed >= session->count)
        return;
    session->failed = true;
    session->closed = !late;
}

/* The process is gone. */
void sim_sink_leave(struct sim_world *world, struct sim_worker *worker, bool late)
{
    (void)world;
    if (!late)
        worker->sink.session->closed = true;
}
