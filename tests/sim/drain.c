/* The oracle of a backlog: all records merged by (timestamp, topic, offset), each lead advanced to
 * max(record time, stream time) before its record, then silence up to the end. What was published
 * must be exactly that, byte for byte, however often the walk was killed and taken up again. */

#include "sim.h"

#include <string.h>

#define DRAIN_MAX 256

struct drain_list {
    int count;
    struct seuil_str values[DRAIN_MAX];
};

static struct drain_list drain_lists[SIM_LEADS];

void sim_drain_crossing(void *ctx, const struct seuil_lead *lead,
                        const struct seuil_crossing *crossing, const char *id, const uint8_t *value,
                        uint32_t value_len)
{
    struct drain_list *list;
    int l = sim_lead_of((struct seuil_str){lead->id, lead->id_len});

    (void)ctx;
    (void)id;
    (void)crossing;
    if (!sim.drain)
        return;
    list = &drain_lists[l];
    if (list->count < DRAIN_MAX)
        list->values[list->count++] =
            (struct seuil_str){sim_copy(sim.drain, value, value_len), value_len};
}

struct drain_sent {
    int count;
    struct {
        int lead;
        struct seuil_str value;
        bool taken; /* by the lead it is for */
    } list[DRAIN_MAX];
};

static struct drain_sent drain_sent;

/* What time order has sent and @r is, or NULL. */
static bool *drain_find(const struct sim_record *r)
{
    struct seuil_str value = {(const char *)r->value, r->value_len};

    for (int k = 0; k < drain_sent.count; k++)
        if (drain_sent.list[k].lead == r->lead && seuil_str_eq(drain_sent.list[k].value, value))
            return &drain_sent.list[k].taken;
    return NULL;
}

/* A record of the internal topic counts once, the first time; what nobody sends does not. */
static bool drain_counts(const struct sim_record *r)
{
    bool *taken = drain_find(r), first = taken && !*taken;

    if (taken)
        *taken = true;
    return first;
}

void sim_drain_sent(void *ctx, struct seuil_str to, const uint8_t *value, uint32_t value_len)
{
    (void)ctx;
    if (!sim.drain || drain_sent.count == DRAIN_MAX)
        return;
    drain_sent.list[drain_sent.count].lead = sim_lead_of(to);
    drain_sent.list[drain_sent.count].taken = false;
    drain_sent.list[drain_sent.count++].value =
        (struct seuil_str){sim_copy(sim.drain, value, value_len), value_len};
}

struct drain_walk {
    int at[SIM_TOPICS];
    seuil_time_ms last[SIM_TOPICS], stream;
};

/* Stream time: the least, over topics with something left, of the highest timestamp consumed. */
static void walk_stream(const struct sim_world *world, struct drain_walk *walk)
{
    seuil_time_ms least = SEUIL_TIME_NEVER;

    for (int t = 0; t < SIM_TOPICS; t++)
        if (walk->at[t] < world->topics[t].count && walk->last[t] < least)
            least = walk->last[t];
    if (least != SEUIL_TIME_NEVER && least > walk->stream)
        walk->stream = least;
}

static struct sim_record *walk_next(const struct sim_world *world, struct drain_walk *walk)
{
    struct sim_record *best = NULL;

    for (int t = 0; t < SIM_TOPICS; t++) {
        struct sim_record *r;

        if (walk->at[t] >= world->topics[t].count)
            continue;
        r = world->topics[t].records[walk->at[t]];
        if (!best || r->time < best->time)
            best = r;
    }
    if (best) {
        walk->at[best->topic]++;
        if (best->time > walk->last[best->topic])
            walk->last[best->topic] = best->time;
    }
    return best;
}

