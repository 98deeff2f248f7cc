/* HMAC-SHA-256 (RFC 2104, RFC 4231): a lead's id made of an e-mail address that nobody can undo
 * without the secret, by guessing addresses neither. */

#ifndef SEUIL_MAP_KEYED_H
#define SEUIL_MAP_KEYED_H

#include <stdint.h>

#include "base/str.h"

/* The two blocks that a secret becomes. */
void seuil_keyed_pads(struct seuil_str secret, uint8_t ret_inner[64], uint8_t ret_outer[64]);

/* 64 hex digits, without NUL. Nothing is allocated. */
void seuil_keyed_hash(const uint8_t inner[64], const uint8_t outer[64], struct seuil_str text,
                      char ret_hex[64]);

#endif
