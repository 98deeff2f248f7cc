/* A lead to bytes and back: the format of the `lead:<id>` keys in Redis.
 *
 * The same state has one encoding: equal states are equal bytes. The first byte is the version of
 * the format. How to evolve it: a new version is a new number, written from then on; the reader
 * keeps reading every older number; a number it does not know is refused (SEUIL_ERR_UNSUPPORTED),
 * never guessed. The id is not part of the bytes, since the key has it; but of a keyed lead it is,
 * until it is forgotten. */

#ifndef SEUIL_CORE_LEAD_CODEC_H
#define SEUIL_CORE_LEAD_CODEC_H

#include <stddef.h>
#include <stdint.h>

#include "core/lead.h"

#define SEUIL_LEAD_FORMAT 2

/* Fill @ret_lead (initialised by seuil_lead_init with the id, or without for a keyed one) from @len
 * bytes at @bytes. SEUIL_ERR_UNSUPPORTED: a format of a newer version; SEUIL_ERR_CORRUPT: anything
 * else that is not a state, whatever the bytes. On failure @ret_lead is as after seuil_lead_init.
 */
int seuil_lead_read(const uint8_t *bytes, size_t len, struct seuil_lead *ret_lead);

/* Pack @lead into @out of SEUIL_LEAD_BYTES_MAX bytes; returns the length. The engine keeps every
 * lead within that bound, so it cannot fail. */
size_t seuil_lead_write(const struct seuil_lead *lead, uint8_t *out);

/* How many bytes seuil_lead_write would write, without the assertion of the bound. */
size_t seuil_lead_size(const struct seuil_lead *lead);

/* The stamp of @topic in packed bytes without unpacking the rest (what a replay asks first): 0
 * when it is of another generation. The due time likewise. SEUIL_ERR_CORRUPT as above. */
int seuil_lead_peek_stamp(const uint8_t *bytes, size_t len, uint32_t topic, uint32_t generation,
                          int64_t *ret_next);
int seuil_lead_peek_due(const uint8_t *bytes, size_t len, seuil_time_ms *ret_due);

#endif
