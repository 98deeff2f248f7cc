/* The outbox entries of one transaction as one value: an element of the outbox costs Redis several
 * hundred nanoseconds whatever its size.
 *
 *   version  1 byte: 1       count  4 bytes, at least 1      lengths  4 bytes each      bytes
 *
 * Numbers are little endian. */

#ifndef SEUIL_STORE_BLOCK_H
#define SEUIL_STORE_BLOCK_H

#include <stdint.h>

#include "base/buf.h"
#include "store/store.h"

/* Bytes that @count entries take. */
uint64_t seuil_block_size(const struct seuil_tx_entry *entries, uint32_t count);
/* Append them to @out; failures stay in out->failed. */
void seuil_block_write(const struct seuil_tx_entry *entries, uint32_t count, struct seuil_buf *out);

struct seuil_block {
    uint32_t count;
    const uint8_t *lengths;
    const uint8_t *bytes; /* of the first entry */
};

/* A view of written bytes, valid as long as they are. 0; SEUIL_ERR_UNSUPPORTED: of a newer version;
 * SEUIL_ERR_CORRUPT: anything else that is not one whole block. */
int seuil_block_read(const uint8_t *bytes, uint64_t len, struct seuil_block *ret_block);
/* The first of the entries left, which is taken off; there must be one. */
struct seuil_tx_entry seuil_block_next(struct seuil_block *block);

#endif
