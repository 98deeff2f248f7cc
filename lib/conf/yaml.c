/* The tree is built from libfyaml's events, not from its documents: so depth and number of nodes
 * are bounded while reading, and the marks are those of the tokens. */

#include "conf/yaml.h"

#include <errno.h>
#include <fcntl.h>
#include <libfyaml.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/hash.h"
#include "base/heap.h"
#include "conf/scalar.h"
#include "core/limits.h"

struct seuil_yaml {
    struct seuil_arena arena;
    char *name;
    struct seuil_yaml_node root;
};

struct frame {
    struct seuil_yaml_node node;
    size_t first; /* of its children in builder.nodes */
};

struct builder {
    struct seuil_yaml *doc;
    struct seuil_errs *errs;
    struct seuil_yaml_node *nodes; /* children of the open frames, a stack */
    size_t count, cap, total;
    struct frame frames[SEUIL_YAML_DEPTH_MAX];
    unsigned depth;
    bool done; /* the root is complete */
};

static int fail(struct builder *b, int code, const struct fy_mark *mark, const char *text)
{
    return seuil_errs_at(b->errs, code, b->doc->name, mark ? mark->line + 1 : 1,
                         mark ? mark->column + 1 : 1, "%s", text);
}

static int push(struct builder *b, const struct seuil_yaml_node *node)
{
    if (b->count == b->cap) {
        size_t cap = b->cap ? 2 * b->cap : 256;
        void *ptr = seuil_heap_realloc(b->nodes, cap * sizeof(*b->nodes));

        if (!ptr)
            return fail(b, SEUIL_ERR_NOMEM, NULL, "out of memory");
        b->nodes = ptr;
        b->cap = cap;
    }
    b->nodes[b->count++] = *node;
    return 0;
}

/* A complete node goes to its parent, or is the root. */
static int deliver(struct builder *b, const struct seuil_yaml_node *node)
{
    if (b->depth > 0) {
        struct frame *parent = &b->frames[b->depth - 1];
        bool is_key =
            parent->node.kind == SEUIL_YAML_MAPPING && (b->count - parent->first) % 2 == 0;

        if (is_key && node->kind != SEUIL_YAML_SCALAR)
            return seuil_errs_at(b->errs, SEUIL_ERR_INVALID, b->doc->name, node->line, node->column,
                                 "a key must be text, this is %s", seuil_yaml_kind_text(node));
        return push(b, node);
    }
    b->doc->root = *node;
    b->done = true;
    return 0;
}

/* The place of a token; one without a mark (an empty value) stands where its key does. */
static void place(const struct builder *b, struct fy_token *token, struct seuil_yaml_node *node)
{
    const struct fy_mark *mark = token ? fy_token_start_mark(token) : NULL;

    if (mark) {
        node->line = mark->line + 1;
        node->column = mark->column + 1;
    } else if (b->count > 0) {
        node->line = b->nodes[b->count - 1].line;
        node->column = b->nodes[b->count - 1].column;
    } else {
        node->line = node->column = 1;
    }
}

static int check_marks(struct builder *b, struct fy_token *anchor, struct fy_token *tag)
{
    if (anchor)
        return fail(b, SEUIL_ERR_UNSUPPORTED, fy_token_start_mark(anchor),
                    "anchors (&name) are not supported: write the value where it is needed");
    if (tag)
        return fail(b, SEUIL_ERR_UNSUPPORTED, fy_token_start_mark(tag),
                    "tags (!name) are not supported: remove it");
    return 0;
}

static bool is_quoted(struct fy_token *token)
{
    enum fy_scalar_style style = fy_token_scalar_style(token);

    return style == FYSS_SINGLE_QUOTED || style == FYSS_DOUBLE_QUOTED;
}

static int add_scalar(struct builder *b, const struct fy_event *event)
{
    struct seuil_yaml_node node = {.kind = SEUIL_YAML_SCALAR};
    struct fy_token *token = event->scalar.value;
    size_t len = 0;
    const char *text = "";
    int rc = check_marks(b, event->scalar.anchor, event->scalar.tag);

    if (rc)
        return rc;
    place(b, token, &node);
    /* The mark of quoted text is that of its first character; people look for the quote. */
    if (token && is_quoted(token) && node.column > 1)
        node.column--;
    if (token)
        text = fy_token_get_text(token, &len);
    if (!text)
        return fail(b, SEUIL_ERR_NOMEM, NULL, "out of memory");
    /* Escapes ("\0", "\ud800") make what the check of the file's bytes could not see. */
    if (seuil_text_valid_len(text, len) < len)
        return seuil_errs_at(b->errs, SEUIL_ERR_FORMAT, b->doc->name, node.line, node.column,
                             "an escape in this text stands for NUL or for no character");
    node.plain = !token || fy_token_scalar_style(token) == FYSS_PLAIN;
    node.len = (uint32_t)len;
    node.text = seuil_arena_strdup(&b->doc->arena, text, len);
    if (!node.text)
        return fail(b, SEUIL_ERR_NOMEM, NULL, "out of memory");
    return deliver(b, &node);
}

