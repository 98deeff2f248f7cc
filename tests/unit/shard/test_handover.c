/* What comes through the internal topic, and comes twice. */

#include "codec/handover.h"
#include "rig.h"

#define INTERNAL FORMS

static struct rig *begin(void)
{
    struct rig *rig = rig_new();

    rig->config.inputs[INTERNAL].internal = true;
    seuil_shard_free(rig->shard);
    rig->shard = rig_shard(rig);
    rig_start(rig);
    return rig;
}

/* Activity @id of lead `b`, which was merged into `a`, comes as what the header says. */
static void arrive(struct rig *rig, const char *entry, const char *id)
{
    struct seuil_header header = {SEUIL_STR(SEUIL_HANDOVER_ENTRY), (const uint8_t *)entry,
                                  (uint32_t)strlen(entry)};
    char body[200];
    struct seuil_handover handover = {
        .kind = SEUIL_HANDOVER_EVENT,
        .from = {.offset = 1},
        .time = RIG_WALL,
        .arrival = RIG_WALL,
        .lead = SEUIL_STR("b"),
        .id = seuil_str_from(id),
        .body = (const uint8_t *)body,
        .body_len = (uint32_t)snprintf(body, sizeof(body),
                                       "{\"type\":\"activity\",\"id\":\"%s\",\"lead\":\"b\","
                                       "\"time\":%lld,\"name\":\"small\"}",
                                       id, (long long)RIG_WALL),
    };
    struct seuil_buf value = {0};

    cr_assert_eq(seuil_handover_write(&handover, &value), 0);
    fake_produce_bytes(&rig->source, INTERNAL, RIG_WALL, "a", value.ptr, (uint32_t)value.len);
    seuil_buf_done(&value);
    rig->source.headers = &header;
    rig->source.header_count = 1;
    rig_turns(rig, 5);
    rig->source.headers = NULL;
    rig->source.header_count = 0;
}

static void expect(struct rig *rig, uint64_t applied, uint64_t duplicate)
{
    struct seuil_shard_status s = rig_status(rig);

    cr_assert(s.counters.applied == applied && s.counters.duplicate == duplicate,
              "%llu applied, %llu duplicate", (unsigned long long)s.counters.applied,
              (unsigned long long)s.counters.duplicate);
    cr_assert_eq(s.counters.received, applied + duplicate);
    cr_assert_eq(s.counters.dead_lettered, 0);
}

/* The ids differ where the index alone is to tell, so that nothing else finds the repetition. */
Test(handover, an_entry_that_comes_after_a_later_one_acts_and_one_that_comes_again_does_not)
{
    struct rig *rig = begin();

    arrive(rig, "3 77 7", "seventh");
    arrive(rig, "3 77 6", "sixth");
    expect(rig, 2, 0);
    arrive(rig, "3 77 7", "seventh, by its index");
    expect(rig, 2, 1);
    arrive(rig, "3 77 6", "sixth, by its index");
    expect(rig, 2, 2);
    arrive(rig, "4 77 6", "of another shard");
    arrive(rig, "3 78 6", "of another tenure");
    expect(rig, 4, 2);
    rig_free(rig);
}

Test(handover, entries_as_far_below_as_is_kept_are_known_and_of_older_ones_their_ids_tell)
{
    struct rig *rig = begin();

    arrive(rig, "3 77 100", "100");
    arrive(rig, "3 77 163", "163");
    arrive(rig, "3 77 164", "164");
    arrive(rig, "3 77 100", "100, by its index"); /* 64 below */
    expect(rig, 3, 1);
    arrive(rig, "3 77 99", "99");
    expect(rig, 4, 1);
    arrive(rig, "3 77 228", "228"); /* 64 above */
    arrive(rig, "3 77 164", "164, by its index");
    arrive(rig, "3 77 163", "163");
    expect(rig, 5, 3);
    arrive(rig, "3 77 400", "400");
    arrive(rig, "3 77 228", "228");
    arrive(rig, "3 77 399", "399");
    expect(rig, 7, 4);
    rig_free(rig);
}

Test(handover, what_came_is_known_to_the_next_owner)
{
    struct rig *rig = begin();

    arrive(rig, "3 77 5", "fifth");
    arrive(rig, "3 77 7", "seventh");
    rig_event(rig, VIEWS, RIG_WALL, "c", "big", 0);
    rig_pass(rig, 11 * SEUIL_SECOND_MS); /* a checkpoint */
    cr_assert_eq(rig_meta(rig)->sources.count, 1);
    cr_assert_eq(rig_meta(rig)->sources.list[0].index, 7);
    cr_assert_eq(rig_meta(rig)->sources.list[0].below, 2);
    rig_crash(rig);
    rig_start(rig);
    arrive(rig, "3 77 5", "fifth, by its index");
    arrive(rig, "3 77 6", "sixth");
    expect(rig, 1, 1);
    rig_free(rig);
}
