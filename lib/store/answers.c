#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/heap.h"
#include "store/block.h"
#include "store/conn.h"
#include "store/request.h"

/* ---- the guard ------------------------------------------------------------------------------- */

void seuil_guard_read(struct seuil_guard *guard, const struct seuil_reply *reply)
{
    const struct seuil_reply *items = reply->items;

    memset(guard, 0, sizeof(*guard));
    if (reply->type != SEUIL_REPLY_ARRAY || reply->count != 4)
        return; /* an error: unknown, it is asked for again when needed */
    guard->state = SEUIL_GUARD_KNOWN;
    for (uint32_t i = 0; i < 4; i++)
        guard->exists |= items[i].type == SEUIL_REPLY_STRING;
    if (!guard->exists)
        return;
    guard->damaged = seuil_token_parse(items[0].text, &guard->token) != 0 ||
                     !seuil_meta_u64_parse(items[1].text, &guard->seq) ||
                     !seuil_meta_u64_parse(items[2].text, &guard->head) ||
                     !seuil_meta_u64_parse(items[3].text, &guard->tail);
}

static enum seuil_store_status say(struct seuil_request *request, enum seuil_store_status status,
                                   const char *format, ...) __attribute__((format(printf, 3, 4)));

static enum seuil_store_status say(struct seuil_request *request, enum seuil_store_status status,
                                   const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(request->text, sizeof(request->text), format, args);
    va_end(args);
    request->status = status;
    return status;
}

enum seuil_store_status seuil_guard_judge(const struct seuil_guard *guard,
                                          struct seuil_request *request)
{
    if (!guard->exists)
        return say(request, SEUIL_STORE_MISSING, "%s", "");
    if (guard->damaged)
        return say(request, SEUIL_STORE_WRONG,
                   "meta has a damaged token, seq, head or tail: restore the shard's keys from a "
                   "backup");
    if (memcmp(&guard->token, &request->token, sizeof(guard->token)) != 0)
        return say(request, SEUIL_STORE_FENCED, "%s", "");
    if (guard->seq != request->seq)
        return say(request, SEUIL_STORE_STALE, "%s", "");
    if (guard->head > request->trim_to || guard->tail != request->tail)
        return say(
            request, SEUIL_STORE_WRONG,
            "meta's outbox is %llu to %llu, not as its owner left it: was it edited by hand?",
            (unsigned long long)guard->head, (unsigned long long)guard->tail);
    return SEUIL_STORE_OK;
}

/* ---- errors of the server -------------------------------------------------------------------- */

/* The error inside an error: what a script met (Redis 6.2 wraps it), why EXEC was refused. */
static struct seuil_str innermost(struct seuil_str text)
{
    static const char *const openers[] = {"EXECABORT Transaction discarded because of: ", ": -"};

    for (size_t i = 0; i < sizeof(openers) / sizeof(openers[0]); i++) {
        size_t len = strlen(openers[i]);
        const char *at = memmem(text.ptr, text.len, openers[i], len);

        if (at)
            return (struct seuil_str){at + len, text.len - (uint32_t)(at + len - text.ptr)};
    }
    return text;
}

static void refused(struct seuil_request *request, struct seuil_str text)
{
    struct seuil_str inner = innermost(text);
    bool passes = seuil_redis_error_passes(inner);

    say(request, passes ? SEUIL_STORE_BACKOFF : SEUIL_STORE_WRONG, "Redis refused: %.*s%s",
        (int)(inner.len < 280 ? inner.len : 280), inner.ptr,
        seuil_str_starts(inner, SEUIL_STR("MOVED "))
            ? " (Redis Cluster is not served: use one primary)"
        : seuil_str_starts(inner, SEUIL_STR("NOPERM "))
            ? " (the ACL user needs the commands named in seuil.yaml(5))"
            : "");
}

/* ---- replies of a commit --------------------------------------------------------------------- */

