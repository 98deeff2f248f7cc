/* Redis as a linear history of atomic states, and the store that speaks to it.
 *
 * Requests of a worker queue up on its connection; the schedule says when Redis executes them and
 * when the answers arrive. A request that its sender gave up may still land later: the guard must
 * refuse it. Losing the tail of the history kills every connection. */

#include "sim.h"

#include <string.h>

#include "shard/operator.h"
#include "shard/pack.h"

struct sim_state *sim_redis(struct sim_world *world)
{
    return world->history[world->history_count - 1];
}

/* A copy of the state, to be changed in place: the next one of the history. */
struct sim_state *sim_redis_next(struct sim_world *world)
{
    struct sim_state *state = sim_copy(world, sim_redis(world), sizeof(*state));

    world->history = sim_grow(world, world->history, world->history_count, &world->history_cap,
                              sizeof(*world->history));
    world->history[world->history_count++] = state;
    return state;
}

static void execute_acquire(struct sim_world *world, struct sim_request *request)
{
    struct sim_state *state;

    if (!sim_redis(world)->present) {
        request->status = SEUIL_STORE_MISSING;
        return;
    }
    state = sim_redis_next(world);
    state->meta.token = request->token;
    state->meta.seq++;
    snprintf(state->meta.owner, sizeof(state->meta.owner), "%s", request->name);
    state->owner = request->owner;
    request->meta = state->meta;
}

static void execute_create(struct sim_world *world, struct sim_request *request)
{
    struct sim_state *state;

    if (sim_redis(world)->present) {
        request->status = SEUIL_STORE_FENCED;
        return;
    }
    if (world->worked)
        sim_bad(world, "a shard whose state was lost was made anew");
    state = sim_redis_next(world);
    state->present = true;
    state->meta = request->meta;
    state->owner = request->owner;
    for (int t = 0; t < SIM_TOPICS; t++) {
        world->generations[t][world->topics[t].epoch] = state->meta.topics[t].generation;
        world->first[t] = state->meta.topics[t].base;
    }
}

/* Packs are added and removed, never changed. */
static void execute_pack(struct sim_world *world, struct sim_state *state,
                         const struct seuil_tx_lead *lead)
{
    struct sim_pack pack = {.name = lead->id, .due = lead->due};
    struct seuil_str id;
    size_t at = 0;
    int i = 0;

    while (i < state->pack_count && !seuil_str_eq(state->packs[i].name, lead->id))
        i++;
    if (lead->due_op == SEUIL_DUE_REMOVE) {
        if (i < state->pack_count)
            state->packs[i] = state->packs[--state->pack_count];
        return;
    }
    if (lead->due_op != SEUIL_DUE_LOWER || i < state->pack_count || i == SIM_PACKS ||
        seuil_pack_count(lead->id) < 2) {
        sim_bad(world, "a pack of due times that is none, is there already, or is one too many");
        return;
    }
    while (seuil_pack_next(lead->id, &at, &id))
        if (sim_lead_named(id) >= 0)
            pack.leads |= 1u << sim_lead_named(id);
    state->packs[state->pack_count++] = pack;
    sim.total_packs++;
}

static void trace_commit(const struct sim_world *world, const struct sim_state *state,
                         const struct seuil_tx *tx)
{
    if (!sim.verbose)
        return;
    sim_trace("  transaction %llu at %lld: %u leads, %u entries",
              (unsigned long long)state->meta.seq, (long long)(world->now - SIM_EPOCH_MS),
              tx->lead_count, tx->entry_count);
    for (int t = 0; t < SIM_TOPICS; t++)
        sim_trace("    %s: base %lld reach %lld", sim_topic_names[t],
                  (long long)state->meta.topics[t].base, (long long)state->meta.topics[t].reach);
    for (int l = 0; l < SIM_LEADS; l++) {
        const struct sim_key *key = &state->leads[l];
        int64_t next[SIM_TOPICS] = {0};

        for (int t = 0; t < SIM_TOPICS && key->bytes; t++)
            seuil_lead_peek_stamp(key->bytes, key->len, (uint32_t)t,
                                  state->meta.topics[t].generation, &next[t]);
        if (key->bytes || key->due_known)
            sim_trace("    %s: %u bytes, stamps %lld %lld %lld %lld, due %lld", sim_leads[l],
                      key->bytes ? key->len : 0, (long long)next[0], (long long)next[1],
                      (long long)next[2], (long long)next[3],
                      key->due_known ? (long long)(key->due - SIM_EPOCH_MS) : -1);
    }
}

