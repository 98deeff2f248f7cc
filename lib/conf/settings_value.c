/* One value: expanded, read from a secret's file, parsed as its row says. */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "conf/scalar.h"
#include "conf/settings_load.h"
#include "conf/suggest.h"

/* A key or a password; a certificate chain in PEM fits too. */
#define SECRET_BYTES_MAX (64 * 1024)

int seuil_settings_nomem(struct seuil_settings_loader *loader)
{
    return seuil_errs_at(loader->errs, SEUIL_ERR_NOMEM, NULL, 0, 0, "out of memory");
}

int seuil_settings_error(struct seuil_settings_loader *loader, const struct seuil_origin *origin,
                         int code, const char *format, ...)
{
    char text[512];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    return seuil_errs_at(loader->errs, code, loader->settings->file, origin ? origin->line : 0,
                         origin ? origin->column : 0, "%s", text);
}

const char *seuil_settings_resolve(struct seuil_settings_loader *loader, struct seuil_str text)
{
    const char *file = loader->settings->file;
    const char *slash = strrchr(file, '/');
    size_t dir = slash && text.len && text.ptr[0] != '/' ? (size_t)(slash - file) + 1 : 0;
    char *path = seuil_arena_alloc(&loader->settings->arena, dir + text.len + 1, 1);

    if (path) {
        memcpy(path, file, dir);
        memcpy(path + dir, text.ptr, text.len);
    }
    return path;
}

/* The value of "NAME" or "NAME:-default"; NULL when it is neither set nor given. */
static const char *variable(struct seuil_settings_loader *loader, struct seuil_str inside,
                            char name[128], size_t *ret_len)
{
    const char *dash = memmem(inside.ptr, inside.len, ":-", 2);
    size_t len = dash ? (size_t)(dash - inside.ptr) : inside.len;
    const char *value;

    snprintf(name, 128, "%.*s", (int)len, inside.ptr);
    value = len && len < 128 ? loader->lookup(loader->ctx, name) : NULL;
    if (value && (value[0] || !dash)) {
        *ret_len = strlen(value);
        return value;
    }
    *ret_len = dash ? inside.len - len - 2 : 0;
    return dash ? dash + 2 : NULL;
}

static int expand_text(struct seuil_settings_loader *loader, const struct seuil_yaml_node *node,
                       struct seuil_buf *out, char name[128])
{
    struct seuil_str text = seuil_yaml_str(node);

    for (uint32_t i = 0; i < text.len;) {
        const char *at = text.ptr + i;
        const char *close;
        const char *value;
        size_t len;

        if (strncmp(at, "$${", 3) == 0) {
            seuil_buf_add_text(out, "${");
            i += 3;
            continue;
        }
        if (strncmp(at, "${", 2) != 0) {
            seuil_buf_add_byte(out, (uint8_t)*at);
            i++;
            continue;
        }
        close = strchr(at, '}');
        if (!close)
            return seuil_yaml_error(loader->doc, node, loader->errs, SEUIL_ERR_FORMAT,
                                    "${ without }: write $${ for the two characters themselves");
        value =
            variable(loader, (struct seuil_str){at + 2, (uint32_t)(close - at - 2)}, name, &len);
        if (!value)
            return seuil_yaml_error(loader->doc, node, loader->errs, SEUIL_ERR_MISSING,
                                    "the environment variable %s is not set: set it, or write "
                                    "${%s:-default}",
                                    name, name);
        if (seuil_text_valid_len(value, len) < len)
            return seuil_yaml_error(loader->doc, node, loader->errs, SEUIL_ERR_FORMAT,
                                    "the environment variable %s is not valid UTF-8", name);
        seuil_buf_add(out, value, len);
        i += (uint32_t)(close - at) + 1;
    }
    return out->failed ? seuil_settings_nomem(loader) : 0;
}

int seuil_settings_expand(struct seuil_settings_loader *loader, const struct seuil_yaml_node *node,
                          struct seuil_yaml_node *ret_node, struct seuil_origin *ret_origin)
{
    struct seuil_buf out = {0};
    char name[128] = "";
    int rc;

