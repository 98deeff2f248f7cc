#include <criterion/criterion.h>

#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/heap.h"
#include "base/str.h"

Test(err, every_code_has_a_text_and_an_unknown_one_too)
{
#define X(name, number, text)                                                                      \
    cr_assert_str_eq(seuil_err_text(SEUIL_ERR_##name), text);                                      \
    cr_assert_eq(SEUIL_ERR_##name, -(number));
    SEUIL_ERRORS(X)
#undef X
    cr_assert_str_eq(seuil_err_text(-9999), "unknown error");
}

Test(err, says_the_place_before_the_text)
{
    struct seuil_error err;
    char text[128];

    cr_assert_eq(seuil_error_at(&err, SEUIL_ERR_CONFIG, "a.yaml", 3, 7, "no %s", "tier"),
                 SEUIL_ERR_CONFIG);
    cr_assert_str_eq(seuil_error_format(&err, text, sizeof(text)), "a.yaml:3:7: no tier");
    seuil_error_set(&err, SEUIL_ERR_IO, "gone");
    cr_assert_str_eq(seuil_error_format(&err, text, sizeof(text)), "gone");
}

Test(err, wraps_context_around_and_never_overflows)
{
    struct seuil_error err;
    char big[1000];

    seuil_error_set(&err, SEUIL_ERR_IO, "no answer");
    seuil_error_wrap(&err, "shard %d", 7);
    cr_assert_str_eq(err.text, "shard 7: no answer");
    memset(big, 'x', sizeof(big));
    big[sizeof(big) - 1] = '\0';
    seuil_error_wrap(&err, "%s", big);
    cr_assert_eq(strlen(err.text), sizeof(err.text) - 1);
    seuil_error_wrap(NULL, "nobody asks");
}

Test(str, compares_bytes_a_shorter_prefix_first)
{
    cr_assert(seuil_str_eq(SEUIL_STR("abc"), seuil_str_from("abc")));
    cr_assert_lt(seuil_str_cmp(SEUIL_STR("ab"), SEUIL_STR("abc")), 0);
    cr_assert_gt(seuil_str_cmp(SEUIL_STR("\xff"), SEUIL_STR("a")), 0);
    cr_assert_eq(seuil_str_cmp(seuil_str_from(NULL), SEUIL_STR("")), 0);
    cr_assert(seuil_str_starts(SEUIL_STR("tarifs"), SEUIL_STR("tar")));
    cr_assert_not(seuil_str_starts(SEUIL_STR("ta"), SEUIL_STR("tar")));
}

Test(buf, grows_and_keeps_what_was_added)
{
    struct seuil_buf buf = {0};

    for (int i = 0; i < 1000; i++)
        cr_assert_eq(seuil_buf_printf(&buf, "%d,", i), 0);
    cr_assert_eq(memcmp(buf.ptr, "0,1,2,", 6), 0);
    cr_assert_eq(memcmp(buf.ptr + buf.len - 4, "999,", 4), 0);
    seuil_buf_clear(&buf);
    cr_assert_eq(buf.len, 0);
    seuil_buf_done(&buf);
}

Test(buf, remembers_a_failed_append_to_the_end_of_the_chain)
{
    struct seuil_buf buf = {0};

    seuil_heap_fail_after(0);
    cr_assert_eq(seuil_buf_add_text(&buf, "one"), SEUIL_ERR_NOMEM);
    seuil_heap_fail_after(-1);
    cr_assert_eq(seuil_buf_add_text(&buf, "two"), SEUIL_ERR_NOMEM, "a failed buffer stays failed");
    cr_assert_eq(buf.failed, SEUIL_ERR_NOMEM);
    seuil_buf_clear(&buf);
    cr_assert_eq(seuil_buf_add_text(&buf, "three"), 0);
    seuil_buf_done(&buf);
}

Test(arena, gives_zeroed_aligned_memory_that_does_not_overlap)
{
    struct seuil_arena arena = {0};
    uint64_t *words[100];

    for (int i = 0; i < 100; i++) {
        words[i] = seuil_arena_alloc(&arena, (size_t)(i * 37 + 1), 1);
        cr_assert_not_null(words[i]);
        cr_assert_eq((uintptr_t)words[i] % _Alignof(max_align_t), 0);
        for (int b = 0; b < i * 37 + 1; b++)
            cr_assert_eq(((uint8_t *)words[i])[b], 0);
        memset(words[i], i + 1, (size_t)(i * 37 + 1));
    }
    for (int i = 0; i < 100; i++)
        for (int b = 0; b < i * 37 + 1; b++)
            cr_assert_eq(((uint8_t *)words[i])[b], i + 1);
    seuil_arena_done(&arena);
}

Test(arena, refuses_a_size_that_overflows_and_tells_when_memory_is_out)
{
    struct seuil_arena arena = {0};

    cr_assert_null(seuil_arena_alloc(&arena, SIZE_MAX / 2, 16));
    seuil_heap_fail_after(0);
    cr_assert_null(seuil_arena_strdup(&arena, "x", 1));
    seuil_heap_fail_after(-1);
    cr_assert_str_eq(seuil_arena_strdup(&arena, "xyz", 2), "xy");
    seuil_arena_done(&arena);
}

Test(hash, is_the_published_xxh3_so_that_stored_hashes_stay_good)
{
    /* Known answers of XXH3_64bits and XXH3_128bits for the empty input (xxhash 0.8). */
    struct seuil_hash128 h = seuil_hash128("", 0);

    cr_assert_eq(seuil_hash64("", 0), UINT64_C(0x2d06800538d394c2));
    cr_assert_eq(h.high, UINT64_C(0x99aa06d3014798d8));
    cr_assert_eq(h.low, UINT64_C(0x6001c324468d497f));
    cr_assert_neq(seuil_hash64_seed("a", 1, 1), seuil_hash64_seed("a", 1, 2));
}
