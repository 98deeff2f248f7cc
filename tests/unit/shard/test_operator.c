#include "shard/operator.h"

#include <criterion/criterion.h>
#include <string.h>

static struct seuil_meta halted(void)
{
    struct seuil_meta meta = {
        .format = SEUIL_META_FORMAT, .seq = 9, .outbox_head = 4, .outbox_tail = 6};

    meta.topics[0] = (struct seuil_meta_topic){.present = true,
                                               .generation = 2,
                                               .base = 100,
                                               .reach = 150,
                                               .finger_offset = 149,
                                               .base_finger_offset = 99,
                                               .base_time = 5000};
    meta.topics[1] = (struct seuil_meta_topic){.present = true, .base = 40, .reach = 40};
    strcpy(meta.halt, "why");
    return meta;
}

Test(operator, going_on_over_a_gap_moves_base_and_raises_no_generation)
{
    struct seuil_meta meta = halted();
    int64_t first[SEUIL_TOPICS_MAX] = {120, 10};

    for (int i = 2; i < SEUIL_TOPICS_MAX; i++)
        first[i] = -1;
    cr_assert_eq(seuil_operator_go_on(&meta, first), 20);
    cr_assert_eq(meta.topics[0].base, 120);
    cr_assert_eq(meta.topics[0].reach, 150);
    cr_assert_eq(meta.topics[0].finger_offset, 149);
    cr_assert_eq(meta.topics[0].base_finger_offset, -1);
    cr_assert_eq(meta.topics[0].generation, 2);
    cr_assert_eq(meta.topics[1].base, 40);
    cr_assert_str_empty(meta.halt);
}

Test(operator, a_gap_beyond_reach_takes_reach_along)
{
    struct seuil_meta meta = halted();
    int64_t first[SEUIL_TOPICS_MAX] = {200};

    cr_assert_eq(seuil_operator_go_on(&meta, first), 100);
    cr_assert_eq(meta.topics[0].reach, 200);
    cr_assert_eq(meta.topics[0].finger_offset, -1);
}

Test(operator, adopting_a_topic_raises_its_generation_and_leaves_the_others)
{
    struct seuil_meta meta = halted(), before = meta;

    cr_assert_eq(seuil_operator_adopt(&meta, 1, 7, "new"), 0);
    cr_assert_eq(meta.topics[1].generation, 3, "above every other: old stamps never count");
    cr_assert_eq(meta.topics[1].base, 7);
    cr_assert_eq(meta.topics[1].reach, 7);
    cr_assert_eq(meta.topics[1].finger_offset, -1);
    cr_assert_eq(meta.topics[1].base_time, SEUIL_TIME_NONE);
    cr_assert_eq(memcmp(&meta.topics[0], &before.topics[0], sizeof(meta.topics[0])), 0);
    cr_assert_str_eq(meta.cluster_id, "new");
    cr_assert_str_empty(meta.halt);
    cr_assert_eq(seuil_operator_adopt(&meta, 5, 7, NULL), SEUIL_ERR_UNKNOWN);
}

Test(operator, a_rebuild_starts_anew_muted_and_above_the_witness)
{
    struct seuil_meta meta = halted();
    struct seuil_operator_rebuild order = {
        .muted_until = 77, .witness_seq = 50, .model_hash = 5, .cluster_id = "c"};

    for (int i = 1; i < SEUIL_TOPICS_MAX; i++)
        order.start[i] = -1;
    order.start[0] = 3;
    seuil_operator_rebuild(&meta, &order);
    cr_assert_eq(meta.topics[0].base, 3);
    cr_assert_eq(meta.topics[0].generation, 3);
    cr_assert_not(meta.topics[1].present);
    cr_assert_eq(meta.seq, 51);
    cr_assert_eq(meta.muted_until, 77);
    cr_assert_eq(meta.model_hash, 5);
    cr_assert_eq(meta.outbox_head, 4, "what was not published still is");
    cr_assert_eq(meta.outbox_tail, 6);
}

Test(operator, a_second_rebuild_of_a_lost_meta_has_a_generation_of_its_own)
{
    struct seuil_meta meta = {0};
    struct seuil_operator_rebuild order = {.witness_seq = 50, .witness_generation = 1};

    for (int i = 1; i < SEUIL_TOPICS_MAX; i++)
        order.start[i] = -1;
    seuil_operator_rebuild(&meta, &order);
    cr_assert_eq(meta.topics[0].generation, 2);
}
