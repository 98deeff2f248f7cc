#include "store/resp.h"

#include <assert.h>
#include <string.h>

#include <hiredis/hiredis.h>

#include "base/err.h"
#include "base/heap.h"

/* ---- requests -------------------------------------------------------------------------------- */

/* Digits of @value into the end of @out; returns their start. */
static char *digits_of(uint64_t value, char out[24])
{
    char *at = out + 24;

    do
        *--at = (char)('0' + value % 10);
    while (value /= 10);
    return at;
}

static uint8_t *put_size(uint8_t *at, char sign, uint64_t value)
{
    char digits[24], *first = digits_of(value, digits);
    size_t len = (size_t)(digits + sizeof(digits) - first);

    *at++ = (uint8_t)sign;
    memcpy(at, first, len);
    at += len;
    *at++ = '\r';
    *at++ = '\n';
    return at;
}

void seuil_resp_command(struct seuil_buf *buf, uint64_t count)
{
    if (seuil_buf_reserve(buf, 32))
        return;
    buf->len = (size_t)(put_size(buf->ptr + buf->len, '*', count) - buf->ptr);
}

void seuil_resp_arg2(struct seuil_buf *buf, struct seuil_str head, struct seuil_str tail)
{
    uint8_t *at;

    if (seuil_buf_reserve(buf, 32 + (size_t)head.len + tail.len))
        return;
    at = put_size(buf->ptr + buf->len, '$', (uint64_t)head.len + tail.len);
    if (head.len)
        memcpy(at, head.ptr, head.len);
    at += head.len;
    if (tail.len)
        memcpy(at, tail.ptr, tail.len);
    at += tail.len;
    *at++ = '\r';
    *at++ = '\n';
    buf->len = (size_t)(at - buf->ptr);
}

void seuil_resp_arg(struct seuil_buf *buf, const void *bytes, uint64_t len)
{
    assert(len <= UINT32_MAX);
    seuil_resp_arg2(buf, (struct seuil_str){bytes, (uint32_t)len}, (struct seuil_str){NULL, 0});
}

void seuil_resp_arg_begin(struct seuil_buf *buf, uint64_t len)
{
    if (seuil_buf_reserve(buf, 32 + len))
        return;
    buf->len = (size_t)(put_size(buf->ptr + buf->len, '$', len) - buf->ptr);
}

void seuil_resp_arg_end(struct seuil_buf *buf)
{
    seuil_buf_add(buf, "\r\n", 2);
}

void seuil_resp_arg_text(struct seuil_buf *buf, const char *text)
{
    seuil_resp_arg(buf, text, strlen(text));
}

void seuil_resp_arg_u64(struct seuil_buf *buf, uint64_t value)
{
    char digits[24], *first = digits_of(value, digits);

    seuil_resp_arg(buf, first, (uint64_t)(digits + sizeof(digits) - first));
}

void seuil_resp_arg_i64(struct seuil_buf *buf, int64_t value)
{
    char digits[25], *first;

    first = digits_of(value < 0 ? 0 - (uint64_t)value : (uint64_t)value, digits + 1);
    if (value < 0)
        *--first = '-';
    seuil_resp_arg(buf, first, (uint64_t)(digits + sizeof(digits) - first));
}

/* ---- memory of replies ----------------------------------------------------------------------- */

struct block {
    struct block *next;
    size_t cap, used;
    _Alignas(16) uint8_t bytes[];
};

struct seuil_reply_reader {
    redisReader *redis;
    struct block *blocks; /* the first is in use, the largest is kept at release */
    size_t total;
};

#define BLOCK_BYTES (64 * 1024)

static void *take(struct seuil_reply_reader *reader, size_t size)
{
    struct block *block = reader->blocks;
    void *ptr;

    size = (size + 15) & ~(size_t)15;
    if (!block || block->cap - block->used < size) {
        size_t cap = block ? 2 * block->cap : BLOCK_BYTES;

        cap = cap < size ? size : cap;
        if (reader->total + cap > 2 * (size_t)SEUIL_REPLY_BYTES_MAX)
            return NULL;
        block = seuil_heap_alloc(sizeof(*block) + cap);
        if (!block)
            return NULL;
        *block = (struct block){reader->blocks, cap, 0};
        reader->blocks = block;
        reader->total += cap;
    }
    ptr = block->bytes + block->used;
    block->used += size;
    return ptr;
}

static void blocks_free(struct block *block)
{
    while (block) {
        struct block *next = block->next;

        seuil_heap_free(block);
        block = next;
    }
}

void seuil_reply_reader_release(struct seuil_reply_reader *reader)
{
    if (!reader->blocks)
        return;
    blocks_free(reader->blocks->next); /* blocks double: the first is the largest */
    reader->blocks->next = NULL;
    reader->blocks->used = 0;
    reader->total = reader->blocks->cap;
    if (reader->total > SEUIL_REPLY_BYTES_MAX / 8) { /* an unusual reply's memory is not kept */
        blocks_free(reader->blocks);
        reader->blocks = NULL;
        reader->total = 0;
    }
}

/* ---- what hiredis calls ---------------------------------------------------------------------- */

