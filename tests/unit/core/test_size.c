/* However full a lead is, what a step adds behind its evidence finds room in its state. */

#include "core/away.h"
#include "lead_story.h"

#define MODELS     SEUIL_MODELS_MAX
#define ATTRIBUTES 84

/* Each model tells its entry an hour later, and the first looks at many attributes. */
static void write_model(unsigned number, char *out, size_t cap)
{
    int len =
        snprintf(out, cap,
                 "seuil_model: 1\nname: m%u\nversion: \"1\"\ngroups: {g: {}}\nrules:\n"
                 "  - {name: a%u, group: g, event: activity, when: {name: a}, points: 40}\n"
                 "tiers:\n  - {name: cold}\n  - {name: warm, entry: 30, alert: {delay: 1h}}\n",
                 number, number);

    if (number > 0)
        return;
    len += snprintf(out + len, cap - (size_t)len, "fit:\n  criteria:\n");
    for (unsigned i = 0; i < ATTRIBUTES; i++)
        len += snprintf(out + len, cap - (size_t)len,
                        "    - {name: f%u, when: {a%u: x}, points: 1}\n", i, i);
}

static void begin_with(struct story *s, void (*write)(unsigned, char *, size_t))
{
    static char bytes[MODELS][16384];
    struct seuil_model_text texts[MODELS];
    struct seuil_errs errs = {0};

    for (unsigned i = 0; i < MODELS; i++) {
        write(i, bytes[i], sizeof(bytes[i]));
        texts[i] = (struct seuil_model_text){"m.yaml", bytes[i], strlen(bytes[i])};
    }
    s->models = seuil_models_parse(texts, MODELS, &errs);
    cr_assert(s->models, "refused: %s", errs.count ? errs.list[0].text : "");
    s->memory = calloc(1, seuil_scratch_size(s->models));
    s->scratch = seuil_scratch_init(s->memory, s->models, NULL);
    seuil_lead_init(&s->lead, SEUIL_STR("L1"));
}

static void begin(struct story *s)
{
    begin_with(s, write_model);
}

/* Events of ids as long as may be left something, and each of the topics its stamp. */
static void hear_aliases(struct story *s)
{
    char id[SEUIL_ID_MAX];

    memset(id, 'x', sizeof(id));
    for (int i = 0; i < SEUIL_ALIAS_BYTES_MAX / SEUIL_ID_MAX; i++) {
        id[0] = (char)('0' + i);
        seuil_alias_heard(s->models, &s->lead, (struct seuil_str){id, sizeof(id)});
    }
    for (uint32_t i = 0; i < SEUIL_TOPICS_MAX; i++)
        seuil_lead_set_stamp(&s->lead, i, UINT8_MAX, INT64_MAX);
}

/* Attributes with values as long as may be. */
static void fill(struct story *s, unsigned attributes)
{
    char value[SEUIL_NOTE_MAX + 1], name[16];

    memset(value, 'v', SEUIL_NOTE_MAX);
    value[SEUIL_NOTE_MAX] = '\0';
    s->offset = INT64_C(1) << 40;
    for (unsigned i = 0; i < attributes; i++) {
        snprintf(name, sizeof(name), "a%u", i);
        profile(s, name, name, value, T0 + i);
    }
}

static void adjust_all(struct story *s, const char *id, seuil_time_ms time)
{
    prepare(s, SEUIL_KIND_COMMAND, "e", time); /* no rule of theirs is needed */
    s->event.id = seuil_str_from(id);
    s->event.field[SEUIL_FIELD_NAME] = text_value("adjust");
    s->event.field[SEUIL_FIELD_AUTHOR] = text_value("claire");
    s->event.map_count = 1;
    s->entries[0] = (struct seuil_entry){SEUIL_STR("points"), {.type = SEUIL_TYPE_INT, .i = 40}};
    step(s);
}

Test(size, causes_of_entries_to_be_told_in_all_models_beside_many_attributes)
{
    struct story *s = calloc(1, sizeof(*s));
    uint8_t bytes[SEUIL_LEAD_BYTES_MAX];
    char id[SEUIL_ALERT_ID_MAX + 1];

    begin(s);
    memset(id, 'i', SEUIL_ALERT_ID_MAX);
    id[SEUIL_ALERT_ID_MAX] = '\0';
    fill(s, ATTRIBUTES);
    adjust_all(s, id, T0 + DAY); /* the least that matters is given up before it is too large */
    cr_assert_leq(seuil_lead_size(&s->lead), SEUIL_LEAD_BYTES_MAX);
    cr_assert_leq(seuil_lead_write(&s->lead, bytes), sizeof(bytes));
    story_end(s);
}

