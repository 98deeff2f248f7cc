/* What a thread needs while it decodes: room for unescaped text, map entries and seen keys. */

#ifndef SEUIL_CODEC_SCRATCH_H
#define SEUIL_CODEC_SCRATCH_H

#include <locale.h>
#include <stdint.h>

#include "core/event.h"
#include "core/limits.h"

/* Keys seen in one object or map. Emptied by raising the generation, so an event pays only for the
 * keys that it has. */
#define SEUIL_KEYSET_SLOTS 1024
#define SEUIL_KEYSET_MAX   (SEUIL_KEYSET_SLOTS / 2)

struct seuil_key_slot {
    uint32_t generation;
    uint32_t hash;
    struct seuil_str key;
    uint32_t at; /* the caller's: where what the key goes with is */
};

struct seuil_keyset {
    uint32_t generation;
    uint32_t count;
    uint32_t probes;             /* slots that the last call looked at */
    struct seuil_key_slot *slot; /* of its key */
    struct seuil_key_slot slots[SEUIL_KEYSET_SLOTS];
};

void seuil_keyset_clear(struct seuil_keyset *set);
/* 1 when @key is new and was added, 0 when it was there, SEUIL_ERR_LIMIT when the set is full. */
int seuil_keyset_add(struct seuil_keyset *set, struct seuil_str key);

/* Names of the objects that are open while a document is read (codec/members.h). */
#define SEUIL_MEMBER_SLOTS 4096

struct seuil_member_set {
    uint32_t count;
    uint16_t order[SEUIL_MEMBER_SLOTS / 2]; /* the slots in use, by age */
    struct {
        uint32_t hash;
        uint32_t object;
        uint32_t node; /* 0: free */
    } slots[SEUIL_MEMBER_SLOTS];
};

/* Text that is made of a record's: unescaped, a UUID. A record's own is never longer than its
 * source; documents in its strings are read again, so there is room for two of the largest. */
#define SEUIL_SCRATCH_TEXT_MAX (2 * SEUIL_RECORD_BYTES_MAX)

struct seuil_decode_scratch {
    locale_t locale; /* "C": numbers do not depend on the process's locale */
    uint64_t steps;  /* what reading the last record to an event cost: at most 4 a byte and 256 */
    struct seuil_keyset top, inner;
    struct seuil_member_set members;
    struct seuil_entry entries[SEUIL_MAP_ENTRIES_MAX];
    uint32_t text_len;
    uint8_t *text; /* SEUIL_SCRATCH_TEXT_MAX */
};

/* Room for @bytes of text until the next record, or NULL. */
static inline uint8_t *seuil_decode_scratch_text(struct seuil_decode_scratch *scratch,
                                                 uint32_t bytes)
{
    uint8_t *text = scratch->text + scratch->text_len;

    if (bytes > SEUIL_SCRATCH_TEXT_MAX - scratch->text_len)
        return NULL;
    scratch->text_len += bytes;
    return text;
}

#endif
