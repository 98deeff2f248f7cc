/* seuilctl init: the topics that a configuration needs, made where they are missing, and the
 * numbers of new inputs. seuild itself never makes a topic: a slip in a name would be one. */

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "clients.h"
#include "codec/encode.h"
#include "conf/scalar.h"
#include "ctl.h"
#include "store/manifest.h"
#include "stream/admin.h"

#define ASK_MS     10000
#define SPECS_MAX  (SEUIL_TOPICS_MAX + 4)
#define CONFIG_MAX 4

struct topic {
    const char *name, *what;
    bool optional;
    int64_t retention_ms;
    bool holds_records; /* of other topics, with headers of ours */
    bool compacted;     /* the last record of a key is kept, whatever its age */
    struct seuil_topic_state state;
    char retention[24];
    struct seuil_property configs[CONFIG_MAX];
};

struct init {
    bool json, dry, all;
    int replication;
    int64_t retention_ms;
    struct seuil_settings *settings;
    struct seuil_property properties[SEUIL_PROPERTIES_MAX];
    struct seuil_admin *admin;
    struct topic topics[SPECS_MAX];
    uint32_t topic_count;
    struct seuil_buf out;
};

static int report(const struct seuil_error *err)
{
    return seuil_ctl_fail("init", seuil_ctl_status(err->code), "%s", err->text);
}

static void add_topic(struct init *init, const char *name, const char *what, bool optional,
                      int64_t retention_ms)
{
    init->topics[init->topic_count++] = (struct topic){
        .name = name, .what = what, .optional = optional, .retention_ms = retention_ms};
}

/* Inputs must outlive an outage as long as the lateness horizon; so must what shards tell each
 * other. Dead letters wait for people. */
static void list_topics(struct init *init)
{
    const struct seuil_settings *s = init->settings;

    for (uint32_t i = 0; i < s->input_count; i++)
        add_topic(init, s->inputs[i].topic, "input", s->inputs[i].optional, init->retention_ms);
    add_topic(init, s->internal_topic, "internal", false, init->retention_ms);
    add_topic(init, s->outbound_topic, "outbound", false, init->retention_ms);
    if (s->scores_topic[0]) {
        add_topic(init, s->scores_topic, "scores", false, 0);
        init->topics[init->topic_count - 1].compacted = true;
    }
    add_topic(init, s->dead_letters_topic, "dead letters", false, 2 * init->retention_ms);
    init->topics[init->topic_count - 1].holds_records = true;
}

static int connect_admin(struct init *init)
{
    const struct seuil_settings *s = init->settings;
    struct seuil_error err = {0};

    if (s->kafka_count > SEUIL_PROPERTIES_MAX)
        return seuil_ctl_fail("init", EX_CONFIG,
                              "more than %d properties under kafka:", SEUIL_PROPERTIES_MAX);
    for (uint32_t i = 0; i < s->kafka_count; i++)
        init->properties[i] = (struct seuil_property){s->kafka[i].name, s->kafka[i].value};
    init->admin = seuil_admin_new(init->properties, s->kafka_count, &err);
    return init->admin ? 0 : report(&err);
}

/* A topic of scores that is not compacted would lose leads by their age. Whoever may not ask is not
 * told. */
static int check_compacted(struct init *init, const struct topic *topic)
{
    char policy[64];
    struct seuil_error err = {0};

    if (seuil_admin_config(init->admin, topic->name, "cleanup.policy", ASK_MS, policy,
                           sizeof(policy), &err) ||
        strcmp(policy, "compact") == 0)
        return 0;
    return seuil_ctl_fail("init", EX_CONFIG,
                          "the topic %s has cleanup.policy=%s: it would lose leads that do not "
                          "change. Set it to compact",
                          topic->name, policy);
}

