/* What a registry said, kept in a folder. */

#include <criterion/criterion.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/heap.h"
#include "registry/cache.h"
#include "registry/registry_int.h"

/* A registry that answers what the test says. */
struct fake {
    struct seuil_registry registry;
    int rc;
    const char *text;
    int asked;
};

static int fake_schema(struct seuil_registry *registry, const struct seuil_schema_ref *ref,
                       struct seuil_buf *ret_text, struct seuil_error *err)
{
    struct fake *fake = (struct fake *)registry;

    (void)ref;
    fake->asked++;
    return fake->rc ? seuil_error_set(err, fake->rc, "so says the fake")
                    : seuil_buf_add_text(ret_text, fake->text);
}

static int fake_enlist(struct seuil_registry *registry, const char *subject, struct seuil_str text,
                       uint32_t *ret_id, struct seuil_error *err)
{
    struct fake *fake = (struct fake *)registry;

    (void)subject, (void)text;
    fake->asked++;
    if (fake->rc)
        return seuil_error_set(err, fake->rc, "so says the fake");
    *ret_id = 4711;
    return 0;
}

static void fake_free(struct seuil_registry *registry)
{
    (void)registry;
}

static char folder[] = "/tmp/seuil-cache-XXXXXX";
static struct fake fake = {{fake_schema, fake_enlist, fake_free}, 0, "\"int\"", 0};
static struct seuil_buf text;
static struct seuil_error err;
static char told[1024];
static int tellings;

static void tell(const char *said)
{
    snprintf(told, sizeof(told), "%s", said);
    tellings++;
}

static struct seuil_registry *open_with(const char *urls, bool reads_only, uint32_t files_max)
{
    struct seuil_registry_cache cache = {.path = folder,
                                         .urls = urls,
                                         .reads_only = reads_only,
                                         .files_max = files_max,
                                         .tell = tell};

    return seuil_registry_cache_new(&cache, &fake.registry, &err);
}

static struct seuil_registry *open_new(void)
{
    struct seuil_registry *registry = open_with("http://r:8081", false, 0);

    cr_assert_not_null(registry, "%s", err.text);
    return registry;
}

/* What is said of id @id when the registry answers with @rc. */
static int ask(struct seuil_registry *registry, uint64_t id, int rc)
{
    struct seuil_schema_ref ref = {SEUIL_REF_ID, 0, id};

    fake.rc = rc;
    rc = seuil_registry_schema(registry, &ref, &text, &err);
    if (!rc)
        seuil_buf_add_byte(&text, 0);
    return rc;
}

/* The names of the files there, the last one into @ret_name. */
static int files(char ret_name[512])
{
    DIR *dir = opendir(folder);
    int n = 0;

    for (struct dirent *entry; (entry = readdir(dir)) != NULL;)
        if (entry->d_name[0] != '.') {
            snprintf(ret_name, 512, "%s/%s", folder, entry->d_name);
            n++;
        }
    closedir(dir);
    return n;
}

static void make(void)
{
    cr_assert_not_null(mkdtemp(folder));
}

static void unmake(void)
{
    char path[512];

    while (files(path))
        if (unlink(path))
            rmdir(path);
    rmdir(folder);
    seuil_buf_done(&text);
}

TestSuite(cache, .init = make, .fini = unmake);