    *ret_node = *node;
    *ret_origin = (struct seuil_origin){SEUIL_ORIGIN_FILE, node->line, node->column, ""};
    if (node->kind != SEUIL_YAML_SCALAR || !strstr(node->text, "${"))
        return 0;
    rc = expand_text(loader, node, &out, name);
    if (!rc) {
        ret_node->len = (uint32_t)out.len;
        ret_node->text =
            seuil_arena_strdup(&loader->settings->arena, (const char *)out.ptr, out.len);
        ret_origin->detail = seuil_arena_strdup(&loader->settings->arena, name, strlen(name));
        if (name[0])
            ret_origin->kind = SEUIL_ORIGIN_ENVIRONMENT;
        if (!ret_node->text || !ret_origin->detail)
            rc = seuil_settings_nomem(loader);
    }
    seuil_buf_done(&out);
    return rc;
}

int seuil_settings_secret(struct seuil_settings_loader *loader, const struct seuil_yaml_node *node,
                          struct seuil_yaml_node *ret_node, struct seuil_origin *ret_origin)
{
    static const size_t cap = SECRET_BYTES_MAX + 1;
    struct seuil_yaml_node name;
    struct seuil_str text;
    const char *path;
    char *bytes;
    size_t len = 0;
    FILE *file;
    int rc = seuil_settings_expand(loader, node, &name, ret_origin);

    if (rc)
        return rc;
    rc = seuil_yaml_text(loader->doc, &name, "the name of a file", 4096, loader->errs, &text);
    if (rc)
        return rc;
    path = seuil_settings_resolve(loader, text);
    bytes = seuil_arena_alloc(&loader->settings->arena, cap, 1);
    if (!path || !bytes)
        return seuil_settings_nomem(loader);
    file = fopen(path, "rbe");
    if (!file)
        return seuil_yaml_error(loader->doc, node, loader->errs, SEUIL_ERR_IO,
                                "%s cannot be read: %s", path, strerror(errno));
    len = fread(bytes, 1, cap, file);
    rc = ferror(file) ? SEUIL_ERR_IO : 0;
    fclose(file);
    if (rc || len == cap || seuil_text_valid_len(bytes, len) < len)
        return seuil_yaml_error(loader->doc, node, loader->errs, SEUIL_ERR_INVALID,
                                "%s cannot be read as text of at most %d KiB", path,
                                SECRET_BYTES_MAX / 1024);
    if (len && bytes[len - 1] == '\n')
        len--;
    if (len && bytes[len - 1] == '\r')
        len--;
    bytes[len] = '\0';
    *ret_node = *node;
    ret_node->plain = false;
    ret_node->text = bytes;
    ret_node->len = (uint32_t)len;
    ret_origin->kind = SEUIL_ORIGIN_SECRET_FILE;
    ret_origin->detail = path;
    return 0;
}

bool seuil_settings_is_name(struct seuil_str text)
{
    for (uint32_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];

        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              c == '.' || c == '_' || c == '-'))
            return false;
    }
    return !seuil_str_eq(text, SEUIL_STR(".")) && !seuil_str_eq(text, SEUIL_STR(".."));
}

static int assign_text(struct seuil_settings_loader *loader, const struct seuil_setting_row *row,
                       const struct seuil_yaml_node *node, const char **ret_text)
{
    const struct seuil_yaml *doc = loader->doc;
    struct seuil_str text;
    int rc = seuil_yaml_text(doc, node, row->path, (size_t)row->max, loader->errs, &text);

    if (rc)
        return rc;
    if ((int64_t)text.len < row->min)
        return seuil_yaml_error(doc, node, loader->errs, SEUIL_ERR_LIMIT, "%s must not be empty",
                                row->path);
    if (row->type == SEUIL_SETTING_NAME && !seuil_settings_is_name(text))
        return seuil_yaml_error(doc, node, loader->errs, SEUIL_ERR_INVALID,
                                "%s may have letters, digits, '.', '_' and '-' only, not \"%.64s\"",
                                row->path, text.ptr);
    *ret_text = row->type == SEUIL_SETTING_PATH && text.len
                    ? seuil_settings_resolve(loader, text)
                    : seuil_arena_strdup(&loader->settings->arena, text.ptr, text.len);
    return *ret_text ? 0 : seuil_settings_nomem(loader);
}

