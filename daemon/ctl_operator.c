/* seuilctl go-on, adopt, rebuild: what only a person can decide about a halted shard.
 *
 * Each takes the shard's token (so whoever owned it is fenced), changes meta as
 * lib/shard/operator.h says, and commits under the guard. The owner finds the reason gone and takes
 * the shard anew. */

#include <inttypes.h>
#include <string.h>
#include <sys/random.h>
#include <sysexits.h>
#include <unistd.h>

#include "codec/encode.h"
#include "ctl_decide.h"
#include "shard/operator.h"

static int go_on(struct seuil_decision *d, uint32_t shard)
{
    int64_t first[SEUIL_TOPICS_MAX], end, lost;
    char text[96];
    int rc = 0;

    for (uint32_t i = 0; i < SEUIL_TOPICS_MAX && !rc; i++) {
        first[i] = -1;
        if (d->meta.topics[i].present && seuil_world_topic(&d->world, i))
            rc = seuil_decision_watermarks(d, shard, i, &first[i], &end);
    }
    if (rc)
        return rc;
    lost = seuil_operator_go_on(&d->meta, first);
    rc = seuil_decision_commit(d, shard, NULL, 0);
    if (rc)
        return rc;
    snprintf(text, sizeof(text), "goes on; %" PRId64 " offsets that are gone are given up", lost);
    seuil_decision_tell(d, shard, lost ? text : "goes on as it is");
    return 0;
}

/* The number of a topic by its name, or of an input by its name. */
static int topic_of(struct seuil_decision *d, const char *name, uint32_t *ret_topic)
{
    const struct seuil_settings *settings = d->world.opened.settings;

    for (uint32_t i = 0; i < settings->input_count; i++)
        if (strcmp(settings->inputs[i].topic, name) == 0 ||
            strcmp(settings->inputs[i].name, name) == 0) {
            *ret_topic = d->world.clients.numbers[i];
            if (*ret_topic < SEUIL_TOPICS_MAX)
                return 0;
            return seuil_ctl_fail(d->command, EX_USAGE,
                                  "input topic \"%s\" is new: add it with `seuilctl init`", name);
        }
    if (strcmp(settings->internal_topic, name) == 0) {
        *ret_topic = SEUIL_TOPIC_INTERNAL;
        return 0;
    }
    return seuil_ctl_fail(d->command, EX_USAGE, "there is no input topic \"%s\"", name);
}

static int adopt(struct seuil_decision *d, uint32_t shard)
{
    const char *cluster = d->world.clients.cluster_id;
    int rc = 0;

    for (unsigned i = 0; i < d->topics.count && !rc; i++) {
        uint32_t topic = 0;
        int64_t start = 0;

        rc = topic_of(d, d->topics.values[i], &topic);
        if (!rc)
            rc = seuil_decision_start(d, shard, topic, &start);
        if (!rc && seuil_operator_adopt(&d->meta, topic, start, cluster[0] ? cluster : NULL))
            rc = seuil_ctl_fail(d->command, EX_DATAERR, "shard %u has no topic %s", shard,
                                d->topics.values[i]);
    }
    if (!rc)
        rc = seuil_decision_commit(d, shard, NULL, 0);
    if (!rc)
        seuil_decision_tell(d, shard, "adopted");
    return rc;
}

/* ---- the commands --------------------------------------------------------------------------- */

/* What --yes would delete. */
static void show_only(struct seuil_decision *d, uint32_t shard, const char *why)
{
    d->settled++;
    if (!d->json) {
        seuil_buf_printf(&d->out, "shard %u: %s\n", shard, why);
        return;
    }
    seuil_buf_printf(&d->out, "{\"shard\":%u,\"would_rebuild\":", shard);
    seuil_json_add_string(&d->out, seuil_str_from(why));
    seuil_buf_add_text(&d->out, "}\n");
}

static int untouched(const struct seuil_decision *d, uint32_t shard, bool named, const char *why)
{
    return named ? seuil_ctl_fail(d->command, EX_DATAERR, "shard %u %s: nothing is changed", shard,
                                  why)
                 : 0;
}

/* One shard: only a halted one is touched; a rebuild is also for one whose state is lost. */
static int settle(struct seuil_decision *d, uint32_t shard, bool named)
{
    bool is_rebuild = strcmp(d->command, "rebuild") == 0, found, made = true;
    struct seuil_meta meta;
    int rc = seuil_world_meta(&d->world, shard, &meta, &found);

    if (!rc && !found && is_rebuild)
        rc = seuil_rebuild_was_made(d, shard, &made);
    if (rc)
        return rc;
    if (found && !meta.halt[0])
        return untouched(d, shard, named, "is not halted");
    if (!found && (!is_rebuild || !made))
        return untouched(d, shard, named,
                         made ? "has no state (`seuilctl rebuild` makes it anew)"
                              : "never had a state (seuild makes it)");
    if (is_rebuild && !d->yes) {
        show_only(d, shard, found ? meta.halt : "its state is lost");
        return 0;
    }
    if (d->world.empty) {
        rc = seuil_world_make_manifest(&d->world);
        if (rc)
            return rc;
        d->world.empty = false;
    }
    d->meta = meta;
    if (found)
        rc = seuil_decision_take(d, shard);
    else if (getrandom(&d->token, sizeof(d->token), 0) != sizeof(d->token))
        rc = seuil_ctl_fail(d->command, EX_OSERR, "no random numbers");
    if (rc)
        return rc;
    if (is_rebuild)
        rc = seuil_rebuild_shard(d, shard, found);
    else
        rc = strcmp(d->command, "adopt") == 0 ? adopt(d, shard) : go_on(d, shard);
    d->world.store->ops->forget(d->world.store, shard);
    return rc;
}