static void execute_commit(struct sim_world *world, struct sim_request *request)
{
    struct sim_state *before = sim_redis(world), *state;
    const struct seuil_tx *tx = &request->tx;

    if (!before->present) {
        request->status = SEUIL_STORE_MISSING;
        return;
    }
    if (memcmp(&before->meta.token, &tx->token, sizeof(tx->token)) != 0) {
        request->status = SEUIL_STORE_FENCED;
        return;
    }
    if (before->meta.seq != tx->seq) {
        request->status = SEUIL_STORE_STALE;
        return;
    }
    if (before->owner != request->owner)
        sim_bad(world, "a fenced write took effect");
    state = sim_redis_next(world);
    state->meta = *tx->meta;
    state->applied++;
    for (uint32_t i = 0; i < tx->lead_count; i++) {
        const struct seuil_tx_lead *lead = &tx->leads[i];
        int l = sim_lead_named(lead->id);
        struct sim_key *key;

        if (seuil_pack_is(lead->id)) {
            execute_pack(world, state, lead);
            continue;
        }
        if (l < 0) {
            sim_bad(world, "a commit writes a lead that does not exist");
            return;
        }
        key = &state->leads[l];
        if (lead->erase)
            key->bytes = NULL;
        else if (lead->bytes) {
            key->bytes = lead->bytes;
            key->len = lead->len;
        }
        if (lead->due_op == SEUIL_DUE_REMOVE)
            key->due_known = false;
        else if (lead->due_op == SEUIL_DUE_SET ||
                 (lead->due_op == SEUIL_DUE_LOWER && (!key->due_known || lead->due < key->due))) {
            key->due_known = true;
            key->due = lead->due;
        }
    }
    for (uint32_t i = 0; i < tx->entry_count; i++) {
        struct sim_entry *entry = sim_alloc(world, sizeof(*entry));
        struct seuil_entry_view view;

        entry->before = state->last;
        entry->index = before->meta.outbox_tail + i;
        entry->bytes = tx->entries[i].bytes;
        entry->len = tx->entries[i].len;
        entry->id[0] = '\0';
        if (seuil_outbox_unpack(entry->bytes, entry->len, &view) < 0 ||
            (view.destination != SEUIL_DEST_INTERNAL && !sim_entry_id(&view, entry->id)))
            sim_bad(world, "an outbox entry cannot be read");
        entry->scores = view.destination == SEUIL_DEST_SCORES;
        state->last = entry;
    }
    world->commits++;
    world->worked = world->worked || tx->lead_count > 0;
    trace_commit(world, state, tx);
    sim_check_commit(world, before, state, request);
}

static void add_due(struct sim_request *request, struct seuil_str name, seuil_time_ms due)
{
    uint32_t at = request->item_count;

    if (due > request->until)
        return;
    request->item_count++;
    for (; at > 0 && request->items[at - 1].due > due; at--)
        request->items[at] = request->items[at - 1];
    request->items[at] = (struct seuil_store_item){.id = name, .due = due};
}

static void read_due(const struct sim_state *state, struct sim_request *request)
{
    for (int l = 0; l < SIM_LEADS; l++)
        if (state->leads[l].due_known)
            add_due(request, sim_lead_name(l), state->leads[l].due);
    for (int i = 0; i < state->pack_count; i++)
        add_due(request, state->packs[i].name, state->packs[i].due);
    if (request->item_count > request->count)
        request->item_count = request->count;
}