static bool reply_of_exec(struct seuil_request *request, const struct seuil_reply *reply)
{
    if (reply->type == SEUIL_REPLY_ERROR) {
        if (seuil_str_starts(reply->text, SEUIL_STR("EXECABORT"))) { /* nothing was executed */
            if (request->status == SEUIL_STORE_OK)
                refused(request, reply->text);
            return true;
        }
        say(request, SEUIL_STORE_DOUBT, "EXEC failed: %.*s",
            (int)(reply->text.len < 280 ? reply->text.len : 280), reply->text.ptr);
        return false;
    }
    if (request->status != SEUIL_STORE_OK) { /* a command was not queued, and yet it ran */
        request->status = SEUIL_STORE_DOUBT;
        return false;
    }
    if (reply->type == SEUIL_REPLY_NIL) { /* meta was touched: the guard behind says how */
        request->main = reply;
        return true;
    }
    if (reply->type != SEUIL_REPLY_ARRAY || reply->count != request->queued) {
        say(request, SEUIL_STORE_DOUBT, "EXEC gave an answer that is no transaction's");
        return false;
    }
    for (uint32_t i = 0; i < reply->count; i++)
        if (reply->items[i].type == SEUIL_REPLY_ERROR)
            say(request, SEUIL_STORE_WRONG,
                "a command of a transaction failed, which leaves the shard half written: %.*s (do "
                "its keys belong to something else?)",
                (int)(reply->items[i].text.len < 200 ? reply->items[i].text.len : 200),
                reply->items[i].text.ptr);
    return true;
}

static bool reply_of_commit(struct seuil_request *request, uint32_t index,
                            const struct seuil_reply *reply)
{
    if (index == request->queued + 1)
        return reply_of_exec(request, reply);
    if (reply->type == SEUIL_REPLY_STATUS)
        return true;
    if (index == 0 || reply->type != SEUIL_REPLY_ERROR) {
        /* without MULTI the commands behind it ran one by one */
        say(request, SEUIL_STORE_DOUBT, "MULTI was refused: %.*s",
            (int)(reply->text.len < 200 ? reply->text.len : 200), reply->text.ptr);
        return false;
    }
    if (request->status == SEUIL_STORE_OK)
        refused(request, reply->text);
    return true;
}

bool seuil_request_reply(struct seuil_request *request, const struct seuil_reply *reply,
                         struct seuil_guard *guard)
{
    uint32_t index = request->at++;

    assert(index < request->replies);
    if (index >= request->guard_from) {
        if (index + 1 == request->replies)
            seuil_guard_read(guard, reply);
        return true;
    }
    if (request->verb == SEUIL_STORE_COMMIT)
        return reply_of_commit(request, index, reply);
    if (reply->type == SEUIL_REPLY_ERROR)
        refused(request, reply->text);
    else
        request->main = reply;
    return true;
}

/* ---- answers --------------------------------------------------------------------------------- */

static void not_understood(struct seuil_request *request)
{
    say(request, SEUIL_STORE_WRONG,
        "Redis gave an answer that does not fit the question: do the shard's keys belong to "
        "something else?");
}

static void answer_meta(struct seuil_request *request, struct seuil_meta *meta,
                        struct seuil_store_reply *ret_reply)
{
    const struct seuil_reply *main = request->main;
    struct seuil_meta_field fields[SEUIL_META_FIELDS_MAX + 1];
    struct seuil_error err;
    uint32_t count;

    if (main->type == SEUIL_REPLY_NIL || (main->type == SEUIL_REPLY_ARRAY && main->count == 0)) {
        request->status = SEUIL_STORE_MISSING;
        return;
    }
    if (main->type != SEUIL_REPLY_ARRAY || main->count % 2) {
        not_understood(request);
        return;
    }
    count = main->count / 2;
    count = count < SEUIL_META_FIELDS_MAX + 1 ? count : SEUIL_META_FIELDS_MAX + 1;
    for (uint32_t i = 0; i < count; i++)
        fields[i] = (struct seuil_meta_field){main->items[2 * i].text, main->items[2 * i + 1].text};
    if (seuil_meta_parse(fields, count, meta, &err))
        say(request, SEUIL_STORE_WRONG, "%.390s", err.text);
    else
        ret_reply->meta = meta;
}

