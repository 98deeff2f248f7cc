#include <assert.h>
#include <string.h>

#include "base/heap.h"
#include "store/block.h"
#include "store/request.h"
#include "store/store_redis.h"

/* The owner before is fenced by this. HINCRBY first: it is what may be refused (out of memory, a
 * damaged number), and then nothing is written. */
static const char acquire_script[] = "if redis.call('EXISTS',KEYS[1])==0 then return false end "
                                     "redis.call('HINCRBY',KEYS[1],'seq',1) "
                                     "redis.call('HSET',KEYS[1],'token',ARGV[1],'owner',ARGV[2]) "
                                     "return redis.call('HGETALL',KEYS[1])";

/* 1: made; 0: there is one; -1: other keys of the shard stand without it. */
static const char create_script[] = "if redis.call('EXISTS',KEYS[1])==1 then return 0 end "
                                    "if redis.call('EXISTS',KEYS[2],KEYS[3])>0 then return -1 end "
                                    "redis.call('HSET',KEYS[1],unpack(ARGV)) return 1";

/* Entries below `head` may stand in the block of a later one: both are read in one instant. A block
 * whose id is above an index holds it, or a later one. */
static const char outbox_script[] =
    "local h=tonumber(redis.call('HGET',KEYS[1],'head') or 0) "
    "local f=math.max(tonumber(ARGV[1]),h) "
    "return {string.format('%.0f',f),redis.call('XRANGE',KEYS[2],string.format('%.0f',f+1),'+',"
    "'COUNT',ARGV[2])}";

int seuil_keys_init(struct seuil_keys *keys, const char *prefix, const char *app, uint32_t shard)
{
    struct seuil_str *names[] = {&keys->meta, &keys->lead, &keys->due, &keys->outbox};
    size_t ends[4], from = 0;

    memset(keys, 0, sizeof(*keys));
    for (int key = 0; key < 4; key++) {
        seuil_redis_key_name(prefix, app, shard, (enum seuil_redis_key)key, &keys->bytes);
        ends[key] = keys->bytes.len;
    }
    if (keys->bytes.failed)
        return keys->bytes.failed;
    for (int key = 0; key < 4; key++) {
        names[key]->ptr = (const char *)keys->bytes.ptr + from;
        names[key]->len = (uint32_t)(ends[key] - from);
        from = ends[key];
    }
    return 0;
}

void seuil_keys_done(struct seuil_keys *keys)
{
    seuil_buf_done(&keys->bytes);
}

/* ---- pieces ---------------------------------------------------------------------------------- */

static void word(struct seuil_buf *out, const char *text)
{
    seuil_resp_arg_text(out, text);
}

static void slice(struct seuil_buf *out, struct seuil_str text)
{
    seuil_resp_arg(out, text.ptr, text.len);
}

static void ask_guard(const struct seuil_keys *keys, struct seuil_buf *out)
{
    seuil_resp_command(out, 2);
    word(out, "WATCH");
    slice(out, keys->meta);
    seuil_resp_command(out, 6);
    word(out, "HMGET");
    slice(out, keys->meta);
    word(out, "token");
    word(out, "seq");
    word(out, "head");
    word(out, "tail");
}

void seuil_guard_write(const struct seuil_keys *keys, struct seuil_buf *out)
{
    seuil_resp_command(out, 1);
    word(out, "UNWATCH"); /* else a change seen before would void the next EXEC as well */
    ask_guard(keys, out);
}

static void expect(struct seuil_request *request, uint32_t replies, uint32_t guard_replies)
{
    request->replies = replies + guard_replies;
    request->guard_from = replies;
}

/* ---- requests -------------------------------------------------------------------------------- */

void seuil_request_acquire(struct seuil_request *request, const struct seuil_keys *keys,
                           const struct seuil_token *token, const char *owner)
{
    struct seuil_buf *out = &request->body;
    size_t len = strlen(owner), max = sizeof(((struct seuil_meta *)0)->owner) - 1;
    char hex[SEUIL_TOKEN_HEX];

    seuil_token_format(token, hex);
    seuil_resp_command(out, 6);
    word(out, "EVAL");
    word(out, acquire_script);
    word(out, "1");
    slice(out, keys->meta);
    seuil_resp_arg(out, hex, sizeof(hex));
    seuil_resp_arg(out, owner, len < max ? len : max);
    seuil_guard_write(keys, out);
    expect(request, 1, SEUIL_GUARD_REPLIES);
}

static void meta_args(struct seuil_buf *out, const struct seuil_meta_text *text)
{
    for (uint32_t i = 0; i < text->count; i++) {
        slice(out, text->fields[i].name);
        slice(out, text->fields[i].value);
    }
}

