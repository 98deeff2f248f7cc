/* What shards hand over to each other, and where it ends. */

#include <criterion/criterion.h>
#include <string.h>

#include "base/err.h"
#include "codec/handover.h"

static struct seuil_handover sample(void)
{
    return (struct seuil_handover){
        .kind = SEUIL_HANDOVER_EVENT,
        .from = {14, UINT32_MAX, 1023, INT64_MAX},
        .time = -1,
        .arrival = INT64_C(1700000000000),
        .lead = SEUIL_STR("cookie-1"),
        .id = SEUIL_STR("e1"),
        .hops = 2,
        .path = {1, UINT64_MAX},
        .body = (const uint8_t *)"{}",
        .body_len = 2,
    };
}

Test(handover, comes_back_as_it_was_written)
{
    struct seuil_handover in = sample(), out;
    struct seuil_buf bytes = {0};

    cr_assert_eq(seuil_handover_write(&in, &bytes), 0);
    cr_assert_eq(seuil_handover_read(bytes.ptr, (uint32_t)bytes.len, &out), 0);
    cr_assert(out.kind == in.kind && out.from.topic == 14 && out.from.generation == UINT32_MAX &&
              out.from.partition == 1023 && out.from.offset == INT64_MAX && out.time == -1 &&
              out.arrival == in.arrival && out.hops == 2 && out.path[1] == UINT64_MAX);
    cr_assert(seuil_str_eq(out.lead, in.lead) && seuil_str_eq(out.id, in.id));
    cr_assert(out.body_len == 2 && memcmp(out.body, "{}", 2) == 0);
    seuil_buf_done(&bytes);
}

Test(handover, cut_anywhere_before_its_body_it_is_refused)
{
    struct seuil_handover in = sample(), out = {.hops = 99};
    struct seuil_buf bytes = {0};

    seuil_handover_write(&in, &bytes);
    for (uint32_t len = 0; len < bytes.len - 2; len++)
        cr_assert_eq(seuil_handover_read(bytes.ptr, len, &out), SEUIL_ERR_CORRUPT, "%u", len);
    bytes.ptr[0] = 2;
    cr_assert_eq(seuil_handover_read(bytes.ptr, (uint32_t)bytes.len, &out), SEUIL_ERR_UNSUPPORTED);
    bytes.ptr[0] = 1;
    bytes.ptr[1] = SEUIL_HANDOVER_KINDS;
    cr_assert_eq(seuil_handover_read(bytes.ptr, (uint32_t)bytes.len, &out), SEUIL_ERR_CORRUPT);
    bytes.ptr[1] = SEUIL_HANDOVER_EVENT;
    bytes.ptr[2] = SEUIL_HOPS_MAX + 1;
    cr_assert_eq(seuil_handover_read(bytes.ptr, (uint32_t)bytes.len, &out), SEUIL_ERR_CORRUPT);
    cr_assert_eq(out.hops, 99, "outputs stay untouched");
    seuil_buf_done(&bytes);
}

Test(handover, of_a_circle_one_lead_takes_all_wherever_it_began)
{
    static const uint64_t way[] = {50, 20, 70}; /* of the leads of a circle, in turn */

    for (unsigned begin = 0; begin < 3; begin++) {
        struct seuil_handover handover = sample();
        unsigned at = begin;

        handover.hops = 0;
        for (int n = 0; n < 9 && !seuil_handover_ends_at(&handover, way[at]); n++) {
            seuil_handover_pass(&handover, way[at]);
            at = (at + 1) % 3;
        }
        cr_assert_eq(way[at], 20, "from %u it ended at %u", begin, at);
    }
}

Test(handover, a_chain_leads_into_a_circle_and_is_no_part_of_it)
{
    static const uint64_t way[] = {1, 50, 20}; /* the first leads to the second, never back */
    struct seuil_handover handover = sample();
    unsigned at = 0;

    handover.hops = 0;
    while (!seuil_handover_ends_at(&handover, way[at])) {
        seuil_handover_pass(&handover, way[at]);
        at = at == 2 ? 1 : at + 1;
    }
    cr_assert_eq(way[at], 20);
}

Test(handover, a_chain_that_is_too_long_ends)
{
    struct seuil_handover handover = sample();
    uint64_t way = 100;

    handover.hops = 0;
    while (!seuil_handover_ends_at(&handover, way))
        seuil_handover_pass(&handover, way++);
    cr_assert_eq(handover.hops, SEUIL_HOPS_MAX);
}