static void answer_create(struct seuil_request *request, struct seuil_meta *meta,
                          struct seuil_store_reply *ret_reply)
{
    if (request->main->type != SEUIL_REPLY_INTEGER) {
        not_understood(request);
    } else if (request->main->integer == 0) {
        request->status = SEUIL_STORE_FENCED;
    } else if (request->main->integer < 0) {
        say(request, SEUIL_STORE_WRONG,
            "the shard has due times or an outbox but no meta: restore its keys from a backup, or "
            "delete them all to have it rebuilt from the log");
    } else {
        *meta = *request->meta;
        ret_reply->meta = meta;
    }
}

static struct seuil_store_item *room(struct seuil_items *items, uint32_t count)
{
    if (count > items->cap) {
        struct seuil_store_item *ptr = seuil_heap_realloc(items->ptr, count * sizeof(*items->ptr));

        if (!ptr)
            return NULL;
        items->ptr = ptr;
        items->cap = count;
    }
    if (count)
        memset(items->ptr, 0, count * sizeof(*items->ptr));
    return items->ptr;
}

static bool answer_load(const struct seuil_request *request, struct seuil_store_item *item)
{
    const uint8_t *id = request->ids.ptr;

    for (uint32_t i = 0; i < request->id_count; i++, item++) {
        const struct seuil_reply *value = &request->main->items[i];

        memcpy(&item->id.len, id, sizeof(item->id.len));
        item->id.ptr = (const char *)id + sizeof(item->id.len);
        id += sizeof(item->id.len) + item->id.len;
        if (value->type == SEUIL_REPLY_STRING) {
            item->bytes = (const uint8_t *)value->text.ptr;
            item->len = value->text.len;
        } else if (value->type != SEUIL_REPLY_NIL) {
            return false;
        }
    }
    return true;
}

static bool answer_due(const struct seuil_reply *main, struct seuil_store_item *item)
{
    for (uint32_t i = 0; i < main->count; i += 2, item++) {
        item->id = main->items[i].text;
        if (main->items[i].type != SEUIL_REPLY_STRING || item->id.len > SEUIL_DUE_NAME_MAX ||
            !seuil_meta_i64_parse(main->items[i + 1].text, &item->due))
            return false;
    }
    return true;
}

/* An element of the outbox, as XRANGE tells it: its id is the index after its last entry. */
static bool read_block(const struct seuil_reply *element, struct seuil_block *ret_block,
                       uint64_t *ret_first)
{
    const struct seuil_reply *pair = &element->items[1];
    struct seuil_str id = {0};
    uint64_t end;

    if (element->type != SEUIL_REPLY_ARRAY || element->count != 2 ||
        element->items[0].type != SEUIL_REPLY_STRING || pair->type != SEUIL_REPLY_ARRAY ||
        pair->count != 2 || pair->items[1].type != SEUIL_REPLY_STRING ||
        seuil_block_read((const uint8_t *)pair->items[1].text.ptr, pair->items[1].text.len,
                         ret_block) != 0)
        return false;
    id = element->items[0].text;
    if (id.len < 2 || memcmp(id.ptr + id.len - 2, "-0", 2) != 0)
        return false;
    id.len -= 2;
    if (!seuil_meta_u64_parse(id, &end) || end < ret_block->count)
        return false;
    *ret_first = end - ret_block->count;
    return true;
}

/* At most @max of the entries from @from on; false when the outbox is not one of ours. */
static bool answer_entries(const struct seuil_reply *elements, uint64_t from, uint32_t max,
                           struct seuil_store_item *item, uint32_t *ret_count)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < elements->count && count < max; i++) {
        struct seuil_block block;
        uint64_t index;

        if (!read_block(&elements->items[i], &block, &index))
            return false;
        for (; block.count && count < max; index++) {
            struct seuil_tx_entry entry = seuil_block_next(&block);

            if (index < from)
                continue;
            item[count++] =
                (struct seuil_store_item){.bytes = entry.bytes, .len = entry.len, .index = index};
        }
    }
    *ret_count = count;
    return true;
}