static int run(struct seuil_decision *d, const char *config, int operands, char **argv)
{
    static uint32_t shards[SEUIL_PARTITIONS_MAX];
    char host[48] = "?";
    bool is_rebuild = strcmp(d->command, "rebuild") == 0;
    int count, rc = seuil_world_open(&d->world, d->command, config, is_rebuild);

    gethostname(host, sizeof(host) - 1);
    snprintf(d->owner, sizeof(d->owner), "seuilctl@%s", host);
    if (!rc)
        rc = seuil_world_kafka(&d->world);
    count = rc ? 0 : seuil_world_shards(&d->world, operands, argv, shards);
    if (count < 0)
        rc = -count;
    for (int i = 0; i < count && !rc; i++) {
        seuil_ctl_progress(d->command, (uint64_t)i, (uint64_t)count);
        rc = settle(d, shards[i], operands > 0);
    }
    seuil_ctl_progress(d->command, 1, 1);
    if (!rc && d->settled == 0)
        rc = seuil_ctl_fail(d->command, EX_DATAERR, "%s: nothing is changed",
                            !is_rebuild      ? "no shard is halted"
                            : d->world.empty ? "neither Redis nor the consumer group knows of a "
                                               "state that was lost; is redis.url, app or group "
                                               "another one's?"
                                             : "no shard is halted or lost");
    if (!rc && is_rebuild && !d->yes) {
        if (!d->json)
            seuil_buf_add_text(&d->out, "The state of these shards would be deleted and made anew "
                                        "from the log. Say --yes to do it.\n");
        rc = EX_USAGE;
    }
    rc = seuil_ctl_flush(&d->out, rc);
    seuil_world_done(&d->world);
    return rc;
}

static int start_command(const struct seuil_ctl_command *command, int argc, char **argv,
                         struct seuil_decision *d, const char *const *format, int *ret_status)
{
    int operands = seuil_ctl_parse(command, argc, argv, ret_status);

    d->command = command->name;
    if (operands >= 0 && (*ret_status = seuil_ctl_json(command->name, *format, &d->json)))
        return -1;
    return operands;
}

int seuil_ctl_go_on(int argc, char **argv)
{
    const char *config = NULL, *format = NULL;
    const struct seuil_ctl_option options[] = {
        {"config", "FILE", "configuration; not given: " SEUIL_CTL_CONFIG, &config, NULL},
        {"format", "text|json", "how to answer; json is one object a shard", &format, NULL},
    };
    const struct seuil_ctl_command command = {
        .name = "go-on",
        .operands = "[SHARD...]",
        .help = "Let halted shards go on with what the log still has: where it lost records that\n"
                "were not read yet, they are given up; where too many could not be used, those at\n"
                "which the shard halted pass as dead letters. No SHARD: every halted one.",
        .options = options,
        .option_count = 2,
        .operands_max = SEUIL_PARTITIONS_MAX,
    };
    static struct seuil_decision d;
    int rc, operands = start_command(&command, argc, argv, &d, &format, &rc);

    return operands < 0 ? rc : run(&d, config, operands, argv);
}

int seuil_ctl_adopt(int argc, char **argv)
{
    static struct seuil_decision d;
    const char *config = NULL, *format = NULL;
    const struct seuil_ctl_option options[] = {
        {"config", "FILE", "configuration; not given: " SEUIL_CTL_CONFIG, &config, NULL},
        {"topic", "NAME", "the input topic, or the internal one; may be given several times", NULL,
         &d.topics},
        {"start", "WHERE", "earliest (the default), latest, an offset or a time", &d.start, NULL},
        {"format", "text|json", "how to answer; json is one object a shard", &format, NULL},
    };
    const struct seuil_ctl_command command = {
        .name = "adopt",
        .operands = "[SHARD...]",
        .help =
            "Take a topic that was deleted and made again, or whose log lost its tail, for what\n"
            "it is now. What leads know of it stays; its offsets count anew. No SHARD: every\n"
            "halted one.",
        .options = options,
        .option_count = 4,
        .operands_max = SEUIL_PARTITIONS_MAX,
    };
    int rc, operands = start_command(&command, argc, argv, &d, &format, &rc);

    if (operands < 0)
        return rc;
    if (d.topics.count == 0)
        return seuil_ctl_fail("adopt", EX_USAGE, "--topic NAME is needed");
    return run(&d, config, operands, argv);
}

int seuil_ctl_rebuild(int argc, char **argv)
{
    static struct seuil_decision d;
    const char *config = NULL, *format = NULL, *yes = NULL;
    const struct seuil_ctl_option options[] = {
        {"config", "FILE", "configuration; not given: " SEUIL_CTL_CONFIG, &config, NULL},
        {"start", "WHERE", "read from earliest (the default), latest or a time", &d.start, NULL},
        {"yes", NULL, "do it; without it the shards are only shown", &yes, NULL},
        {"format", "text|json", "how to answer; json is one object a shard", &format, NULL},
    };
    const struct seuil_ctl_command command = {
        .name = "rebuild",
        .operands = "[SHARD...]",
        .help = "Delete the state of halted shards, or of shards whose state is lost, and make it\n"
                "anew from the log. Crossings up to where the consumer group was told are not\n"
                "published again. No SHARD: every halted one.",
        .options = options,
        .option_count = 4,
        .operands_max = SEUIL_PARTITIONS_MAX,
    };
    int rc, operands = start_command(&command, argc, argv, &d, &format, &rc);

    if (operands < 0)
        return rc;
    d.yes = yes != NULL;
    return run(&d, config, operands, argv);
}
