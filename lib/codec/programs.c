#include "codec/programs.h"

#include "base/heap.h"

#define SLOTS_MIN 16

struct slot {
    struct seuil_schema_ref ref;
    const void *_Atomic program; /* NULL: free; written last */
};

struct seuil_programs_table {
    struct seuil_programs_table *before;
    uint32_t mask;
    struct slot slots[];
};

/* References come from a registry, or are asked of it: nobody chooses them to collide here. */
static uint32_t hash(const struct seuil_schema_ref *ref)
{
    uint64_t x = (ref->low ^ ref->high * 3 ^ ref->kind) * UINT64_C(0x9e3779b97f4a7c15);

    return (uint32_t)(x >> 32);
}

void seuil_programs_done(struct seuil_programs *programs)
{
    struct seuil_programs_table *table = atomic_load(&programs->table);

    while (table) {
        struct seuil_programs_table *before = table->before;

        seuil_heap_free(table);
        table = before;
    }
    atomic_store(&programs->table, NULL);
    programs->count = 0;
}

static void put(struct seuil_programs_table *table, const struct seuil_schema_ref *ref,
                const void *program)
{
    uint32_t i = hash(ref) & table->mask;

    while (atomic_load_explicit(&table->slots[i].program, memory_order_relaxed))
        i = (i + 1) & table->mask;
    table->slots[i].ref = *ref;
    atomic_store_explicit(&table->slots[i].program, program, memory_order_release);
}

/* A table of twice the size with what the present one holds; it is not shown yet. */
static struct seuil_programs_table *grown(struct seuil_programs_table *table)
{
    uint32_t slots = table ? 2 * (table->mask + 1) : SLOTS_MIN;
    struct seuil_programs_table *next =
        seuil_heap_zalloc(1, sizeof(*next) + slots * sizeof(next->slots[0]));

    if (!next)
        return NULL;
    next->before = table;
    next->mask = slots - 1;
    for (uint32_t i = 0; table && i <= table->mask; i++) {
        const void *program = atomic_load_explicit(&table->slots[i].program, memory_order_relaxed);

        if (program)
            put(next, &table->slots[i].ref, program);
    }
    return next;
}

int seuil_programs_add(struct seuil_programs *programs, const struct seuil_schema_ref *ref,
                       const void *program)
{
    struct seuil_programs_table *table = atomic_load(&programs->table);

    if (programs->count == SEUIL_PROGRAMS_MAX)
        return SEUIL_ERR_LIMIT;
    if (!table || programs->count >= (table->mask + 1) / 2) {
        table = grown(table);
        if (!table)
            return SEUIL_ERR_NOMEM;
        put(table, ref, program);
        atomic_store_explicit(&programs->table, table, memory_order_release);
    } else {
        put(table, ref, program);
    }
    programs->count++;
    return 0;
}

const void *seuil_programs_find(const struct seuil_programs *programs,
                                const struct seuil_schema_ref *ref)
{
    const struct seuil_programs_table *table =
        atomic_load_explicit(&programs->table, memory_order_acquire);

    if (!table)
        return NULL;
    for (uint32_t i = hash(ref) & table->mask;; i = (i + 1) & table->mask) {
        const void *program = atomic_load_explicit(&table->slots[i].program, memory_order_acquire);

        if (!program || seuil_schema_ref_eq(&table->slots[i].ref, ref))
            return program;
    }
}