Test(cache, what_was_said_is_used_when_there_is_no_answer_and_only_then)
{
    struct seuil_registry *registry = open_new();
    char path[512];

    cr_assert_eq(ask(registry, 7, 0), 0);
    seuil_registry_free(registry);
    cr_assert_eq(files(path), 1);
    registry = open_new();
    cr_assert_eq(ask(registry, 7, SEUIL_ERR_MISSING), SEUIL_ERR_MISSING);
    cr_assert_eq(ask(registry, 7, SEUIL_ERR_UNSUPPORTED), SEUIL_ERR_UNSUPPORTED);
    cr_assert_eq(ask(registry, 8, SEUIL_ERR_BACKOFF), SEUIL_ERR_BACKOFF);
    cr_assert_eq(tellings, 0);
    cr_assert_eq(ask(registry, 7, SEUIL_ERR_BACKOFF), 0);
    cr_assert_str_eq((char *)text.ptr, "\"int\"");
    cr_assert(strstr(told, "schema 7") && strstr(told, folder) && strstr(told, "the fake"), "%s",
              told);
    /* Filled anew, the registry goes before what is kept; that is kept from then on. */
    seuil_registry_free(registry);
    registry = open_new();
    fake.text = "\"long\"";
    cr_assert_eq(ask(registry, 7, 0), 0);
    cr_assert_eq(ask(registry, 7, SEUIL_ERR_BACKOFF), 0);
    cr_assert_str_eq((char *)text.ptr, "\"long\"");
    seuil_registry_free(registry);
}

Test(cache, a_registry_that_is_away_is_not_asked_for_each_schema)
{
    struct seuil_registry *registry = open_new();

    for (uint64_t id = 1; id <= 5; id++)
        cr_assert_eq(ask(registry, id, 0), 0);
    fake.asked = 0;
    for (uint64_t id = 1; id <= 5; id++)
        cr_assert_eq(ask(registry, id, SEUIL_ERR_BACKOFF), 0);
    cr_assert_eq(fake.asked, 1);
    cr_assert_eq(tellings, 1, "once for an outage");
    /* One that is not kept is asked for, and when it is answered the registry is there again. */
    cr_assert_eq(ask(registry, 6, SEUIL_ERR_BACKOFF), SEUIL_ERR_BACKOFF);
    cr_assert_eq(ask(registry, 6, 0), 0);
    cr_assert_eq(fake.asked, 3);
    cr_assert_eq(ask(registry, 1, 0), 0);
    cr_assert_eq(fake.asked, 4);
    seuil_registry_free(registry);
}

Test(cache, ids_of_texts_of_ours_are_kept_too)
{
    struct seuil_registry *registry = open_new();
    struct seuil_str ours = seuil_str_from("\"string\"");
    uint32_t id = 0;

    fake.rc = SEUIL_ERR_BACKOFF;
    cr_assert_eq(seuil_registry_register(registry, "a-value", ours, &id, &err), SEUIL_ERR_BACKOFF);
    fake.rc = 0;
    cr_assert_eq(seuil_registry_register(registry, "a-value", ours, &id, &err), 0);
    fake.rc = SEUIL_ERR_BACKOFF;
    id = 0;
    cr_assert_eq(seuil_registry_register(registry, "a-value", ours, &id, &err), 0);
    cr_assert_eq(id, 4711);
    cr_assert_eq(seuil_registry_register(registry, "b-value", ours, &id, &err), SEUIL_ERR_BACKOFF);
    cr_assert_eq(
        seuil_registry_register(registry, "a-value", seuil_str_from("\"bytes\""), &id, &err),
        SEUIL_ERR_BACKOFF);
    fake.rc = SEUIL_ERR_INVALID;
    cr_assert_eq(seuil_registry_register(registry, "a-value", ours, &id, &err), SEUIL_ERR_INVALID);
    seuil_registry_free(registry);
}

Test(cache, what_another_registry_said_is_not_believed)
{
    struct seuil_registry *registry = open_new();

    cr_assert_eq(ask(registry, 7, 0), 0);
    seuil_registry_free(registry);
    registry = open_with("http://other:8081", false, 0);
    cr_assert_eq(ask(registry, 7, SEUIL_ERR_BACKOFF), SEUIL_ERR_BACKOFF);
    seuil_registry_free(registry);
}

