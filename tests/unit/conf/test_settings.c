#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/heap.h"
#include "conf/scalar.h"
#include "conf/settings_load.h"

#ifndef SEUIL_SOURCE_DIR
#define SEUIL_SOURCE_DIR "."
#endif

#define NEEDED "kafka: {bootstrap.servers: k}\nmodels: [m.yaml]\n"

static struct seuil_errs errs;

static const char *lookup(void *ctx, const char *name)
{
    (void)ctx;
    if (strcmp(name, "HOST") == 0)
        return "kafka.example";
    if (strcmp(name, "EMPTY") == 0)
        return "";
    return strcmp(name, "QUOTES") == 0 ? "a: \"b\" # c" : NULL;
}

static struct seuil_settings *load(const char *text)
{
    seuil_errs_clear(&errs);
    return seuil_settings_parse("dir/s.yaml", text, strlen(text), lookup, NULL, &errs);
}

static struct seuil_settings *load_good(const char *text)
{
    struct seuil_settings *settings = load(text);

    cr_assert_not_null(settings, "%s: %s", text, errs.count ? errs.list[0].text : "?");
    return settings;
}

/* One of the errors is at @line and says @part. */
static void expect_error(const char *text, int line, const char *part)
{
    struct seuil_settings *settings = load(text);
    bool found = false;

    cr_expect_null(settings, "accepted: %s", text);
    for (uint32_t i = 0; i < errs.count; i++)
        found = found || (errs.list[i].line == line && strstr(errs.list[i].text, part));
    cr_expect(found, "no error in line %d says \"%s\"; the first: %d: %s", line, part,
              errs.count ? errs.list[0].line : 0, errs.count ? errs.list[0].text : "none");
    seuil_settings_free(settings);
}

static const void *field(const struct seuil_settings *settings, const struct seuil_setting_row *row)
{
    return (const char *)settings + row->offset;
}

static bool is_text(const struct seuil_setting_row *row)
{
    return row->type == SEUIL_SETTING_TEXT || row->type == SEUIL_SETTING_NAME ||
           row->type == SEUIL_SETTING_PATH;
}

static bool same(const struct seuil_settings *a, const struct seuil_settings *b,
                 const struct seuil_setting_row *row)
{
    const void *left = field(a, row), *right = field(b, row);

    if (is_text(row))
        return strcmp(*(const char *const *)left, *(const char *const *)right) == 0;
    if (row->type == SEUIL_SETTING_BOOL)
        return *(const bool *)left == *(const bool *)right;
    if (row->type == SEUIL_SETTING_CHOICE)
        return *(const int *)left == *(const int *)right;
    return *(const int64_t *)left == *(const int64_t *)right;
}

/* A value that is not the default, as it is written in a file. */
static void other_value(const struct seuil_setting_row *row, char out[128])
{
    char number[32];

    switch (row->type) {
    case SEUIL_SETTING_TEXT:
    case SEUIL_SETTING_NAME:
        strcpy(out, "other");
        break;
    case SEUIL_SETTING_PATH:
        strcpy(out, "/etc/other.pem");
        break;
    case SEUIL_SETTING_BOOL:
        strcpy(out, strcmp(row->fallback, "true") == 0 ? "false" : "true");
        break;
    case SEUIL_SETTING_CHOICE: {
        const char *last = strrchr(row->unit, '|') + 1;

        snprintf(out, 128, "%s", last);
        if (strcmp(last, row->fallback) == 0)
            snprintf(out, 128, "%.*s", (int)strcspn(row->unit, "|"), row->unit);
        break;
    }
    case SEUIL_SETTING_INT:
        snprintf(out, 128, "%lld", (long long)row->min + 1);
        break;
    case SEUIL_SETTING_DURATION:
        strcpy(out, seuil_duration_format(row->min + 1, number));
        break;
    case SEUIL_SETTING_SIZE:
        strcpy(out, seuil_size_format(row->min + (8 << 20), number));
        break;
    case SEUIL_SETTING_TIME:
        strcpy(out, "2026-03-02T08:00:00.001Z");
        break;
    }
    /* What the checks across settings ask for. */
    if (strcmp(row->path, "start") == 0)
        strcpy(out, "latest");
    if (strcmp(row->path, "admin.listen") == 0)
        strcpy(out, "127.0.0.1:9464");
    if (strcmp(row->path, "redis.url") == 0)
        strcpy(out, "rediss://r.example:6380/3");
    if (strcmp(row->path, "registry.url") == 0)
        strcpy(out, "http://a:8081,https://b/path");
}