static void execute_reads(struct sim_world *world, struct sim_request *request)
{
    const struct sim_state *state = sim_redis(world);

    request->items = sim_alloc(world, sizeof(*request->items) * (SIM_LEADS + SIM_PACKS));
    switch (request->verb) {
    case SEUIL_STORE_LOAD:
        for (uint32_t i = 0; i < request->count; i++) {
            int l = sim_lead_named(request->ids[i]);

            request->items[i].id = request->ids[i];
            if (l < 0)
                continue;
            request->items[i].bytes = state->leads[l].bytes;
            request->items[i].len = state->leads[l].bytes ? state->leads[l].len : 0;
        }
        request->item_count = request->count;
        break;
    case SEUIL_STORE_DUE:
        read_due(state, request);
        break;
    case SEUIL_STORE_OUTBOX: {
        static const struct sim_entry *kept[4096];
        int n = 0;

        for (const struct sim_entry *e = state->last; e && n < 4096; e = e->before) {
            if (e->index < request->from || e->index < state->meta.outbox_head)
                break;
            kept[n++] = e;
        }
        while (n > 0 && request->item_count < request->count) {
            struct seuil_store_item *item = &request->items[request->item_count++];

            n--;
            item->index = kept[n]->index;
            item->bytes = kept[n]->bytes;
            item->len = kept[n]->len;
        }
        break;
    }
    default: /* WALK: two leads at a time, the second again in the next piece */
        for (uint64_t l = request->from; l < SIM_LEADS && l < request->from + 2; l++)
            if (state->leads[l].bytes) {
                struct seuil_store_item *item = &request->items[request->item_count++];

                item->id = sim_lead_name(l);
                item->bytes = state->leads[l].bytes;
                item->len = state->leads[l].len;
            }
        request->cursor = request->from + 1 < SIM_LEADS ? request->from + 1 : 0;
        break;
    }
}

static void execute(struct sim_world *world, struct sim_request *request)
{
    request->executed = true;
    request->status = SEUIL_STORE_OK;
    switch (request->verb) {
    case SEUIL_STORE_ACQUIRE:
        execute_acquire(world, request);
        break;
    case SEUIL_STORE_CREATE:
        execute_create(world, request);
        break;
    case SEUIL_STORE_COMMIT:
        execute_commit(world, request);
        break;
    case SEUIL_STORE_READ_META:
        request->meta = sim_redis(world)->meta;
        if (!sim_redis(world)->present)
            request->status = SEUIL_STORE_MISSING;
        break;
    default:
        execute_reads(world, request);
        break;
    }
}

static bool writes(const struct sim_request *request)
{
    return request->verb == SEUIL_STORE_ACQUIRE || request->verb == SEUIL_STORE_CREATE ||
           request->verb == SEUIL_STORE_COMMIT;
}

/* Redis executes up to @n requests of this connection. */
int sim_net(struct sim_world *world, struct sim_worker *worker, int n)
{
    int done = 0;

    for (struct sim_request *r = worker->store.head; r && done < n; r = r->next) {
        if (r->executed || r->broken)
            continue;
        if (r->incarnation != world->incarnation) {
            sim_cut(world, worker, false);
            return done;
        }
        if (worker->store.refuse > 0) {
            worker->store.refuse--;
            r->executed = true;
            r->status = SEUIL_STORE_BACKOFF;
        } else {
            execute(world, r);
        }
        done++;
    }
    return done;
}

static void delay(struct sim_world *world, struct sim_request *request)
{
    struct sim_request *copy = sim_copy(world, request, sizeof(*request));

    copy->delayed = true;
    copy->next = NULL;
    world->delayed = sim_grow(world, world->delayed, world->delayed_count, &world->delayed_cap,
                              sizeof(struct sim_request *));
    world->delayed[world->delayed_count++] = copy;
}

/* The connection breaks: answers on the way are lost, requests on the way land later, or never. */
void sim_cut(struct sim_world *world, struct sim_worker *worker, bool delayed)
{
    for (struct sim_request *r = worker->store.head; r; r = r->next) {
        if (r->broken)
            continue;
        if (delayed && !r->executed && writes(r) && r->incarnation == world->incarnation)
            delay(world, r);
        r->broken = true;
    }
    worker->store.open = false;
}

