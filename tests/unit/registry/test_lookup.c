/* What is known of schemas: asked once, waited for without end, believed missing only when said
 * again. */

#include <criterion/criterion.h>
#include <string.h>

#include "registry/lookup.h"

#define CONFIRM_MS 5000
#define ID(n)      ((struct seuil_schema_ref){SEUIL_REF_ID, 0, (n)})

static struct seuil_lookup *new_lookup(void)
{
    struct seuil_lookup_config config = {
        .backoff_min_ms = 100, .backoff_max_ms = 1000, .confirm_ms = CONFIRM_MS, .seed = 7};

    return seuil_lookup_new(&config);
}

static int want(struct seuil_lookup *lookup, uint32_t reader, uint64_t id, seuil_time_ms now)
{
    struct seuil_schema_ref ref = ID(id);
    struct seuil_error err = {0};
    int rc = seuil_lookup_want(lookup, reader, &ref, now, &err);

    cr_assert(rc == 0 || err.text[0], "a code without a sentence");
    return rc;
}

static enum seuil_lookup_task next(struct seuil_lookup *lookup, seuil_time_ms now,
                                   struct seuil_lookup_job *job)
{
    seuil_lookup_next(lookup, now, job);
    return job->task;
}

static void fetched(struct seuil_lookup *lookup, uint64_t id, int rc, seuil_time_ms now)
{
    struct seuil_buf text = {.ptr = (uint8_t *)"\"string\"", .len = 8};
    struct seuil_schema_ref ref = ID(id);
    struct seuil_error err = {.code = rc, .text = "the reason"};

    seuil_lookup_fetched(lookup, &ref, rc, &text, &err, now);
}

static void learned(struct seuil_lookup *lookup, uint64_t id, uint32_t reader, int rc,
                    seuil_time_ms now)
{
    struct seuil_schema_ref ref = ID(id);
    struct seuil_error err = {.code = rc, .text = "no id in it"};

    seuil_lookup_learned(lookup, &ref, reader, rc, &err, now);
}

Test(lookup, a_schema_is_fetched_once_and_learned_by_each_reader)
{
    struct seuil_lookup *lookup = new_lookup();
    struct seuil_lookup_job job;

    cr_assert_eq(next(lookup, 0, &job), SEUIL_LOOKUP_NOTHING);
    cr_assert_eq(seuil_lookup_next(lookup, 0, &job), SEUIL_TIME_NEVER);
    cr_assert_eq(want(lookup, 0, 7, 0), SEUIL_ERR_BACKOFF);
    cr_assert_eq(want(lookup, 1, 7, 0), SEUIL_ERR_BACKOFF);
    cr_assert_eq(next(lookup, 0, &job), SEUIL_LOOKUP_FETCH);
    cr_assert_eq(job.ref.low, 7);
    cr_assert_eq(next(lookup, 0, &job), SEUIL_LOOKUP_NOTHING, "fetched twice at once");
    fetched(lookup, 7, 0, 10);
    for (uint32_t reader = 0; reader < 2; reader++) {
        cr_assert_eq(next(lookup, 11, &job), SEUIL_LOOKUP_LEARN);
        cr_assert_eq(job.reader, reader);
        cr_assert_eq(job.len, 8);
        cr_assert_eq(want(lookup, reader, 7, 10), SEUIL_ERR_BACKOFF, "not learned yet");
        learned(lookup, 7, reader, reader ? SEUIL_ERR_INVALID : 0, 11);
    }
    cr_assert_eq(next(lookup, 11, &job), SEUIL_LOOKUP_NOTHING);
    cr_assert_eq(want(lookup, 0, 7, 12), 0);
    cr_assert_eq(want(lookup, 1, 7, 12), SEUIL_ERR_INVALID, "refused by one reader only");
    cr_assert_eq(want(lookup, 2, 7, 12), SEUIL_ERR_BACKOFF);
    cr_assert_eq(next(lookup, 12, &job), SEUIL_LOOKUP_LEARN, "a third one needs no fetching");
    seuil_lookup_free(lookup);
}