Test(size, ids_that_are_heard_of_leave_room_for_stamps_and_for_entries_to_be_told)
{
    char id[SEUIL_ALERT_ID_MAX + 1];
    unsigned heard = 0;

    memset(id, 'i', SEUIL_ALERT_ID_MAX);
    id[SEUIL_ALERT_ID_MAX] = '\0';
    for (unsigned attributes = 20; attributes <= ATTRIBUTES; attributes++) {
        struct story *s = calloc(1, sizeof(*s));
        uint8_t bytes[SEUIL_LEAD_BYTES_MAX];

        begin(s);
        fill(s, attributes);
        if (attributes % 2) /* before the entries are to be told, or after it only */
            hear_aliases(s);
        heard += s->lead.alias_count;
        cr_assert_leq(seuil_lead_size(&s->lead), SEUIL_LEAD_BYTES_MAX, "%u", attributes);
        adjust_all(s, id, T0 + DAY);
        cr_assert_leq(seuil_lead_size(&s->lead), SEUIL_LEAD_BYTES_MAX, "%u", attributes);
        hear_aliases(s);
        cr_assert_leq(seuil_lead_size(&s->lead), SEUIL_LEAD_BYTES_MAX, "%u", attributes);
        silence(s, T0 + 2 * DAY);
        cr_assert_leq(seuil_lead_size(&s->lead), SEUIL_LEAD_BYTES_MAX, "%u", attributes);
        cr_assert_leq(seuil_lead_write(&s->lead, bytes), sizeof(bytes));
        story_end(s);
    }
    cr_assert_gt(heard, 0, "ids find room, too");
}

/* Each model has told an entry into each of its tiers, and cools down; all attributes are numbers,
 * of which nothing can be cut off. */
static void write_cooling_model(unsigned number, char *out, size_t cap)
{
    int len = snprintf(out, cap,
                       "seuil_model: 1\nname: m%u\nversion: \"1\"\ngroups: {g: {}}\nrules:\n"
                       "  - {name: a, group: g, event: activity, when: {name: a}, points: 10}\n"
                       "tiers:\n  - {name: t0}\n",
                       number);

    for (unsigned i = 1; i < SEUIL_TIERS_MAX; i++)
        len += snprintf(out + len, cap - (size_t)len,
                        "  - {name: t%u, entry: %u, alert: {cool_down: 90d}}\n", i, i * 10);
    if (number > 0)
        return;
    len += snprintf(out + len, cap - (size_t)len, "fit:\n  criteria:\n");
    for (unsigned i = 0; i < SEUIL_ATTRIBUTES_MAX; i++)
        len += snprintf(out + len, cap - (size_t)len,
                        "    - {name: f%u, when: {a%u: x}, points: 1}\n", i, i);
}

Test(size, of_numbers_beside_cool_downs_in_all_models_some_are_given_up)
{
    struct story *s = calloc(1, sizeof(*s));
    uint8_t bytes[SEUIL_LEAD_BYTES_MAX];
    char name[16], id[SEUIL_ID_MAX];
    unsigned notes = 0;

    begin_with(s, write_cooling_model);
    s->offset = INT64_C(1) << 40;
    for (unsigned i = 1; i < SEUIL_TIERS_MAX; i++) {
        snprintf(name, sizeof(name), "e%u", i);
        act(s, name, "a", T0 + i * 1234567);
    }
    for (unsigned i = 0; i < MODELS; i++)
        cr_assert_eq(s->lead.automata[i].told_count, SEUIL_TIERS_MAX - 1);
    for (unsigned i = 0; i < SEUIL_ATTRIBUTES_MAX; i++) {
        snprintf(name, sizeof(name), "a%u", i);
        prepare(s, SEUIL_KIND_PROFILE, name, T0 + DAY + i * 1234567);
        s->event.map_count = 1;
        s->entries[0].key = seuil_str_from(name);
        s->entries[0].value = (struct seuil_value){.type = SEUIL_TYPE_DOUBLE, .d = 1.0 / (i + 3)};
        step(s);
        cr_assert_leq(seuil_lead_size(&s->lead), SEUIL_LEAD_BYTES_MAX);
    }
    hear_aliases(s);
    for (unsigned i = 0; i < SEUIL_CAUSES_MAX; i++) {
        memset(id, 'a' + (int)i, sizeof(id));
        prepare(s, SEUIL_KIND_ACTIVITY, "ahead", T0 + 20 * DAY + 60000 + i);
        s->event.id = (struct seuil_str){id, sizeof(id)};
        s->event.field[SEUIL_FIELD_NAME] = text_value("a");
        s->event.arrival = T0 + 20 * DAY;
        step(s);
        notes |= s->out.notes;
        cr_assert_leq(seuil_lead_size(&s->lead), SEUIL_LEAD_BYTES_MAX);
    }
    cr_assert(notes & SEUIL_NOTE_VALUE_CUT);
    cr_assert_lt(s->lead.evidence.attribute_count, SEUIL_ATTRIBUTES_MAX);
    cr_assert_eq(s->lead.automata[0].told_count, SEUIL_TIERS_MAX - 1, "cool-downs go on");
    cr_assert_leq(seuil_lead_size(&s->lead), SEUIL_LEAD_BYTES_MAX);
    cr_assert_leq(seuil_lead_write(&s->lead, bytes), sizeof(bytes));
    story_end(s);
}