/* What is there, and whether it can be used. */
static int describe(struct init *init)
{
    uint32_t wanted = (uint32_t)init->settings->partitions;
    int wrong = 0;

    for (uint32_t i = 0; i < init->topic_count; i++) {
        struct topic *topic = &init->topics[i];
        struct seuil_error err = {0};
        bool counts = strcmp(topic->what, "input") == 0 || strcmp(topic->what, "internal") == 0;

        if (seuil_admin_describe(init->admin, topic->name, ASK_MS, &topic->state, &err))
            return report(&err);
        if (topic->state.exists && counts && topic->state.partitions != wanted) {
            seuil_ctl_fail("init", EX_CONFIG,
                           "the topic %s has %u partitions, the setting partitions says %u: make "
                           "it anew, or change the setting before the first start",
                           topic->name, topic->state.partitions, wanted);
            wrong = EX_CONFIG;
        }
        if (topic->state.exists && topic->compacted && check_compacted(init, topic))
            wrong = EX_CONFIG;
    }
    return wrong;
}

static bool to_make(const struct init *init, const struct topic *topic)
{
    return !topic->state.exists && (!topic->optional || init->all);
}

static uint32_t configure(struct topic *topic)
{
    struct seuil_property *config = topic->configs;
    uint32_t count = 0;

    if (topic->compacted) {
        config[count++] = (struct seuil_property){"cleanup.policy", "compact"};
    } else {
        snprintf(topic->retention, sizeof(topic->retention), "%lld",
                 (long long)topic->retention_ms);
        config[count++] = (struct seuil_property){"cleanup.policy", "delete"};
        config[count++] = (struct seuil_property){"retention.ms", topic->retention};
    }
    /* A cut tail under a running consumer cannot be seen (PROTOCOL 23). */
    config[count++] = (struct seuil_property){"unclean.leader.election.enable", "false"};
    /* Kafka's default, about 1 MiB, and as much again: the largest record of an input must fit. */
    if (topic->holds_records)
        config[count++] = (struct seuil_property){"max.message.bytes", "2097152"};
    return count;
}

static int create(struct init *init)
{
    struct seuil_topic_spec specs[SPECS_MAX];
    struct seuil_error err = {0};
    uint32_t count = 0;

    for (uint32_t i = 0; i < init->topic_count; i++) {
        struct topic *topic = &init->topics[i];

        if (!to_make(init, topic))
            continue;
        specs[count] = (struct seuil_topic_spec){.name = topic->name,
                                                 .partitions = (uint32_t)init->settings->partitions,
                                                 .replication = init->replication,
                                                 .configs = topic->configs,
                                                 .config_count = configure(topic)};
        count++;
    }
    if (count == 0 || init->dry)
        return 0;
    return seuil_admin_create(init->admin, specs, count, ASK_MS, &err) ? report(&err) : 0;
}

static void tell_topics(struct init *init)
{
    char retention[32];

    for (uint32_t i = 0; i < init->topic_count; i++) {
        const struct topic *topic = &init->topics[i];
        const char *fate = topic->state.exists     ? "exists"
                           : !to_make(init, topic) ? "optional, not made"
                           : init->dry             ? "would be made"
                                                   : "made";
        uint32_t partitions =
            topic->state.exists ? topic->state.partitions : (uint32_t)init->settings->partitions;

        seuil_duration_format(topic->retention_ms, retention);
        if (init->json) {
            seuil_buf_add_text(&init->out, "{\"topic\":");
            seuil_json_add_string(&init->out, seuil_str_from(topic->name));
            seuil_buf_printf(&init->out, ",\"is\":\"%s\",\"partitions\":%u,\"fate\":\"%s\"}\n",
                             topic->what, partitions, fate);
            continue;
        }
        seuil_buf_printf(&init->out, "%-32s %-12s %4u partitions  %s", topic->name, topic->what,
                         partitions, fate);
        if (to_make(init, topic) && topic->compacted)
            seuil_buf_add_text(&init->out, ", compacted");
        else if (to_make(init, topic))
            seuil_buf_printf(&init->out, ", kept for %s", retention);
        seuil_buf_add_byte(&init->out, '\n');
    }
}