/* Write @bytes over the only file, ask for schema 7 while the registry is away. */
static void damaged(const char *bytes, size_t len)
{
    struct seuil_registry *registry = open_new();
    char path[512], rest[512];
    FILE *file;

    cr_assert_eq(ask(registry, 7, 0), 0);
    cr_assert_eq(files(path), 1);
    file = fopen(path, "wb");
    fwrite(bytes, 1, len, file);
    fclose(file);
    tellings = 0;
    cr_assert_eq(ask(registry, 7, SEUIL_ERR_BACKOFF), SEUIL_ERR_BACKOFF, "believed %.60s", bytes);
    cr_assert(tellings == 1 && strstr(told, path) && strstr(told, "damaged"), "%s", told);
    cr_assert_eq(files(rest), 0);
    seuil_registry_free(registry);
}

Test(cache, a_damaged_file_is_none_and_goes)
{
    static char large[512 * 1024];
    struct seuil_registry *registry = open_new();
    char path[512], whole[256];
    FILE *file;
    size_t len;

    cr_assert_eq(ask(registry, 7, 0), 0);
    cr_assert_eq(files(path), 1);
    file = fopen(path, "rb");
    len = fread(whole, 1, sizeof(whole), file);
    fclose(file);
    seuil_registry_free(registry);
    for (size_t cut = 0; cut < len; cut++)
        damaged(whole, cut);
    for (size_t at = 0; at < len; at++) {
        whole[at] ^= 1;
        damaged(whole, len);
        whole[at] ^= 1;
    }
    memset(large, ' ', sizeof(large));
    memcpy(large, whole, len);
    damaged(large, sizeof(large));
}

Test(cache, a_file_under_another_name_is_not_believed)
{
    struct seuil_registry *registry = open_new();
    char path[512], other[600];

    cr_assert_eq(ask(registry, 7, 0), 0);
    cr_assert_eq(files(path), 1);
    snprintf(other, sizeof(other), "%.*s8.schema", (int)(strlen(path) - strlen("7.schema")), path);
    cr_assert_eq(rename(path, other), 0);
    cr_assert_eq(ask(registry, 8, SEUIL_ERR_BACKOFF), SEUIL_ERR_BACKOFF);
    cr_assert(strstr(told, "damaged"));
    seuil_registry_free(registry);
}

Test(cache, what_is_no_file_is_left_alone_and_hangs_nobody)
{
    struct seuil_registry *registry = open_new();
    char path[512], link[] = "/etc/hostname";

    cr_assert_eq(ask(registry, 7, 0), 0);
    cr_assert_eq(files(path), 1);
    unlink(path);
    cr_assert_eq(mkfifo(path, 0600), 0);
    cr_assert_eq(ask(registry, 7, SEUIL_ERR_BACKOFF), SEUIL_ERR_BACKOFF);
    cr_assert_eq(symlink(link, path), 0);
    cr_assert_eq(ask(registry, 7, SEUIL_ERR_BACKOFF), SEUIL_ERR_BACKOFF);
    cr_assert_eq(access(link, F_OK), 0);
    cr_assert_eq(mkdir(path, 0700), 0);
    cr_assert_eq(ask(registry, 7, SEUIL_ERR_BACKOFF), SEUIL_ERR_BACKOFF);
    cr_assert_eq(ask(registry, 7, 0), 0, "it goes on without");
    seuil_registry_free(registry);
}

/* As if schema @id, of the first registry, had been used at @id seconds. */
static void age(uint64_t id)
{
    const struct timespec times[2] = {{(time_t)id, 0}, {(time_t)id, 0}};
    char path[512];
    size_t head;

    files(path);
    head = strlen(folder) + strlen("/0123456789abcdef-i0-");
    snprintf(path + head, sizeof(path) - head, "%llx.schema", (unsigned long long)id);
    cr_assert_eq(utimensat(AT_FDCWD, path, times, 0), 0, "%s", path);
}