static int assign_choice(struct seuil_settings_loader *loader, const struct seuil_setting_row *row,
                         const struct seuil_yaml_node *node, int *ret_choice)
{
    char copy[128], hint[160];
    const char *names[8];
    struct seuil_str text;
    char *save = NULL;
    size_t count = 0;
    int rc = seuil_yaml_text(loader->doc, node, row->path, 256, loader->errs, &text);

    if (rc)
        return rc;
    snprintf(copy, sizeof(copy), "%s", row->unit);
    for (char *name = strtok_r(copy, "|", &save); name && count < 8;
         name = strtok_r(NULL, "|", &save)) {
        if (seuil_str_eq(text, seuil_str_from(name))) {
            *ret_choice = (int)count;
            return 0;
        }
        names[count++] = name;
    }
    return seuil_yaml_error(loader->doc, node, loader->errs, SEUIL_ERR_UNKNOWN,
                            "%s must be one of %s, not \"%.64s\"%s", row->path, row->unit, text.ptr,
                            seuil_suggest_text(text, names, count, hint, sizeof(hint)));
}

static int assign_size(struct seuil_settings_loader *loader, const struct seuil_setting_row *row,
                       const struct seuil_yaml_node *node, int64_t *ret_bytes)
{
    char low[32], high[32];
    struct seuil_str text;
    int64_t bytes;
    int rc = seuil_yaml_text(loader->doc, node, row->path, 256, loader->errs, &text);

    if (rc)
        return rc;
    rc = seuil_size_parse(text, &bytes);
    if (rc == SEUIL_ERR_FORMAT)
        return seuil_yaml_error(loader->doc, node, loader->errs, rc,
                                "%s must be a size like 512MiB (B, KiB, MiB, GiB, kB, MB, GB), not "
                                "\"%.64s\"",
                                row->path, text.ptr);
    if (rc || bytes < row->min || bytes > row->max)
        return seuil_yaml_error(loader->doc, node, loader->errs, SEUIL_ERR_LIMIT,
                                "%s must be between %s and %s, not %.64s", row->path,
                                seuil_size_format(row->min, low), seuil_size_format(row->max, high),
                                text.ptr);
    *ret_bytes = bytes;
    return 0;
}

static int assign_time(struct seuil_settings_loader *loader, const struct seuil_setting_row *row,
                       const struct seuil_yaml_node *node, seuil_time_ms *ret_time)
{
    struct seuil_str text;
    int rc = seuil_yaml_text(loader->doc, node, row->path, 256, loader->errs, &text);

    if (rc)
        return rc;
    if (text.len == 0) {
        *ret_time = SEUIL_TIME_NONE;
        return 0;
    }
    rc = seuil_instant_parse(text, ret_time);
    if (rc)
        return seuil_yaml_error(loader->doc, node, loader->errs, rc,
                                "%s must be a time like 2026-03-02T08:00:00Z or a day like "
                                "2026-03-02 (UTC), not \"%.64s\"",
                                row->path, text.ptr);
    return 0;
}

int seuil_settings_assign(struct seuil_settings_loader *loader, const struct seuil_setting_row *row,
                          const struct seuil_yaml_node *node)
{
    void *field = (char *)loader->settings + row->offset;

    switch (row->type) {
    case SEUIL_SETTING_TEXT:
    case SEUIL_SETTING_NAME:
    case SEUIL_SETTING_PATH:
        return assign_text(loader, row, node, field);
    case SEUIL_SETTING_BOOL:
        return seuil_yaml_bool(loader->doc, node, row->path, loader->errs, field);
    case SEUIL_SETTING_CHOICE:
        return assign_choice(loader, row, node, field);
    case SEUIL_SETTING_INT:
        return seuil_yaml_int(loader->doc, node, row->path, row->min, row->max, loader->errs,
                              field);
    case SEUIL_SETTING_DURATION:
        return seuil_yaml_duration(loader->doc, node, row->path, row->min, row->max, loader->errs,
                                   field);
    case SEUIL_SETTING_SIZE:
        return assign_size(loader, row, node, field);
    case SEUIL_SETTING_TIME:
        return assign_time(loader, row, node, field);
    }
    return SEUIL_ERR_INTERNAL;
}
