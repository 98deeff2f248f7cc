/* Kafka: three topics of one partition, the source that each process reads them by, the group. */

#include "sim.h"

#include <string.h>

const char *const sim_topic_names[SIM_TOPICS] = {"views", "forms", "calls", "internal"};

uint32_t sim_generation(const struct sim_world *world, int topic, uint32_t epoch)
{
    return world->generations[topic][epoch % SIM_EPOCHS];
}

struct sim_record *sim_record_find(const struct sim_topic *topic, int64_t offset)
{
    for (int i = 0; i < topic->count; i++)
        if (topic->records[i]->offset == offset)
            return topic->records[i];
    return NULL;
}

/* ---- producing ---------------------------------------------------------------------------- */

/* Names of activities; their points are the models' affair (models.c). */
static const char *const names[SIM_INPUTS][4] = {
    {"v11", "v14", "v22", "v8"}, {"f4", "f9", "f12", "f5"}, {"c-9", "c6", "c-14", "c21"}};

static void record_value(struct sim_world *world, struct sim_record *r, int points)
{
    const char *lead = sim_leads[r->lead];
    char head[200], text[400];
    int n;

    snprintf(head, sizeof(head), "\"id\":\"e%u\",\"lead\":\"%s\",\"time\":%lld", r->event_id, lead,
             (long long)r->event_time);
    switch (r->kind) {
    case 'P':
        n = snprintf(text, sizeof(text), "{\"type\":\"activity\",%s,\"na", head);
        break;
    case 'U':
        n = snprintf(text, sizeof(text), "{\"type\":\"command\",%s,\"name\":\"merge\"}", head);
        break;
    case 'W':
    case 'B':
        n = snprintf(text, sizeof(text),
                     "{\"type\":\"command\",%s,\"name\":\"merge\","
                     "\"arguments\":{\"into\":\"%s\"%s}}",
                     head, sim_leads[(r->lead + 1 + points % (SIM_LEADS - 1)) % SIM_LEADS],
                     r->kind == 'B' ? ",\"by\":\"browser\"" : "");
        break;
    case 'F':
        n = snprintf(text, sizeof(text), "{\"type\":\"command\",%s,\"name\":\"forget\"}", head);
        break;
    case 'A':
        n = snprintf(text, sizeof(text),
                     "{\"type\":\"command\",%s,\"name\":\"adjust\",\"author\":\"ana\","
                     "\"reason\":\"seen at the fair\",\"arguments\":{\"points\":\"%d\"}}",
                     head, points % 2 ? -6 : 7);
        break;
    case 'X':
    case 'Y':
        n = snprintf(text, sizeof(text),
                     "{\"type\":\"profile\",%s,\"attributes\":{\"competitor\":%s}}", head,
                     r->kind == 'X' ? "true" : "false");
        break;
    default:
        n = snprintf(text, sizeof(text), "{\"type\":\"activity\",%s,\"name\":\"%s\"}", head,
                     names[r->topic][points & 3]);
        break;
    }
    r->value = sim_copy(world, text, (size_t)n);
    r->value_len = (uint32_t)n;
    r->key = seuil_str_from(lead);
    if (r->kind == 'M')
        r->key = SEUIL_STR("somebody else");
}

static const struct sim_record *last_of(const struct sim_topic *topic, int lead)
{
    for (int i = topic->count; i-- > 0;)
        if (topic->records[i]->kind == 'E' && (lead < 0 || topic->records[i]->lead == lead))
            return topic->records[i];
    return NULL;
}

