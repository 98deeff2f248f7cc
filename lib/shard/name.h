/* What Redis and the cache call a lead: its id, or a keyed hash of it (HMAC-SHA-256, RFC 2104, its
 * first 128 bits). With a hash the state tells the id, until the lead is forgotten: what is left
 * then tells nobody who it was, and who knows an id and the secret finds it.
 *
 * The names of an application never change: another secret would find no lead again, so that the
 * manifest holds a mark of it. */

#ifndef SEUIL_SHARD_NAME_H
#define SEUIL_SHARD_NAME_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

#define SEUIL_NAME_DIGITS      32
#define SEUIL_NAME_MARK_DIGITS 16

struct seuil_lead_names {
    bool keyed; /* false: ids are the names */
    uint8_t inner[64], outer[64];
};

/* @secret empty: ids are the names. */
void seuil_lead_names_init(struct seuil_lead_names *names, struct seuil_str secret);

/* The name of lead @id: @id itself, or hex digits in @room. Nothing is allocated. */
struct seuil_str seuil_lead_name(const struct seuil_lead_names *names, struct seuil_str id,
                                 char room[SEUIL_NAME_DIGITS]);

/* What the manifest holds, with NUL: "" when ids are the names. No id has it as its name. */
void seuil_lead_names_mark(const struct seuil_lead_names *names,
                           char ret_mark[SEUIL_NAME_MARK_DIGITS + 1]);

#endif
