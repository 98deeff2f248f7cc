/* What the tests of stores share: a token by number, metas, one request and its answer. */

#ifndef SEUIL_TESTS_UNIT_STORE_FIXTURE_H
#define SEUIL_TESTS_UNIT_STORE_FIXTURE_H

#include <time.h>

#include <criterion/criterion.h>

#include "store/store.h"

#define ANSWER_MS 8000

static inline seuil_time_ms mono_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (seuil_time_ms)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static inline struct seuil_token token_of(uint8_t number)
{
    struct seuil_token token;

    for (uint32_t i = 0; i < SEUIL_TOKEN_BYTES; i++)
        token.bytes[i] = (uint8_t)(number * 16 + i);
    return token;
}

static inline struct seuil_meta new_meta(uint8_t token)
{
    struct seuil_meta meta = {
        .format = SEUIL_META_FORMAT,
        .token = token_of(token),
        .seq = 1,
        .stream_time = SEUIL_TIME_NONE,
        .muted_until = SEUIL_TIME_NONE,
        .model_hash = 0xfeed,
        .cluster_id = "cluster",
        .owner = "me",
    };

    meta.topics[2] = (struct seuil_meta_topic){
        .present = true,
        .base = 5,
        .reach = 7,
        .finger_offset = -1,
        .finger_time = SEUIL_TIME_NONE,
        .base_time = SEUIL_TIME_NONE,
        .base_finger_offset = -1,
        .base_finger_time = SEUIL_TIME_NONE,
    };
    return meta;
}

/* Poll until an answer comes; false after @ms. */
static inline bool answer_within(struct seuil_store *store, int ms, struct seuil_store_reply *reply)
{
    seuil_time_ms end = mono_ms() + ms;

    do {
        if (store->ops->poll(store, mono_ms(), 20, reply))
            return true;
    } while (mono_ms() < end);
    return false;
}

static inline struct seuil_store_reply answer(struct seuil_store *store)
{
    struct seuil_store_reply reply;

    cr_assert(answer_within(store, ANSWER_MS, &reply), "no answer came");
    return reply;
}

#define cr_assert_status(reply, expected)                                                          \
    cr_assert_eq((reply).status, (expected), "status %d, not %d: %s", (reply).status, (expected),  \
                 (reply).text)

static inline struct seuil_store_reply create(struct seuil_store *store, uint32_t shard,
                                              const struct seuil_meta *meta)
{
    store->ops->create(store, shard, meta, 1);
    return answer(store);
}

static inline struct seuil_store_reply acquire(struct seuil_store *store, uint32_t shard,
                                               uint8_t token)
{
    struct seuil_token bytes = token_of(token);

    store->ops->acquire(store, shard, &bytes, "owner", 2);
    return answer(store);
}

/* A transaction that follows @meta (which becomes what it writes). */
static inline struct seuil_tx next_tx(struct seuil_meta *meta)
{
    struct seuil_tx tx = {.token = meta->token, .seq = meta->seq, .meta = meta};

    meta->seq++;
    tx.trim_to = meta->outbox_head;
    return tx;
}

static inline struct seuil_store_reply commit(struct seuil_store *store, uint32_t shard,
                                              const struct seuil_tx *tx)
{
    store->ops->commit(store, shard, tx, 3);
    return answer(store);
}

/* The state of @id as text, "" when there is none. */
static inline const char *state_of(struct seuil_store *store, uint32_t shard, const char *id)
{
    static char text[256];
    struct seuil_str name = seuil_str_from(id);
    struct seuil_store_reply reply;

    store->ops->load(store, shard, &name, 1, 4);
    reply = answer(store);
    cr_assert_status(reply, SEUIL_STORE_OK);
    cr_assert_eq(reply.item_count, 1);
    cr_assert(reply.items[0].len < sizeof(text));
    if (reply.items[0].len)
        memcpy(text, reply.items[0].bytes, reply.items[0].len);
    text[reply.items[0].len] = '\0';
    return text;
}

static inline struct seuil_tx_lead lead_of(const char *id, const char *state)
{
    return (struct seuil_tx_lead){
        .id = seuil_str_from(id), .bytes = (const uint8_t *)state, .len = (uint32_t)strlen(state)};
}

#endif
