/* What comes through the internal topic, and comes twice. */

#include <inttypes.h>

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

/* Lead @from is merged into @into. */
static void merge(struct rig *rig, const char *from, const char *into)
{
    char value[200];

    snprintf(value, sizeof(value),
             "{\"type\":\"command\",\"id\":\"m\",\"lead\":\"%s\",\"time\":%lld,\"name\":\"merge\","
             "\"arguments\":{\"into\":\"%s\"}}",
             from, (long long)RIG_WALL, into);
    fake_produce(&rig->source, VIEWS, RIG_WALL, from, value);
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

/* The ids differ where the number alone is to tell, so that nothing else finds the repetition. */
Test(handover, an_entry_that_comes_after_a_later_one_acts_and_one_that_comes_again_does_not)
{
    struct rig *rig = begin();

    arrive(rig, "3 77 7", "seventh");
    arrive(rig, "3 77 9", "ninth");
    arrive(rig, "3 77 8", "eighth");
    expect(rig, 3, 0);
    for (int i = 7; i <= 9; i++) {
        char entry[32];

        snprintf(entry, sizeof(entry), "3 77 %d", i);
        arrive(rig, entry, "again");
    }
    expect(rig, 3, 3);
    arrive(rig, "4 77 8", "of another shard");
    arrive(rig, "3 78 8", "of another tenure");
    expect(rig, 5, 3);
    rig_free(rig);
}

/* A killed sender's heir sends everything again from the first entry that was not trimmed. */
Test(handover, any_number_of_entries_may_come_again)
{
    struct rig *rig = begin();
    char entry[32];

    for (int round = 0; round < 2; round++)
        for (int i = 1; i <= 200; i++) {
            snprintf(entry, sizeof(entry), "3 77 %d", i);
            arrive(rig, entry, round ? "again" : entry);
        }
    expect(rig, 200, 200);
    arrive(rig, "3 77 201", "new");
    expect(rig, 201, 200);
    rig_free(rig);
}

Test(handover, of_what_comes_after_two_gaps_its_id_tells)
{
    struct rig *rig = begin();

    arrive(rig, "3 77 1", "1");
    arrive(rig, "3 77 5", "5"); /* 2 to 4 are missing */
    arrive(rig, "3 77 2", "2");
    arrive(rig, "3 77 4", "4"); /* known by its id alone */
    arrive(rig, "3 77 4", "4 again");
    expect(rig, 5, 0);
    arrive(rig, "3 77 3", "3");
    arrive(rig, "3 77 3", "3, by its number");
    arrive(rig, "3 77 9", "9"); /* 6 to 8 are missing; before 5 nothing is known any more */
    arrive(rig, "3 77 5", "5, by its number");
    expect(rig, 7, 2);
    arrive(rig, "3 77 2", "2 again");
    arrive(rig, "3 77 6", "6");
    arrive(rig, "3 77 6", "6, by its number");
    expect(rig, 9, 3);
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
    cr_assert_eq(rig_meta(rig)->sources.list[0].low.last, 5);
    cr_assert_eq(rig_meta(rig)->sources.list[0].high.last, 7);
    rig_crash(rig);
    rig_start(rig);
    arrive(rig, "3 77 5", "fifth, by its number");
    arrive(rig, "3 77 6", "sixth");
    expect(rig, 1, 1);
    rig_free(rig);
}

/* Whatever else goes through the outbox in between, the numbers of a tenure have no gaps. */
Test(handover, entries_for_a_shard_are_numbered_without_gaps)
{
    static const uint64_t want[] = {1, 2, 3, 1, 2};
    struct rig *rig = begin();
    uint64_t tenure[6];
    uint32_t found = 0;

    rig_event(rig, VIEWS, RIG_WALL, "b", "big", 0);
    merge(rig, "b", "a");
    for (int i = 0; i < 2; i++) {
        rig_event(rig, VIEWS, RIG_WALL, i ? "d" : "c", "big", 0); /* a crossing */
        rig_event(rig, VIEWS, RIG_WALL, "b", "big", 0);
        rig_pass(rig, 100);
    }
    rig_pass(rig, 3000);
    rig_crash(rig);
    rig_start(rig);
    for (int i = 0; i < 2; i++)
        rig_event(rig, VIEWS, RIG_WALL, "b", "big", 0);
    rig_pass(rig, 3000);
    for (uint32_t i = 0; i < rig->sink.count; i++) {
        const struct fake_sent *sent = &rig->sink.sent[i];
        unsigned long long shard, number;

        if (sent->destination != SEUIL_DEST_INTERNAL)
            continue;
        cr_assert_lt(found, 5);
        cr_assert_eq(sscanf(sent->entry, "%llu %" SCNu64 " %llu", &shard, &tenure[found], &number),
                     3, "%s", sent->entry);
        cr_assert(shard == 0 && number == want[found], "entry %u: %s", found, sent->entry);
        found++;
    }
    cr_assert_eq(found, 5);
    cr_assert(tenure[0] == tenure[2] && tenure[3] == tenure[4] && tenure[2] != tenure[3]);
    rig_free(rig);
}

/* The event had left before its lead heard that the other is forgotten. */
Test(handover, who_is_forgotten_does_not_learn_a_name_from_what_comes_late)
{
    struct rig *rig = begin();
    struct seuil_lead lead;
    char forget[200];

    arrive(rig, "3 77 1", "first");
    rig_pass(rig, 11 * SEUIL_SECOND_MS);
    cr_assert(rig_stored(rig, "a", &lead) && lead.alias_count == 1);
    snprintf(forget, sizeof(forget),
             "{\"type\":\"command\",\"id\":\"f\",\"lead\":\"a\",\"time\":%lld,\"name\":\"forget\"}",
             (long long)RIG_WALL);
    fake_produce(&rig->source, VIEWS, RIG_WALL, "a", forget);
    rig_pass(rig, 100);
    arrive(rig, "3 77 2", "second");
    rig_pass(rig, 11 * SEUIL_SECOND_MS);
    cr_assert(rig_stored(rig, "a", &lead) && lead.tombstone);
    cr_assert_eq(rig_status(rig).counters.filtered, 1);
    cr_assert_eq(lead.stamps[INTERNAL].next, 2);
    cr_assert_eq(lead.alias_count, 0);
    rig_free(rig);
}

/* Large events of a lead that was merged away, which the internal topic does not take: neither
 * memory nor Redis fills up, and none is lost. */
Test(handover, what_is_sent_on_waits_within_bounds_and_all_of_it_leaves)
{
    enum { EVENTS = 150, LARGE = 400 * 1024 };
    struct rig *rig = begin();
    char *text = malloc(LARGE + 300);
    uint64_t outbox = 0;

    fake_produce(&rig->source, VIEWS, RIG_WALL, "b",
                 "{\"type\":\"command\",\"id\":\"m\",\"lead\":\"b\",\"time\":1700000000000,"
                 "\"name\":\"merge\",\"arguments\":{\"into\":\"a\"}}");
    rig_turns(rig, 5);
    rig->sink.full = true;
    for (int i = 0; i < EVENTS; i++) {
        int len = snprintf(text, 300,
                           "{\"type\":\"activity\",\"id\":\"%d\",\"lead\":\"b\","
                           "\"time\":1700000000000,\"name\":\"small\",\"object\":\"",
                           i);

        memset(text + len, 'x', LARGE);
        memcpy(text + len + LARGE, "\"}", 3);
        fake_produce(&rig->source, VIEWS, RIG_WALL, "b", text);
    }
    rig_pass(rig, 3000);
    outbox = rig_status(rig).outbox;
    cr_assert_geq(outbox * LARGE, 16u << 20, "%llu", (unsigned long long)outbox);
    cr_assert_leq(outbox * LARGE, 40u << 20, "%llu", (unsigned long long)outbox);
    rig_crash(rig); /* what the next owner reads back is bounded, too */
    rig_start(rig);
    rig_pass(rig, 3000);
    cr_assert_leq(rig_status(rig).outbox * LARGE, 40u << 20);
    rig->sink.full = false;
    rig_pass(rig, 3000);
    cr_assert_eq(rig_status(rig).outbox, 0);
    cr_assert_eq(rig_sent(rig, SEUIL_DEST_INTERNAL), EVENTS + 1);
    free(text);
    rig_free(rig);
}