void sim_land(struct sim_world *world, int k, bool drop)
{
    struct sim_request *request;

    if (world->delayed_count == 0)
        return;
    k %= world->delayed_count;
    request = world->delayed[k];
    world->delayed[k] = world->delayed[--world->delayed_count];
    if (!drop && request->incarnation == world->incarnation) {
        execute(world, request);
        sim_trace("  a delayed request (verb %d) landed: %d", (int)request->verb,
                  (int)request->status);
    }
}

void sim_lose(struct sim_world *world, int k)
{
    if (world->history_count == 1)
        return;
    world->history_count = world->history_count - k < 1 ? 1 : world->history_count - k;
    world->lost_tails++;
    world->incarnation++;
    world->delayed_count = 0;
}

/* ---- the store ---------------------------------------------------------------------------- */

static struct sim_request *request_new(struct seuil_store *base, enum seuil_store_verb verb,
                                       uint64_t cookie)
{
    struct sim_store *store = (struct sim_store *)base;
    struct sim_world *world = store->worker->world;
    struct sim_request *request = sim_alloc(world, sizeof(*request));

    if (!store->open &&
        (verb == SEUIL_STORE_ACQUIRE || verb == SEUIL_STORE_CREATE ||
         verb == SEUIL_STORE_READ_META) &&
        !store->head) {
        store->open = true;
        store->incarnation = world->incarnation;
    }
    request->verb = verb;
    request->cookie = cookie;
    request->sent = sim_mono(world);
    request->incarnation = store->incarnation;
    request->broken = !store->open;
    if (verb == SEUIL_STORE_ACQUIRE || verb == SEUIL_STORE_CREATE)
        store->owner = ++world->owners;
    request->owner = store->owner;
    if (store->tail)
        store->tail->next = request;
    else
        store->head = request;
    store->tail = request;
    return request;
}

static void store_acquire(struct seuil_store *base, uint32_t shard, const struct seuil_token *token,
                          const char *owner, uint64_t cookie)
{
    struct sim_request *request = request_new(base, SEUIL_STORE_ACQUIRE, cookie);

    (void)shard;
    request->token = *token;
    request->name = owner;
}

static void store_create(struct seuil_store *base, uint32_t shard, const struct seuil_meta *meta,
                         uint64_t cookie)
{
    (void)shard;
    request_new(base, SEUIL_STORE_CREATE, cookie)->meta = *meta;
}

static struct seuil_str copy_str(struct sim_world *world, struct seuil_str s)
{
    return (struct seuil_str){sim_copy(world, s.ptr, s.len), s.len};
}

static void store_load(struct seuil_store *base, uint32_t shard, const struct seuil_str *ids,
                       uint32_t count, uint64_t cookie)
{
    struct sim_world *world = ((struct sim_store *)base)->worker->world;
    struct sim_request *request = request_new(base, SEUIL_STORE_LOAD, cookie);

    (void)shard;
    request->ids = sim_alloc(world, sizeof(*ids) * (count + 1));
    request->count = count;
    for (uint32_t i = 0; i < count; i++)
        request->ids[i] = copy_str(world, ids[i]);
    if (count > SIM_LEADS + 60)
        sim_bad(world, "%u leads asked at once, there are %d", count, SIM_LEADS);
}

static void store_due(struct seuil_store *base, uint32_t shard, seuil_time_ms until, uint32_t max,
                      uint64_t cookie)
{
    struct sim_request *request = request_new(base, SEUIL_STORE_DUE, cookie);

    (void)shard;
    request->until = until;
    request->count = max;
}

static void store_outbox(struct seuil_store *base, uint32_t shard, uint64_t from, uint32_t max,
                         uint64_t cookie)
{
    struct sim_request *request = request_new(base, SEUIL_STORE_OUTBOX, cookie);

    (void)shard;
    request->from = from;
    request->count = max < 64 ? max : 64;
}

static void store_walk(struct seuil_store *base, uint32_t shard, uint64_t cursor, uint64_t cookie)
{
    (void)shard;
    request_new(base, SEUIL_STORE_WALK, cookie)->from = cursor;
}

