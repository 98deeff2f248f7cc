/* JSON to a document: one bounded pass, no tree, no allocation. */

#include <string.h>

#include "codec/document.h"
#include "codec/json_scan.h"

struct walk {
    struct seuil_json j;
    struct seuil_document *document;
    enum seuil_duplicates duplicates;
};

static int take_value(struct walk *w, const struct seuil_wanted *wanted, bool whole,
                      struct seuil_str key, unsigned depth);

static int add(struct walk *w, uint8_t kind, struct seuil_str key, struct seuil_node **ret_node)
{
    *ret_node = seuil_document_add(w->document, kind, key);
    if (!*ret_node)
        return seuil_json_fail(&w->j, SEUIL_ERR_LIMIT,
                               "the record has more than 65,536 wanted values");
    return 0;
}

/* The index of the member @key of the object at @object, so far; 0: there is none. */
static uint32_t find_member(const struct seuil_document *document, uint32_t object,
                            struct seuil_str key)
{
    for (uint32_t i = object + 1; i < document->count; i = document->nodes[i].end)
        if (seuil_str_eq(document->nodes[i].key, key))
            return i;
    return 0;
}

/* Take the subtree at @index out: what follows are later members of the same object. */
static void drop(struct seuil_document *document, uint32_t index)
{
    uint32_t end = document->nodes[index].end, width = end - index;

    memmove(&document->nodes[index], &document->nodes[end],
            (document->count - end) * sizeof(*document->nodes));
    document->count -= width;
    for (uint32_t i = index; i < document->count; i++)
        document->nodes[i].end -= width;
}

/* Members of an object that is taken whole; its names are held against each other. */
#define MEMBERS_MAX 512

static int take_object(struct walk *w, const struct seuil_wanted *wanted, bool whole,
                       uint32_t object, unsigned depth)
{
    struct seuil_json *j = &w->j;
    uint32_t members = 0;
    bool first = true;
    int rc;

    j->p++;
    while ((rc = seuil_json_next(j, '}', &first)) > 0) {
        const struct seuil_wanted *child = NULL;
        struct seuil_str name;
        const uint8_t *at;
        uint32_t there;

        seuil_json_space(j);
        at = j->p;
        rc = seuil_json_name(j, &name);
        if (rc)
            return rc;
        if (wanted)
            child = seuil_wanted_find(wanted, name);
        if (!whole && !child) {
            rc = seuil_json_skip(j, depth + 1);
            if (rc)
                return rc;
            continue;
        }
        there = find_member(w->document, object, name);
        if (there && w->duplicates == SEUIL_DUPLICATES_REFUSED) {
            j->p = at;
            return seuil_json_fail(j, SEUIL_ERR_FORMAT, "a name stands twice in one object");
        }
        if (there)
            drop(w->document, there);
        else if (++members > MEMBERS_MAX)
            return seuil_json_fail(j, SEUIL_ERR_LIMIT, "an object has more than 512 members");
        rc = take_value(w, child, whole, name, depth + 1);
        if (rc)
            return rc;
    }
    return rc;
}

static int take_list(struct walk *w, const struct seuil_wanted *wanted, bool whole, unsigned depth)
{
    bool first = true;
    int rc;

    w->j.p++;
    while ((rc = seuil_json_next(&w->j, ']', &first)) > 0) {
        rc = take_value(w, wanted, whole, (struct seuil_str){0}, depth + 1);
        if (rc)
            return rc;
    }
    return rc;
}

static int take_scalar(struct walk *w, uint8_t next, struct seuil_str key)
{
    const uint8_t *from = w->j.p;
    struct seuil_str raw = {0};
    struct seuil_value value = {0};
    struct seuil_node *node;
    int rc;

    switch (next) {
    case '"':
        value.type = SEUIL_TYPE_STRING;
        rc = seuil_json_string(&w->j, &value.s);
        break;
    case 't':
    case 'f':
    case 'n':
        rc = seuil_json_literal(&w->j, &value);
        raw = (struct seuil_str){(const char *)from, (uint32_t)(w->j.p - from)};
        break;
    default:
        rc = seuil_json_number(&w->j, &value, &raw);
    }
    if (!rc)
        rc = add(w, value.type, key, &node);
    if (rc)
        return rc;
    node->value = value;
    if (value.type != SEUIL_TYPE_NULL)
        node->raw = raw;
    return 0;
}

static int take_value(struct walk *w, const struct seuil_wanted *wanted, bool whole,
                      struct seuil_str key, unsigned depth)
{
    struct seuil_node *node;
    uint32_t index = w->document->count;
    uint8_t next;
    int rc = seuil_json_peek(&w->j, &next);

    if (rc)
        return rc;
    if (depth > SEUIL_DEPTH_MAX)
        return seuil_json_fail(&w->j, SEUIL_ERR_LIMIT, "values are nested more than 32 deep");
    whole = whole || (wanted && wanted->whole);
    w->document->steps++;
    if (next != '{' && next != '[')
        return take_scalar(w, next, key);
    rc = add(w, next == '{' ? SEUIL_NODE_OBJECT : SEUIL_NODE_LIST, key, &node);
    if (!rc)
        rc = next == '{' ? take_object(w, wanted, whole, index, depth)
                         : take_list(w, wanted, whole, depth);
    if (!rc)
        w->document->nodes[index].end = w->document->count;
    return rc;
}

int seuil_json_document(const struct seuil_wanted *wanted, enum seuil_duplicates duplicates,
                        struct seuil_decode_scratch *scratch, const uint8_t *bytes, uint32_t len,
                        struct seuil_document *document, struct seuil_fault *fault)
{
    struct walk w = {{bytes, bytes, bytes + len, scratch, fault}, document, duplicates};
    int rc;

    document->steps = 0;
    rc = take_value(&w, wanted, false, (struct seuil_str){0}, 1);
    if (rc)
        return rc;
    seuil_json_space(&w.j);
    if (w.j.p != w.j.end)
        return seuil_json_fail(&w.j, SEUIL_ERR_FORMAT, "more stands behind the JSON value");
    return 0;
}
