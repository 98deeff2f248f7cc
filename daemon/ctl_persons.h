/* Which ids of a file of events are one person: those that merge commands connect, in whatever
 * order and however far. A replay takes their events together, in time order. */

#ifndef SEUIL_CTL_PERSONS_H
#define SEUIL_CTL_PERSONS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct seuil_persons {       /* zeroed: nobody is connected */
    struct seuil_str *links; /* pairs; after settling: ids, ascending */
    uint32_t count, cap;
    uint32_t *person; /* of each id: the place of the least id of the same person */
};

/* @a and @b, which stay where they are, are one person. 0 or SEUIL_ERR_NOMEM. */
int seuil_persons_link(struct seuil_persons *persons, struct seuil_str a, struct seuil_str b);

/* After the last link: 0 or SEUIL_ERR_NOMEM. */
int seuil_persons_settle(struct seuil_persons *persons);

/* The least id of the person that @id is of; @id itself when nothing connects it. */
struct seuil_str seuil_persons_of(const struct seuil_persons *persons, struct seuil_str id);

/* Whether anything connects @id. */
bool seuil_persons_connect(const struct seuil_persons *persons, struct seuil_str id);

void seuil_persons_done(struct seuil_persons *persons);

#endif
