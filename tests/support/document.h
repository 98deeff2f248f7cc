/* Documents for tests: wanted names from a line of text, and what was taken as one line again. */

#ifndef SEUIL_TESTS_SUPPORT_DOCUMENT_H
#define SEUIL_TESTS_SUPPORT_DOCUMENT_H

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/buf.h"
#include "codec/avro_document.h"

struct documenting {
    struct seuil_arena arena;
    const struct seuil_avro_plan *plan; /* of Avro */
    const struct seuil_wanted *wanted;
    struct seuil_decode_scratch *scratch;
    struct seuil_document document;
    struct seuil_fault fault;
    struct seuil_error err;
    struct seuil_buf text;
};

/* "a{b,c{d}},e": leaves are whole, "a*{b}" is whole and has b too; "*": all there is. */
static inline const char *documenting_names(struct seuil_arena *arena, const char *text,
                                            struct seuil_wanted *wanted)
{
    struct seuil_wanted *children = seuil_arena_alloc(arena, 64, sizeof(*children));
    uint32_t count = 0;

    while (*text && *text != '}') {
        size_t n = strcspn(text, "{},*");
        struct seuil_wanted child = {.name = {text, (uint32_t)n}, .whole = true};
        uint32_t i = count++;

        assert(count <= 64);
        text += n;
        if (*text == '*') {
            text++;
        } else if (*text == '{') {
            child.whole = false;
        }
        if (*text == '{')
            text = documenting_names(arena, text + 1, &child) + 1;
        if (*text == ',')
            text++;
        for (; i > 0 && seuil_str_cmp(children[i - 1].name, child.name) > 0; i--)
            children[i] = children[i - 1];
        children[i] = child;
    }
    wanted->children = children;
    wanted->child_count = count;
    return text;
}

static inline struct documenting documenting_make(const char *names)
{
    struct documenting d = {.scratch = seuil_decode_scratch_new()};
    struct seuil_wanted *wanted = seuil_arena_alloc(&d.arena, 1, sizeof(*wanted));

    wanted->whole = names[0] == '*';
    if (!wanted->whole)
        documenting_names(&d.arena, names, wanted);
    d.wanted = wanted;
    d.document.cap = SEUIL_DOCUMENT_NODES_MAX;
    d.document.nodes = malloc(d.document.cap * sizeof(*d.document.nodes));
    assert(d.scratch && d.document.nodes);
    return d;
}

static inline void documenting_done(struct documenting *d)
{
    seuil_arena_done(&d->arena);
    seuil_decode_scratch_free(d->scratch);
    seuil_buf_done(&d->text);
    free(d->document.nodes);
}

static inline void documenting_put(struct documenting *d, uint32_t index)
{
    static const char *const units[] = {"", "ms", "us", "ns", "day"};
    const struct seuil_node *node = &d->document.nodes[index];
    const struct seuil_value *v = &node->value;
    bool first = true;

    switch (node->kind) {
    case SEUIL_NODE_LIST:
    case SEUIL_NODE_OBJECT:
        seuil_buf_add_text(&d->text, node->kind == SEUIL_NODE_LIST ? "[" : "{");
        for (uint32_t i = index + 1; i < node->end; i = d->document.nodes[i].end) {
            seuil_buf_add_text(&d->text, first ? "" : " ");
            first = false;
            if (node->kind == SEUIL_NODE_OBJECT)
                seuil_buf_printf(&d->text, "%.*s=", (int)d->document.nodes[i].key.len,
                                 d->document.nodes[i].key.ptr);
            documenting_put(d, i);
        }
        seuil_buf_add_text(&d->text, node->kind == SEUIL_NODE_LIST ? "]" : "}");
        return;
    case SEUIL_TYPE_NULL:
        seuil_buf_add_text(&d->text, "null");
        break;
    case SEUIL_TYPE_BOOL:
        seuil_buf_add_text(&d->text, v->b ? "true" : "false");
        break;
    case SEUIL_TYPE_INT:
        seuil_buf_printf(&d->text, "%" PRId64 "%s%s", v->i, units[node->unit & 0x7f],
                         node->unit & SEUIL_UNIT_LOCAL ? " local" : "");
        break;
    case SEUIL_TYPE_DOUBLE:
        seuil_buf_printf(&d->text, "%.17g", v->d);
        break;
    default:
        assert(node->kind == SEUIL_TYPE_STRING);
        seuil_buf_printf(&d->text, "'%.*s'", (int)v->s.len, v->s.ptr);
    }
    assert(node->end == index + 1 && v->type == node->kind);
}

/* What was taken, as "{a={b=1 c=[null 'x']} t=5us}". */
static inline const char *documenting_text(struct documenting *d)
{
    seuil_buf_clear(&d->text);
    if (d->document.count)
        documenting_put(d, 0);
    seuil_buf_add_byte(&d->text, 0);
    return (const char *)d->text.ptr;
}

/* Make it for Avro of @schema; plan NULL and err when it does not compile. */
static inline struct documenting documenting_avro(const char *names, const char *schema)
{
    struct seuil_writer_schema writer = {
        .path = "test.avsc", .text = schema, .len = (uint32_t)strlen(schema)};
    struct documenting d = documenting_make(names);

    d.plan = seuil_avro_compile_document(&writer, d.wanted, &d.arena, &d.err);
    return d;
}

static inline int documenting_run(struct documenting *d, const void *bytes, size_t len)
{
    uint8_t *exact = malloc(len + 1);
    int rc;

    memcpy(exact + 1, bytes, len);
    d->document.count = 0;
    d->fault = (struct seuil_fault){0};
    d->scratch->text_len = 0;
    rc =
        seuil_avro_document(d->plan, d->scratch, exact + 1, (uint32_t)len, &d->document, &d->fault);
    assert(d->document.steps <= 4 * len + 256 + 1); /* the one that was too many */
    if (rc == 0)
        documenting_text(d);
    free(exact);
    return rc;
}

static inline int documenting_json(struct documenting *d, enum seuil_duplicates duplicates,
                                   const char *text, size_t len)
{
    uint8_t *exact = malloc(len + 1);
    int rc;

    memcpy(exact + 1, text, len);
    d->document.count = 0;
    d->fault = (struct seuil_fault){0};
    d->scratch->text_len = 0;
    rc = seuil_json_document(d->wanted, duplicates, d->scratch, exact + 1, (uint32_t)len,
                             &d->document, &d->fault);
    assert(d->document.steps <= 4 * len + 256);
    if (rc == 0)
        documenting_text(d);
    free(exact);
    return rc;
}

#endif
