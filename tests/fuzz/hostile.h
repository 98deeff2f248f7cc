/* The ways that hostile messages go. */

#ifndef SEUIL_TESTS_FUZZ_HOSTILE_H
#define SEUIL_TESTS_FUZZ_HOSTILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum hostile_source { HOSTILE_AVRO, HOSTILE_JSON, HOSTILE_LINE, HOSTILE_FORM, HOSTILE_SOURCES };

#define HOSTILE_WAYS_MAX 32

struct hostile_way {
    const char *name;
    enum hostile_source source; /* what its messages are made of */
    uint8_t prefix[17];         /* of their frame, when it is right */
    size_t prefix_len;
};

/* A number below @below, of the run's seed. */
uint32_t hostile_draw(uint32_t below);

/* Open all ways; how many there are. */
unsigned hostile_open(void);
void hostile_close(void);
const struct hostile_way *hostile_way(unsigned way);

/* Whether the message gave an event or a document, and what its extractor counted. */
bool hostile_run(unsigned way, const uint8_t *bytes, uint32_t len, uint64_t *ret_steps);

#endif