/* topic lead points kind lateness-s gap */
void sim_produce(struct sim_world *world, const int32_t *a)
{
    static const int jitter[5] = {0, 3, 1, 6, 2};
    struct sim_topic *topic = &world->topics[a[0] % SIM_INPUTS];
    struct sim_record *r;
    const struct sim_record *before;

    if (a[3] == 'G') { /* a control record: an offset that is never delivered */
        topic->next += 1 + a[5];
        return;
    }
    r = sim_alloc(world, sizeof(*r));
    r->topic = a[0] % SIM_INPUTS;
    r->lead = a[1] % SIM_LEADS;
    r->kind = (char)a[3];
    r->epoch = topic->epoch;
    r->event_id = ++world->event_ids;
    r->offset = topic->next + a[5];
    r->time = world->now;
    if (world->setup.profile == SIM_JITTER)
        r->time -= jitter[r->event_id * 7 % 5] * SEUIL_SECOND_MS;
    r->event_time = r->time - a[4] * SEUIL_SECOND_MS;
    before = last_of(topic, r->kind == 'D' ? -1 : r->lead);
    if (r->kind == 'L') {
        /* Late for certain only behind an event of its own topic. */
        if (before)
            r->event_time = r->time - 8 * SEUIL_DAY_MS;
        else
            r->kind = 'E';
    }
    if (r->kind == 'D' && !before)
        r->kind = 'E';
    record_value(world, r, a[2]);
    if (r->kind == 'D') { /* the producer repeats its last event */
        r->lead = before->lead;
        r->key = before->key;
        r->event_id = before->event_id;
        r->event_time = before->event_time;
        r->value = before->value;
        r->value_len = before->value_len;
    }
    topic->records =
        sim_grow(world, topic->records, topic->count, &topic->cap, sizeof(struct sim_record *));
    topic->records[topic->count++] = r;
    topic->next = r->offset + 1;
}

void sim_land_handover(struct sim_world *world, const struct seuil_entry_view *view)
{
    struct sim_topic *topic = &world->topics[SIM_INTERNAL];
    struct sim_record *r = sim_alloc(world, sizeof(*r));

    *r = (struct sim_record){
        .topic = SIM_INTERNAL,
        .lead = sim_lead_of(view->key),
        .kind = 'H',
        .epoch = topic->epoch,
        .offset = topic->next,
        .time = world->now,
        .event_time = world->now,
        .key = view->key,
        .value = view->value,
        .value_len = view->value_len,
        .view = view,
    };
    if (r->lead < 0)
        sim_bad(world, "handed over to nobody");
    topic->records =
        sim_grow(world, topic->records, topic->count, &topic->cap, sizeof(struct sim_record *));
    topic->records[topic->count++] = r;
    topic->next = r->offset + 1;
}

void sim_recreate(struct sim_world *world, int t)
{
    struct sim_topic *topic = &world->topics[t];
    const struct seuil_meta_topic *meta = &sim_redis(world)->meta.topics[t];

    /* While nothing of it is known, nobody can tell, and nothing is lost. */
    if (!sim_redis(world)->present || meta->finger_offset < 0 || meta->reach == 0)
        return;
    for (int i = 0; i < topic->count; i++) {
        world->old = sim_grow(world, world->old, world->old_count, &world->old_cap,
                              sizeof(struct sim_record *));
        world->old[world->old_count++] = topic->records[i];
    }
    *topic = (struct sim_topic){
        .epoch = topic->epoch + 1, .stalled = topic->stalled, .since = world->owners};
    world->recreated = true;
    for (int w = 0; w < world->setup.workers; w++)
        world->workers[w]->source.gone[t] = true;
}

/* Retention: the log starts @above records over what Redis has as base. */
void sim_retain(struct sim_world *world, int t, int above)
{
    struct sim_topic *topic = &world->topics[t];
    const struct sim_state *state = sim_redis(world);
    int64_t start;

    if (!state->present ||
        state->meta.topics[t].generation != sim_generation(world, t, topic->epoch))
        return;
    start = state->meta.topics[t].base + above;
    if (start > topic->next)
        start = topic->next;
    if (start > topic->start)
        topic->start = start;
}

/* ---- the source --------------------------------------------------------------------------- */

static struct sim_source *source_of(struct seuil_source *base)
{
    return (struct sim_source *)base;
}

static struct sim_topic *topic_of(struct sim_source *source, uint32_t t)
{
    return &source->worker->world->topics[t];
}