/* Append "redis:\n  tls:\n    ca: value\n" for the path "redis.tls.ca". */
static void add_setting(char *text, size_t cap, const char *path, const char *value)
{
    int depth = 0;

    for (const char *dot; (dot = strchr(path, '.')); path = dot + 1, depth += 2)
        snprintf(text + strlen(text), cap - strlen(text), "%*s%.*s:\n", depth, "",
                 (int)(dot - path), path);
    snprintf(text + strlen(text), cap - strlen(text), "%*s%s: %s\n", depth, "", path, value);
}

static const char *company(const struct seuil_setting_row *row)
{
    if (strcmp(row->path, "redis.user") == 0 || strcmp(row->path, "registry.user") == 0)
        return "  password: p\n";
    if (strcmp(row->path, "redis.tls.cert") == 0)
        return "    key: /k\n  url: rediss://h\n";
    if (strcmp(row->path, "redis.tls.key") == 0)
        return "    cert: /c\n  url: rediss://h\n";
    if (strcmp(row->path, "outbound.format") == 0)
        return "registry:\n  url: http://h\n";
    if (strcmp(row->path, "registry.tls.cert") == 0)
        return "    key: /k\n  url: https://h\n";
    if (strcmp(row->path, "registry.tls.key") == 0)
        return "    cert: /c\n  url: https://h\n";
    if (strncmp(row->path, "registry.tls.", 13) == 0)
        return "  url: https://h\n";
    if (strcmp(row->path, "redis.backoff_max") == 0 ||
        strcmp(row->path, "registry.backoff_max") == 0)
        return "  backoff_min: 10ms\n";
    if (strncmp(row->path, "redis.tls.", 10) == 0)
        return "  url: rediss://h\n";
    return "";
}

Test(settings, every_one_can_be_set_printed_and_loaded_again)
{
    for (int i = 0; i < SEUIL_SETTING_COUNT; i++) {
        const struct seuil_setting_row *row = &seuil_setting_rows[i];
        struct seuil_settings *plain = load_good(NEEDED), *set, *again;
        char text[1024] = NEEDED, value[128];
        struct seuil_buf printed = {0};

        other_value(row, value);
        add_setting(text, sizeof(text), row->path, value);
        strcat(text, company(row));
        set = load_good(text);
        cr_expect_not(same(plain, set, row), "%s was not set", row->path);
        cr_expect_eq(set->origins[i].kind, SEUIL_ORIGIN_FILE, "%s", row->path);
        cr_expect_gt(set->origins[i].line, 2, "%s", row->path);
        cr_expect_eq(plain->origins[i].kind, SEUIL_ORIGIN_DEFAULT, "%s", row->path);

        cr_assert_eq(seuil_settings_write(set, &printed), 0);
        seuil_errs_clear(&errs);
        again =
            seuil_settings_parse("/printed.yaml", printed.ptr, printed.len, lookup, NULL, &errs);
        cr_assert_not_null(again, "%s: what is printed is refused: %s", row->path,
                           errs.list[0].text);
        for (int k = 0; k < SEUIL_SETTING_COUNT; k++)
            if (!seuil_setting_rows[k].secret)
                cr_expect(same(set, again, &seuil_setting_rows[k]), "%s after setting %s",
                          seuil_setting_rows[k].path, row->path);
        seuil_buf_done(&printed);
        seuil_settings_free(again);
        seuil_settings_free(set);
        seuil_settings_free(plain);
    }
}

