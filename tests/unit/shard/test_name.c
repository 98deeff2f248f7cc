/* Names of leads in Redis: ids, or keyed hashes of them. */

#include <criterion/criterion.h>

#include "rig.h"

#define SECRET SEUIL_STR("a secret of sixteen and more")

static char room[SEUIL_NAME_DIGITS + 1];

static const char *name_of(const struct rig *rig, const char *id)
{
    struct seuil_str name = seuil_lead_name(&rig->config.names, seuil_str_from(id), room);

    cr_assert_eq(name.len, (size_t)SEUIL_NAME_DIGITS);
    return room;
}

static struct rig *keyed_rig(void)
{
    struct rig *rig = rig_new();

    seuil_shard_free(rig->shard);
    seuil_lead_names_init(&rig->config.names, SECRET);
    rig->shard = rig_shard(rig);
    rig_start(rig);
    return rig;
}

static void say(struct rig *rig, const char *lead, const char *type, const char *name)
{
    static int ids;
    char value[300];

    snprintf(value, sizeof(value),
             "{\"type\":\"%s\",\"id\":\"n%d\",\"lead\":\"%s\",\"time\":%lld,\"name\":\"%s\"}", type,
             ++ids, lead, (long long)rig->wall, name);
    fake_produce(&rig->source, FORMS, rig->wall, lead, value);
    rig_pass(rig, 11000);
}

/* Whether the bytes of its state have the text in them. */
static bool tells(struct rig *rig, const char *key, const char *text)
{
    struct seuil_memory_lead found;

    cr_assert(seuil_store_memory_lead(rig->memory, 0, seuil_str_from(key), &found) && found.bytes);
    return memmem(found.bytes, found.len, text, strlen(text)) != NULL;
}

Test(name, without_a_secret_the_name_is_the_id)
{
    struct seuil_lead_names names;
    char mark[SEUIL_NAME_MARK_DIGITS + 1];

    seuil_lead_names_init(&names, SEUIL_STR(""));
    seuil_lead_names_mark(&names, mark);
    cr_assert_str_eq(mark, "");
    cr_assert(
        seuil_str_eq(seuil_lead_name(&names, SEUIL_STR("camille"), NULL), SEUIL_STR("camille")));
}

/* printf %s 'what do ya want for nothing?' | openssl dgst -sha256 -hmac Jefe (RFC 4231, case 2) */
Test(name, with_a_secret_it_is_the_first_half_of_an_hmac)
{
    struct seuil_lead_names names, others;
    char mark[SEUIL_NAME_MARK_DIGITS + 1], other[SEUIL_NAME_MARK_DIGITS + 1];

    seuil_lead_names_init(&names, SEUIL_STR("Jefe"));
    cr_assert(seuil_str_eq(seuil_lead_name(&names, SEUIL_STR("what do ya want for nothing?"), room),
                           SEUIL_STR("5bdcc146bf60754e6a042426089575c7")));
    seuil_lead_names_init(&others, SEUIL_STR("jefe"));
    seuil_lead_names_mark(&names, mark);
    seuil_lead_names_mark(&others, other);
    cr_assert_eq(strlen(mark), (size_t)SEUIL_NAME_MARK_DIGITS);
    cr_assert_str_neq(mark, other);
}

Test(name, a_keyed_lead_is_kept_under_its_hash_and_its_state_tells_who_it_is)
{
    struct rig *rig = keyed_rig();
    struct seuil_lead lead;

    say(rig, "camille", "activity", "big");
    cr_assert_not(rig_stored(rig, "camille", &lead), "nothing is under the id");
    cr_assert(rig_stored(rig, name_of(rig, "camille"), &lead));
    cr_assert(lead.keyed && lead.id_len == 7 && memcmp(lead.id, "camille", 7) == 0);
    cr_assert(rig_sent(rig, SEUIL_DEST_OUTBOUND) >= 1, "its crossing tells the id");
    cr_assert_str_eq(rig->sink.sent[0].key, "camille");
    rig_free(rig);
}

