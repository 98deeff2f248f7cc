/* Dead letters: the breaker, and records that an operator sends again. */

#include "codec/origin.h"
#include "rig.h"
#include "support/fold.h"

static void produce_poison(struct rig *rig, uint32_t topic, int n)
{
    while (n-- > 0)
        fake_produce(&rig->source, topic, RIG_WALL, "a", "no JSON");
}

static void produce_good(struct rig *rig, uint32_t topic, int n)
{
    while (n-- > 0)
        rig_event(rig, topic, RIG_WALL, "a", "small", 0);
}

static struct rig *with_breaker(uint32_t percent, uint32_t window)
{
    struct rig *rig = rig_new();

    rig->config.breaker_percent = percent;
    rig->config.breaker_window = window;
    return rig;
}

Test(breaker, too_many_dead_letters_halt_the_shard_with_the_last_reason)
{
    struct rig *rig = with_breaker(20, 50);

    produce_good(rig, VIEWS, 30);
    produce_poison(rig, VIEWS, 10);
    rig_start(rig);
    rig_turns(rig, 10);
    rig_is(rig, SEUIL_SHARD_HALT);
    cr_assert(strstr(rig_meta(rig)->halt, "topic views: 10 of the last 50 records"), "%s",
              rig_meta(rig)->halt);
    cr_assert(strstr(rig_meta(rig)->halt, "offset 39: malformed: "), "%s", rig_meta(rig)->halt);
    cr_assert_eq(rig_meta(rig)->topics[VIEWS].base, 0);
    cr_assert_eq(rig_meta(rig)->topics[VIEWS].reach, 40);
    rig_free(rig);
}

Test(breaker, one_less_does_not)
{
    struct rig *rig = with_breaker(20, 50);

    /* Nine, far enough from the next nine. */
    produce_poison(rig, VIEWS, 9);
    produce_good(rig, VIEWS, 41);
    produce_poison(rig, VIEWS, 9);
    /* Another topic has a count of its own. */
    produce_poison(rig, FORMS, 9);
    rig_start(rig);
    rig_turns(rig, 10);
    rig_is(rig, SEUIL_SHARD_RUN);
    cr_assert_eq(rig_status(rig).counters.dead_lettered, 27);
    cr_assert_eq(rig_sent(rig, SEUIL_DEST_DEAD_LETTERS), 27);
    rig_free(rig);
}

Test(breaker, zero_percent_is_never)
{
    struct rig *rig = with_breaker(0, 50);

    produce_poison(rig, VIEWS, 300);
    rig_start(rig);
    rig_turns(rig, 10);
    rig_is(rig, SEUIL_SHARD_RUN);
    cr_assert_eq(rig_sent(rig, SEUIL_DEST_DEAD_LETTERS), 300);
    rig_free(rig);
}

Test(breaker, late_events_are_no_poison)
{
    struct rig *rig = with_breaker(10, 50);

    rig_event(rig, VIEWS, RIG_WALL, "a", "small", 0);
    for (int i = 0; i < 40; i++)
        rig_event(rig, VIEWS, RIG_WALL, "a", "small", 30 * SEUIL_DAY_MS);
    rig_start(rig);
    rig_turns(rig, 10);
    rig_is(rig, SEUIL_SHARD_RUN);
    cr_assert_eq(rig_status(rig).counters.late, 40);
    rig_free(rig);
}

static void lift(struct rig *rig)
{
    struct seuil_store *store = seuil_store_memory_new(rig->memory);
    struct seuil_meta meta = *rig_meta(rig);
    struct seuil_tx tx = {.token = meta.token, .seq = meta.seq, .meta = &meta};

    meta.halt[0] = '\0';
    meta.seq++;
    store->ops->commit(store, 0, &tx, 1);
    store->ops->free(store);
}

Test(breaker, what_it_halted_at_passes_when_the_operator_says_so_and_counts_no_more)
{
    struct rig *rig = with_breaker(20, 50);

    produce_poison(rig, VIEWS, 19);
    rig_start(rig);
    rig_turns(rig, 10);
    rig_is(rig, SEUIL_SHARD_HALT);
    /* Whoever takes it then begins at base, before the poison. */
    lift(rig);
    rig_crash(rig);
    rig_start(rig);
    produce_good(rig, VIEWS, 1);
    rig_pass(rig, 500);
    rig_is(rig, SEUIL_SHARD_RUN);
    cr_assert_eq(rig_status(rig).counters.dead_lettered, 19);
    cr_assert_eq(rig_status(rig).counters.applied, 1);
    /* Behind it the breaker counts anew. */
    produce_poison(rig, VIEWS, 10);
    rig_pass(rig, 500);
    rig_is(rig, SEUIL_SHARD_HALT);
    rig_free(rig);
}

static void produce_misrouted(struct rig *rig, int n)
{
    while (n-- > 0)
        fake_produce(&rig->source, VIEWS, RIG_WALL, NULL, "{}");
}

Test(misrouted, what_it_halted_at_passes_when_the_operator_says_so_and_counts_no_more)
{
    struct rig *rig = rig_new();

    rig->config.misrouted_halt = 20;
    produce_misrouted(rig, 39);
    rig_start(rig);
    rig_turns(rig, 10);
    rig_is(rig, SEUIL_SHARD_HALT);
    cr_assert_eq(rig_meta(rig)->topics[VIEWS].reach, 20);
    lift(rig);
    rig_crash(rig);
    rig_start(rig);
    rig_pass(rig, 500);
    rig_is(rig, SEUIL_SHARD_RUN);
    cr_assert_eq(rig_status(rig).counters.misrouted, 39);
    produce_misrouted(rig, 1);
    rig_pass(rig, 500);
    rig_is(rig, SEUIL_SHARD_HALT);
    rig_free(rig);
}