Test(settings, values_outside_their_range_are_refused_and_the_bounds_are_not)
{
    for (int i = 0; i < SEUIL_SETTING_COUNT; i++) {
        const struct seuil_setting_row *row = &seuil_setting_rows[i];
        char text[1024], value[64], number[32];

        if (row->type != SEUIL_SETTING_INT && row->type != SEUIL_SETTING_DURATION &&
            row->type != SEUIL_SETTING_SIZE)
            continue;
        for (int side = -1; side <= 2; side++) { /* below, least, most, above */
            int64_t n = side <= 0 ? row->min + side : row->max + side - 1;
            struct seuil_settings *settings;
            bool outside = side == -1 || side == 2, named = false;

            if (n < 0)
                continue;
            strcpy(text, NEEDED);
            if (row->type == SEUIL_SETTING_INT)
                snprintf(value, sizeof(value), "%lld", (long long)n);
            else
                strcpy(value, row->type == SEUIL_SETTING_SIZE ? seuil_size_format(n, number)
                                                              : seuil_duration_format(n, number));
            add_setting(text, sizeof(text), row->path, value);
            settings = load(text);
            for (uint32_t k = 0; k < errs.count; k++)
                named = named || strstr(errs.list[k].text, " must be between ");
            cr_expect_eq(named, outside, "%s: %s", row->path, value);
            seuil_settings_free(settings);
        }
    }
}

Test(settings, the_sample_file_shows_every_setting_with_its_default)
{
    char path[1024], *text;
    struct seuil_settings *plain = load_good(NEEDED), *sample;
    FILE *file;
    size_t len;

    snprintf(path, sizeof(path), "%s/config/seuil.yaml", SEUIL_SOURCE_DIR);
    seuil_errs_clear(&errs);
    sample = seuil_settings_open(path, lookup, NULL, &errs);
    cr_assert_not_null(sample, "%s", errs.count ? errs.list[0].text : "?");
    for (int i = 0; i < SEUIL_SETTING_COUNT; i++) {
        const struct seuil_setting_row *row = &seuil_setting_rows[i];

        cr_expect_neq(sample->origins[i].kind, SEUIL_ORIGIN_DEFAULT,
                      "%s is not in config/seuil.yaml", row->path);
        cr_expect(same(plain, sample, row), "config/seuil.yaml has another default for %s",
                  row->path);
    }
    cr_expect_eq(sample->input_count, plain->input_count);
    for (uint32_t i = 0; i < sample->input_count; i++)
        cr_expect_str_eq(sample->inputs[i].name, plain->inputs[i].name);

    file = fopen(path, "r");
    text = calloc(1, 1 << 20);
    len = fread(text, 1, (1 << 20) - 1, file);
    fclose(file);
    cr_assert_gt(len, 0);
    for (int i = 0; i < SEUIL_INPUT_KEY_COUNT; i++) {
        char line[64];

        snprintf(line, sizeof(line), "#   %s ", seuil_input_keys[i]);
        cr_expect_not_null(strstr(text, line), "config/seuil.yaml does not explain %s of an input",
                           seuil_input_keys[i]);
    }
    free(text);
    seuil_settings_free(sample);
    seuil_settings_free(plain);
}

/* What seuil.yaml.5 must say of a row: name, kind of value, default, doc. */
static void page_text(const struct seuil_setting_row *row, char *out, size_t cap)
{
    static const char *const kinds[] = {"text",   "name",     "file", "boolean", "one of",
                                        "number", "duration", "size", "time"};
    char low[32], high[32], kind[256];

    snprintf(kind, sizeof(kind), "%s", kinds[row->type]);
    if (row->type == SEUIL_SETTING_CHOICE)
        snprintf(kind, sizeof(kind), "one of %s", row->unit);
    else if (row->type == SEUIL_SETTING_INT)
        snprintf(kind, sizeof(kind), "number of %s, %lld to %lld", row->unit, (long long)row->min,
                 (long long)row->max);
    else if (row->type == SEUIL_SETTING_DURATION)
        snprintf(kind, sizeof(kind), "duration, %s to %s", seuil_duration_format(row->min, low),
                 seuil_duration_format(row->max, high));
    else if (row->type == SEUIL_SETTING_SIZE)
        snprintf(kind, sizeof(kind), "size, %s to %s", seuil_size_format(row->min, low),
                 seuil_size_format(row->max, high));
    snprintf(out, cap, ".TP\n.B %s\n(%s%s%s) %s\n", row->path, kind,
             row->fallback[0] ? "; default " : "", row->fallback, row->doc);
}

