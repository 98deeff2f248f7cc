#include "base/buf.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/heap.h"

int seuil_buf_grow(struct seuil_buf *buf, size_t more)
{
    size_t cap = buf->cap ? buf->cap : 64;
    uint8_t *ptr;

    if (buf->failed)
        return buf->failed;
    while (cap - buf->len < more) {
        if (cap > SIZE_MAX / 2)
            return buf->failed = SEUIL_ERR_NOMEM;
        cap *= 2;
    }
    ptr = seuil_heap_realloc(buf->ptr, cap);
    if (!ptr)
        return buf->failed = SEUIL_ERR_NOMEM;
    buf->ptr = ptr;
    buf->cap = cap;
    return 0;
}

int seuil_buf_printf(struct seuil_buf *buf, const char *format, ...)
{
    va_list args, again;
    int n, rc;

    va_start(args, format);
    va_copy(again, args);
    n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    rc = n < 0 ? SEUIL_ERR_INVALID : seuil_buf_reserve(buf, (size_t)n + 1);
    if (!rc) {
        vsnprintf((char *)buf->ptr + buf->len, (size_t)n + 1, format, again);
        buf->len += (size_t)n;
    }
    va_end(again);
    return rc;
}

void seuil_buf_clear(struct seuil_buf *buf)
{
    buf->len = 0;
    buf->failed = 0;
}

void seuil_buf_done(struct seuil_buf *buf)
{
    seuil_heap_free(buf->ptr);
    memset(buf, 0, sizeof(*buf));
}