static void store_commit(struct seuil_store *base, uint32_t shard, const struct seuil_tx *tx,
                         uint64_t cookie)
{
    struct sim_world *world = ((struct sim_store *)base)->worker->world;
    struct sim_request *request = request_new(base, SEUIL_STORE_COMMIT, cookie);
    struct seuil_tx_lead *leads = sim_alloc(world, sizeof(*leads) * (tx->lead_count + 1));
    struct seuil_tx_entry *entries = sim_alloc(world, sizeof(*entries) * (tx->entry_count + 1));

    (void)shard;
    request->tx = *tx;
    request->meta = *tx->meta;
    request->tx.meta = sim_copy(world, tx->meta, sizeof(*tx->meta));
    for (uint32_t i = 0; i < tx->lead_count; i++) {
        leads[i] = tx->leads[i];
        leads[i].id = copy_str(world, leads[i].id);
        if (leads[i].bytes)
            leads[i].bytes = sim_copy(world, leads[i].bytes, leads[i].len);
    }
    for (uint32_t i = 0; i < tx->entry_count; i++) {
        entries[i] = tx->entries[i];
        entries[i].bytes = sim_copy(world, entries[i].bytes, entries[i].len);
    }
    request->tx.leads = leads;
    request->tx.entries = entries;
}

static void store_read_meta(struct seuil_store *base, uint32_t shard, uint64_t cookie)
{
    (void)shard;
    request_new(base, SEUIL_STORE_READ_META, cookie);
}

static void store_forget(struct seuil_store *base, uint32_t shard)
{
    struct sim_store *store = (struct sim_store *)base;

    (void)shard;
    sim_cut(store->worker->world, store->worker, true);
    store->head = store->tail = NULL;
}

static int store_poll(struct seuil_store *base, seuil_time_ms now_ms, int timeout_ms,
                      struct seuil_store_reply *ret_reply)
{
    struct sim_store *store = (struct sim_store *)base;
    struct sim_world *world = store->worker->world;
    struct sim_request *request = store->head;

    (void)timeout_ms;
    if (!request)
        return 0;
    if (!request->executed && !request->broken &&
        now_ms - request->sent >= world->config.request_timeout_ms)
        sim_cut(world, store->worker, true);
    if (!request->executed && !request->broken)
        return 0;
    store->head = request->next;
    if (!store->head)
        store->tail = NULL;
    *ret_reply = (struct seuil_store_reply){
        .shard = 0,
        .verb = request->verb,
        .status = request->broken ? SEUIL_STORE_DOUBT : request->status,
        .cookie = request->cookie,
        .text = "",
    };
    if (ret_reply->status == SEUIL_STORE_DOUBT)
        ret_reply->text = "the connection broke";
    if (ret_reply->status == SEUIL_STORE_BACKOFF)
        ret_reply->text = "OOM";
    if (ret_reply->status == SEUIL_STORE_OK) {
        ret_reply->meta = &request->meta;
        ret_reply->items = request->items;
        ret_reply->item_count = request->item_count;
        ret_reply->cursor = request->cursor;
    }
    return 1;
}

static int store_fd(struct seuil_store *base)
{
    (void)base;
    return -1;
}

static void store_free(struct seuil_store *base)
{
    (void)base;
}

static const struct seuil_store_ops store_ops = {
    .acquire = store_acquire,
    .create = store_create,
    .load = store_load,
    .due = store_due,
    .outbox = store_outbox,
    .walk = store_walk,
    .commit = store_commit,
    .read_meta = store_read_meta,
    .forget = store_forget,
    .poll = store_poll,
    .fd = store_fd,
    .free = store_free,
};

void sim_store_init(struct sim_worker *worker)
{
    worker->store = (struct sim_store){.base.ops = &store_ops, .worker = worker};
}

/* Up to @n answers reach the shard. */
int sim_receive(struct sim_world *world, struct sim_worker *worker, int n)
{
    struct seuil_store_reply reply;
    int done = 0;

    while (done < n && store_poll(&worker->store.base, sim_mono(world), 0, &reply) == 1) {
        sim_trace("  worker %d: reply verb %d status %d", worker->number, (int)reply.verb,
                  (int)reply.status);
        seuil_shard_reply(worker->shard, &reply, world->now, sim_mono(world));
        done++;
    }
    return done;
}