/* Where the reply of @task goes: into its parent's items, or a place of its own. */
static struct seuil_reply *place(const redisReadTask *task)
{
    struct seuil_reply *parent = task->parent ? task->parent->obj : NULL;

    if (!parent)
        return take(task->privdata, sizeof(struct seuil_reply));
    if (parent->type != SEUIL_REPLY_ARRAY || task->idx < 0 || (uint32_t)task->idx >= parent->count)
        return NULL;
    return &parent->items[task->idx];
}

static void *on_string(const redisReadTask *task, char *bytes, size_t len)
{
    struct seuil_reply *reply = place(task);
    char *copy = len < UINT32_MAX ? take(task->privdata, len + 1) : NULL;

    if (!reply || !copy)
        return NULL;
    memcpy(copy, bytes, len);
    copy[len] = '\0';
    *reply = (struct seuil_reply){
        .type = task->type == REDIS_REPLY_STRING   ? SEUIL_REPLY_STRING
                : task->type == REDIS_REPLY_STATUS ? SEUIL_REPLY_STATUS
                : task->type == REDIS_REPLY_ERROR  ? SEUIL_REPLY_ERROR
                                                   : SEUIL_REPLY_OTHER,
        .text = {copy, (uint32_t)len},
    };
    return reply;
}

static void *make_array(const redisReadTask *task, uint64_t count)
{
    struct seuil_reply *reply, *items;
    uint32_t depth = 1;

    for (const redisReadTask *above = task->parent; above; above = above->parent)
        depth++;
    if (count > SEUIL_REPLY_ITEMS_MAX || depth > SEUIL_REPLY_DEPTH_MAX)
        return NULL;
    reply = place(task);
    items = take(task->privdata, count * sizeof(*items));
    if (!reply || !items)
        return NULL;
    memset(items, 0, count * sizeof(*items));
    *reply = (struct seuil_reply){.type = SEUIL_REPLY_ARRAY, .count = (uint32_t)count};
    reply->items = items;
    return reply;
}

static void *on_integer(const redisReadTask *task, long long value)
{
    struct seuil_reply *reply = place(task);

    if (reply)
        *reply = (struct seuil_reply){.type = SEUIL_REPLY_INTEGER, .integer = value};
    return reply;
}

static void *on_nil(const redisReadTask *task)
{
    struct seuil_reply *reply = place(task);

    if (reply)
        *reply = (struct seuil_reply){.type = SEUIL_REPLY_NIL};
    return reply;
}

static void on_free(void *reply)
{
    (void)reply; /* it lies in the blocks */
}

#if HIREDIS_MAJOR >= 1
static void *on_array(const redisReadTask *task, size_t count)
{
    return make_array(task, count);
}

static void *on_double(const redisReadTask *task, double value, char *text, size_t len)
{
    (void)value;
    return on_string(task, text, len);
}

static void *on_bool(const redisReadTask *task, int value)
{
    return on_integer(task, value);
}
#else
static void *on_array(const redisReadTask *task, int count)
{
    return count < 0 ? NULL : make_array(task, (uint64_t)count);
}
#endif

static redisReplyObjectFunctions functions = {
    .createString = on_string,
    .createArray = on_array,
    .createInteger = on_integer,
    .createNil = on_nil,
    .freeObject = on_free,
#if HIREDIS_MAJOR >= 1
    .createDouble = on_double,
    .createBool = on_bool,
#endif
};

/* ---- the reader ------------------------------------------------------------------------------ */

int seuil_reply_reader_reset(struct seuil_reply_reader *reader)
{
    redisReader *redis = redisReaderCreateWithFunctions(&functions);

    if (!redis)
        return SEUIL_ERR_NOMEM;
    redis->privdata = reader;
    redis->maxbuf =
        0; /* keep the buffer: giving it back after each reply costs more than parsing */
    if (reader->redis)
        redisReaderFree(reader->redis);
    reader->redis = redis;
    return 0;
}

struct seuil_reply_reader *seuil_reply_reader_new(void)
{
    struct seuil_reply_reader *reader = seuil_heap_zalloc(1, sizeof(*reader));

    if (!reader || seuil_reply_reader_reset(reader)) {
        seuil_heap_free(reader);
        return NULL;
    }
    return reader;
}

void seuil_reply_reader_free(struct seuil_reply_reader *reader)
{
    if (!reader)
        return;
    redisReaderFree(reader->redis);
    blocks_free(reader->blocks);
    seuil_heap_free(reader);
}

int seuil_reply_reader_feed(struct seuil_reply_reader *reader, const void *bytes, size_t len)
{
    if (reader->redis->len - reader->redis->pos + len > SEUIL_REPLY_BYTES_MAX)
        return SEUIL_ERR_LIMIT;
    return redisReaderFeed(reader->redis, bytes, len) == REDIS_OK ? 0 : SEUIL_ERR_NOMEM;
}

int seuil_reply_reader_next(struct seuil_reply_reader *reader, const struct seuil_reply **ret_reply,
                            const char **ret_why)
{
    void *reply = NULL;

    if (redisReaderGetReply(reader->redis, &reply) != REDIS_OK) {
        *ret_why = reader->redis->errstr;
        return SEUIL_ERR_FORMAT;
    }
    if (!reply)
        return 0;
    *ret_reply = reply;
    return 1;
}
