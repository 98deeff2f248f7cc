/* Members, witnesses, confirmations. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "stream/world.h"

#define AT 1700000000000

static void positions_of(int64_t *positions, int64_t first, int64_t second)
{
    for (int t = 0; t < SEUIL_TOPICS_MAX; t++)
        positions[t] = -1;
    positions[0] = first;
    positions[1] = second;
}

static int await_ticket(struct seuil_source *source, uint32_t shard, uint64_t ticket)
{
    seuil_time_ms until = clock_ms() + WAIT_MS;
    int state;

    while ((state = source->ops->witness_state(source, shard, ticket)) == 0) {
        cr_assert(clock_ms() < until, "the group does not answer");
        nap();
    }
    return state;
}

Test(group, keeps_a_witness_with_its_metadata, .timeout = 180)
{
    struct setup s;
    struct seuil_kafka *kafka;
    struct seuil_source *source;
    int64_t positions[SEUIL_TOPICS_MAX];
    char long_text[256], metadata[256];
    uint64_t ticket, before;

    setup(&s, 2, 2);
    fill_topic(s.config.inputs[0].name, 1, 0, 20, AT);
    kafka = alone(&s);
    source = seuil_kafka_source(kafka);
    cr_assert(source->ops->read_witness(source, 1, positions, metadata, sizeof(metadata)) == 0);
    positions_of(positions, 12, 0);
    memset(long_text, 'x', 255);
    long_text[255] = 0;
    before = source->ops->witness(source, 1, positions, "base=3 seq=4");
    cr_assert(await_ticket(source, 1, before) == 1);
    positions_of(positions, 13, 0);
    ticket = source->ops->witness(source, 1, positions, long_text);
    cr_assert(ticket > before);
    cr_assert(await_ticket(source, 1, ticket) == 1);
    cr_assert(source->ops->witness_state(source, 1, before) == 1, "it is remembered");
    positions_of(positions, -5, -5);
    cr_assert(source->ops->read_witness(source, 1, positions, metadata, sizeof(metadata)) == 1);
    cr_assert(positions[0] == 13 && positions[1] == 0 && positions[2] == -1);
    cr_assert(!strcmp(metadata, long_text));
    cr_assert(source->ops->read_witness(source, 0, positions, metadata, sizeof(metadata)) == 0);
    leave(kafka);
}

Test(group, confirms_a_shard_when_asked_and_tells_the_instant_before, .timeout = 180)
{
    struct setup s;
    struct seuil_kafka *kafka;
    struct seuil_source *source;
    seuil_time_ms doubt, until = clock_ms() + WAIT_MS;

    setup(&s, 1, 2);
    kafka = member(&s);
    source = seuil_kafka_source(kafka);
    cr_assert(source->ops->confirmed(source, 0) == SEUIL_TIME_NONE);
    leave(kafka);

    kafka = alone(&s);
    source = seuil_kafka_source(kafka);
    cr_assert(source->ops->confirmed(source, 0) != SEUIL_TIME_NONE);
    doubt = clock_ms();
    for (; source->ops->confirmed(source, 0) <= doubt; nap())
        cr_assert(clock_ms() < until, "no confirmation");
    cr_assert(source->ops->confirmed(source, 0) <= clock_ms());
    seuil_kafka_unassign(kafka);
    cr_assert(source->ops->confirmed(source, 0) == SEUIL_TIME_NONE);
    leave(kafka);
}

Test(group, does_not_take_an_old_answer_for_a_new_one, .timeout = 180)
{
    struct setup s;
    struct seuil_kafka *kafka;
    struct seuil_source *source;
    struct seuil_kafka_event event;
    seuil_time_ms begin = clock_ms();

    setup(&s, 1, 2);
    kafka = member(&s);
    source = seuil_kafka_source(kafka);
    while (clock_ms() - begin < 3000) /* as if stopped: nothing is taken from the queue */
        nap();
    begin = clock_ms();
    await_event(kafka, SEUIL_KAFKA_ASSIGNED, &event);
    cr_assert(source->ops->confirmed(source, 0) >= begin, "the answer is %ld ms old",
              (long)(begin - source->ops->confirmed(source, 0)));
    leave(kafka);
}