static int source_fill(struct seuil_source *base, struct seuil_lane *lane)
{
    struct sim_source *source = source_of(base);
    struct sim_topic *topic = topic_of(source, lane->topic);
    uint32_t t = lane->topic;
    int64_t *position = &source->position[t];

    lane->head = lane->count = 0;
    if (source->gone[t]) {
        lane->error = SEUIL_ERR_HALTED;
        snprintf(lane->text, sizeof(lane->text), "unknown topic or partition");
        return 0;
    }
    if (topic->stalled) {
        lane->error = 0;
        return 0;
    }
    if (*position < topic->start || *position > topic->next) {
        lane->error = SEUIL_ERR_HALTED;
        snprintf(lane->text, sizeof(lane->text), "offset out of range");
        return 0;
    }
    lane->error = 0;
    if (source->asking[t] && !source->answered[t]) {
        source->answered[t] = true;
        source->answer[t] = topic->next;
    }
    for (int i = 0; i < topic->count && lane->count < (uint32_t)source->worker->world->setup.fill;
         i++) {
        struct sim_record *r = topic->records[i];

        if (r->offset < *position)
            continue;
        lane->records[lane->count++] = (struct seuil_record_in){
            .offset = r->offset,
            .time = r->time,
            .key = r->key,
            .value = r->value,
            .value_len = r->value_len,
            .handle = r,
        };
        source->dups_delivered += r->kind == 'D';
        *position = r->offset + 1;
    }
    /* What lies behind the last record (control records) is never delivered. */
    if (topic->count == 0 || topic->records[topic->count - 1]->offset < *position)
        *position = topic->next;
    if (*position == topic->next && lane->eof != topic->next) {
        lane->eof = topic->next;
        if (topic->next > lane->end)
            lane->end = topic->next;
    }
    if (source->answered[t]) {
        if (source->answer[t] > lane->end)
            lane->end = source->answer[t];
        lane->end_asked = source->asked[t];
        source->asking[t] = source->answered[t] = false;
    }
    return 0;
}

static int source_seek(struct seuil_source *base, struct seuil_lane *lane, int64_t offset)
{
    struct sim_source *source = source_of(base);

    if (topic_of(source, lane->topic)->stalled)
        return SEUIL_ERR_BACKOFF;
    source->position[lane->topic] = offset;
    source->asking[lane->topic] = source->answered[lane->topic] = false;
    lane->head = lane->count = 0;
    lane->end = -1;
    lane->eof = 0;
    lane->end_asked = SEUIL_TIME_NONE;
    lane->error = 0;
    return 0;
}

static void source_ask_ends(struct seuil_source *base, uint32_t shard)
{
    struct sim_source *source = source_of(base);

    (void)shard;
    for (uint32_t t = 0; t < SIM_TOPICS; t++) {
        struct sim_topic *topic = topic_of(source, t);

        if (source->asking[t])
            continue;
        source->asking[t] = true;
        source->asked[t] = source->worker->world->now;
        source->answered[t] = !topic->stalled; /* else the broker answers when it wakes */
        source->answer[t] = topic->next;
    }
}

static int source_watermarks(struct seuil_source *base, uint32_t shard, uint32_t t,
                             int64_t *ret_start, int64_t *ret_end)
{
    struct sim_topic *topic = topic_of(source_of(base), t);

    (void)shard;
    if (topic->stalled)
        return SEUIL_ERR_BACKOFF;
    source_of(base)->gone[t] = false; /* who looks again sees what there is now */
    *ret_start = topic->start;
    *ret_end = topic->next;
    return 0;
}

static uint64_t record_hash(const struct sim_record *r)
{
    return seuil_record_hash(r->key, r->value, r->value_len);
}

static int source_read_back(struct seuil_source *base, uint32_t shard, uint32_t t, int64_t offset,
                            seuil_time_ms *ret_time, uint64_t *ret_hash)
{
    struct sim_topic *topic = topic_of(source_of(base), t);
    struct sim_record *r = sim_record_find(topic, offset);

    (void)shard;
    if (topic->stalled)
        return SEUIL_ERR_BACKOFF;
    if (!r || offset < topic->start)
        return SEUIL_ERR_MISSING;
    *ret_time = r->time;
    *ret_hash = record_hash(r);
    return 0;
}

static int source_offset_of_time(struct seuil_source *base, uint32_t shard, uint32_t t,
                                 seuil_time_ms time, int64_t *ret_offset)
{
    struct sim_topic *topic = topic_of(source_of(base), t);

    (void)shard;
    if (topic->stalled)
        return SEUIL_ERR_BACKOFF;
    *ret_offset = topic->next;
    for (int i = topic->count; i-- > 0;)
        if (topic->records[i]->offset >= topic->start && topic->records[i]->time >= time)
            *ret_offset = topic->records[i]->offset;
    return 0;
}

