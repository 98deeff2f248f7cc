/* Two folds of one rule united, part by part (EVIDENCE 3, column "on merge of two leads"). */

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/tally.h"
#include "core/unite.h"

#define HOUR SEUIL_HOUR_MS
#define DAY  SEUIL_DAY_MS
#define NOW  (1000 * DAY)

static struct seuil_tally a, b, ab, ba;

static void begin(void)
{
    memset(&a, 0, sizeof(a));
    memset(&b, 0, sizeof(b));
}

static void unite(const struct seuil_rule *rule)
{
    ab = a;
    ba = b;
    seuil_tally_unite(&ab, &b, rule, NOW);
    seuil_tally_unite(&ba, &a, rule, NOW);
}

#define BOTH(member, value)                                                                        \
    do {                                                                                           \
        cr_expect_eq(ab.member, value, #member " is %lld", (long long)ab.member);                  \
        cr_expect_eq(ba.member, value, #member ", the other way round, is %lld",                   \
                     (long long)ba.member);                                                        \
    } while (0)

static void see(struct seuil_tally *tally, const uint32_t *window, unsigned count, uint16_t met)
{
    memcpy(tally->window, window, count * sizeof(window[0]));
    tally->windows = (uint8_t)count;
    tally->met = met;
}

Test(unite, the_last_objects_are_taken_by_turns_and_one_of_both_is_met_if_either_met_it)
{
    const struct seuil_rule rule = {.role = SEUIL_ROLE_LAST, .kind = SEUIL_KIND_COMMAND};
    const uint32_t expected[] = {1, 2, 3, 4};

    begin();
    see(&a, (const uint32_t[]){1, 2, 3}, 3, 4 | 1);
    see(&b, (const uint32_t[]){3, 4}, 2, 2);
    unite(&rule);
    BOTH(windows, 4);
    BOTH(met, 8 | 4 | 1);
    cr_expect_eq(memcmp(ab.window, expected, sizeof(expected)), 0);
    cr_expect_eq(memcmp(ba.window, expected, sizeof(expected)), 0);
}

Test(unite, of_more_objects_than_are_kept_the_newest_of_both_stay)
{
    const struct seuil_rule rule = {.role = SEUIL_ROLE_LAST, .kind = SEUIL_KIND_COMMAND};
    uint32_t low[SEUIL_WINDOW_MAX], high[SEUIL_WINDOW_MAX];

    begin();
    for (uint32_t i = 0; i < SEUIL_WINDOW_MAX; i++) {
        low[i] = 1 + i;
        high[i] = 101 + i;
    }
    see(&a, low, SEUIL_WINDOW_MAX, 0xffff);
    see(&b, high, SEUIL_WINDOW_MAX, 0);
    unite(&rule);
    BOTH(windows, SEUIL_WINDOW_MAX);
    for (unsigned i = 0; i < SEUIL_WINDOW_MAX; i++) {
        uint32_t wanted = (i % 2 ? 100u : 0) + SEUIL_WINDOW_MAX / 2 + 1 + i / 2;

        cr_expect_eq(ab.window[i], wanted);
        cr_expect_eq(ba.window[i], wanted);
    }
    BOTH(met, 0x5555);
}

Test(unite, a_silence_runs_from_the_later_human_action_and_counts_what_came_since)
{
    const struct seuil_rule rule = {.role = SEUIL_ROLE_RESET, .kind = SEUIL_KIND_COMMAND};

    begin();
    a.moments = b.moments = 1;
    a.moment[0] = 10;
    b.moment[0] = 20;
    a.streak = 5;
    b.streak = 2;
    unite(&rule);
    BOTH(moment[0], 20);
    BOTH(streak, 2);
    a.moment[0] = 20;
    unite(&rule);
    BOTH(streak, 5);
    a.moments = 0;
    unite(&rule);
    BOTH(moments, 1);
    BOTH(streak, 2);
    b.moments = 0;
    unite(&rule);
    BOTH(moments, 0);
    BOTH(streak, 5);
}

Test(unite, the_longer_streak_stays)
{
    const struct seuil_rule rule = {.role = SEUIL_ROLE_STREAK, .kind = SEUIL_KIND_COMMAND};

    begin();
    a.streak = 4;
    b.streak = 3;
    unite(&rule);
    BOTH(streak, 4);
}

Test(unite, of_a_frequency_the_newest_instants_and_of_legs_the_later_ones)
{
    const struct seuil_rule often = {.frequency = 4, .frequency_ms = DAY};
    const struct seuil_rule legs = {.role = SEUIL_ROLE_TOGETHER, .leg_count = 3};

    begin();
    a.moments = 7;
    b.moments = 3;
    memcpy(a.moment, (const seuil_time_ms[]){1, 5, 7}, 3 * sizeof(a.moment[0]));
    memcpy(b.moment, (const seuil_time_ms[]){5, 6}, 2 * sizeof(a.moment[0]));
    unite(&often);
    BOTH(moments, 7);
    BOTH(moment[0], 5);
    BOTH(moment[1], 6);
    BOTH(moment[2], 7);
    a.moments = 5; /* the second leg was not seen */
    b.moments = 3;
    unite(&legs);
    BOTH(moments, 7);
    BOTH(moment[0], 5);
    BOTH(moment[1], 6);
    BOTH(moment[2], 7);
}

/* ---- awards ------------------------------------------------------------------------------ */

static void award(struct seuil_tally *tally, const struct seuil_rule *rule, seuil_time_ms time,
                  uint32_t object, double measure)
{
    cr_assert(seuil_tally_fold(tally, rule, time, object, measure));
}

static void expect_worth(const struct seuil_rule *rule, seuil_time_ms now, double wanted)
{
    const struct seuil_tally *both[] = {&ab, &ba};

    for (unsigned i = 0; i < 2; i++) {
        double got;
        int64_t landmark;

        if (rule->decay.shape == SEUIL_DECAY_HALF_LIFE) {
            got = seuil_tally_half_life_sum(both[i], rule, &landmark);
            got *= exp2((double)landmark - (double)now / (double)rule->decay.duration_ms);
        } else {
            got = seuil_tally_value(both[i], rule, now);
        }
        cr_expect_float_eq(got, wanted, 1e-9, "%s: %.12g, not %.12g",
                           i ? "the other way round" : "united", got, wanted);
    }
}

static const struct seuil_rule once_an_object = {
    .decay = {.shape = SEUIL_DECAY_HALF_LIFE, .duration_ms = 10 * DAY},
    .limit_count = 1,
    .limits = {{.kind = SEUIL_LIMIT_OBJECT, .count = 1, .remember_ms = 5000 * DAY}}};

Test(unite, an_object_of_both_keeps_its_earlier_award)
{
    const struct seuil_rule *rule = &once_an_object;

    begin();
    award(&a, rule, NOW - 30 * DAY, 1, 0);
    award(&a, rule, NOW - 20 * DAY, 2, 0);
    award(&b, rule, NOW - 10 * DAY, 1, 0);
    award(&b, rule, NOW - 5 * DAY, 3, 0);
    unite(rule);
    BOTH(count, 3);
    BOTH(objects, 3);
    BOTH(limited, 1);
    expect_worth(rule, NOW, 0.125 + 0.25 + exp2(-0.5));
    BOTH(object[0].hash, 1);
    BOTH(object[0].last, NOW - 30 * DAY);
    BOTH(object[2].hash, 3);
}

Test(unite, an_object_that_had_two_of_two_of_each_has_two)
{
    struct seuil_rule rule = once_an_object;

    rule.limits[0].count = 2;
    begin();
    award(&a, &rule, NOW - 30 * DAY, 1, 0);
    award(&a, &rule, NOW - 10 * DAY, 1, 0);
    award(&b, &rule, NOW - 20 * DAY, 1, 0);
    unite(&rule);
    BOTH(count, 2);
    BOTH(object[0].count, 2);
    BOTH(object[0].last, NOW - 20 * DAY);
    expect_worth(&rule, NOW, 0.125 + 0.25);
    begin();
    award(&a, &rule, NOW - 30 * DAY, 1, 0);
    award(&b, &rule, NOW - 20 * DAY, 1, 0);
    unite(&rule);
    BOTH(count, 2);
    BOTH(limited, 0);
    BOTH(object[0].last, NOW - 20 * DAY);
}

Test(unite, of_folded_awards_one_leaves_the_sum)
{
    struct seuil_rule rule = once_an_object;

    begin();
    award(&a, &rule, NOW - 100 * DAY, 1, 0);
    for (uint32_t i = 0; i < 8; i++) /* the first is pushed out of what is kept exactly */
        award(&a, &rule, NOW - 50 * DAY, 10 + i, 0);
    award(&b, &rule, NOW - 200 * DAY, 1, 0);
    cr_assert(a.sum != 0);
    unite(&rule);
    BOTH(count, 9);
    expect_worth(&rule, NOW - 50 * DAY, exp2(-15) + 8);
}

Test(unite, an_award_taken_out_of_the_middle_leaves_the_others_their_measures)
{
    struct seuil_rule rule = once_an_object;

    rule.measure = SEUIL_MEASURE_NUMBER;
    rule.factor = 1;
    rule.floor = -1000;
    rule.ceiling = 1000;
    begin();
    award(&a, &rule, NOW - 40 * DAY, 1, 1);
    award(&a, &rule, NOW - 20 * DAY, 2, 100);
    award(&a, &rule, NOW - 10 * DAY, 4, 1000);
    award(&b, &rule, NOW - 30 * DAY, 1, 10);
    unite(&rule);
    BOTH(count, 3);
    BOTH(measure[0], 1);
    BOTH(measure[1], 100);
    BOTH(measure[2], 1000);
    expect_worth(&rule, NOW, 0.0625 + 25 + 500);
}

Test(unite, without_decay_points_of_the_event_are_taken_back_with_it)
{
    struct seuil_rule rule = {
        .limit_count = 1,
        .limits = {{.kind = SEUIL_LIMIT_LEAD, .count = 2}},
        .measure = SEUIL_MEASURE_NUMBER,
        .factor = 2,
        .floor = -1000,
        .ceiling = 1000,
    };

    begin();
    award(&a, &rule, NOW - 9, 0, 1);
    award(&a, &rule, NOW - 3, 0, 10);
    award(&b, &rule, NOW - 5, 0, 100);
    award(&b, &rule, NOW - 1, 0, 1000);
    unite(&rule);
    BOTH(count, 2);
    expect_worth(&rule, NOW, 2 * 101);
    BOTH(limited, 1);
    BOTH(instants, 2);
    BOTH(instant[1], NOW - 5);
}

Test(unite, more_awards_than_are_kept_one_by_one_obey_a_limit_all_the_same)
{
    const struct seuil_rule rule = {.limit_count = 1,
                                    .limits = {{.kind = SEUIL_LIMIT_LEAD, .count = 20}}};

    begin();
    for (int i = 0; i < 15; i++) {
        award(&a, &rule, NOW - 100 + i, 0, 0);
        award(&b, &rule, NOW - 50 + i, 0, 0);
    }
    cr_assert_eq(a.instants, SEUIL_INSTANTS_MAX);
    unite(&rule);
    BOTH(count, 20);
    expect_worth(&rule, NOW, 20);
}

Test(unite, what_was_added_up_obeys_a_limit_too)
{
    const struct seuil_rule rule = {.limit_count = 1,
                                    .limits = {{.kind = SEUIL_LIMIT_LEAD, .count = 20}}};

    begin();
    for (int i = 0; i < 20; i++) {
        award(&a, &rule, NOW - 100 + i, 0, 0);
        award(&b, &rule, NOW - 50 + i, 0, 0);
    }
    unite(&rule);
    BOTH(count, 20);
    BOTH(instants, 0);
    BOTH(limited, 1);
    expect_worth(&rule, NOW, 20);
}

Test(unite, sums_of_other_half_lives_ago_are_added_as_they_stand)
{
    const struct seuil_rule rule = {
        .decay = {.shape = SEUIL_DECAY_HALF_LIFE, .duration_ms = 10 * DAY}};

    begin();
    a.count = 4;
    a.sum = 3;
    a.landmark = 900 * DAY;
    b.count = 2;
    b.sum = 1;
    b.landmark = 920 * DAY;
    a.shape = b.shape = SEUIL_DECAY_HALF_LIFE;
    a.span_ms = b.span_ms = 10 * DAY;
    unite(&rule);
    BOTH(count, 6);
    BOTH(landmark, 920 * DAY);
    expect_worth(&rule, 920 * DAY, 1 + 0.75);
    a.landmark = -20000 * 10 * DAY; /* nothing of it is left */
    unite(&rule);
    expect_worth(&rule, 920 * DAY, 1);
}

Test(unite, buckets_are_added_and_what_is_too_many_for_instants_becomes_one)
{
    const struct seuil_rule rule = {
        .decay = {.shape = SEUIL_DECAY_EXPIRES, .duration_ms = 640 * DAY}}; /* a bucket: 10 days */

    begin();
    for (int i = 0; i < 40; i++) {
        award(&a, &rule, NOW - (500 - 2 * i) * DAY, 0, 0);
        award(&b, &rule, NOW - (499 - 2 * i) * DAY, 0, 0);
    }
    unite(&rule);
    BOTH(count, 80);
    BOTH(instants, 32);
    BOTH(instant[0], NOW - 452 * DAY);
    expect_worth(&rule, NOW, 80);
    expect_worth(&rule, NOW + 200 * DAY, 19); /* those of the last 440 days */
    expect_worth(&rule, NOW + 300 * DAY, 0);
}

Test(unite, the_two_highest_periods_of_both_stay)
{
    const struct seuil_rule rule = {
        .limit_count = 1,
        .limits = {{.kind = SEUIL_LIMIT_CALENDAR, .count = 3, .period = SEUIL_PERIOD_DAY}}};

    begin();
    award(&a, &rule, 100 * DAY, 0, 0);
    award(&a, &rule, 101 * DAY, 0, 0);
    award(&a, &rule, 101 * DAY + 1, 0, 0);
    award(&b, &rule, 101 * DAY, 0, 0);
    award(&b, &rule, 102 * DAY, 0, 0);
    unite(&rule);
    BOTH(count, 5);
    BOTH(period[0][0].period, 102);
    BOTH(period[0][0].count, 1);
    BOTH(period[0][1].period, 101);
    BOTH(period[0][1].count, 3);
    cr_expect_not(seuil_tally_fold(&ab, &rule, 101 * DAY + 5, 0, 0), "the day is full");
    cr_expect(seuil_tally_fold(&ab, &rule, 102 * DAY + 5, 0, 0));
    b.periods = 0; /* of a rule that had no such limit then */
    b.count = 1;
    unite(&rule);
    BOTH(periods, 1);
    BOTH(period[0][0].period, 101);
    BOTH(period[0][1].period, 100);
}

Test(unite, clicks_that_may_belong_to_a_burst_stay_each_link_with_its_latest_time)
{
    const struct seuil_rule rule = {.role = SEUIL_ROLE_QUARANTINE, .kind = SEUIL_KIND_EMAIL};

    begin();
    a.objects = b.objects = 2;
    a.object[0] = (struct seuil_object){.hash = 1, .count = 11, .last = 100};
    a.object[1] = (struct seuil_object){.hash = 1, .count = 12, .last = 200};
    b.object[0] = (struct seuil_object){.hash = 2, .count = 11, .last = 150};
    b.object[1] = (struct seuil_object){.hash = 1, .count = 11, .last = 250};
    unite(&rule);
    BOTH(objects, 3);
    BOTH(object[0].hash, 2);
    BOTH(object[1].count, 12);
    BOTH(object[2].count, 11);
    BOTH(object[2].last, 250);
}

Test(unite, a_hold_goes_on_from_the_later_award)
{
    const struct seuil_rule rule = {.role = SEUIL_ROLE_POINTS};

    begin();
    award(&a, &rule, 5, 0, 0);
    award(&b, &rule, 7, 0, 0);
    a.held = b.held = true;
    a.held_from = 5;
    b.held_from = 7;
    unite(&rule);
    BOTH(held_from, 7);
    a.held = false;
    a.held_from = 0;
    unite(&rule);
    BOTH(held, true);
    BOTH(held_from, 7);
}

/* ---- a command of the other lead --------------------------------------------------------- */

Test(unite, a_recycle_retires_awards_up_to_its_instant_and_buckets_whole)
{
    const struct seuil_rule aged = {
        .decay = {.shape = SEUIL_DECAY_EXPIRES, .duration_ms = 640 * DAY}};
    const struct seuil_rule none = {.decay = {.shape = SEUIL_DECAY_NONE},
                                    .limit_count = 1,
                                    .limits = {{.kind = SEUIL_LIMIT_LEAD, .count = 5}}};

    begin();
    for (int i = 0; i < 40; i++)
        award(&a, &aged, (10 * i + 1) * DAY, 0, 0);
    cr_assert_eq(a.buckets, 8);
    cr_assert_eq(a.instants, 32);
    b = a;
    seuil_tally_retire_until(&a, &aged, 31 * DAY); /* the middle of a bucket is its instant */
    cr_assert_eq(a.buckets, 5);
    cr_assert_eq(a.count, 37);
    cr_assert_eq(a.retired_instants, 0);
    seuil_tally_retire_until(&b, &aged, 101 * DAY);
    cr_assert_eq(b.buckets, 0);
    cr_assert_eq(b.count, 32);
    cr_assert_eq(b.retired_instants, 3);
    cr_assert_float_eq(seuil_tally_value(&b, &aged, 400 * DAY), 29, 1e-9);
    begin();
    for (int i = 1; i <= 4; i++)
        award(&a, &none, i * DAY, 0, 0);
    a.held = true;
    a.held_from = 2 * DAY;
    b = a;
    seuil_tally_retire_until(&a, &none, 3 * DAY);
    cr_assert_eq(a.count, 4, "slots stay used");
    cr_assert_eq(a.retired, 3);
    cr_assert_float_eq(seuil_tally_value(&a, &none, 9 * DAY), 1, 1e-9);
    cr_assert_not(a.held);
    seuil_tally_retire_until(&b, &none, 2 * DAY - 1);
    cr_assert_eq(b.retired, 1);
    cr_assert(b.held);
    cr_assert_eq(b.held_from, 2 * DAY);
    seuil_tally_retire_until(&b, &none, 2 * DAY);
    cr_assert_not(b.held, "an award of the recycle's own instant is retired");
    cr_assert_eq(b.retired, 2);
}

Test(unite, a_freeze_undoes_awards_since_its_instant_and_gives_slots_back)
{
    struct seuil_rule rule = once_an_object;

    begin();
    for (uint32_t i = 1; i <= 4; i++)
        award(&a, &rule, i * 10 * DAY, i, 0);
    b = a;
    seuil_tally_undo_since(&a, &rule, 20 * DAY); /* at the instant itself it counted still */
    cr_assert_eq(a.count, 2);
    cr_assert_eq(a.instants, 2);
    cr_assert_eq(a.objects, 2);
    b.retired_instants = 3;
    b.retired = 3;
    seuil_tally_undo_since(&b, &rule, 20 * DAY - 1);
    cr_assert_eq(b.count, 1);
    cr_assert_eq(b.retired_instants, 1);
    cr_assert_eq(b.retired, 1);
}

/* Bits of @bits: what else than its object is known of a command. */
static void know(struct seuil_tally *tally, unsigned bits)
{
    memset(tally, 0, sizeof(*tally));
    tally->objects = 1;
    tally->object[0] = (struct seuil_object){
        .hash = 7 + (bits & 1), .count = 1 + (bits >> 1 & 1), .last = 50 + (bits >> 2 & 1)};
    tally->count = 1 + (bits >> 3 & 1);
    tally->instants = bits >> 4 & 1;
    tally->instant[0] = 50;
    tally->retired = bits >> 5 & 1;
    tally->sum = bits >> 6 & 1;
}

Test(unite, of_two_commands_the_same_one_stays_whichever_lead_it_came_to)
{
    const struct seuil_rule rule = {.role = SEUIL_ROLE_RECYCLE, .kind = SEUIL_KIND_COMMAND};

    for (unsigned i = 0; i < 128; i++)
        for (unsigned j = 0; j < 128; j++) {
            know(&a, i);
            know(&b, j);
            unite(&rule);
            cr_assert_eq(memcmp(&ab, &ba, sizeof(ab)), 0, "%u and %u", i, j);
            cr_assert_eq(ab.object[0].last, 50 + ((i | j) >> 2 & 1), "the later one");
        }
}

Test(unite, a_sum_told_for_later_than_a_freeze_is_worth_no_more_than_that_then)
{
    const struct seuil_rule rule = {
        .decay = {.shape = SEUIL_DECAY_HALF_LIFE, .duration_ms = 10 * DAY}};

    begin();
    a.count = 3;
    a.sum = 2;
    a.landmark = 90 * DAY;
    a.shape = SEUIL_DECAY_HALF_LIFE;
    a.span_ms = 10 * DAY;
    b = a;
    seuil_tally_undo_since(&a, &rule, 55 * DAY);
    cr_assert_eq(a.landmark, 50 * DAY);
    seuil_tally_undo_since(&b, &rule, 90 * DAY);
    cr_assert_eq(b.landmark, 90 * DAY);
}