static int open_frame(struct builder *b, enum seuil_yaml_kind kind, struct fy_token *token,
                      struct fy_token *anchor, struct fy_token *tag)
{
    struct frame *frame = &b->frames[b->depth];
    int rc = check_marks(b, anchor, tag);

    if (rc)
        return rc;
    if (b->depth == SEUIL_YAML_DEPTH_MAX)
        return fail(b, SEUIL_ERR_LIMIT, token ? fy_token_start_mark(token) : NULL,
                    "nested too deeply");
    *frame = (struct frame){.node = {.kind = kind}, .first = b->count};
    place(b, token, &frame->node);
    b->depth++;
    return 0;
}

/* Keys are compared by way of a table of hashes: a mapping may be as long as the file. */
static int check_unique(struct builder *b, const struct seuil_yaml_node *map)
{
    size_t slots = 16;
    uint32_t *table;
    int rc = 0;

    while (slots < 2 * (size_t)map->count)
        slots *= 2;
    table = seuil_heap_zalloc(slots, sizeof(*table));
    if (!table)
        return fail(b, SEUIL_ERR_NOMEM, NULL, "out of memory");
    for (uint32_t i = 0; i < map->count; i++) {
        const struct seuil_yaml_node *key = &map->keys[i];
        size_t at = seuil_hash64(key->text, key->len) & (slots - 1);

        for (; table[at]; at = (at + 1) & (slots - 1)) {
            const struct seuil_yaml_node *first = &map->keys[table[at] - 1];

            if (seuil_str_eq(seuil_yaml_str(first), seuil_yaml_str(key))) {
                rc = seuil_errs_at(b->errs, SEUIL_ERR_INVALID, b->doc->name, key->line, key->column,
                                   "\"%.64s\" is given twice, first on line %d", key->text,
                                   first->line);
                break;
            }
        }
        if (!table[at])
            table[at] = i + 1;
    }
    seuil_heap_free(table);
    return rc;
}

static int close_frame(struct builder *b)
{
    struct frame *frame = &b->frames[b->depth - 1];
    struct seuil_yaml_node node = frame->node;
    const struct seuil_yaml_node *from = b->nodes + frame->first;
    size_t n = b->count - frame->first;
    bool is_map = node.kind == SEUIL_YAML_MAPPING;
    struct seuil_yaml_node *keys = NULL, *items;
    int rc;

    node.count = (uint32_t)(is_map ? n / 2 : n);
    items = seuil_arena_alloc(&b->doc->arena, node.count, sizeof(*items));
    if (is_map)
        keys = seuil_arena_alloc(&b->doc->arena, node.count, sizeof(*keys));
    if (!items || (is_map && !keys))
        return fail(b, SEUIL_ERR_NOMEM, NULL, "out of memory");
    for (uint32_t i = 0; i < node.count; i++) {
        items[i] = is_map ? from[2 * i + 1] : from[i];
        if (is_map)
            keys[i] = from[2 * i];
    }
    node.keys = keys;
    node.items = items;
    b->count = frame->first;
    b->depth--;
    rc = is_map ? check_unique(b, &node) : 0;
    return rc ? rc : deliver(b, &node);
}

static int take(struct builder *b, const struct fy_event *event)
{
    switch (event->type) {
    case FYET_DOCUMENT_START:
        if (b->done)
            return fail(b, SEUIL_ERR_UNSUPPORTED,
                        event->document_start.document_start
                            ? fy_token_start_mark(event->document_start.document_start)
                            : NULL,
                        "a second document (---) is not supported: one file, one document");
        return 0;
    case FYET_ALIAS:
        return fail(b, SEUIL_ERR_UNSUPPORTED, fy_token_start_mark(event->alias.anchor),
                    "aliases (*name) are not supported: write the value where it is needed");
    case FYET_SCALAR:
    case FYET_MAPPING_START:
    case FYET_SEQUENCE_START:
        if (++b->total > SEUIL_YAML_NODES_MAX)
            return fail(b, SEUIL_ERR_LIMIT, NULL, "too many values in one file");
        if (event->type == FYET_SCALAR)
            return add_scalar(b, event);
        if (event->type == FYET_MAPPING_START)
            return open_frame(b, SEUIL_YAML_MAPPING, event->mapping_start.mapping_start,
                              event->mapping_start.anchor, event->mapping_start.tag);
        return open_frame(b, SEUIL_YAML_SEQUENCE, event->sequence_start.sequence_start,
                          event->sequence_start.anchor, event->sequence_start.tag);
    case FYET_MAPPING_END:
    case FYET_SEQUENCE_END:
        return close_frame(b);
    default:
        return 0;
    }
}