Test(name, what_is_left_of_a_forgotten_keyed_lead_does_not_tell_who_it_was)
{
    struct rig *rig = keyed_rig();
    struct seuil_lead lead;
    const char *key = name_of(rig, "camille");

    say(rig, "camille", "activity", "big");
    cr_assert(tells(rig, key, "camille"));
    say(rig, "camille", "command", "forget");
    cr_assert_not(tells(rig, key, "camille"));
    cr_assert(rig_stored(rig, key, &lead));
    cr_assert(lead.tombstone && lead.cut != SEUIL_TIME_NONE && lead.birth.known);
    cr_assert(lead.automaton_count == 1 && lead.automata[0].ordinal > 0);
    cr_assert(lead.evidence.recent_count == 0 && lead.evidence.rule_count == 0 &&
              lead.evidence.attribute_count == 0 && lead.evidence.adjustment_count == 0 &&
              lead.cause_count == 0);
    rig_free(rig);
}

Test(name, late_events_of_a_forgotten_keyed_lead_stay_out_and_later_ones_begin_anew)
{
    struct rig *rig = keyed_rig();
    struct seuil_lead lead;
    struct seuil_birth before;
    uint32_t sent;

    say(rig, "camille", "activity", "big");
    say(rig, "camille", "command", "forget");
    rig_crash(rig); /* nothing but Redis remembers */
    rig_start(rig);
    cr_assert(rig_stored(rig, name_of(rig, "camille"), &lead));
    before = lead.birth;
    sent = rig_sent(rig, SEUIL_DEST_OUTBOUND);
    rig_event(rig, VIEWS, rig->wall, "camille", "big", 60000);
    rig_pass(rig, 11000);
    cr_assert(rig_stored(rig, name_of(rig, "camille"), &lead) && lead.tombstone);
    cr_assert_eq(rig_sent(rig, SEUIL_DEST_OUTBOUND), sent);
    say(rig, "camille", "activity", "big");
    cr_assert(rig_stored(rig, name_of(rig, "camille"), &lead) && !lead.tombstone);
    cr_assert(lead.birth.offset != before.offset || lead.birth.topic != before.topic);
    cr_assert(tells(rig, name_of(rig, "camille"), "camille"));
    cr_assert_gt(rig_sent(rig, SEUIL_DEST_OUTBOUND), sent);
    rig_free(rig);
}

Test(name, a_silence_tells_the_id_of_a_keyed_lead_that_only_redis_remembers)
{
    struct rig *rig = keyed_rig();
    uint32_t sent;

    say(rig, "camille", "activity", "big");
    sent = rig_sent(rig, SEUIL_DEST_OUTBOUND);
    rig_crash(rig);
    rig_start(rig);
    rig_pass(rig, 30000);
    cr_assert_gt(rig_sent(rig, SEUIL_DEST_OUTBOUND), sent, "it cools down");
    cr_assert_str_eq(rig->sink.sent[rig->sink.count - 1].key, "camille");
    rig_free(rig);
}

Test(name, that_a_keyed_lead_is_gone_is_told_under_its_id)
{
    struct rig *rig = keyed_rig();
    const struct fake_sent *last = NULL;

    rig->config.scores = true;
    say(rig, "camille", "activity", "big");
    say(rig, "camille", "command", "forget");
    for (uint32_t i = 0; i < rig->sink.count; i++)
        if (rig->sink.sent[i].destination == SEUIL_DEST_SCORES)
            last = &rig->sink.sent[i];
    cr_assert(last && last->value == NULL);
    cr_assert_str_eq(last->key, "camille");
    rig_free(rig);
}

Test(name, a_keyed_tombstone_goes_after_its_time)
{
    struct rig *rig = keyed_rig();
    struct seuil_lead lead;

    say(rig, "camille", "activity", "big");
    say(rig, "camille", "command", "forget");
    cr_assert(rig_stored(rig, name_of(rig, "camille"), &lead));
    rig_crash(rig);
    rig->wall += SEUIL_TOMBSTONE_MS;
    rig_start(rig);
    rig_pass(rig, 30000);
    cr_assert_not(rig_stored(rig, name_of(rig, "camille"), &lead));
    cr_assert_eq(rig_due(rig, name_of(rig, "camille")), SEUIL_TIME_NEVER);
    rig_free(rig);
}