static bool answer_walk(const struct seuil_reply *main, const struct seuil_keys *keys,
                        struct seuil_store_item *item, uint64_t *ret_cursor)
{
    const struct seuil_reply *names = &main->items[1];

    if (!seuil_meta_u64_parse(main->items[0].text, ret_cursor))
        return false;
    for (uint32_t i = 0; i < names->count; i++, item++) {
        struct seuil_str name = names->items[i].text;

        if (!seuil_str_starts(name, keys->lead) || name.len - keys->lead.len > SEUIL_ID_MAX)
            return false;
        item->id = (struct seuil_str){name.ptr + keys->lead.len, name.len - keys->lead.len};
    }
    return true;
}

static void answer_outbox(struct seuil_request *request, struct seuil_items *items,
                          struct seuil_store_reply *ret_reply)
{
    const struct seuil_reply *main = request->main;
    struct seuil_store_item *item = room(items, request->max);
    uint64_t from;

    if (main->type != SEUIL_REPLY_ARRAY || main->count != 2 ||
        main->items[1].type != SEUIL_REPLY_ARRAY ||
        !seuil_meta_u64_parse(main->items[0].text, &from)) {
        not_understood(request);
    } else if (!item && request->max) {
        say(request, SEUIL_STORE_BACKOFF, "out of memory");
    } else if (!answer_entries(&main->items[1], from, request->max, item, &ret_reply->item_count)) {
        say(request, SEUIL_STORE_WRONG,
            "the outbox in Redis is damaged: restore the shard's keys from a backup, or have it "
            "rebuilt from the log");
    } else {
        ret_reply->items = item;
    }
}

static void answer_items(struct seuil_request *request, const struct seuil_keys *keys,
                         struct seuil_items *items, struct seuil_store_reply *ret_reply)
{
    const struct seuil_reply *main = request->main;
    bool pair = request->verb == SEUIL_STORE_WALK, ok;
    struct seuil_store_item *item;
    uint32_t count = main->count;

    if (request->verb == SEUIL_STORE_LOAD && request->id_count == 0)
        return;
    if (main->type != SEUIL_REPLY_ARRAY ||
        (pair && (count != 2 || main->items[1].type != SEUIL_REPLY_ARRAY)) ||
        (request->verb == SEUIL_STORE_LOAD && count != request->id_count) ||
        (request->verb == SEUIL_STORE_DUE && count % 2)) {
        not_understood(request);
        return;
    }
    count = pair ? main->items[1].count : request->verb == SEUIL_STORE_DUE ? count / 2 : count;
    item = room(items, count);
    if (!item && count) {
        say(request, SEUIL_STORE_BACKOFF, "out of memory");
        return;
    }
    ok = request->verb == SEUIL_STORE_LOAD  ? answer_load(request, item)
         : request->verb == SEUIL_STORE_DUE ? answer_due(main, item)
                                            : answer_walk(main, keys, item, &ret_reply->cursor);
    if (!ok) {
        not_understood(request);
        return;
    }
    ret_reply->items = item;
    ret_reply->item_count = count;
}

void seuil_request_answer(struct seuil_request *request, const struct seuil_keys *keys,
                          struct seuil_items *items, struct seuil_meta *meta,
                          struct seuil_store_reply *ret_reply)
{
    memset(ret_reply, 0, sizeof(*ret_reply));
    if (request->status == SEUIL_STORE_OK && request->main) {
        switch (request->verb) {
        case SEUIL_STORE_ACQUIRE:
        case SEUIL_STORE_READ_META:
            answer_meta(request, meta, ret_reply);
            break;
        case SEUIL_STORE_CREATE:
            answer_create(request, meta, ret_reply);
            break;
        case SEUIL_STORE_COMMIT: /* judged when its last reply came */
            break;
        case SEUIL_STORE_OUTBOX:
            answer_outbox(request, items, ret_reply);
            break;
        default:
            answer_items(request, keys, items, ret_reply);
        }
    }
    ret_reply->shard = request->shard;
    ret_reply->verb = request->verb;
    ret_reply->cookie = request->cookie;
    ret_reply->status = request->status;
    ret_reply->text = request->text;
}
