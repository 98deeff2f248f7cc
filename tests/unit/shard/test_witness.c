#include "shard/witness.h"

#include <criterion/criterion.h>

static struct seuil_meta meta_of(uint64_t seq, int64_t first, int64_t second)
{
    struct seuil_meta meta = {.seq = seq};

    meta.topics[0] = (struct seuil_meta_topic){.present = true, .base = first};
    meta.topics[3] = (struct seuil_meta_topic){.present = true, .base = second};
    return meta;
}

Test(witness, says_seq_and_base_and_is_read_back)
{
    struct seuil_meta meta = meta_of(12, 345, 67);
    struct seuil_witness_text witness;
    char text[SEUIL_WITNESS_MAX];

    seuil_witness_format(&meta, text);
    cr_assert_str_eq(text, "v1 seq=12 base=0:345,3:67");
    cr_assert(seuil_witness_parse(text, &witness));
    cr_assert_eq(witness.seq, 12);
    cr_assert_eq(witness.base[0], 345);
    cr_assert_eq(witness.base[3], 67);
    cr_assert_eq(witness.base[1], -1);
}

Test(witness, fits_255_bytes_whatever_the_offsets)
{
    struct seuil_meta meta = {.seq = UINT64_MAX};
    struct seuil_witness_text witness;
    char text[SEUIL_WITNESS_MAX];

    for (int i = 0; i < SEUIL_TOPICS_MAX; i++)
        meta.topics[i] = (struct seuil_meta_topic){.present = true, .base = INT64_MAX};
    seuil_witness_format(&meta, text);
    cr_assert_leq(strlen(text), 255);
    cr_assert(seuil_witness_parse(text, &witness));
    cr_assert_eq(witness.base[0], INT64_MAX);
}

Test(witness, of_another_program_is_none)
{
    struct seuil_witness_text witness = {.seq = 5};
    const char *const others[] = {"",
                                  "v1 none",
                                  "v1 seq= base=0:1",
                                  "v1 seq=1",
                                  "v2 seq=1 base=0:1",
                                  "v1 seq=1 base=0:1x",
                                  "v1 seq=1 base=16:1",
                                  "v1 seq=1 base=0"};

    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        cr_assert_not(seuil_witness_parse(others[i], &witness), "%s", others[i]);
    cr_assert_eq(witness.seq, 5);
}

Test(witness, is_ahead_when_redis_lost_its_tail)
{
    struct seuil_meta told = meta_of(12, 345, 67), now = meta_of(13, 345, 67);
    struct seuil_witness_text witness;
    char text[SEUIL_WITNESS_MAX];

    seuil_witness_format(&told, text);
    cr_assert(seuil_witness_parse(text, &witness));
    cr_assert_not(seuil_witness_ahead(&witness, &now), "taking the token raised seq by one");
    now.seq = 12;
    cr_assert(seuil_witness_ahead(&witness, &now));
    now = meta_of(40, 300, 67); /* taken many times since, but from further back */
    cr_assert(seuil_witness_ahead(&witness, &now));
}

Test(witness, of_a_generation_before_does_not_judge_base)
{
    struct seuil_meta told = meta_of(12, 345, 67), now = meta_of(14, 345, 0);
    struct seuil_witness_text witness;
    char text[SEUIL_WITNESS_MAX];

    seuil_witness_format(&told, text);
    cr_assert(seuil_witness_parse(text, &witness));
    cr_assert(seuil_witness_ahead(&witness, &now));
    for (int i = 0; i < SEUIL_TOPICS_MAX; i++)
        now.topics[i].generation = 1; /* adopted since */
    cr_assert_not(seuil_witness_ahead(&witness, &now));
    seuil_witness_format(&now, text);
    cr_assert(seuil_witness_parse(text, &witness));
    cr_assert_eq(witness.generation[0], 1);
    now.seq++;
    cr_assert_not(seuil_witness_ahead(&witness, &now));
    now.topics[0].base--;
    cr_assert(seuil_witness_ahead(&witness, &now), "in the same generation base counts");
}