static void drain_oracle(struct sim_world *world, seuil_time_ms until)
{
    static uint8_t states[SIM_LEADS][SEUIL_LEAD_BYTES_MAX];
    size_t lens[SIM_LEADS] = {0};
    struct drain_walk walk = {{0}, {0}, SEUIL_TIME_NONE};
    struct seuil_fold *fold = sim.drain_fold[world->model];
    struct sim_record *r;

    for (int l = 0; l < SIM_LEADS; l++)
        drain_lists[l].count = 0;
    drain_sent.count = 0;
    for (int t = 0; t < SIM_TOPICS; t++)
        walk.last[t] = SEUIL_TIME_NONE;
    sim.drain = world;
    for (walk_stream(world, &walk); (r = walk_next(world, &walk)); walk_stream(world, &walk)) {
        struct seuil_fold_record record = {
            {(uint32_t)r->topic, sim_generation(world, r->topic, r->epoch), 0, r->offset},
            r->time,
            SEUIL_TIME_NONE,
            r->value,
            r->value_len};

        if (!strchr("EDFAXYLUWBH", r->kind)) /* a refused command lets silence act, too */
            continue;
        if (r->kind == 'H' && !drain_counts(r))
            continue;
        record.stream = walk.stream;
        if (lens[r->lead])
            seuil_fold_resume(fold, seuil_str_from(sim_leads[r->lead]), states[r->lead],
                              lens[r->lead]);
        else
            seuil_fold_begin(fold, seuil_str_from(sim_leads[r->lead]));
        seuil_fold_apply(fold, &record, NULL);
        lens[r->lead] = seuil_fold_pack(fold, states[r->lead]);
    }
    for (int l = 0; l < SIM_LEADS; l++)
        if (lens[l]) {
            seuil_fold_resume(fold, seuil_str_from(sim_leads[l]), states[l], lens[l]);
            seuil_fold_until(fold, until);
        }
    sim.drain = NULL;
}

static struct seuil_str published_key(const struct sim_published *p)
{
    struct seuil_entry_view view;

    return seuil_outbox_unpack(p->bytes, p->len, &view) == 0 ? view.key : SEUIL_STR("");
}

/* What lies in the internal topic is what time order sends, and all of it. */
static void check_sent(struct sim_world *world)
{
    const struct sim_topic *topic = &world->topics[SIM_INTERNAL];

    for (int i = 0; i < topic->count; i++) {
        const struct sim_record *r = topic->records[i];

        if (!drain_find(r) && drain_sent.count < DRAIN_MAX)
            sim_bad(world,
                    "record %lld of the internal topic, for lead %s, is not what time order "
                    "hands over",
                    (long long)r->offset, sim_leads[r->lead]);
    }
    for (int k = 0; k < drain_sent.count; k++)
        if (!drain_sent.list[k].taken)
            sim_bad(world, "what time order hands over to lead %s did not come",
                    sim_leads[drain_sent.list[k].lead]);
}

void sim_check_drain(struct sim_world *world)
{
    int least[SIM_LEADS], seen[SIM_LEADS] = {0};

    drain_oracle(world, world->now - 25 * SEUIL_SECOND_MS);
    for (int l = 0; l < SIM_LEADS; l++)
        least[l] = drain_lists[l].count;
    drain_oracle(world, world->now);
    check_sent(world);
    for (int i = 0; i < world->published_count; i++) {
        const struct sim_published *p = &world->published[i];
        int l = sim_lead_of(published_key(p));
        const struct drain_list *list = &drain_lists[l < 0 ? 0 : l];

        if (l < 0 || seen[l] >= list->count || !seuil_str_eq(list->values[seen[l]], p->value)) {
            sim_bad(world, "published %.*s, time order says %.*s", (int)p->value.len, p->value.ptr,
                    l >= 0 && seen[l] < list->count ? (int)list->values[seen[l]].len : 7,
                    l >= 0 && seen[l] < list->count ? list->values[seen[l]].ptr : "nothing");
            return;
        }
        seen[l]++;
    }
    for (int l = 0; l < SIM_LEADS; l++)
        if (seen[l] < least[l])
            sim_bad(world, "lead %s: %d crossings published, time order says %d", sim_leads[l],
                    seen[l], least[l]);
}
