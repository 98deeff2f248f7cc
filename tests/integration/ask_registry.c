/* ask_registry URLS|FOLDER REF [NAME=VALUE...]: asks a schema registry once, as seuild does.
 *
 * REF: id:7, guid:0123456789abcdef0123456789abcdef, fingerprint:63dd24e7cc258f8a, global:7,
 * content:7, or register:SUBJECT, with the schema on standard input. NAME: user, password, token,
 * ca, cert, key, timeout (ms). Prints "ok" and the schema or its id, or the error's code and text.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "registry/registry.h"

static const char *value_of(int argc, char **argv, const char *name)
{
    for (int i = 3; i < argc; i++)
        if (strncmp(argv[i], name, strlen(name)) == 0 && argv[i][strlen(name)] == '=')
            return argv[i] + strlen(name) + 1;
    return NULL;
}

static struct seuil_schema_ref ref_of(const char *text)
{
    static const char *const kinds[] = {"", "id:", "guid:", "fingerprint:", "global:", "content:"};
    struct seuil_schema_ref ref = {0};

    for (uint8_t kind = SEUIL_REF_ID; kind <= SEUIL_REF_CONTENT_ID; kind++) {
        const char *rest = text + strlen(kinds[kind]);
        char high[17] = "";

        if (strncmp(text, kinds[kind], strlen(kinds[kind])) != 0)
            continue;
        ref.kind = kind;
        if (kind == SEUIL_REF_GUID && strlen(rest) == 32) {
            memcpy(high, rest, 16);
            ref.high = strtoull(high, NULL, 16);
            rest += 16;
        }
        ref.low =
            strtoull(rest, NULL, kind == SEUIL_REF_GUID || kind == SEUIL_REF_FINGERPRINT ? 16 : 10);
    }
    return ref;
}

static struct seuil_registry *open_registry(int argc, char **argv, struct seuil_error *err)
{
    const char *timeout = value_of(argc, argv, "timeout");
    struct seuil_http_config config = {
        .user = value_of(argc, argv, "user"),
        .password = value_of(argc, argv, "password"),
        .token = value_of(argc, argv, "token"),
        .ca_file = value_of(argc, argv, "ca"),
        .cert_file = value_of(argc, argv, "cert"),
        .key_file = value_of(argc, argv, "key"),
        .timeout_ms = timeout ? atol(timeout) : 5000,
    };
    struct seuil_http *http;

    if (strncmp(argv[1], "http", 4) != 0)
        return seuil_registry_directory_new(argv[1], err);
    http = seuil_http_new(&config, err);
    return http ? seuil_registry_new(argv[1], http, err) : NULL;
}

int main(int argc, char **argv)
{
    static char text[1 << 20];
    struct seuil_error err = {0};
    struct seuil_registry *registry = argc > 2 ? open_registry(argc, argv, &err) : NULL;
    struct seuil_buf schema = {0};
    struct seuil_schema_ref ref;
    uint32_t id = 0;
    int rc;

    if (!registry) {
        fprintf(stderr, "ask_registry: %s\n", argc > 2 ? err.text : "URLS REF");
        return 64;
    }
    if (strncmp(argv[2], "register:", 9) == 0) {
        struct seuil_str all = {text, (uint32_t)fread(text, 1, sizeof(text), stdin)};

        rc = seuil_registry_register(registry, argv[2] + 9, all, &id, &err);
        seuil_buf_printf(&schema, "%u", id);
    } else {
        ref = ref_of(argv[2]);
        rc = seuil_registry_schema(registry, &ref, &schema, &err);
    }
    if (rc)
        printf("%d %s\n", rc, err.text);
    else
        printf("ok %.*s\n", (int)schema.len, (const char *)schema.ptr);
    seuil_buf_done(&schema);
    seuil_registry_free(registry);
    return 0;
}