static void drop(struct fy_diag *diag, void *user, const char *text, size_t len)
{
    (void)diag, (void)user, (void)text, (void)len;
}

static struct fy_diag *new_diag(void)
{
    struct fy_diag_cfg cfg;
    struct fy_diag *diag;

    fy_diag_cfg_default(&cfg);
    cfg.fp = NULL;
    cfg.output_fn = drop;
    cfg.colorize = false;
    diag = fy_diag_create(&cfg);
    if (diag)
        fy_diag_set_collect_errors(diag, true);
    return diag;
}

/* The first line from @line on, but at most two further, that begins with a tab; 0: none. */
static int indented_by_tab(const char *bytes, size_t len, int line)
{
    const char *at = bytes;

    for (int i = 1; at && i <= line + 2; i++) {
        const char *end = memchr(at, '\n', len - (size_t)(at - bytes));
        const char *first = at;

        while (first < bytes + len && *first == ' ')
            first++;
        if (i >= line && first < bytes + len && *first == '\t')
            return i;
        at = end && end + 1 < bytes + len ? end + 1 : NULL;
    }
    return 0;
}

static void report_syntax(struct builder *b, struct fy_diag *diag, const char *bytes, size_t len)
{
    void *next = NULL;
    struct fy_diag_error *error = fy_diag_errors_iterate(diag, &next);
    int tab = indented_by_tab(bytes, len, error && error->line > 0 ? error->line : 1);

    if (tab) {
        seuil_errs_at(b->errs, SEUIL_ERR_FORMAT, b->doc->name, tab, 1,
                      "not valid YAML: a tab before the text; indent with blanks");
        return;
    }
    /* What follows the first mistake of syntax is mostly its echo. */
    if (error)
        seuil_errs_at(b->errs, SEUIL_ERR_FORMAT, b->doc->name, error->line > 0 ? error->line : 1,
                      error->column > 0 ? error->column : 1, "not valid YAML: %s", error->msg);
    else
        fail(b, SEUIL_ERR_FORMAT, NULL, "not valid YAML");
}

static int build(struct builder *b, const char *bytes, size_t len)
{
    struct fy_diag *diag = new_diag();
    struct fy_parse_cfg cfg = {.diag = diag, .flags = FYPCF_DEFAULT_PARSE | FYPCF_JSON_NONE};
    struct fy_parser *parser = diag ? fy_parser_create(&cfg) : NULL;
    struct fy_event *event;
    int rc = 0;

    if (!parser || fy_parser_set_string(parser, bytes, len)) {
        rc = fail(b, SEUIL_ERR_NOMEM, NULL, "out of memory");
    } else {
        while (!rc && (event = fy_parser_parse(parser))) {
            rc = take(b, event);
            fy_parser_event_free(parser, event);
        }
        if (!rc && fy_parser_get_stream_error(parser)) {
            report_syntax(b, diag, bytes, len);
            rc = SEUIL_ERR_FORMAT;
        }
        if (!rc && b->depth > 0)
            rc = fail(b, SEUIL_ERR_FORMAT, NULL, "not valid YAML: it ends too early");
    }
    if (parser)
        fy_parser_destroy(parser);
    if (diag)
        fy_diag_destroy(diag);
    return rc;
}

/* "%YAML 1.1" or "%YAML 1.2" and nothing more but blanks and a comment. */
static bool is_version_directive(const char *line, size_t len)
{
    size_t i = 9;

    if (len < i || (memcmp(line, "%YAML 1.1", i) != 0 && memcmp(line, "%YAML 1.2", i) != 0))
        return false;
    while (i < len && (line[i] == ' ' || line[i] == '\t'))
        i++;
    return i == len || (line[i] == '#' && i > 9);
}