Test(lookup, a_transient_fault_is_asked_again_for_ever_ever_later)
{
    struct seuil_lookup *lookup = new_lookup();
    struct seuil_lookup_job job;
    seuil_time_ms now = 0, at, least = 75;

    want(lookup, 0, 7, 0);
    for (int n = 0; n < 1000; n++) {
        cr_assert_eq(next(lookup, now, &job), SEUIL_LOOKUP_FETCH);
        fetched(lookup, 7, n % 2 ? SEUIL_ERR_BACKOFF : SEUIL_ERR_NOMEM, now);
        cr_assert_eq(want(lookup, 0, 7, now), SEUIL_ERR_BACKOFF);
        at = seuil_lookup_next(lookup, now, &job);
        cr_assert_eq(job.task, SEUIL_LOOKUP_NOTHING);
        cr_assert(at - now >= least && at - now <= 1000, "asked again after %lld ms",
                  (long long)(at - now));
        least = 2 * least < 750 ? 2 * least : 750;
        now = at;
    }
    seuil_lookup_free(lookup);
}

Test(lookup, what_was_never_asked_does_not_wait_behind_what_is_asked_again)
{
    struct seuil_lookup *lookup = new_lookup();
    struct seuil_lookup_job job;
    seuil_time_ms now = 0;
    unsigned asked = 0;

    want(lookup, 0, 1, now);
    cr_assert_eq(next(lookup, now, &job), SEUIL_LOOKUP_FETCH);
    fetched(lookup, 1, 0, now);
    cr_assert_eq(next(lookup, now, &job), SEUIL_LOOKUP_LEARN);
    learned(lookup, 1, 0, 0, now);
    /* Each question takes five seconds: there are always some to be asked again. */
    for (uint64_t id = 10; id < 20; id++)
        want(lookup, 0, id, now);
    for (int n = 0; n < 30; n++) {
        cr_assert_eq(next(lookup, now, &job), SEUIL_LOOKUP_FETCH);
        fetched(lookup, job.ref.low, SEUIL_ERR_BACKOFF, now += 5000);
        asked = n % 10 ? asked | 1u << (job.ref.low - 10) : 1u << (job.ref.low - 10);
        cr_assert(n % 10 < 9 || asked == 0x3ff, "each in its turn");
    }
    want(lookup, 1, 1, now);
    want(lookup, 0, 30, now);
    cr_assert_eq(next(lookup, now, &job), SEUIL_LOOKUP_LEARN);
    learned(lookup, 1, 1, 0, now);
    cr_assert_eq(next(lookup, now, &job), SEUIL_LOOKUP_FETCH);
    cr_assert_eq(job.ref.low, 30);
    fetched(lookup, 30, SEUIL_ERR_BACKOFF, now += 5000);
    cr_assert_eq(next(lookup, now, &job), SEUIL_LOOKUP_FETCH);
    cr_assert_neq(job.ref.low, 30);
    seuil_lookup_free(lookup);
}

Test(lookup, missing_is_believed_when_it_was_said_again_after_a_while)
{
    struct seuil_lookup *lookup = new_lookup();
    struct seuil_lookup_job job;
    seuil_time_ms now = 0;
    int asked = 0;

    want(lookup, 0, 7, 0);
    while (want(lookup, 0, 7, now) == SEUIL_ERR_BACKOFF) {
        if (next(lookup, now, &job) == SEUIL_LOOKUP_FETCH) {
            fetched(lookup, 7, SEUIL_ERR_MISSING, now);
            asked++;
        } else {
            now++;
        }
        cr_assert_leq(now, CONFIRM_MS);
    }
    cr_assert_eq(now, CONFIRM_MS, "believed after %lld ms", (long long)now);
    cr_assert(asked >= 3 && asked < 20, "asked %d times", asked);
    cr_assert_eq(next(lookup, now, &job), SEUIL_LOOKUP_NOTHING);
    /* For a minute nothing is asked; then once, and one answer is enough. */
    cr_assert_eq(want(lookup, 0, 7, now + SEUIL_LOOKUP_MISSING_MS - 1), SEUIL_ERR_MISSING);
    now += SEUIL_LOOKUP_MISSING_MS;
    cr_assert_eq(want(lookup, 0, 7, now), SEUIL_ERR_BACKOFF);
    cr_assert_eq(next(lookup, now, &job), SEUIL_LOOKUP_FETCH);
    fetched(lookup, 7, SEUIL_ERR_MISSING, now);
    cr_assert_eq(want(lookup, 0, 7, now), SEUIL_ERR_MISSING);
    /* It may come into being. */
    now += SEUIL_LOOKUP_MISSING_MS;
    want(lookup, 0, 7, now);
    cr_assert_eq(next(lookup, now, &job), SEUIL_LOOKUP_FETCH);
    fetched(lookup, 7, 0, now);
    cr_assert_eq(next(lookup, now, &job), SEUIL_LOOKUP_LEARN);
    learned(lookup, 7, 0, 0, now);
    cr_assert_eq(want(lookup, 0, 7, now), 0);
    seuil_lookup_free(lookup);
}