Test(settings, the_manual_page_says_what_the_table_says)
{
    char path[1024], wanted[1024], *page = calloc(1, 1 << 20);
    FILE *file;
    size_t len = 0;

    snprintf(path, sizeof(path), "%s/deploy/man/seuil.yaml.5", SEUIL_SOURCE_DIR);
    file = fopen(path, "r");
    if (file) {
        len = fread(page, 1, (1 << 20) - 1, file);
        fclose(file);
    }
    cr_assert_gt(len, 0, "%s cannot be read", path);
    for (int i = 0; i < SEUIL_SETTING_COUNT; i++) {
        page_text(&seuil_setting_rows[i], wanted, sizeof(wanted));
        cr_expect_not_null(strstr(page, wanted), "seuil.yaml.5 should have:\n%s", wanted);
    }
#define X(name, doc)                                                                               \
    cr_expect_not_null(strstr(page, ".TP\n.B " name "\n" doc "\n"),                                \
                       "seuil.yaml.5 should have:\n.TP\n.B %s\n%s\n", name, doc);
    SEUIL_SETTINGS_BLOCKS(X)
    SEUIL_INPUT_KEYS(X)
#undef X
    free(page);
}

Test(settings, unknown_ones_are_refused_with_place_and_nearest_name)
{
    expect_error(NEEDED "ap: x\n", 3, "unknown setting \"ap\" (did you mean \"app\"?)");
    expect_error(NEEDED "redis:\n  pasword: x\n", 4,
                 "unknown setting \"redis.pasword\" (did you mean \"redis.password\"?)");
    expect_error(NEEDED "password: x\n", 3, "(did you mean \"redis.password\"?)");
    expect_error(NEEDED "reddis: {url: x}\n", 3, "(did you mean \"redis\"?)");
    expect_error(NEEDED "log: {fromat: json}\n", 3, "(did you mean \"log.format\"?)");
    expect_error(NEEDED "log: json\n", 3, "it must be a mapping, this is text");
    expect_error(NEEDED "zzzzz: 1\n", 3, "unknown setting \"zzzzz\"");
    expect_error("- a\n", 1, "a configuration is a mapping");
}

Test(settings, all_mistakes_are_told_at_once_in_order)
{
    struct seuil_settings *settings =
        load("workers: many\nbatch: 0\napp: a b\nlog: {level: loud}\nkafka: {}\n");

    cr_assert_null(settings);
    cr_assert_geq(errs.count, 6);
    for (uint32_t i = 1; i < errs.count; i++)
        cr_expect_leq(errs.list[i - 1].line, errs.list[i].line);
}

Test(settings, variables_are_expanded_in_values_only_after_parsing)
{
    struct seuil_settings *s =
        load_good("kafka: {bootstrap.servers: \"${HOST}:9092,${B:-b:1}\"}\n"
                  "models: [\"${EMPTY:-x}.yaml\"]\napp: ${NAME:-demo}\n"
                  "redis: {user: \"${QUOTES}\", password: \"$${HOST}\"}\ninstance: ${EMPTY}\n");

    cr_expect_str_eq(seuil_settings_kafka(s, "bootstrap.servers"), "kafka.example:9092,b:1");
    cr_expect_str_eq(s->models[0].path, "dir/x.yaml");
    cr_expect_str_eq(s->app, "demo");
    cr_expect_str_eq(s->redis_user, "a: \"b\" # c", "a value is never syntax");
    cr_expect_str_eq(s->redis_password, "${HOST}");
    cr_expect_eq(s->origins[SEUIL_SETTING_app].kind, SEUIL_ORIGIN_ENVIRONMENT);
    cr_expect_str_eq(s->origins[SEUIL_SETTING_app].detail, "NAME");
    cr_expect_eq(s->origins[SEUIL_SETTING_redis_password].kind, SEUIL_ORIGIN_FILE);
    cr_expect_str_neq(s->instance, "", "an empty value is \"not set\"");
    seuil_settings_free(s);
    expect_error(NEEDED "app: ${NOWHERE}\n", 3, "NOWHERE is not set");
    expect_error(NEEDED "app: ${HOST\n", 3, "${ without }");
    expect_error(NEEDED "${HOST}: x\n", 3, "unknown setting");
}