static bool source_header(struct seuil_source *base, const struct seuil_record_in *record,
                          const char *name, struct seuil_str *ret_value)
{
    const struct sim_record *r = record->handle;

    (void)base;
    for (uint32_t i = 0; r->view && i < r->view->header_count; i++) {
        const struct seuil_header *header = &r->view->headers[i];

        if (!seuil_str_eq(header->name, seuil_str_from(name)))
            continue;
        *ret_value = (struct seuil_str){(const char *)header->value, header->value_len};
        return true;
    }
    return false;
}

static uint32_t source_headers(struct seuil_source *base, const struct seuil_record_in *record,
                               struct seuil_header *ret_headers, uint32_t max)
{
    (void)base;
    (void)record;
    (void)ret_headers;
    (void)max;
    return 0;
}

/* ---- the group ---------------------------------------------------------------------------- */

static uint64_t source_witness(struct seuil_source *base, uint32_t shard, const int64_t *positions,
                               const char *metadata)
{
    struct sim_source *source = source_of(base);
    struct sim_ticket *ticket = sim_alloc(source->worker->world, sizeof(*ticket));

    (void)shard;
    ticket->number = ++source->ticket_count;
    ticket->witness.present = true;
    memcpy(ticket->witness.positions, positions, sizeof(ticket->witness.positions));
    snprintf(ticket->witness.metadata, sizeof(ticket->witness.metadata), "%s", metadata);
    ticket->next = source->tickets;
    source->tickets = ticket;
    return ticket->number;
}

static int source_witness_state(struct seuil_source *base, uint32_t shard, uint64_t number)
{
    (void)shard;
    for (struct sim_ticket *t = source_of(base)->tickets; t; t = t->next)
        if (t->number == number)
            return t->state;
    return SEUIL_ERR_INVALID;
}

static int source_read_witness(struct seuil_source *base, uint32_t shard, int64_t *ret_positions,
                               char *ret_metadata, uint32_t cap)
{
    const struct sim_witness *witness = &source_of(base)->worker->world->witness;

    (void)shard;
    if (!witness->present)
        return 0;
    memcpy(ret_positions, witness->positions, sizeof(witness->positions));
    snprintf(ret_metadata, cap, "%s", witness->metadata);
    return 1;
}

static seuil_time_ms source_confirmed(struct seuil_source *base, uint32_t shard)
{
    struct sim_worker *worker = source_of(base)->worker;

    (void)shard;
    return worker->believed ? worker->confirmed : SEUIL_TIME_NONE;
}

/* The commits under way reach the group: accepted from the member that has the partition. */
void sim_group_commit(struct sim_world *world, struct sim_worker *worker)
{
    struct sim_ticket *first = NULL;
    bool ours = world->assigned == worker->number && worker->believed;

    for (struct sim_ticket *t = worker->source.tickets; t; t = t->next) {
        if (t->state != 0)
            continue;
        t->state = ours ? 1 : SEUIL_ERR_FENCED;
        if (!first) /* the newest comes first in the list */
            first = t;
    }
    if (first && ours) {
        world->witness = first->witness;
        worker->confirmed = sim_mono(world);
    }
}

/* A heartbeat's answer: who owns the partition. */
void sim_group_poll(struct sim_world *world, struct sim_worker *worker)
{
    if (world->assigned == worker->number) {
        worker->confirmed = sim_mono(world);
        if (!worker->believed) {
            worker->believed = true;
            seuil_shard_assign(worker->shard);
        }
    } else if (worker->believed) {
        worker->believed = false;
        seuil_shard_lose(worker->shard);
    }
}

static const struct seuil_source_ops source_ops = {
    .fill = source_fill,
    .seek = source_seek,
    .ask_ends = source_ask_ends,
    .watermarks = source_watermarks,
    .read_back = source_read_back,
    .offset_of_time = source_offset_of_time,
    .header = source_header,
    .headers = source_headers,
    .witness = source_witness,
    .witness_state = source_witness_state,
    .read_witness = source_read_witness,
    .confirmed = source_confirmed,
};

void sim_source_init(struct sim_worker *worker)
{
    worker->source = (struct sim_source){.base.ops = &source_ops, .worker = worker};
    for (int t = 0; t < SIM_TOPICS; t++)
        worker->source.position[t] = -1;
}
