/* A string slice: a pointer and a length, not NUL-terminated, owned by somebody else. */

#ifndef SEUIL_BASE_STR_H
#define SEUIL_BASE_STR_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

struct seuil_str {
    const char *ptr; /* may be NULL only when len is 0 */
    uint32_t len;    /* bytes */
};

/* A slice of a string literal: SEUIL_STR("page_view"). */
#define SEUIL_STR(literal) ((struct seuil_str){(literal), (uint32_t)(sizeof(literal) - 1)})

static inline struct seuil_str seuil_str_from(const char *text)
{
    return (struct seuil_str){text, text ? (uint32_t)strlen(text) : 0};
}

static inline bool seuil_str_eq(struct seuil_str a, struct seuil_str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

/* Bytewise order, a shorter prefix first. */
static inline int seuil_str_cmp(struct seuil_str a, struct seuil_str b)
{
    uint32_t n = a.len < b.len ? a.len : b.len;
    int c = n ? memcmp(a.ptr, b.ptr, n) : 0;

    return c ? c : (a.len > b.len) - (a.len < b.len);
}

static inline bool seuil_str_starts(struct seuil_str s, struct seuil_str prefix)
{
    return s.len >= prefix.len && (prefix.len == 0 || memcmp(s.ptr, prefix.ptr, prefix.len) == 0);
}

#endif