Test(settings, secrets_come_from_files_and_are_never_printed)
{
    char path[] = "/tmp/seuil-secret.XXXXXX", text[512];
    struct seuil_buf printed = {0};
    struct seuil_settings *s;
    int fd = mkstemp(path);

    cr_assert_geq(fd, 0);
    cr_assert_eq(write(fd, "hunter2\n", 8), 8);
    close(fd);
    snprintf(text, sizeof(text),
             "kafka: {bootstrap.servers: k, sasl.password: hunter2, ssl.key.password_file: %s}\n"
             "models: m\nredis: {password_file: %s}\n",
             path, path);
    s = load_good(text);
    cr_expect_str_eq(s->redis_password, "hunter2");
    cr_expect_str_eq(seuil_settings_kafka(s, "ssl.key.password"), "hunter2");
    cr_expect_eq(s->origins[SEUIL_SETTING_redis_password].kind, SEUIL_ORIGIN_SECRET_FILE);
    cr_assert_eq(seuil_settings_write(s, &printed), 0);
    seuil_buf_add_byte(&printed, 0);
    cr_expect_null(strstr((char *)printed.ptr, "hunter2"));
    cr_expect_not_null(strstr((char *)printed.ptr, "password: \"********\"  # dir/s.yaml:3"));
    seuil_buf_done(&printed);
    seuil_settings_free(s);
    unlink(path);
    expect_error(NEEDED "redis: {password_file: /nonexistent/x}\n", 3, "cannot be read");
    expect_error(NEEDED "redis: {password_file: x, password: y}\n", 3, "both given");
    expect_error(NEEDED "redis: {url_file: x}\n", 3, "unknown setting \"redis.url_file\"");
}

Test(settings, relative_files_are_seen_from_the_configuration)
{
    struct seuil_settings *s =
        load_good("kafka: {bootstrap.servers: k}\nmodels: [m/a.yaml, /abs/b.yaml]\n"
                  "redis: {url: \"rediss://h\", tls: {ca: ca.pem}}\n"
                  "inputs: {x: {kind: form, format: raw, schema: f.avsc}}\n");

    cr_expect_str_eq(s->models[0].path, "dir/m/a.yaml");
    cr_expect_str_eq(s->models[1].path, "/abs/b.yaml");
    cr_expect_str_eq(s->redis_tls_ca, "dir/ca.pem");
    cr_expect_str_eq(s->inputs[0].schemas[0].path, "dir/f.avsc");
    seuil_settings_free(s);
}

Test(settings, values_that_follow_from_others_are_filled_in)
{
    struct seuil_settings *s = load_good(NEEDED "app: shop\n");

    cr_expect_str_eq(s->group, "shop");
    cr_expect_str_eq(s->internal_topic, "seuil.shop.internal");
    cr_expect_str_eq(s->outbound_source, "urn:seuil:shop");
    cr_expect_gt(strlen(s->instance), 0);
    cr_expect_eq(s->publish_from, SEUIL_TIME_NONE);
    seuil_settings_free(s);
}

Test(settings, the_default_inputs_are_six_and_know_their_kinds)
{
    struct seuil_settings *s = load_good(NEEDED "start: 2026-03-02\n");

    cr_assert_eq(s->input_count, SEUIL_KINDS);
    for (int i = 0; i < SEUIL_KINDS; i++) {
        cr_expect_eq(s->inputs[i].kind, i);
        cr_expect_str_eq(s->inputs[i].topic, s->inputs[i].name);
        cr_expect_eq(s->inputs[i].start, SEUIL_INPUT_START_TIME);
        cr_expect_eq(s->inputs[i].start_time, INT64_C(1772409600000));
    }
    seuil_settings_free(s);
}

