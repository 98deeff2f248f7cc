/* Random numbers of the benches: SplitMix64 (Steele, Lea, Flood, OOPSLA 2014). */

#ifndef SEUIL_TESTS_BENCH_DRAW_H
#define SEUIL_TESTS_BENCH_DRAW_H

#include <stdint.h>

static inline uint64_t mix(uint64_t x)
{
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

static inline uint64_t draw(uint64_t *random)
{
    return mix(*random += UINT64_C(0x9e3779b97f4a7c15));
}

/* @below: at most 2^32. */
static inline uint64_t draw_below(uint64_t *random, uint64_t below)
{
    return (draw(random) >> 32) * below >> 32;
}

#endif
