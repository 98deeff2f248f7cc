/* HMAC-SHA-256 (RFC 2104, RFC 4231): a lead's id made of an e-mail address that nobody can undo
 * without the secret, by guessing addresses neither. */

#ifndef SEUIL_MAP_KEYED_H
#define SEUIL_MAP_KEYED_H

#include <stdint.h>

#include "base/str.h"

struct seuil_keyed; /* of one thread */

struct seuil_keyed *seuil_keyed_new(void);
void seuil_keyed_free(struct seuil_keyed *keyed);

/* The two blocks that a secret becomes. */
void seuil_keyed_pads(struct seuil_str secret, uint8_t ret_inner[64], uint8_t ret_outer[64]);

/* 64 hex digits, without NUL; 0 or SEUIL_ERR_INTERNAL. Nothing is allocated. */
int seuil_keyed_hash(struct seuil_keyed *keyed, const uint8_t inner[64], const uint8_t outer[64],
                     struct seuil_str text, char ret_hex[64]);

#endif
