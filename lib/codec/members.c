#include "codec/members.h"

#include <assert.h>
#include <string.h>

#include "base/hash.h"

#define FEW         16 /* are held against each other */
#define NODE_VOID   255
#define MEMBERS_MAX 512

void seuil_members_reset(struct seuil_decode_scratch *scratch)
{
    struct seuil_member_set *set = &scratch->members;

    while (set->count) /* a record that was refused left them */
        set->slots[set->order[--set->count]].node = 0;
}

void seuil_members_begin(struct seuil_members *members, struct seuil_document *document,
                         struct seuil_decode_scratch *scratch)
{
    assert(document->count > 0);
    *members = (struct seuil_members){.document = document,
                                      .set = &scratch->members,
                                      .object = document->count - 1,
                                      .mark = scratch->members.count};
}

/* The slot of @key, or the free one that it would take. */
static uint32_t slot_of(struct seuil_members *m, struct seuil_str key, uint32_t hash)
{
    const struct seuil_member_set *set = m->set;
    uint32_t i = hash & (SEUIL_MEMBER_SLOTS - 1);

    for (; set->slots[i].node; i = (i + 1) & (SEUIL_MEMBER_SLOTS - 1)) {
        m->cost++;
        if (set->slots[i].hash == hash && set->slots[i].object == m->object &&
            seuil_str_eq(m->document->nodes[set->slots[i].node].key, key))
            break;
    }
    return i;
}

static uint32_t hash_of(const struct seuil_members *m, struct seuil_str key)
{
    return (uint32_t)seuil_hash64_seed(key.ptr, key.len, m->object);
}

static int insert(struct seuil_members *m, uint32_t slot, uint32_t hash, uint32_t node)
{
    struct seuil_member_set *set = m->set;

    if (set->count == SEUIL_MEMBER_SLOTS / 2)
        return SEUIL_ERR_LIMIT;
    set->order[set->count++] = (uint16_t)slot;
    set->slots[slot].hash = hash;
    set->slots[slot].object = m->object;
    set->slots[slot].node = node;
    return 0;
}

/* There are many by now: those so far go into the set. */
static int insert_all(struct seuil_members *m)
{
    const struct seuil_node *nodes = m->document->nodes;
    int rc = 0;

    for (uint32_t i = m->object + 1; i < m->document->count && !rc; i = nodes[i].end) {
        uint32_t hash = hash_of(m, nodes[i].key);

        if (nodes[i].kind != NODE_VOID)
            rc = insert(m, slot_of(m, nodes[i].key, hash), hash, i);
    }
    return rc;
}

int64_t seuil_members_add(struct seuil_members *m, struct seuil_str key)
{
    const struct seuil_node *nodes = m->document->nodes;
    uint32_t next = m->document->count, hash, slot, there;
    int rc;

    m->cost = 1;
    if (m->count + m->voided < FEW) {
        for (uint32_t i = m->object + 1; i < next; i = nodes[i].end) {
            m->cost++;
            if (seuil_str_eq(nodes[i].key, key) && nodes[i].kind != NODE_VOID)
                return i;
        }
        m->count++;
        return 0;
    }
    if (!m->hashed) {
        m->hashed = true;
        rc = insert_all(m);
        if (rc)
            return rc;
    }
    hash = hash_of(m, key);
    slot = slot_of(m, key, hash);
    there = m->set->slots[slot].node;
    if (there) {
        m->set->slots[slot].node = next;
        return there;
    }
    rc = m->count == MEMBERS_MAX ? SEUIL_ERR_LIMIT : insert(m, slot, hash, next);
    if (rc)
        return rc;
    m->count++;
    return 0;
}

void seuil_members_void(struct seuil_members *m, uint32_t index)
{
    m->document->nodes[index].kind = NODE_VOID;
    m->voided++;
}

void seuil_members_end(struct seuil_members *m)
{
    struct seuil_node *nodes = m->document->nodes;
    uint32_t to = m->object + 1;

    m->cost = 0;
    while (m->set->count > m->mark)
        m->set->slots[m->set->order[--m->set->count]].node = 0;
    if (!m->voided)
        return;
    for (uint32_t i = to, end; i < m->document->count; i = end) {
        uint32_t width = nodes[i].end - i, by = i - to;

        end = nodes[i].end;
        if (nodes[i].kind == NODE_VOID)
            continue;
        m->cost += width;
        memmove(&nodes[to], &nodes[i], width * sizeof(*nodes));
        for (uint32_t k = to; k < to + width; k++)
            nodes[k].end -= by;
        to += width;
    }
    m->document->count = to;
}
