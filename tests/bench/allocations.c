/* Counts the allocations that a program's own code makes, by the place that makes them: those whose
 * caller lies in the executable itself. What libraries allocate for themselves is not counted.
 *
 *     LD_PRELOAD=liballocations.so ALLOCATIONS=FILE PROGRAM...
 *
 * FILE holds a table of SLOTS rows {address in the executable, count}, both 8 bytes of the
 * machine's order, which changes under the reader's eyes: two looks at it tell what was made in
 * between. */

#include <dlfcn.h>
#include <fcntl.h>
#include <link.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define SLOTS 512

struct slot {
    _Atomic uint64_t address, count;
};

void *malloc(size_t size);
void *calloc(size_t count, size_t size);
void *realloc(void *ptr, size_t size);

static uintptr_t base, first, last; /* of the executable's code */
static struct slot *slots;
static void *(*next_malloc)(size_t);
static void *(*next_calloc)(size_t, size_t);
static void *(*next_realloc)(void *, size_t);

/* dlsym itself may allocate: it gets a piece of this, which is never freed. */
static char early[65536];
static size_t early_used;

static void *early_alloc(size_t size)
{
    void *ptr = early + early_used;

    early_used += (size + 15) / 16 * 16;
    if (early_used > sizeof(early))
        abort();
    return ptr;
}

static int look(struct dl_phdr_info *info, size_t size, void *unused)
{
    (void)size;
    (void)unused;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &info->dlpi_phdr[i];

        if (part->p_type != PT_LOAD || !(part->p_flags & PF_X))
            continue;
        base = info->dlpi_addr;
        first = base + part->p_vaddr;
        last = first + part->p_memsz;
    }
    return 1; /* the executable comes first */
}

__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv("ALLOCATIONS");
    int fd = path ? open(path, O_RDWR | O_CREAT | O_TRUNC, 0600) : -1;
    void *table;

    if (fd < 0 || ftruncate(fd, SLOTS * sizeof(struct slot)))
        return;
    table = mmap(NULL, SLOTS * sizeof(struct slot), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    dl_iterate_phdr(look, NULL);
    if (table != MAP_FAILED)
        slots = table;
}

static void note(const void *caller)
{
    uintptr_t at = (uintptr_t)caller;

    if (!slots || at < first || at >= last)
        return;
    at -= base;
    for (unsigned i = 0, k = (unsigned)(at >> 2); i < SLOTS; i++, k++) {
        struct slot *slot = &slots[k % SLOTS];
        uint64_t none = 0;

        if (atomic_load(&slot->address) == at ||
            atomic_compare_exchange_strong(&slot->address, &none, at) || none == at) {
            atomic_fetch_add(&slot->count, 1);
            return;
        }
    }
}

void *malloc(size_t size)
{
    if (!next_malloc) {
        static _Thread_local int asking;

        if (asking)
            return early_alloc(size);
        asking = 1;
        next_malloc = (void *(*)(size_t))dlsym(RTLD_NEXT, "malloc");
        asking = 0;
    }
    note(__builtin_return_address(0));
    return next_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    if (!next_calloc) {
        static _Thread_local int asking;

        if (asking)
            return early_alloc(count * size);
        asking = 1;
        next_calloc = (void *(*)(size_t, size_t))dlsym(RTLD_NEXT, "calloc");
        asking = 0;
    }
    note(__builtin_return_address(0));
    return next_calloc(count, size);
}

void *realloc(void *ptr, size_t size)
{
    if (!next_realloc)
        next_realloc = (void *(*)(void *, size_t))dlsym(RTLD_NEXT, "realloc");
    note(__builtin_return_address(0));
    return next_realloc(ptr, size);
}
