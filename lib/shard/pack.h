/* A pack: one entry of `due` that wakes many leads, so that arming a thousand leads does not cost a
 * thousand insertions into a sorted set.
 *
 * Its name in the set is 0xff, which begins no lead's id (ids are UTF-8), what makes it unique (the
 * sequence number of its transaction, 8 bytes, and its number therein, 2), then length (2 bytes)
 * and bytes of each id; numbers least byte first. Its score is not later than the due time of any
 * lead in it. A pack is never changed: who was woken is armed anew, then the pack is removed. */

#ifndef SEUIL_SHARD_PACK_H
#define SEUIL_SHARD_PACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

#define SEUIL_PACK_LEADS 256
#define SEUIL_PACK_BYTES 8192 /* at most; an id more fits always: see SEUIL_DUE_NAME_MAX */

/* Append the head of a pack, then the ids; what memory did not hold is in @out->failed. */
void seuil_pack_begin(struct seuil_buf *out, uint64_t seq, uint32_t number);
void seuil_pack_add(struct seuil_buf *out, struct seuil_str id);

bool seuil_pack_is(struct seuil_str name);
/* Leads in it; 0: the bytes are no pack. */
uint32_t seuil_pack_count(struct seuil_str pack);
/* The id at *at (0: the first) and *at moved behind it; false at the end. */
bool seuil_pack_next(struct seuil_str pack, size_t *at, struct seuil_str *ret_id);

#endif