Test(lookup, a_fault_between_two_words_of_missing_takes_the_first_one_back)
{
    struct seuil_lookup *lookup = new_lookup();
    struct seuil_lookup_job job;
    seuil_time_ms now = 0;

    want(lookup, 0, 7, 0);
    next(lookup, 0, &job);
    fetched(lookup, 7, SEUIL_ERR_MISSING, 0);
    now = seuil_lookup_next(lookup, CONFIRM_MS, &job);
    fetched(lookup, 7, SEUIL_ERR_BACKOFF, CONFIRM_MS);
    now = CONFIRM_MS + 2000;
    cr_assert_eq(next(lookup, now, &job), SEUIL_LOOKUP_FETCH);
    fetched(lookup, 7, SEUIL_ERR_MISSING, now);
    cr_assert_eq(want(lookup, 0, 7, now), SEUIL_ERR_BACKOFF, "believed after one word");
    seuil_lookup_free(lookup);
}

Test(lookup, what_is_no_avro_is_of_no_use_to_anybody)
{
    static const int codes[] = {SEUIL_ERR_UNSUPPORTED, SEUIL_ERR_FORMAT, SEUIL_ERR_LIMIT};
    struct seuil_lookup *lookup = new_lookup();
    struct seuil_lookup_job job;

    for (uint64_t i = 0; i < 3; i++) {
        want(lookup, 0, i, 0);
        next(lookup, 0, &job);
        fetched(lookup, i, codes[i], 0);
        cr_assert_eq(want(lookup, 0, i, 1), SEUIL_ERR_INVALID);
        cr_assert_eq(want(lookup, 5, i, SEUIL_DAY_MS), SEUIL_ERR_INVALID);
    }
    cr_assert_eq(next(lookup, SEUIL_DAY_MS, &job), SEUIL_LOOKUP_NOTHING);
    seuil_lookup_free(lookup);
}

/* A topic of something else names a new schema in each record. */
Test(lookup, any_number_of_missing_schemas_takes_bounded_memory_and_hides_no_other)
{
    struct seuil_lookup_config config = {.backoff_min_ms = 1, .backoff_max_ms = 1, .seed = 7};
    struct seuil_lookup *lookup = seuil_lookup_new(&config);
    struct seuil_lookup_job job;

    want(lookup, 0, 7, 0);
    next(lookup, 0, &job);
    fetched(lookup, 7, 0, 0);
    next(lookup, 0, &job);
    learned(lookup, 7, 0, 0, 0);
    for (uint64_t i = 0; i < SEUIL_LOOKUP_MAX + 200; i += 100) {
        for (uint64_t k = i; k < i + 100; k++)
            cr_assert_eq(want(lookup, 0, 1000 + k, (seuil_time_ms)i), SEUIL_ERR_BACKOFF);
        while (next(lookup, (seuil_time_ms)i, &job) == SEUIL_LOOKUP_FETCH)
            fetched(lookup, job.ref.low, SEUIL_ERR_MISSING, (seuil_time_ms)i);
    }
    cr_assert_eq(want(lookup, 0, 7, 1), 0);
    cr_assert_eq(want(lookup, 0, 1000 + SEUIL_LOOKUP_MAX + 150, SEUIL_LOOKUP_MAX + 200),
                 SEUIL_ERR_MISSING, "the newest is still known");
    cr_assert_eq(want(lookup, 0, 1000, SEUIL_LOOKUP_MAX + 200), SEUIL_ERR_BACKOFF,
                 "the oldest was not forgotten");
    seuil_lookup_free(lookup);
}
