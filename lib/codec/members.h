/* The members of the objects that are being read: whether a name stands twice in one of them.
 *
 * Few names are held against each other; of many each is looked up. Objects end in the reverse
 * order of their beginning, so a hash of open addressing can take their names out again. */

#ifndef SEUIL_CODEC_MEMBERS_H
#define SEUIL_CODEC_MEMBERS_H

#include <stdint.h>

#include "codec/document.h"

struct seuil_members {
    struct seuil_document *document;
    struct seuil_member_set *set;
    uint32_t object; /* index of its node */
    uint32_t count;
    uint32_t mark;   /* of the set, when the object began */
    uint32_t voided; /* members that later ones of the same name replace */
    uint32_t cost;   /* steps of the last call */
    bool hashed;     /* the set has its names */
};

/* A document begins: nothing is open. */
void seuil_members_reset(struct seuil_decode_scratch *scratch);

/* The object whose node was added last begins. */
void seuil_members_begin(struct seuil_members *members, struct seuil_document *document,
                         struct seuil_decode_scratch *scratch);

/* The next node is to be the member @key: 0 when the name is new, the index of the member that has
 * it already, or SEUIL_ERR_LIMIT: more than 512 members, or 2,048 in objects within each other. */
int64_t seuil_members_add(struct seuil_members *members, struct seuil_str key);

/* The member at @index is void: the next node replaces it. */
void seuil_members_void(struct seuil_members *members, uint32_t index);

/* The object ends: void members are taken out of the document. */
void seuil_members_end(struct seuil_members *members);

#endif
