#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "store/conn.h"
#include "store/resp.h"

/* ---- requests -------------------------------------------------------------------------------- */

Test(resp, commands_are_written_as_arrays_of_bulks)
{
    struct seuil_buf out = {0};
    const char *expected =
        "*6\r\n$4\r\nZADD\r\n$3\r\nk:a\r\n$0\r\n\r\n$20\r\n-9223372036854775808\r\n"
        "$20\r\n18446744073709551615\r\n$1\r\n0\r\n";

    seuil_resp_command(&out, 6);
    seuil_resp_arg_text(&out, "ZADD");
    seuil_resp_arg2(&out, SEUIL_STR("k:"), SEUIL_STR("a"));
    seuil_resp_arg(&out, NULL, 0);
    seuil_resp_arg_i64(&out, INT64_MIN);
    seuil_resp_arg_u64(&out, UINT64_MAX);
    seuil_resp_arg_i64(&out, 0);
    cr_assert_eq(out.failed, 0);
    cr_assert(out.len == strlen(expected) && memcmp(out.ptr, expected, out.len) == 0, "%.*s",
              (int)out.len, out.ptr);
    seuil_buf_done(&out);
}

/* ---- replies --------------------------------------------------------------------------------- */

static struct seuil_reply_reader *reader;

static void open_reader(void)
{
    reader = seuil_reply_reader_new();
    cr_assert_not_null(reader);
}

static void close_reader(void)
{
    seuil_reply_reader_free(reader);
}

TestSuite(replies, .init = open_reader, .fini = close_reader, .timeout = 60);

static const char sample[] = "*6\r\n+OK\r\n-ERR no\r\n:-42\r\n$5\r\na\r\nb\0\r\n$-1\r\n"
                             "*3\r\n*0\r\n$0\r\n\r\n*-1\r\n";

static void is_sample(const struct seuil_reply *reply)
{
    const struct seuil_reply *items = reply->items;

    cr_assert(reply->type == SEUIL_REPLY_ARRAY && reply->count == 6);
    cr_assert(items[0].type == SEUIL_REPLY_STATUS && !strcmp(items[0].text.ptr, "OK"));
    cr_assert(items[1].type == SEUIL_REPLY_ERROR && !strcmp(items[1].text.ptr, "ERR no"));
    cr_assert(items[2].type == SEUIL_REPLY_INTEGER && items[2].integer == -42);
    cr_assert(items[3].type == SEUIL_REPLY_STRING && items[3].text.len == 5 &&
              memcmp(items[3].text.ptr, "a\r\nb", 5) == 0);
    cr_assert_eq(items[4].type, SEUIL_REPLY_NIL);
    cr_assert(items[5].type == SEUIL_REPLY_ARRAY && items[5].count == 3);
    cr_assert(items[5].items[0].type == SEUIL_REPLY_ARRAY && items[5].items[0].count == 0);
    cr_assert(items[5].items[1].type == SEUIL_REPLY_STRING && items[5].items[1].text.len == 0);
    cr_assert_eq(items[5].items[2].type, SEUIL_REPLY_NIL);
}

Test(replies, a_reply_in_two_pieces_is_the_same_wherever_it_was_cut)
{
    const struct seuil_reply *reply;
    const char *why;

    for (size_t at = 0; at < sizeof(sample) - 1; at++) {
        cr_assert_eq(seuil_reply_reader_feed(reader, sample, at), 0);
        cr_assert_eq(seuil_reply_reader_next(reader, &reply, &why), 0);
        cr_assert_eq(seuil_reply_reader_feed(reader, sample + at, sizeof(sample) - 1 - at), 0);
        cr_assert_eq(seuil_reply_reader_next(reader, &reply, &why), 1);
        is_sample(reply);
        seuil_reply_reader_release(reader);
        cr_assert_eq(seuil_reply_reader_next(reader, &reply, &why), 0);
    }
}

Test(replies, earlier_ones_stay_until_they_are_released)
{
    const struct seuil_reply *replies[100];
    const char *why;

    for (int i = 0; i < 100; i++)
        seuil_reply_reader_feed(reader, sample, sizeof(sample) - 1);
    for (int i = 0; i < 100; i++)
        cr_assert_eq(seuil_reply_reader_next(reader, &replies[i], &why), 1);
    for (int i = 0; i < 100; i++)
        is_sample(replies[i]);
}