Test(settings, inputs_of_the_file_replace_the_default_ones)
{
    struct seuil_settings *s = load_good(
        NEEDED "start: earliest\ninputs:\n  emails:\n"
               "  web: {topic: t, kind: page_view, format: confluent, schemas: {1: a, 7: b}, "
               "fields: {id: event_id, utm_source: src}, optional: true, start: latest, "
               "duplicates: last}\n");

    cr_assert_eq(s->input_count, 2);
    cr_expect_eq(s->inputs[0].kind, SEUIL_KIND_EMAIL);
    cr_expect_eq(s->inputs[0].start, SEUIL_INPUT_START_EARLIEST);
    cr_expect_str_eq(s->inputs[1].topic, "t");
    cr_expect_eq(s->inputs[1].format, SEUIL_INPUT_CONFLUENT);
    cr_expect_eq(s->inputs[1].schema_count, 2);
    cr_expect_eq(s->inputs[1].schemas[1].id, 7);
    cr_expect_str_eq(s->inputs[1].schemas[1].path, "dir/b");
    cr_expect_eq(s->inputs[1].field_count, 2);
    cr_expect_str_eq(s->inputs[1].fields[1].field, "utm_source");
    cr_expect_str_eq(s->inputs[1].fields[1].name, "src");
    cr_expect(s->inputs[1].optional);
    cr_expect(s->inputs[1].last_duplicate && !s->inputs[0].last_duplicate);
    cr_expect_eq(s->inputs[1].start, SEUIL_INPUT_START_LATEST);
    seuil_settings_free(s);
}

Test(settings, mistakes_in_inputs_are_told_at_their_place)
{
    expect_error(NEEDED "inputs:\n  web: {}\n", 4, "needs a kind");
    expect_error(NEEDED "inputs:\n  emails: {kind: form}\n", 4, "is of kind email");
    expect_error(NEEDED "inputs:\n  web: {kind: pageview}\n", 4, "(did you mean \"page_view\"?)");
    expect_error(NEEDED "registry: {url: \"ftp://x\"}\n", 3, "must be like http://registry");
    expect_error(NEEDED "registry: {url: \"http://a:1,, http://b\"}\n", 3,
                 "parted by commas alone");
    expect_error(NEEDED "registry: {url: \"http://u:p@a:1\"}\n", 3, "registry.password_file");
    expect_error(NEEDED "registry: {url: \"http://a\", directory: b}\n", 3, "both given");
    expect_error(NEEDED "registry: {url: \"http://a\", tls: {ca: c.pem}}\n", 3, "has no effect");
    expect_error(NEEDED "registry: {url: \"https://a\", tls: {key: c.pem}}\n", 3,
                 "belong together");
    expect_error(NEEDED "outbound: {format: confluent}\n", 3, "needs registry.url");
    expect_error(NEEDED "registry: {user: u}\n", 3, "without registry.password");
    expect_error(NEEDED "registry: {token: t, user: u, password: p}\n", 3, "stands instead of");
    expect_error(NEEDED "inputs:\n  forms: {format: single_object, schemas: {1: a}}\n", 4,
                 "must be a list of files");
    expect_error(NEEDED "inputs:\n  forms: {format: avro}\n", 4, "json, confluent, raw");
    expect_error(NEEDED "inputs:\n  forms: {format: raw}\n", 4, "needs schema");
    expect_error(NEEDED "inputs:\n  forms: {format: confluent}\n", 4, "needs schemas");
    expect_error(NEEDED "inputs:\n  forms: {schema: a}\n", 4, "belongs to format: raw");
    expect_error(NEEDED "inputs:\n  forms: {schemas: {1: a}}\n", 4, "as format: confluent");
    expect_error(NEEDED "inputs:\n  forms: {format: confluent, schemas: {x: a}}\n", 4,
                 "a schema id must be a whole number");
    expect_error(NEEDED "inputs:\n  forms: {start: never}\n", 4, "earliest, latest or a time");
    expect_error(NEEDED "inputs:\n  forms: {fields: {url: x}}\n", 4, "unknown key \"url\"");
    expect_error(NEEDED "inputs:\n  forms: {fields: {form: x}}\n", 4, "of fields of input forms");
    expect_error(NEEDED "inputs:\n  forms: {topc: x}\n", 4, "(did you mean \"topic\"?)");
    expect_error(NEEDED "inputs:\n  forms: {topic: a/b}\n", 4, "cannot be a topic");
    expect_error(NEEDED "inputs:\n  forms: {optional: 7}\n", 4, "must be true or false");
    expect_error(NEEDED "inputs:\n  forms: {duplicates: first}\n", 4, "must be refuse or last");
    expect_error(NEEDED "inputs: []\n", 3, "1 to 15 inputs by name");
    expect_error(NEEDED "inputs: {}\n", 3, "1 to 15 inputs by name");
}