Test(misrouted, the_owner_that_halted_counts_anew_too)
{
    struct rig *rig = rig_new();

    rig->config.misrouted_halt = 20;
    produce_misrouted(rig, 20);
    rig_start(rig);
    rig_turns(rig, 10);
    rig_is(rig, SEUIL_SHARD_HALT);
    lift(rig);
    produce_misrouted(rig, 19);
    rig_pass(rig, 3000);
    rig_is(rig, SEUIL_SHARD_RUN);
    produce_misrouted(rig, 1);
    rig_pass(rig, 500);
    rig_is(rig, SEUIL_SHARD_HALT);
    rig_free(rig);
}

Test(breaker, the_owner_that_halted_counts_anew_too)
{
    struct rig *rig = with_breaker(20, 50);

    produce_poison(rig, VIEWS, 10);
    rig_start(rig);
    rig_turns(rig, 10);
    rig_is(rig, SEUIL_SHARD_HALT);
    lift(rig);
    produce_poison(rig, VIEWS, 9);
    rig_pass(rig, 3000);
    rig_is(rig, SEUIL_SHARD_RUN);
    cr_assert_eq(rig_sent(rig, SEUIL_DEST_DEAD_LETTERS) >= 19, true);
    produce_poison(rig, VIEWS, 1);
    rig_pass(rig, 500);
    rig_is(rig, SEUIL_SHARD_HALT);
    rig_free(rig);
}

/* ---- sent again --------------------------------------------------------------------------- */

#define HEADER(n, v)                                                                               \
    {                                                                                              \
        .name = SEUIL_STR(n), .value = (const uint8_t *)(v), .value_len = sizeof(v) - 1            \
    }

static const struct seuil_header accepted[] = {HEADER(SEUIL_ACCEPT_LATE, "true")};

static double score_of(struct rig *rig, const char *lead)
{
    struct seuil_lead *read = calloc(1, sizeof(*read));
    struct seuil_explanation explanation;

    rig_pass(rig, 11000); /* a checkpoint */
    cr_assert(rig_stored(rig, lead, read));
    seuil_engine_explain(rig->models, rig->scratch, read, 0, RIG_WALL, &explanation);
    free(read);
    return explanation.score;
}

Test(late, an_event_that_the_operator_lets_in_counts_at_the_fold_point)
{
    struct rig *rig = rig_new();

    rig->models->horizon_ms = 20 * SEUIL_SECOND_MS; /* two half-lives */
    rig_event(rig, VIEWS, RIG_WALL, "a", "nothing", 0);
    rig_event(rig, VIEWS, RIG_WALL, "a", "small", 0);
    rig_start(rig);
    rig_turns(rig, 10);
    rig->source.headers = accepted;
    rig->source.header_count = 1;
    rig_event(rig, VIEWS, RIG_WALL, "a", "big", SEUIL_DAY_MS);
    rig_turns(rig, 10);
    cr_assert_eq(rig_status(rig).counters.late, 0);
    cr_assert_eq(rig_sent(rig, SEUIL_DEST_DEAD_LETTERS), 0);
    cr_assert_eq(rig_status(rig).counters.applied, 2);
    cr_assert_float_eq(score_of(rig, "a"), 2 + 20 / 4., 0.01);
    rig_free(rig);
}

Test(late, a_profile_and_a_command_are_not_let_in)
{
    struct rig *rig = rig_new();

    rig->models->horizon_ms = 20 * SEUIL_SECOND_MS;
    rig_event(rig, VIEWS, RIG_WALL, "a", "small", 0);
    rig_start(rig);
    rig_turns(rig, 10);
    rig->source.headers = accepted;
    rig->source.header_count = 1;
    fake_produce(&rig->source, VIEWS, RIG_WALL, "a",
                 "{\"type\":\"command\",\"id\":\"c\",\"lead\":\"a\",\"time\":1600000000000,"
                 "\"name\":\"adjust\",\"arguments\":{\"points\":50}}");
    rig_turns(rig, 10);
    cr_assert_eq(rig_status(rig).counters.late, 1);
    cr_assert_eq(rig_sent(rig, SEUIL_DEST_DEAD_LETTERS), 1);
    rig_free(rig);
}

Test(late, without_the_word_of_the_operator_it_stays_late)
{
    static const struct seuil_header other[] = {HEADER(SEUIL_ACCEPT_LATE, "false"),
                                                HEADER(SEUIL_ORIGIN_OFFSET, "7")};
    struct rig *rig = rig_new();

    rig_event(rig, VIEWS, RIG_WALL, "a", "small", 0);
    rig_start(rig);
    rig_turns(rig, 10);
    rig->source.headers = other;
    rig->source.header_count = 2;
    rig_event(rig, VIEWS, RIG_WALL, "a", "big", 30 * SEUIL_DAY_MS);
    rig_turns(rig, 10);
    cr_assert_eq(rig_status(rig).counters.late, 1);
    rig_free(rig);
}

Test(again, a_crossing_by_a_record_sent_again_has_the_lag_of_the_first)
{
    static const struct seuil_header first[] = {HEADER(SEUIL_ORIGIN_TIME, "1699990000000")};
    struct rig *rig = rig_new();

    rig_start(rig);
    rig->source.headers = first;
    rig->source.header_count = 1;
    rig_event(rig, VIEWS, RIG_WALL, "a", "big", 0);
    rig_turns(rig, 10);
    cr_assert_eq(rig_sent(rig, SEUIL_DEST_OUTBOUND), 1);
    cr_assert(rig->sink.sent[0].stale, "it came almost three hours ago");
    rig_free(rig);
}