/* Let both members do what the group says until each holds its half. */
static void settle(struct seuil_kafka *a, struct seuil_kafka *b, uint32_t *ret_a, uint32_t *ret_b,
                   uint32_t want)
{
    struct seuil_kafka *both[2] = {a, b};
    uint32_t *held[2] = {ret_a, ret_b};
    seuil_time_ms until = clock_ms() + WAIT_MS;
    struct seuil_error err = {0};

    while (*ret_a + *ret_b != want || *ret_a == 0 || *ret_b == 0) {
        cr_assert(clock_ms() < until, "%u and %u", *ret_a, *ret_b);
        for (int i = 0; i < 2; i++) {
            struct seuil_kafka_event event;

            if (!seuil_kafka_poll(both[i], 20, &event))
                continue;
            cr_assert(event.type == SEUIL_KAFKA_ASSIGNED || event.type == SEUIL_KAFKA_REVOKED,
                      "%d: %s", event.type, event.error.text);
            if (event.type == SEUIL_KAFKA_ASSIGNED) {
                *held[i] = event.count;
                cr_assert(!seuil_kafka_assign(both[i], &err), "%s", err.text);
            } else {
                cr_assert(event.count == *held[i]);
                *held[i] = 0;
                seuil_kafka_unassign(both[i]);
            }
        }
    }
}

Test(group, shares_whole_shards_among_its_members_and_gives_them_on, .timeout = 180)
{
    struct setup s;
    struct seuil_kafka *a, *b;
    struct seuil_source *source;
    struct seuil_kafka_event event;
    struct seuil_lane *lane = lane_new(0, 2);
    struct seuil_error err;
    uint32_t held_a = 6, held_b = 0;
    int64_t positions[SEUIL_TOPICS_MAX];
    uint64_t ticket;

    setup(&s, 3, 6);
    fill_topic(s.config.inputs[2].name, 0, 0, 10, AT);
    a = alone(&s);
    b = member(&s);
    settle(a, b, &held_a, &held_b, 6);
    cr_assert(held_a == 3 && held_b == 3);

    /* A witness for a shard of the other is refused, whoever has it. */
    positions_of(positions, 1, 1);
    source = seuil_kafka_source(a);
    for (uint32_t p = 0; p < 6; p++) {
        bool ours = source->ops->confirmed(source, p) != SEUIL_TIME_NONE;

        ticket = source->ops->witness(source, p, positions, "w");
        cr_assert((await_ticket(source, p, ticket) == 1) == ours);
    }
    leave(b);
    await_event(a, SEUIL_KAFKA_REVOKED, &event);
    seuil_kafka_unassign(a);
    await_event(a, SEUIL_KAFKA_ASSIGNED, &event);
    cr_assert(event.count == 6);
    cr_assert(!source->ops->seek(source, lane, 4));
    cr_assert(!seuil_kafka_assign(a, &err));
    drain(a, lane, 4, 10);
    leave(a);
    free(lane);
}

Test(group, knows_a_static_member_again_and_fences_its_double, .timeout = 180)
{
    struct setup s;
    struct seuil_kafka *kafka, *again;
    struct seuil_kafka_event event;
    seuil_time_ms begin;

    setup(&s, 1, 2);
    s.config.instance = "one";
    kafka = alone(&s);
    leave(kafka);
    begin = clock_ms();
    kafka = alone(&s);
    cr_assert(clock_ms() - begin < 5000, "the same member need not wait for its own time-out");

    again = member(&s);
    await_event(again, SEUIL_KAFKA_ASSIGNED, &event);
    await_event(kafka, SEUIL_KAFKA_FATAL, &event);
    cr_assert(event.error.fatal && strstr(event.error.text, "same instance name"), "%s",
              event.error.text);
    leave(again);
    cr_assert(!seuil_kafka_close(kafka, 10000));
    seuil_kafka_free(kafka);
}

Test(group, with_members_of_other_inputs_gives_no_shard_out, .timeout = 180)
{
    struct setup s;
    struct seuil_kafka *a, *b;
    struct seuil_kafka_event event;
    struct seuil_error err;
    bool halted = false;
    seuil_time_ms until = clock_ms() + WAIT_MS;

    setup(&s, 2, 4);
    a = alone(&s);
    s.config.inputs[1].name = NULL;
    b = member(&s);
    while (!halted) {
        cr_assert(clock_ms() < until, "nobody noticed");
        if (seuil_kafka_poll(a, 20, &event)) {
            halted = event.type == SEUIL_KAFKA_HALTED;
            if (event.type == SEUIL_KAFKA_REVOKED)
                seuil_kafka_unassign(a);
        }
        if (seuil_kafka_poll(b, 20, &event) && event.type == SEUIL_KAFKA_ASSIGNED)
            cr_assert(!seuil_kafka_assign(b, &err));
    }
    leave(b);
    leave(a);
}
