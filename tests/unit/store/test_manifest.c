#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

#include "store/manifest.h"
#include "support/redis.h"

static struct seuil_redis_server server;
static struct seuil_redis_config config;
static struct seuil_error err;
static const char *const two[] = {"page_views", "emails"};
static uint32_t numbers[SEUIL_TOPICS_MAX];

static void start(void)
{
    seuil_redis_server_start(&server, NULL);
    config =
        (struct seuil_redis_config){.unix_path = server.unix_path, .app = "test", .partitions = 48};
}

static void stop(void)
{
    seuil_redis_server_stop(&server);
}

TestSuite(manifest, .init = start, .fini = stop);

Test(manifest, the_first_one_makes_it_and_others_find_it)
{
    static const char *const reversed[] = {"emails", "page_views"};
    struct seuil_manifest manifest;

    cr_assert_eq(seuil_manifest_read(&config, &manifest, &err), SEUIL_ERR_MISSING);
    cr_assert_eq(seuil_manifest_agree(&config, 0, "", two, 2, numbers, &err), 0, "%s", err.text);
    cr_assert(numbers[0] == 0 && numbers[1] == 1);
    cr_assert_eq(seuil_manifest_agree(&config, 0, "", reversed, 2, numbers, &err), 0, "%s",
                 err.text);
    cr_assert(numbers[0] == 1 && numbers[1] == 0, "numbers follow names, not positions");
    cr_assert_eq(seuil_manifest_read(&config, &manifest, &err), 0);
    cr_assert(manifest.partitions == 48 && manifest.partitioner == 0 && manifest.topic_count == 2);
    cr_assert_str_eq(manifest.topics[1], "emails");
}

Test(manifest, another_partition_count_halts_with_an_explanation)
{
    seuil_manifest_agree(&config, 0, "", two, 2, numbers, &err);
    config.partitions = 12;
    numbers[0] = 99;
    cr_assert_eq(seuil_manifest_agree(&config, 0, "", two, 2, numbers, &err), SEUIL_ERR_HALTED);
    cr_assert(strstr(err.text, "12 partitions") && strstr(err.text, "48"), "%s", err.text);
    cr_assert_eq(numbers[0], 99);
}

Test(manifest, another_partitioner_halts)
{
    seuil_manifest_agree(&config, 0, "", two, 2, numbers, &err);
    cr_assert_eq(seuil_manifest_agree(&config, 1, "", two, 2, numbers, &err), SEUIL_ERR_HALTED);
    cr_assert(strstr(err.text, "consistent") && strstr(err.text, "murmur2"), "%s", err.text);
}

Test(manifest, another_secret_of_keys_halts_and_so_do_none_and_a_first_one)
{
    static const char mark[] = "0123456789abcdef", other[] = "fedcba9876543210";
    struct seuil_manifest manifest;

    cr_assert_eq(seuil_manifest_agree(&config, 0, mark, two, 2, numbers, &err), 0, "%s", err.text);
    cr_assert_eq(seuil_manifest_read(&config, &manifest, &err), 0, "%s", err.text);
    cr_assert_str_eq(manifest.keys, mark);
    cr_assert_eq(seuil_manifest_agree(&config, 0, mark, two, 2, numbers, &err), 0, "%s", err.text);
    cr_assert_eq(seuil_manifest_agree(&config, 0, other, two, 2, numbers, &err), SEUIL_ERR_HALTED);
    cr_assert(strstr(err.text, "another redis.key_secret"), "%s", err.text);
    cr_assert_eq(seuil_manifest_agree(&config, 0, "", two, 2, numbers, &err), SEUIL_ERR_HALTED);
    cr_assert(strstr(err.text, "with a redis.key_secret"), "%s", err.text);
    config.app = "plain";
    cr_assert_eq(seuil_manifest_agree(&config, 0, "", two, 2, numbers, &err), 0, "%s", err.text);
    cr_assert_eq(seuil_manifest_agree(&config, 0, mark, two, 2, numbers, &err), SEUIL_ERR_HALTED);
    cr_assert(strstr(err.text, "without a secret"), "%s", err.text);
}

Test(manifest, a_new_topic_is_refused_until_the_operator_adds_it)
{
    static const char *const three[] = {"forms", "page_views", "emails"};
    struct seuil_manifest manifest;

    seuil_manifest_agree(&config, 0, "", two, 2, numbers, &err);
    cr_assert_eq(seuil_manifest_agree(&config, 0, "", three, 3, numbers, &err), SEUIL_ERR_HALTED);
    cr_assert(strstr(err.text, "'forms'"), "%s", err.text);
    cr_assert_eq(seuil_manifest_add(&config, three, 3, numbers, &err), 0, "%s", err.text);
    cr_assert(numbers[0] == 2 && numbers[1] == 0 && numbers[2] == 1);
    cr_assert_eq(seuil_manifest_agree(&config, 0, "", three, 3, numbers, &err), 0, "%s", err.text);
    cr_assert_eq(numbers[0], 2);
    seuil_manifest_read(&config, &manifest, &err);
    cr_assert_eq(manifest.topic_count, 3);
}

