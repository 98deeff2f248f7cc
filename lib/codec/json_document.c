/* JSON to a document: one bounded pass, no tree, no allocation. */

#include "codec/json_scan.h"
#include "codec/members.h"

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

/* A member's name is new, or what had it goes, or is kept and the record refused. */
static int add_member(struct walk *w, struct seuil_members *members, const uint8_t *at,
                      struct seuil_str name)
{
    int64_t there = seuil_members_add(members, name);
    int rc = seuil_json_steps(&w->j, members->cost);

    if (rc)
        return rc;
    if (there > 0 && w->duplicates == SEUIL_DUPLICATES_LAST) {
        seuil_members_void(members, (uint32_t)there);
        return 0;
    }
    if (there == 0)
        return 0;
    w->j.p = at;
    return there < 0
               ? seuil_json_fail(&w->j, SEUIL_ERR_LIMIT, "an object has more than 512 members")
               : seuil_json_fail(&w->j, SEUIL_ERR_FORMAT, "a name stands twice in one object");
}

static int take_object(struct walk *w, const struct seuil_wanted *wanted, bool whole,
                       unsigned depth)
{
    struct seuil_json *j = &w->j;
    struct seuil_members members;
    bool first = true;
    int rc;

    j->p++;
    seuil_members_begin(&members, w->document, j->scratch);
    while ((rc = seuil_json_next(j, '}', &first)) > 0) {
        const struct seuil_wanted *child = NULL;
        struct seuil_str name;
        const uint8_t *at;

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
        rc = add_member(w, &members, at, name);
        if (!rc)
            rc = take_value(w, child, whole, name, depth + 1);
        if (rc)
            return rc;
    }
    if (rc)
        return rc;
    seuil_members_end(&members);
    return seuil_json_steps(j, members.cost);
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
    rc = seuil_json_steps(&w->j, 1);
    if (rc)
        return rc;
    if (next != '{' && next != '[')
        return take_scalar(w, next, key);
    rc = add(w, next == '{' ? SEUIL_NODE_OBJECT : SEUIL_NODE_LIST, key, &node);
    if (!rc)
        rc =
            next == '{' ? take_object(w, wanted, whole, depth) : take_list(w, wanted, whole, depth);
    if (!rc)
        w->document->nodes[index].end = w->document->count;
    return rc;
}

int seuil_json_document(const struct seuil_wanted *wanted, enum seuil_duplicates duplicates,
                        struct seuil_decode_scratch *scratch, const uint8_t *bytes, uint32_t len,
                        struct seuil_document *document, struct seuil_fault *fault)
{
    struct walk w = {seuil_json_of(bytes, len, scratch, fault), document, duplicates};
    int rc;

    seuil_members_reset(scratch);
    rc = take_value(&w, wanted, false, (struct seuil_str){0}, 1);
    document->steps = w.j.steps;
    if (rc)
        return rc;
    seuil_json_space(&w.j);
    if (w.j.p != w.j.end)
        return seuil_json_fail(&w.j, SEUIL_ERR_FORMAT, "more stands behind the JSON value");
    return 0;
}
