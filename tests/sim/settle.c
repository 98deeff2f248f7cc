/* A worker's ordinary turn, and the end of a schedule: everything heals, then all must be well. */

#include "sim.h"

/* Clause 6 of the promise: nothing vanishes, at every moment. */
void sim_identity(struct sim_world *world, struct sim_worker *worker)
{
    struct seuil_shard_status s;
    const struct seuil_shard_counters *c = &s.counters;

    seuil_shard_status(worker->shard, &s);
    if (c->received != c->applied + c->replayed + c->duplicate + c->filtered + c->late +
                           c->dead_lettered + s.in_flight)
        sim_bad(world,
                "received %llu is not applied %llu + replayed %llu + duplicate %llu + filtered "
                "%llu + late %llu + dead %llu + in flight %llu",
                (unsigned long long)c->received, (unsigned long long)c->applied,
                (unsigned long long)c->replayed, (unsigned long long)c->duplicate,
                (unsigned long long)c->filtered, (unsigned long long)c->late,
                (unsigned long long)c->dead_lettered, (unsigned long long)s.in_flight);
    if (c->duplicate > (uint64_t)worker->source.dups_delivered && !sim_merges(world))
        sim_bad(world, "%llu events found repeated, %d repeated ones were delivered",
                (unsigned long long)c->duplicate, worker->source.dups_delivered);
}

/* Everything that a healthy process does in a moment. */
void sim_step(struct sim_world *world, struct sim_worker *worker)
{
    sim_group_poll(world, worker);
    sim_group_commit(world, worker); /* what was sent in the turn before */
    for (int i = 0; i < 2; i++) {
        while (sim_net(world, worker, 8) > 0 && !world->failed)
            ;
        sim_receive(world, worker, 100);
        sim_report(world, worker, 100);
        worker->wake = seuil_shard_run(worker->shard, world->now, sim_mono(world));
        sim_identity(world, worker);
    }
    sim_broker(world, 0);
    world->now++;
}

struct sim_pulse {
    int history, published;
    uint64_t moved;
};

static struct sim_pulse pulse(struct sim_world *world)
{
    struct sim_pulse p = {world->history_count, world->published_count, 0};

    for (int w = 0; w < world->setup.workers; w++) {
        struct seuil_shard_status s;

        seuil_shard_status(world->workers[w]->shard, &s);
        for (int t = 0; t < SIM_TOPICS; t++)
            p.moved += (uint64_t)(s.base[t] + s.position[t]);
        p.moved += (uint64_t)s.state * 1000003 + s.counters.doubts;
    }
    return p;
}

/* A shard that waits for a topic's end asks about once a second. */
#define DRY_MS (2 * SEUIL_SECOND_MS)

/* Let all processes run until nothing moves, the clock jumping to when they want to run. */
static void run_dry(struct sim_world *world)
{
    int quiet = 0;
    seuil_time_ms moved = world->now;

    for (int k = 0; k < 600 && (quiet < 8 || world->now - moved < DRY_MS) && !world->failed; k++) {
        struct sim_pulse before = pulse(world), after;
        seuil_time_ms wake = SEUIL_TIME_NEVER;

        for (int w = 0; w < world->setup.workers; w++) {
            sim_step(world, world->workers[w]);
            if (world->workers[w]->wake < wake)
                wake = world->workers[w]->wake;
        }
        while (sim_broker(world, 0))
            ;
        after = pulse(world);
        quiet = before.history == after.history && before.published == after.published &&
                        before.moved == after.moved
                    ? quiet + 1
                    : 0;
        if (quiet == 0)
            moved = world->now;
        if (quiet > 1 && wake > sim_mono(world))
            world->now += wake - sim_mono(world) < 500 ? wake - sim_mono(world) : 500;
    }
}

void sim_settle(struct sim_world *world)
{
    for (int t = 0; t < SIM_TOPICS; t++)
        world->topics[t].stalled = false;
    while (world->delayed_count > 0 && !world->failed)
        sim_land(world, 0, false);
    for (int w = 0; w < world->setup.workers; w++)
        world->workers[w]->store.refuse = 0;
    sim_adopt(world);
    if (world->setup.seed % 4 != 0)
        sim_go_on(world);
    for (int round = 0, lifts = 0; round < 4 && !world->failed; round++) {
        run_dry(world);
        while (!world->failed && sim_lift(world)) {
            if (++lifts > SIM_ACTIONS_MAX) /* each passes a record at least */
                sim_bad(world, "it halts again and again at what the operator let pass");
            run_dry(world);
        }
        world->now += 20 * SEUIL_SECOND_MS;
    }
    run_dry(world);
}
