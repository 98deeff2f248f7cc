/* A growing byte buffer. Zero-initialise it, or reuse it with seuil_buf_clear. */

#ifndef SEUIL_BASE_BUF_H
#define SEUIL_BASE_BUF_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct seuil_buf {
    uint8_t *ptr; /* owned */
    size_t len;   /* bytes in use */
    size_t cap;
    int failed; /* 0 or SEUIL_ERR_NOMEM: appending to a failed buffer does nothing, so a chain of
                   appends is checked once, at its end */
};

/* Make room for @more bytes, which there is not; 0 or SEUIL_ERR_NOMEM. */
int seuil_buf_grow(struct seuil_buf *buf, size_t more);

/* Room for @more bytes after len; 0 or SEUIL_ERR_NOMEM. */
static inline int seuil_buf_reserve(struct seuil_buf *buf, size_t more)
{
    return !buf->failed && buf->cap - buf->len >= more ? 0 : seuil_buf_grow(buf, more);
}

/* Append; 0 or SEUIL_ERR_NOMEM. Inline: most of what is appended is a few bytes of known length. */
static inline int seuil_buf_add(struct seuil_buf *buf, const void *bytes, size_t len)
{
    int rc = seuil_buf_reserve(buf, len);

    if (rc)
        return rc;
    if (len)
        memcpy(buf->ptr + buf->len, bytes, len);
    buf->len += len;
    return 0;
}

static inline int seuil_buf_add_byte(struct seuil_buf *buf, uint8_t byte)
{
    return seuil_buf_add(buf, &byte, 1);
}

static inline int seuil_buf_add_text(struct seuil_buf *buf, const char *text)
{
    return seuil_buf_add(buf, text, strlen(text));
}

int seuil_buf_printf(struct seuil_buf *buf, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Empty it, keep its memory. */
void seuil_buf_clear(struct seuil_buf *buf);

/* Free its memory; it may be used again. */
void seuil_buf_done(struct seuil_buf *buf);

#endif
