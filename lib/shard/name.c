#include "shard/name.h"

#include <string.h>

#include "map/keyed.h"

void seuil_lead_names_init(struct seuil_lead_names *names, struct seuil_str secret)
{
    memset(names, 0, sizeof(*names));
    names->keyed = secret.len > 0;
    if (names->keyed)
        seuil_keyed_pads(secret, names->inner, names->outer);
}

struct seuil_str seuil_lead_name(const struct seuil_lead_names *names, struct seuil_str id,
                                 char room[SEUIL_NAME_DIGITS])
{
    char hex[64];

    if (!names->keyed)
        return id;
    seuil_keyed_hash(names->inner, names->outer, id, hex);
    memcpy(room, hex, SEUIL_NAME_DIGITS);
    return (struct seuil_str){room, SEUIL_NAME_DIGITS};
}

/* The last digits of a hash of which names show the first ones, of a text that is too long for an
 * id. */
void seuil_lead_names_mark(const struct seuil_lead_names *names,
                           char ret_mark[SEUIL_NAME_MARK_DIGITS + 1])
{
    char text[512], hex[64];

    ret_mark[0] = '\0';
    if (!names->keyed)
        return;
    memset(text, 'n', sizeof(text));
    seuil_keyed_hash(names->inner, names->outer, (struct seuil_str){text, sizeof(text)}, hex);
    memcpy(ret_mark, hex + sizeof(hex) - SEUIL_NAME_MARK_DIGITS, SEUIL_NAME_MARK_DIGITS);
    ret_mark[SEUIL_NAME_MARK_DIGITS] = '\0';
}