void seuil_request_create(struct seuil_request *request, const struct seuil_keys *keys,
                          const struct seuil_meta *meta)
{
    struct seuil_buf *out = &request->body;
    struct seuil_meta_text text;

    seuil_meta_format(meta, &text);
    seuil_resp_command(out, 6 + 2 * text.count);
    word(out, "EVAL");
    word(out, create_script);
    word(out, "3");
    slice(out, keys->meta);
    slice(out, keys->due);
    slice(out, keys->outbox);
    meta_args(out, &text);
    seuil_guard_write(keys, out);
    expect(request, 1, SEUIL_GUARD_REPLIES);
    request->meta = seuil_heap_alloc(sizeof(*meta));
    if (request->meta)
        *request->meta = *meta;
    else
        out->failed = SEUIL_ERR_NOMEM;
}

void seuil_request_read_meta(struct seuil_request *request, const struct seuil_keys *keys)
{
    seuil_resp_command(&request->body, 2);
    word(&request->body, "HGETALL");
    slice(&request->body, keys->meta);
    expect(request, 1, 0);
}

void seuil_request_load(struct seuil_request *request, const struct seuil_keys *keys,
                        const struct seuil_str *ids, uint32_t count)
{
    assert(count <= SEUIL_CHUNK_MAX);
    request->id_count = count;
    for (uint32_t i = 0; i < count; i++) {
        seuil_buf_add(&request->ids, &ids[i].len, sizeof(ids[i].len));
        seuil_buf_add(&request->ids, ids[i].ptr, ids[i].len);
    }
    if (count == 0) { /* MGET needs a key: what is said instead is not looked at */
        seuil_resp_command(&request->body, 1);
        word(&request->body, "UNWATCH");
    } else {
        seuil_resp_command(&request->body, 1 + (uint64_t)count);
        word(&request->body, "MGET");
    }
    for (uint32_t i = 0; i < count; i++)
        seuil_resp_arg2(&request->body, keys->lead, ids[i]);
    if (request->ids.failed)
        request->body.failed = request->ids.failed;
    expect(request, 1, 0);
}

static uint32_t bounded(uint32_t max)
{
    return max < SEUIL_ITEMS_ASKED_MAX ? max : SEUIL_ITEMS_ASKED_MAX;
}

void seuil_request_due(struct seuil_request *request, const struct seuil_keys *keys,
                       seuil_time_ms until, uint32_t max)
{
    struct seuil_buf *out = &request->body;

    seuil_resp_command(out, 8);
    word(out, "ZRANGEBYSCORE");
    slice(out, keys->due);
    word(out, "-inf"); /* never from the frontier (PROTOCOL 13) */
    seuil_resp_arg_i64(out, until);
    word(out, "WITHSCORES");
    word(out, "LIMIT");
    word(out, "0");
    seuil_resp_arg_u64(out, bounded(max));
    expect(request, 1, 0);
}

void seuil_request_outbox(struct seuil_request *request, const struct seuil_keys *keys,
                          uint64_t from, uint32_t max)
{
    struct seuil_buf *out = &request->body;

    seuil_resp_command(out, 7);
    word(out, "EVAL");
    word(out, outbox_script);
    word(out, "2");
    slice(out, keys->meta);
    slice(out, keys->outbox);
    seuil_resp_arg_u64(out, from);
    seuil_resp_arg_u64(out, max < SEUIL_BLOCKS_ASKED_MAX ? max : SEUIL_BLOCKS_ASKED_MAX);
    request->max = bounded(max);
    expect(request, 1, 0);
}

void seuil_request_walk(struct seuil_request *request, const struct seuil_keys *keys,
                        uint64_t cursor)
{
    struct seuil_buf *out = &request->body;

    seuil_resp_command(out, 6);
    word(out, "SCAN");
    seuil_resp_arg_u64(out, cursor);
    word(out, "MATCH"); /* the names before it have no character that a pattern knows */
    seuil_resp_arg2(out, keys->lead, SEUIL_STR("*"));
    word(out, "COUNT");
    word(out, "1000");
    expect(request, 1, 0);
}

/* ---- the commit ------------------------------------------------------------------------------ */

static uint32_t count_leads(const struct seuil_tx *tx, uint32_t *ret_erased,
                            uint32_t ret_due[SEUIL_DUE_REMOVE + 1])
{
    uint32_t written = 0;

    *ret_erased = 0;
    memset(ret_due, 0, (SEUIL_DUE_REMOVE + 1) * sizeof(ret_due[0]));
    for (uint32_t i = 0; i < tx->lead_count; i++) {
        const struct seuil_tx_lead *lead = &tx->leads[i];

        assert(!lead->erase || !lead->bytes);
        written += lead->bytes != NULL;
        *ret_erased += lead->erase;
        ret_due[lead->due_op]++;
    }
    return written;
}

static void write_states(struct seuil_buf *out, const struct seuil_keys *keys,
                         const struct seuil_tx *tx, uint32_t count)
{
    seuil_resp_command(out, 1 + 2 * (uint64_t)count);
    word(out, "MSET");
    for (uint32_t i = 0; i < tx->lead_count; i++) {
        const struct seuil_tx_lead *lead = &tx->leads[i];

        if (!lead->bytes)
            continue;
        seuil_resp_arg2(out, keys->lead, lead->id);
        seuil_resp_arg(out, lead->bytes, lead->len);
    }
}

