/* A folder instead of a registry. */

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "registry/registry.h"

static char folder[] = "/tmp/seuil-registry-XXXXXX";
static struct seuil_buf text;
static struct seuil_error err;

static void put(const char *name, const char *content)
{
    char path[256];
    FILE *file;

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    file = fopen(path, "wb");
    fputs(content, file);
    fclose(file);
}

static void drop(const char *name)
{
    char path[256];

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    unlink(path);
}

static int ask(struct seuil_registry *registry, uint8_t kind, uint64_t high, uint64_t low)
{
    struct seuil_schema_ref ref = {kind, high, low};
    int rc = seuil_registry_schema(registry, &ref, &text, &err);

    if (!rc)
        seuil_buf_add_byte(&text, 0);
    return rc;
}

Test(directory, schemas_are_found_by_number_guid_and_fingerprint_when_they_come)
{
    struct seuil_registry *registry;
    uint32_t id;

    cr_assert_not_null(mkdtemp(folder));
    registry = seuil_registry_directory_new(folder, &err);
    cr_assert_not_null(registry, "%s", err.text);
    cr_assert_eq(ask(registry, SEUIL_REF_ID, 0, 7), SEUIL_ERR_MISSING);
    put("7.avsc", "\"int\"");
    put("0d4c0337-10b8-87a1-a7f6-94bf2952b2de.avsc", "\"long\"");
    put("notes.avsc", "{broken");
    put("a name.avsc", "{\"type\": \"null\"}");
    cr_assert_eq(ask(registry, SEUIL_REF_ID, 0, 7), 0);
    cr_assert_str_eq((char *)text.ptr, "\"int\"");
    cr_assert_eq(ask(registry, SEUIL_REF_GLOBAL_ID, 0, 7), 0);
    cr_assert_eq(ask(registry, SEUIL_REF_CONTENT_ID, 0, 8), SEUIL_ERR_MISSING);
    cr_assert_eq(
        ask(registry, SEUIL_REF_GUID, UINT64_C(0x0d4c033710b887a1), UINT64_C(0xa7f694bf2952b2de)),
        0);
    cr_assert_str_eq((char *)text.ptr, "\"long\"");
    cr_assert_eq(ask(registry, SEUIL_REF_FINGERPRINT, 0, UINT64_C(7195948357588979594)), 0);
    cr_assert_str_eq((char *)text.ptr, "{\"type\": \"null\"}");
    cr_assert_eq(ask(registry, SEUIL_REF_FINGERPRINT, 0, 1), SEUIL_ERR_MISSING);
    cr_assert(strstr(err.text, "0000000000000001"), "%s", err.text);
    cr_assert_eq(seuil_registry_register(registry, "s", SEUIL_STR("\"int\""), &id, &err),
                 SEUIL_ERR_UNSUPPORTED);
    drop("7.avsc");
    drop("0d4c0337-10b8-87a1-a7f6-94bf2952b2de.avsc");
    drop("notes.avsc");
    drop("a name.avsc");
    rmdir(folder);
    cr_assert_eq(ask(registry, SEUIL_REF_FINGERPRINT, 0, 1), SEUIL_ERR_BACKOFF,
                 "a folder that is gone says nothing of a schema");
    cr_assert_eq(ask(registry, SEUIL_REF_ID, 0, 7), SEUIL_ERR_BACKOFF, "nor of a file in it");
    seuil_registry_free(registry);
    cr_assert_null(seuil_registry_directory_new(folder, &err));
    cr_assert_eq(err.code, SEUIL_ERR_CONFIG);
    seuil_buf_done(&text);
}