/* Inputs that were added to the file since the first start get numbers of their own. */
static int number_inputs(struct init *init)
{
    const struct seuil_settings *s = init->settings;
    struct seuil_opened opened = {.settings = init->settings};
    uint32_t numbers[SEUIL_TOPICS_MAX];
    const char *names[SEUIL_TOPICS_MAX];
    struct seuil_manifest before;
    struct seuil_clients clients;
    struct seuil_error err = {0};
    int rc = seuil_clients_open(&opened, &clients, &err);

    if (rc)
        return report(&err);
    rc = seuil_manifest_read(&clients.redis, &before, &err);
    if (rc == SEUIL_ERR_MISSING || init->dry)
        return 0; /* the first start makes it */
    for (uint32_t i = 0; i < s->input_count; i++)
        names[i] = s->inputs[i].topic;
    if (!rc)
        rc = seuil_manifest_add(&clients.redis, names, s->input_count, numbers, &err);
    if (rc)
        return report(&err);
    for (uint32_t i = 0; i < s->input_count && !init->json; i++)
        if (numbers[i] >= before.topic_count)
            seuil_buf_printf(&init->out, "%-32s new input, number %u\n", names[i], numbers[i]);
    return 0;
}

static int parse_numbers(struct init *init, const char *replication, const char *retention)
{
    int64_t value = -1;

    if (replication &&
        (seuil_int_parse(seuil_str_from(replication), &value) || value < 1 || value > 1000))
        return seuil_ctl_fail("init", EX_USAGE, "--replication is no number of copies");
    init->replication = (int)value;
    if (retention && (seuil_duration_parse(seuil_str_from(retention), &init->retention_ms) ||
                      init->retention_ms < SEUIL_MINUTE_MS))
        return seuil_ctl_fail("init", EX_USAGE,
                              "--retention must be a duration like 14d, at least 1m");
    return 0;
}

int seuil_ctl_init(int argc, char **argv)
{
    const char *config = NULL, *format = NULL, *dry = NULL, *all = NULL, *replication = NULL;
    const char *retention = NULL;
    const struct seuil_ctl_option options[] = {
        {"config", "FILE", "configuration; not given: " SEUIL_CTL_CONFIG, &config, NULL},
        {"replication", "N", "copies of each new topic; not given: the broker's default",
         &replication, NULL},
        {"retention", "DURATION",
         "how long new topics keep records; not given: 14d, or twice the horizon if that is longer",
         &retention, NULL},
        {"optional", NULL, "make optional inputs too", &all, NULL},
        {"dry-run", NULL, "only say what would be made", &dry, NULL},
        {"format", "text|json", "how to answer; json is one object a topic", &format, NULL},
    };
    const struct seuil_ctl_command command = {
        .name = "init",
        .operands = "",
        .help = "Make the topics of the configuration that are missing, with its number of\n"
                "partitions, and give numbers to inputs that are new. Nothing that is there is\n"
                "changed.",
        .options = options,
        .option_count = 6,
    };
    static struct init init;
    struct seuil_errs errs = {0};
    int rc;

    if (seuil_ctl_parse(&command, argc, argv, &rc) < 0)
        return rc;
    if ((rc = seuil_ctl_json("init", format, &init.json)))
        return rc;
    init.settings = seuil_settings_open(config ? config : SEUIL_CTL_CONFIG, NULL, NULL, &errs);
    if (!init.settings)
        return seuil_ctl_config_errs("init", config, &errs);
    init.dry = dry != NULL;
    init.all = all != NULL;
    init.retention_ms = 14 * SEUIL_DAY_MS;
    if (2 * init.settings->horizon_ms > init.retention_ms)
        init.retention_ms = 2 * init.settings->horizon_ms;
    rc = parse_numbers(&init, replication, retention);
    list_topics(&init);
    if (!rc)
        rc = connect_admin(&init);
    if (!rc)
        rc = describe(&init);
    if (!rc)
        rc = create(&init);
    if (!rc) {
        tell_topics(&init);
        rc = number_inputs(&init);
    }
    rc = seuil_ctl_flush(&init.out, rc);
    seuil_admin_free(init.admin);
    seuil_settings_free(init.settings);
    return rc;
}