static void write_erased(struct seuil_buf *out, const struct seuil_keys *keys,
                         const struct seuil_tx *tx, uint32_t count)
{
    seuil_resp_command(out, 1 + (uint64_t)count);
    word(out, "DEL");
    for (uint32_t i = 0; i < tx->lead_count; i++)
        if (tx->leads[i].erase)
            seuil_resp_arg2(out, keys->lead, tx->leads[i].id);
}

static void write_dues(struct seuil_buf *out, const struct seuil_keys *keys,
                       const struct seuil_tx *tx, enum seuil_due_op op, uint32_t count)
{
    bool scored = op != SEUIL_DUE_REMOVE;

    seuil_resp_command(out, 2 + (op == SEUIL_DUE_LOWER) + (scored ? 2 : 1) * (uint64_t)count);
    word(out, scored ? "ZADD" : "ZREM");
    slice(out, keys->due);
    if (op == SEUIL_DUE_LOWER)
        word(out, "LT");
    for (uint32_t i = 0; i < tx->lead_count; i++) {
        const struct seuil_tx_lead *lead = &tx->leads[i];

        if (lead->due_op != op)
            continue;
        if (scored) {
            assert(lead->due > -(INT64_C(1) << 53) && lead->due < INT64_C(1) << 53);
            seuil_resp_arg_i64(out, lead->due);
        }
        slice(out, lead->id);
    }
}

static void write_entries(struct seuil_buf *out, const struct seuil_keys *keys,
                          const struct seuil_tx *tx)
{
    seuil_resp_command(out, 5);
    word(out, "XADD");
    slice(out, keys->outbox);
    seuil_resp_arg_u64(out, tx->meta->outbox_tail);
    word(out, "e");
    seuil_resp_arg_begin(out, seuil_block_size(tx->entries, tx->entry_count));
    seuil_block_write(tx->entries, tx->entry_count, out);
    seuil_resp_arg_end(out);
}

/* All fields, and no field of a topic that is not in use: meta is what the caller says. */
static uint32_t write_meta(struct seuil_buf *out, const struct seuil_keys *keys,
                           const struct seuil_meta *meta)
{
    struct seuil_meta_text text;
    uint32_t absent = 0;

    seuil_meta_format(meta, &text);
    seuil_resp_command(out, 2 + 2 * (uint64_t)text.count);
    word(out, "HSET");
    slice(out, keys->meta);
    meta_args(out, &text);
    for (uint32_t i = 0; i < SEUIL_TOPICS_MAX; i++)
        absent += !meta->topics[i].present;
    if (!absent)
        return 1;
    seuil_resp_command(out, 2 + (uint64_t)absent);
    word(out, "HDEL");
    slice(out, keys->meta);
    for (uint32_t i = 0; i < SEUIL_TOPICS_MAX; i++)
        if (!meta->topics[i].present)
            slice(out, seuil_meta_topic_name(i));
    return 2;
}

void seuil_request_commit(struct seuil_request *request, const struct seuil_keys *keys,
                          const struct seuil_tx *tx)
{
    struct seuil_buf *out = &request->body;
    uint32_t erased, due[SEUIL_DUE_REMOVE + 1], written = count_leads(tx, &erased, due);

    assert(tx->lead_count <= SEUIL_TX_LEADS_MAX);
    assert(tx->meta->seq == tx->seq + 1 && tx->meta->outbox_head == tx->trim_to);
    assert(tx->meta->outbox_tail >= tx->entry_count);
    request->token = tx->token;
    request->seq = tx->seq;
    request->trim_to = tx->trim_to;
    request->tail = tx->meta->outbox_tail - tx->entry_count;
    request->queued = 0;
    seuil_resp_command(out, 1);
    word(out, "MULTI");
    if (written) {
        write_states(out, keys, tx, written);
        request->queued++;
    }
    if (erased) {
        write_erased(out, keys, tx, erased);
        request->queued++;
    }
    for (int op = SEUIL_DUE_LOWER; op <= SEUIL_DUE_REMOVE; op++) {
        if (!due[op])
            continue;
        write_dues(out, keys, tx, (enum seuil_due_op)op, due[op]);
        request->queued++;
    }
    if (tx->entry_count) {
        write_entries(out, keys, tx);
        request->queued++;
    }
    request->queued += write_meta(out, keys, tx->meta);
}

void seuil_request_commit_end(struct seuil_request *request, const struct seuil_keys *keys,
                              uint64_t head)
{
    struct seuil_buf *out = &request->body;

    if (request->trim_to > head) {
        seuil_resp_command(out, 4);
        word(out, "XTRIM");
        slice(out, keys->outbox);
        word(out, "MINID");
        seuil_resp_arg_u64(out, request->trim_to + 1);
        request->queued++;
    }
    seuil_resp_command(out, 1);
    word(out, "EXEC");
    ask_guard(keys, out); /* EXEC has ended the WATCH before */
    expect(request, request->queued + 2, SEUIL_GUARD_REPLIES - 1);
}
