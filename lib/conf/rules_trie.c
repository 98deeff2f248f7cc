/* Tries over the texts of a field: plain ones for prefixes and suffixes, an Aho-Corasick automaton
 * for substrings (Aho and Corasick, CACM 18, 1975), with all transitions spelt out. */

#include <assert.h>
#include <string.h>

#include "base/heap.h"
#include "conf/rules_build.h"

#define DEAD 0
#define ROOT 1

struct trie_work {
    struct seuil_trie *trie;
    uint32_t *next; /* trie->next, writable; FIRES is set at the end */
    struct seuil_trie_state *states;
};

static uint32_t *cell(const struct trie_work *work, uint32_t state, uint32_t class)
{
    return &work->next[state * work->trie->class_count + class];
}

static uint32_t common_prefix(struct seuil_str a, struct seuil_str b)
{
    uint32_t n = 0;

    while (n < a.len && n < b.len && a.ptr[n] == b.ptr[n])
        n++;
    return n;
}

/* Classes, tables and bounds. The texts are sorted, so each adds the states past what it shares
 * with the one before. */
static int prepare(struct seuil_build *build, const struct seuil_trigger *triggers, uint32_t count,
                   struct trie_work *work)
{
    struct seuil_trie *trie = seuil_arena_alloc(build->arena, 1, sizeof(*trie));
    uint64_t states = 2;

    if (!trie)
        return seuil_build_nomem(build);
    trie->class_count = 1; /* 0: bytes that no text has */
    for (uint32_t i = 0; i < count; i++) {
        struct seuil_str text = triggers[i].text;
        struct seuil_str before = i ? triggers[i - 1].text : (struct seuil_str){NULL, 0};

        states += text.len - common_prefix(before, text);
        for (uint32_t k = 0; k < text.len; k++)
            if (!trie->class_of[(uint8_t)text.ptr[k]])
                trie->class_of[(uint8_t)text.ptr[k]] = (uint8_t)trie->class_count++;
    }
    assert(trie->class_count <= 256); /* NUL and bytes beyond UTF-8 are in no text */
    if (build->state_count + states > SEUIL_TRIE_STATES_MAX ||
        build->cell_count + states * trie->class_count > SEUIL_TRIE_CELLS_MAX)
        return seuil_error_set(build->err, SEUIL_ERR_LIMIT,
                               "too much text in prefixes, suffixes, contains and regular "
                               "expressions together: shorten them, or use lists of exact values");
    build->state_count += (uint32_t)states;
    build->cell_count += states * trie->class_count;
    trie->state_count = (uint32_t)states;
    work->trie = trie;
    work->next = seuil_arena_alloc(build->arena, states * trie->class_count, sizeof(*work->next));
    work->states = seuil_arena_alloc(build->arena, states, sizeof(*work->states));
    if (!work->next || !work->states)
        return seuil_build_nomem(build);
    trie->next = work->next;
    trie->states = work->states;
    return 0;
}

static int insert_all(struct seuil_build *build, const struct seuil_trigger *triggers,
                      uint32_t count, struct trie_work *work)
{
    uint32_t used = 2, n;

    for (uint32_t i = 0; i < count; i += n) {
        struct seuil_str text = triggers[i].text;
        uint32_t state = ROOT;
        int rc;

        assert(text.len > 0);
        for (n = 1; i + n < count && seuil_str_eq(triggers[i + n].text, text); n++)
            ;
        for (uint32_t k = 0; k < text.len; k++) {
            uint32_t *to = cell(work, state, work->trie->class_of[(uint8_t)text.ptr[k]]);

            if (*to == DEAD)
                *to = used++;
            state = *to;
        }
        rc = seuil_build_postings(build, triggers + i, n, &work->states[state].postings);
        if (rc)
            return rc;
    }
    assert(used == work->trie->state_count);
    return 0;
}

/* Breadth first: a state's longest proper suffix is shorter, so it is complete already. */
static int link_suffixes(struct seuil_build *build, struct trie_work *work)
{
    uint32_t classes = work->trie->class_count, count = work->trie->state_count;
    uint32_t *fail = seuil_heap_alloc(count * sizeof(*fail));
    uint32_t *queue = seuil_heap_alloc(count * sizeof(*queue));
    uint32_t head = 0, tail = 0;

    if (!fail || !queue) {
        seuil_heap_free(fail);
        seuil_heap_free(queue);
        return seuil_build_nomem(build);
    }
    for (uint32_t c = 0; c < classes; c++) {
        uint32_t *to = cell(work, ROOT, c);

        if (*to == DEAD) {
            *to = ROOT;
        } else {
            fail[*to] = ROOT;
            queue[tail++] = *to;
        }
    }
    while (head < tail) {
        uint32_t state = queue[head++], suffix = fail[state];

        work->states[state].also =
            work->states[suffix].postings.count ? suffix : work->states[suffix].also;
        for (uint32_t c = 0; c < classes; c++) {
            uint32_t *to = cell(work, state, c), beside = *cell(work, suffix, c);

            if (*to == DEAD) {
                *to = beside;
            } else {
                fail[*to] = beside;
                queue[tail++] = *to;
            }
        }
    }
    seuil_heap_free(fail);
    seuil_heap_free(queue);
    return 0;
}

int seuil_build_trie(struct seuil_build *build, const struct seuil_trigger *triggers,
                     uint32_t count, const struct seuil_trie **ret_trie)
{
    struct trie_work work = {0};
    int rc = prepare(build, triggers, count, &work);

    if (!rc)
        rc = insert_all(build, triggers, count, &work);
    if (!rc && triggers[0].part == SEUIL_TRIGGER_INNER)
        rc = link_suffixes(build, &work);
    if (rc)
        return rc;
    for (uint32_t s = ROOT; s < work.trie->state_count; s++)
        if (work.states[s].postings.count || work.states[s].also)
            work.states[s].mark = build->mark_count++;
    for (uint32_t i = 0; i < work.trie->state_count * work.trie->class_count; i++) {
        const struct seuil_trie_state *to = &work.states[work.next[i]];

        if (to->postings.count || to->also)
            work.next[i] |= SEUIL_TRIE_FIRES;
    }
    *ret_trie = work.trie;
    return 0;
}