/* What the reader says in the end to bytes that never become a reply. */
static int verdict(const char *bytes, size_t len)
{
    const struct seuil_reply *reply;
    const char *why;
    int rc;

    cr_assert_eq(seuil_reply_reader_reset(reader), 0);
    if (seuil_reply_reader_feed(reader, bytes, len))
        return SEUIL_ERR_LIMIT;
    while ((rc = seuil_reply_reader_next(reader, &reply, &why)) > 0)
        seuil_reply_reader_release(reader);
    seuil_reply_reader_reset(reader);
    seuil_reply_reader_release(reader);
    return rc;
}

Test(replies, hostile_counts_lengths_and_nesting_are_refused)
{
    static const char *const wrong[] = {
        "*65537\r\n",
        "*2147483647\r\n",
        "*4294967297\r\n",
        "*9223372036854775807\r\n",
        "*-2\r\n",
        "$-2\r\n",
        "$99999999999999999999\r\n",
        "?\r\n",
        "\r\n",
        "HTTP/1.1 400\r\n",
        "$x\r\n",
        "*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n",
    };

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        cr_assert_lt(verdict(wrong[i], strlen(wrong[i])), 0, "%s", wrong[i]);
    cr_assert_eq(verdict("*65536\r\n", 8), 0);
}

Test(replies, one_beyond_the_bound_is_refused_while_it_comes)
{
    static char bytes[1 << 20];
    const struct seuil_reply *reply;
    const char *why;
    int rc = 0, fed;

    memset(bytes, 'x', sizeof(bytes));
    seuil_reply_reader_feed(reader, "$1073741824\r\n", 13);
    for (fed = 0; fed < 200 && rc == 0; fed++) {
        rc = seuil_reply_reader_feed(reader, bytes, sizeof(bytes));
        if (!rc)
            cr_assert_eq(seuil_reply_reader_next(reader, &reply, &why), 0);
    }
    cr_assert_eq(rc, SEUIL_ERR_LIMIT);
    cr_assert_leq(fed, 65);
}

Test(replies, small_items_cannot_take_memory_without_bound)
{
    /* 26 MB of integers, four bytes each, would become ten times as much */
    struct seuil_buf bytes = {0};

    seuil_buf_add_text(&bytes, "*100\r\n");
    for (int i = 0; i < 100; i++) {
        seuil_buf_add_text(&bytes, "*65536\r\n");
        for (int j = 0; j < 65536; j++)
            seuil_buf_add(&bytes, ":1\r\n", 4);
    }
    cr_assert_lt(verdict((const char *)bytes.ptr, bytes.len), 0);
    seuil_buf_done(&bytes);
}

static uint32_t state = 12345;

static uint32_t chance(uint32_t bound)
{
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return state % bound;
}

Test(replies, random_bytes_are_answered_or_refused)
{
    static const char alphabet[] = "*$+-:0123456789\r\n\r\n\r\nxOK,#_(%~>|=!";
    char bytes[256];
    uint32_t refused = 0;

    for (int round = 0; round < 60000; round++) {
        size_t len = chance(sizeof(bytes));

        if (round % 2) { /* bytes that look like the protocol */
            for (size_t i = 0; i < len; i++)
                bytes[i] = alphabet[chance(sizeof(alphabet) - 1)];
        } else { /* a good reply with some bytes changed */
            len = sizeof(sample) - 1;
            memcpy(bytes, sample, len);
            for (uint32_t i = chance(4); i > 0; i--)
                bytes[chance((uint32_t)len)] = (char)chance(256);
        }
        refused += verdict(bytes, len) < 0;
    }
    cr_assert_gt(refused, 1000);
}

Test(replies, errors_that_pass_are_told_from_those_that_do_not)
{
    static const char *const pass[] = {"OOM command not allowed when used memory > 'maxmemory'.",
                                       "LOADING Redis is loading",
                                       "BUSY Redis is busy running a script.",
                                       "MISCONF Redis is configured to save",
                                       "READONLY You can't write against a read only replica.",
                                       "MASTERDOWN Link with MASTER",
                                       "TRYAGAIN Multiple keys request",
                                       "CLUSTERDOWN The cluster is down"};
    static const char *const stay[] = {"NOAUTH Authentication required.",
                                       "WRONGPASS invalid",
                                       "NOPERM this user",
                                       "ERR unknown command",
                                       "MOVED 1 a:1",
                                       "WRONGTYPE Operation",
                                       "",
                                       "OO"};

    for (size_t i = 0; i < sizeof(pass) / sizeof(pass[0]); i++)
        cr_assert(seuil_redis_error_passes(seuil_str_from(pass[i])), "%s", pass[i]);
    for (size_t i = 0; i < sizeof(stay) / sizeof(stay[0]); i++)
        cr_assert_not(seuil_redis_error_passes(seuil_str_from(stay[i])), "%s", stay[i]);
}