Test(cache, the_folder_is_bounded_and_the_newest_stay)
{
    struct seuil_registry *registry = open_with("http://r:8081", false, 16);
    char path[512];

    for (uint64_t id = 1; id <= 100; id++) {
        cr_assert_eq(ask(registry, id, 0), 0);
        cr_assert_leq(files(path), 16);
        age(id);
    }
    cr_assert_geq(files(path), 12);
    cr_assert_eq(ask(registry, 1, SEUIL_ERR_BACKOFF), SEUIL_ERR_BACKOFF);
    for (uint64_t id = 90; id <= 100; id++)
        cr_assert_eq(ask(registry, id, SEUIL_ERR_BACKOFF), 0, "%d", (int)id);
    seuil_registry_free(registry);
    /* What others wrote counts, too. */
    registry = open_with("http://r:8081", false, 4);
    cr_assert_eq(ask(registry, 200, 0), 0);
    cr_assert_leq(files(path), 4);
    cr_assert_eq(ask(registry, 200, SEUIL_ERR_BACKOFF), 0);
    seuil_registry_free(registry);
}

Test(cache, who_only_reads_makes_and_writes_nothing)
{
    struct seuil_registry *registry = open_with("http://r:8081", true, 0);
    char path[512];

    cr_assert_eq(ask(registry, 7, 0), 0);
    cr_assert_eq(files(path), 0);
    seuil_registry_free(registry);
    rmdir(folder);
    cr_assert_null(open_with("http://r:8081", true, 0));
    cr_assert_eq(err.code, SEUIL_ERR_MISSING);
    cr_assert_neq(access(folder, F_OK), 0);
    registry = open_new(); /* who keeps makes it */
    cr_assert_eq(ask(registry, 7, 0), 0);
    seuil_registry_free(registry);
    registry = open_with("http://r:8081", true, 0);
    cr_assert_eq(ask(registry, 7, SEUIL_ERR_BACKOFF), 0);
    seuil_registry_free(registry);
}

Test(cache, a_folder_that_takes_nothing_is_told_of_once)
{
    struct seuil_registry *registry = open_new();

    rmdir(folder);
    for (uint64_t id = 1; id <= 3; id++)
        cr_assert_eq(ask(registry, id, 0), 0);
    cr_assert(tellings == 1 && strstr(told, "cannot be written") && strstr(told, folder), "%s",
              told);
    seuil_registry_free(registry);
    fclose(fopen(folder, "w"));
    cr_assert_null(open_with("http://r:8081", false, 0), "a file is no folder");
    cr_assert(err.code == SEUIL_ERR_CONFIG && strstr(err.text, folder), "%s", err.text);
    unlink(folder);
    cr_assert_eq(mkdir(folder, 0700), 0);
}

Test(cache, out_of_memory_damages_nothing_that_is_kept)
{
    struct seuil_registry *kept = open_new();
    struct seuil_schema_ref ref = {SEUIL_REF_ID, 0, 7};
    int rc = 0;

    cr_assert_eq(ask(kept, 7, 0), 0);
    fake.rc = SEUIL_ERR_BACKOFF;
    for (int n = 0; n < 4; n++) {
        struct seuil_registry *registry = open_new();

        seuil_buf_done(&text);
        seuil_heap_fail_after(n);
        rc = seuil_registry_schema(registry, &ref, &text, &err);
        seuil_heap_fail_after(-1);
        cr_assert(rc == 0 || rc == SEUIL_ERR_BACKOFF, "%d", rc);
        seuil_registry_free(registry);
    }
    cr_assert_eq(rc, 0);
    cr_assert_null(strstr(told, "damaged"), "%s", told);
    cr_assert_eq(ask(kept, 7, SEUIL_ERR_BACKOFF), 0);
    seuil_registry_free(kept);
}

Test(cache, out_of_memory_is_an_error_or_nothing_kept)
{
    for (int n = 0; n < 12; n++) {
        struct seuil_registry *registry;
        int rc = 0;

        seuil_heap_fail_after(n);
        registry = open_with("http://r:8081", false, 2);
        seuil_buf_done(&text);
        if (registry)
            rc = ask(registry, (uint64_t)n, 0);
        seuil_heap_fail_after(-1);
        cr_assert(registry || err.code == SEUIL_ERR_NOMEM, "%s", err.text);
        cr_assert(rc == 0 || rc == SEUIL_ERR_NOMEM, "%d", rc);
        seuil_registry_free(registry);
    }
}