static int check_bytes(struct builder *b, const char *bytes, size_t len)
{
    size_t bad = seuil_text_valid_len(bytes, len), start = 0;
    int line = 1;

    if (len > SEUIL_FILE_BYTES_MAX)
        return seuil_errs_at(b->errs, SEUIL_ERR_LIMIT, b->doc->name, 0, 0,
                             "larger than %d MiB, the most a configuration or model may have",
                             SEUIL_FILE_BYTES_MAX / (1024 * 1024));
    if (bad < len) {
        for (size_t i = 0; i < bad; i++)
            if (bytes[i] == '\n') {
                line++;
                start = i + 1;
            }
        return seuil_errs_at(b->errs, SEUIL_ERR_FORMAT, b->doc->name, line, (int)(bad - start) + 1,
                             "byte 0x%02x is not part of valid UTF-8 text: save the file as UTF-8",
                             (unsigned char)bytes[bad]);
    }
    if (len >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0)
        start = 3;
    for (; start < len; line++) {
        size_t end = start;

        while (end < len && bytes[end] != '\n' && bytes[end] != '\r')
            end++;
        if (bytes[start] == '%' && !is_version_directive(bytes + start, end - start))
            return seuil_errs_at(b->errs, SEUIL_ERR_UNSUPPORTED, b->doc->name, line, 1,
                                 "a line that starts with %% is a YAML directive, and only %%YAML "
                                 "1.1 or 1.2 is supported: indent or quote it");
        start = end + (end + 1 < len && bytes[end] == '\r' && bytes[end + 1] == '\n' ? 2 : 1);
    }
    return 0;
}

struct seuil_yaml *seuil_yaml_parse(const char *name, const void *bytes, size_t len,
                                    struct seuil_errs *errs)
{
    struct seuil_yaml *doc = seuil_heap_zalloc(1, sizeof(*doc));
    struct builder *b = seuil_heap_zalloc(1, sizeof(*b));
    int rc = SEUIL_ERR_NOMEM;

    if (doc && b && (doc->name = seuil_arena_strdup(&doc->arena, name, strlen(name)))) {
        b->doc = doc;
        b->errs = errs;
        doc->root = (struct seuil_yaml_node){.plain = true, .line = 1, .column = 1, .text = ""};
        rc = check_bytes(b, bytes, len);
        if (!rc)
            rc = build(b, bytes, len);
        seuil_heap_free(b->nodes);
    } else {
        seuil_errs_at(errs, rc, name, 0, 0, "out of memory");
    }
    seuil_heap_free(b);
    if (rc) {
        seuil_yaml_free(doc);
        doc = NULL;
    }
    return doc;
}

/* The whole of an ordinary file, at most one byte more than the limit, so that the check sees it.
 */
static char *slurp(const char *path, size_t *ret_len, struct seuil_errs *errs)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    char *bytes = NULL;
    size_t len = 0;
    ssize_t n = 1;

    if (fd < 0 || fstat(fd, &st) < 0)
        goto failed;
    if (S_ISDIR(st.st_mode)) {
        errno = EISDIR;
        goto failed;
    }
    bytes = seuil_heap_alloc(SEUIL_FILE_BYTES_MAX + 1);
    if (!bytes) {
        errno = ENOMEM;
        goto failed;
    }
    while (n > 0 && len <= SEUIL_FILE_BYTES_MAX) {
        n = read(fd, bytes + len, SEUIL_FILE_BYTES_MAX + 1 - len);
        if (n < 0 && errno == EINTR)
            n = 1;
        else if (n < 0)
            goto failed;
        else
            len += (size_t)n;
    }
    close(fd);
    *ret_len = len;
    return bytes;
failed:
    seuil_errs_at(errs, SEUIL_ERR_IO, path, 0, 0, "cannot be read: %s", strerror(errno));
    seuil_heap_free(bytes);
    if (fd >= 0)
        close(fd);
    return NULL;
}

struct seuil_yaml *seuil_yaml_open(const char *path, struct seuil_errs *errs)
{
    struct seuil_yaml *doc;
    size_t len;
    char *bytes = slurp(path, &len, errs);

    if (!bytes)
        return NULL;
    doc = seuil_yaml_parse(path, bytes, len, errs);
    seuil_heap_free(bytes);
    return doc;
}

void seuil_yaml_free(struct seuil_yaml *doc)
{
    if (doc)
        seuil_arena_done(&doc->arena);
    seuil_heap_free(doc);
}

const struct seuil_yaml_node *seuil_yaml_root(const struct seuil_yaml *doc)
{
    return &doc->root;
}

const char *seuil_yaml_name(const struct seuil_yaml *doc)
{
    return doc->name;
}