/* What an operator's command does first: the owner before is fenced from then on. */
static void take_token(struct sim_world *world, struct sim_state *state)
{
    for (int i = 0; i < SEUIL_TOKEN_BYTES; i++)
        state->meta.token.bytes[i] = (uint8_t)sim_random(&world->random);
    state->owner = ++world->owners;
    state->meta.seq++;
}

/* The operator adopts recreated topics (rule 24): their generation rises, their base is the start
 * of the new log; token new, halt lifted, witness reset. */
void sim_adopt(struct sim_world *world)
{
    struct sim_state *state = sim_redis(world);
    bool differs = false;

    if (!state->present)
        return;
    for (int t = 0; t < SIM_TOPICS; t++) {
        differs = differs || state->meta.topics[t].generation !=
                                 sim_generation(world, t, world->topics[t].epoch);
    }
    if (!differs)
        return;
    for (int i = 0; i < world->old_count; i++) {
        struct sim_record *r = world->old[i];
        const struct sim_key *key = &state->leads[r->lead];
        int64_t next = 0;

        uint32_t generation = sim_generation(world, r->topic, r->epoch);

        if (generation == state->meta.topics[r->topic].generation && key->bytes &&
            seuil_lead_peek_stamp(key->bytes, key->len, (uint32_t)r->topic, generation, &next) ==
                0 &&
            r->offset < next)
            r->kept = true;
    }
    state = sim_redis_next(world);
    for (int t = 0; t < SIM_TOPICS; t++) {
        uint32_t epoch = world->topics[t].epoch;

        if (state->meta.topics[t].generation == sim_generation(world, t, epoch))
            continue;
        if (seuil_operator_adopt(&state->meta, (uint32_t)t, world->topics[t].start, NULL) < 0)
            sim_bad(world, "topic %d cannot be adopted", t);
        world->generations[t][epoch] = state->meta.topics[t].generation;
    }
    take_token(world, state);
    world->witness.present = false;
}

/* What lies between base and the log's start is given up, but for what its lead has already. */
static void give_up(struct sim_world *world, const struct sim_state *state, int t)
{
    const struct sim_topic *topic = &world->topics[t];
    uint32_t generation = state->meta.topics[t].generation;

    for (int i = 0; i < topic->count && topic->records[i]->offset < topic->start; i++) {
        struct sim_record *r = topic->records[i];
        const struct sim_key *key = &state->leads[r->lead];
        int64_t next = 0;

        if (key->bytes)
            seuil_lead_peek_stamp(key->bytes, key->len, (uint32_t)t, generation, &next);
        if (r->offset >= state->meta.topics[t].base)
            r->lost = strchr("PUM", r->kind) ? !r->dead : r->offset >= next;
    }
}

/* The operator accepts that the log begins above base (rule 24): base moves, no generation rises.
 */
void sim_go_on(struct sim_world *world)
{
    struct sim_state *state = sim_redis(world);
    int64_t first[SEUIL_TOPICS_MAX];
    bool gap = false;

    if (!state->present)
        return;
    for (int t = 0; t < SEUIL_TOPICS_MAX; t++)
        first[t] = -1;
    for (int t = 0; t < SIM_TOPICS; t++) {
        if (state->meta.topics[t].generation != sim_generation(world, t, world->topics[t].epoch))
            return;
        first[t] = world->topics[t].start;
        if (state->meta.topics[t].base < first[t]) {
            give_up(world, state, t);
            gap = true;
        }
    }
    if (!gap)
        return;
    state = sim_redis_next(world);
    seuil_operator_go_on(&state->meta, first);
    take_token(world, state);
}

/* The operator lets a shard go on that halted at dead letters: the breaker's, or misrouted ones. */
bool sim_lift(struct sim_world *world)
{
    struct sim_state *state = sim_redis(world);
    int64_t first[SEUIL_TOPICS_MAX];

    if (!state->present || !strstr(state->meta.halt, " of the last "))
        return false;
    for (int t = 0; t < SEUIL_TOPICS_MAX; t++)
        first[t] = -1;
    sim_trace("  the operator lets it go on: %s", state->meta.halt);
    state = sim_redis_next(world);
    seuil_operator_go_on(&state->meta, first);
    take_token(world, state);
    sim.total_lifts++;
    return true;
}