Test(settings, what_no_single_value_shows_is_checked_too)
{
    expect_error("models: m\n", 0, "bootstrap.servers is missing");
    expect_error("models: m\nkafka: {bootstrap.server: k}\n", 2, "(is it \"bootstrap.server\"?)");
    expect_error("kafka: {bootstrap.servers: k}\n", 0, "models is missing");
    expect_error("kafka: {bootstrap.servers: k}\nmodels: [a, b, a]\n", 2, "named twice");
    expect_error(NEEDED "kafka2: 1\n", 3, "unknown setting");
    expect_error("models: m\nkafka:\n  bootstrap.servers: k\n  group.id: g\n", 4,
                 "use the setting group");
    expect_error("models: m\nkafka:\n  acks: 1\n  bootstrap.servers: k\n", 3, "it is all");
    expect_error("models: m\nkafka:\n  bootstrap: {servers: k}\n", 3, "on one line");
    expect_error(NEEDED "inputs:\n  forms: {topic: t}\n  emails: {topic: t}\n", 5,
                 "is used by forms and by emails");
    expect_error(NEEDED "inputs:\n  forms: {topic: qualifications}\n", 4, "outbound.topic");
    expect_error(NEEDED "dead_letters: {topic: qualifications}\n", 3, "outbound.topic");
    expect_error(NEEDED "start: yesterday\n", 3, "earliest, latest or a time");
    expect_error(NEEDED "redis: {url: \"http://h\"}\n", 3, "redis.url");
    expect_error(NEEDED "redis: {url: \"redis://u:p@h\"}\n", 3, "use redis.user");
    expect_error(NEEDED "redis: {tls: {ca: x}}\n", 3, "has no effect");
    expect_error(NEEDED "redis: {url: \"rediss://h\", tls: {cert: x}}\n", 3, "belong together");
    expect_error(NEEDED "redis: {user: x}\n", 3, "without redis.password");
    expect_error(NEEDED "redis: {backoff_min: 10s, backoff_max: 1s}\n", 3, "longer than");
    expect_error(NEEDED "cache: 4MiB\npartitions: 1024\n", 3, "too small for 1024 partitions");
    expect_error(NEEDED "grace: 1h\nhorizon: 1h\n", 3, "shorter than horizon");
}

Test(settings, memory_that_runs_out_is_an_error_and_nothing_leaks, .timeout = 60)
{
    static const char text[] =
        NEEDED "app: ${A:-b}\ninputs:\n  web: {kind: form, format: confluent, schemas: {1: a}, "
               "fields: {id: x}}\n";
    int failures = 0;

    for (int n = 0; n < 1000; n++) {
        struct seuil_settings *settings;

        seuil_errs_clear(&errs);
        seuil_heap_fail_after(n);
        settings = seuil_settings_parse("f", text, sizeof(text) - 1, lookup, NULL, &errs);
        seuil_heap_fail_after(-1);
        if (settings) {
            seuil_settings_free(settings);
            break;
        }
        cr_assert_gt(errs.total, 0);
        failures++;
    }
    cr_expect_gt(failures, 5);
    cr_expect_lt(failures, 1000);
}