Test(manifest, numbers_run_out_at_the_limit_and_nothing_is_half_added)
{
    char names[SEUIL_TOPIC_INTERNAL + 1][8];
    const char *many[SEUIL_TOPIC_INTERNAL + 1];
    struct seuil_manifest manifest;

    for (uint32_t i = 0; i <= SEUIL_TOPIC_INTERNAL; i++) {
        snprintf(names[i], sizeof(names[i]), "t%u", i);
        many[i] = names[i];
    }
    cr_assert_eq(
        seuil_manifest_agree(&config, 0, "", many, SEUIL_TOPIC_INTERNAL + 1, numbers, &err),
        SEUIL_ERR_LIMIT);
    cr_assert_eq(seuil_manifest_agree(&config, 0, "", two, 2, numbers, &err), 0);
    cr_assert_eq(seuil_manifest_add(&config, many, SEUIL_TOPIC_INTERNAL, numbers, &err),
                 SEUIL_ERR_LIMIT);
    seuil_manifest_read(&config, &manifest, &err);
    cr_assert_eq(manifest.topic_count, 2);
    cr_assert_eq(seuil_manifest_add(&config, many, SEUIL_TOPIC_INTERNAL - 2, numbers, &err), 0);
}

Test(manifest, adding_to_no_manifest_is_missing)
{
    cr_assert_eq(seuil_manifest_add(&config, two, 2, numbers, &err), SEUIL_ERR_MISSING);
}

Test(manifest, a_topic_named_twice_is_refused)
{
    static const char *const twice[] = {"emails", "emails"};

    cr_assert_eq(seuil_manifest_agree(&config, 0, "", twice, 2, numbers, &err), SEUIL_ERR_CONFIG);
}

Test(manifest, a_damaged_one_is_refused)
{
    static const char *const edits[] = {
        "HSET s:test:manifest partitions 0",  "HSET s:test:manifest partitions 04",
        "HSET s:test:manifest topics 3",      "HSET s:test:manifest topic:emails 0",
        "HSET s:test:manifest topic:other 1", "HSET s:test:manifest partitioner crc",
        "HSET s:test:manifest more 1",        "HDEL s:test:manifest format",
        "HDEL s:test:manifest topic:emails",
    };
    struct seuil_manifest manifest;
    char out[64];

    for (size_t i = 0; i < sizeof(edits) / sizeof(edits[0]); i++) {
        seuil_redis_server_ask(&server, "DEL s:test:manifest", out, sizeof(out));
        cr_assert_eq(seuil_manifest_agree(&config, 0, "", two, 2, numbers, &err), 0, "%s",
                     err.text);
        seuil_redis_server_ask(&server, edits[i], out, sizeof(out));
        cr_assert_eq(seuil_manifest_read(&config, &manifest, &err), SEUIL_ERR_CORRUPT, "%s",
                     edits[i]);
        cr_assert_eq(seuil_manifest_agree(&config, 0, "", two, 2, numbers, &err),
                     SEUIL_ERR_CORRUPT);
    }
    seuil_redis_server_ask(&server, "HSET s:test:manifest format 2", out, sizeof(out));
    cr_assert_eq(seuil_manifest_read(&config, &manifest, &err), SEUIL_ERR_UNSUPPORTED);
}

Test(manifest, sixteen_inputs_of_a_version_before_are_one_too_many)
{
    struct seuil_manifest manifest;
    char command[64], out[64];

    seuil_manifest_agree(&config, 0, "", two, 2, numbers, &err);
    for (int i = 2; i < 16; i++) {
        snprintf(command, sizeof(command), "HSET s:test:manifest topic:t%d %d", i, i);
        seuil_redis_server_ask(&server, command, out, sizeof(out));
    }
    seuil_redis_server_ask(&server, "HSET s:test:manifest topics 16", out, sizeof(out));
    cr_assert_eq(seuil_manifest_read(&config, &manifest, &err), SEUIL_ERR_UNSUPPORTED);
    cr_assert(strstr(err.text, "15 inputs are the most"), "%s", err.text);
    cr_assert_eq(seuil_manifest_agree(&config, 0, "", two, 2, numbers, &err),
                 SEUIL_ERR_UNSUPPORTED);
    seuil_redis_server_ask(&server, "HSET s:test:manifest topics 15", out, sizeof(out));
    cr_assert_eq(seuil_manifest_read(&config, &manifest, &err), SEUIL_ERR_CORRUPT);
}

Test(manifest, no_server_is_to_be_tried_again)
{
    seuil_redis_server_kill(&server);
    cr_assert_eq(seuil_manifest_agree(&config, 0, "", two, 2, numbers, &err), SEUIL_ERR_BACKOFF);
    cr_assert(err.retriable);
    config.app = "not{good}";
    cr_assert_eq(seuil_manifest_agree(&config, 0, "", two, 2, numbers, &err), SEUIL_ERR_CONFIG);
    cr_assert_not(err.retriable);
}

Test(manifest, once_all_shards_had_their_meta_it_stays_noted)
{
    char command[64], out[64];
    bool made = true;

    config.partitions = 3;
    cr_assert_eq(seuil_manifest_made(&config, &made, &err), SEUIL_ERR_MISSING);
    cr_assert_eq(seuil_manifest_agree(&config, 0, "", two, 2, numbers, &err), 0);
    for (int i = 0; i < 3; i++) {
        cr_assert_eq(seuil_manifest_made(&config, &made, &err), 0, "%s", err.text);
        cr_assert_not(made, "%d of 3 shards", i);
        snprintf(command, sizeof(command), "HSET s:{test.%d}:m format 1", i);
        seuil_redis_server_ask(&server, command, out, sizeof(out));
    }
    cr_assert_eq(seuil_manifest_made(&config, &made, &err), 0);
    cr_assert(made);
    seuil_redis_server_ask(&server, "DEL s:{test.1}:m", out, sizeof(out));
    made = false;
    cr_assert_eq(seuil_manifest_made(&config, &made, &err), 0);
    cr_assert(made, "a shard that lost its meta does not become a new one");
    cr_assert_eq(seuil_manifest_agree(&config, 0, "", two, 2, numbers, &err), 0, "%s", err.text);
}
