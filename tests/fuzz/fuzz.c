#include "fuzz.h"

#include <dirent.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define TEXTS_MAX 4096 /* kept texts: the corpus, and mutants that were accepted */

struct text {
    uint8_t *bytes;
    size_t len;
};

static struct text texts[TEXTS_MAX];
static size_t text_count, corpus_count;
static uint64_t state;
static struct text current; /* being tried */

static uint32_t draw(uint32_t below)
{
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(state >> 33) % below;
}

static void keep(const uint8_t *bytes, size_t len)
{
    /* When all places are taken a mutant's is drawn; the corpus stays. */
    size_t i = text_count < TEXTS_MAX ? text_count++
                                      : corpus_count + draw((uint32_t)(TEXTS_MAX - corpus_count));

    free(texts[i].bytes);
    texts[i].bytes = malloc(len + 1);
    memcpy(texts[i].bytes, bytes, len);
    texts[i].len = len;
}

/* ---- the text that ends the program -------------------------------------------------------- */

static void leave_text(void)
{
    char path[256];
    FILE *file;

    snprintf(path, sizeof(path), "fuzz_%s.%d.crash", fuzz_target.name, (int)getpid());
    file = fopen(path, "wb");
    if (file) {
        fwrite(current.bytes, 1, current.len, file);
        fclose(file);
    }
    fprintf(stderr, "\nfuzz_%s: the text is in %s\n", fuzz_target.name, path);
}

static void on_signal(int number)
{
    signal(number, SIG_DFL);
    leave_text();
    raise(number);
}

/* Sanitizers end the process by _exit: their own hook tells us. */
void __sanitizer_set_death_callback(void (*callback)(void)) __attribute__((weak));

void fuzz_fail(const char *what)
{
    fprintf(stderr, "fuzz_%s: %s\n", fuzz_target.name, what);
    abort();
}

/* ---- texts ---------------------------------------------------------------------------------- */

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static void load_corpus(void)
{
    char folder[512], path[1024];
    struct dirent **entries;
    int count;

    snprintf(folder, sizeof(folder), "%s/tests/fuzz/corpus/%s", SEUIL_SOURCE_DIR, fuzz_target.name);
    count = scandir(folder, &entries, NULL, by_name);
    for (int i = 0; i < count; i++) {
        uint8_t *bytes = malloc(fuzz_target.max_bytes);
        FILE *file;

        snprintf(path, sizeof(path), "%s/%s", folder, entries[i]->d_name);
        file = entries[i]->d_name[0] != '.' ? fopen(path, "rb") : NULL;
        if (file) {
            keep(bytes, fread(bytes, 1, fuzz_target.max_bytes, file));
            fclose(file);
        }
        free(bytes);
        free(entries[i]);
    }
    free(count >= 0 ? entries : NULL);
    corpus_count = text_count;
    if (corpus_count == 0) {
        fprintf(stderr, "fuzz_%s: no corpus in %s\n", fuzz_target.name, folder);
        exit(1);
    }
}

static size_t splice(uint8_t *text, size_t len, size_t at, size_t drop, const void *more,
                     size_t more_len)
{
    size_t max = fuzz_target.max_bytes;

    if (drop > len - at)
        drop = len - at;
    if (more_len > max - (len - drop))
        more_len = max - (len - drop);
    memmove(text + at + more_len, text + at + drop, len - at - drop);
    if (more_len)
        memcpy(text + at, more, more_len);
    return len - drop + more_len;
}

static size_t mutate_once(uint8_t *text, size_t len)
{
    static const uint8_t odd[] = {0, 1, 0x7f, 0x80, 0xff, 0xfe, '"', '\\', '{', '[', ',', '\n'};
    size_t at = draw((uint32_t)len + 1), words = 0;
    const struct text *other = &texts[draw((uint32_t)text_count)];
    uint8_t some[16];

    while (fuzz_target.words && fuzz_target.words[words])
        words++;
    switch (draw(9)) {
    case 0: /* flip a bit */
        if (at < len)
            text[at] ^= (uint8_t)(1u << draw(8));
        return len;
    case 1: /* another byte */
        if (at < len)
            text[at] = draw(2) ? odd[draw(sizeof(odd))] : (uint8_t)draw(256);
        return len;
    case 2: /* one more or less */
        if (at < len)
            text[at] = (uint8_t)(text[at] + (draw(2) ? 1 : -1));
        return len;
    case 3: /* cut */
        return draw(4) ? splice(text, len, at, 1 + draw(8), NULL, 0) : at;
    case 4: /* insert bytes */
        memset(some, odd[draw(sizeof(odd))], sizeof(some));
        return splice(text, len, at, 0, some, 1 + draw(sizeof(some)));
    case 5: /* a part of another, or of itself */
        if (other->len) {
            size_t from = draw((uint32_t)other->len);
            size_t n = 1 + draw((uint32_t)(other->len - from));

            return splice(text, len, at, draw(2) ? n : 0, other->bytes + from, n);
        }
        return len;
    case 6: /* repeat what stands here */
        if (at < len) {
            size_t n = 1 + draw(len - at < 16 ? (uint32_t)(len - at) : 16);

            memcpy(some, text + at, n > sizeof(some) ? sizeof(some) : n);
            for (uint32_t times = 1 + draw(40); times > 0; times--)
                len = splice(text, len, at, 0, some, n > sizeof(some) ? sizeof(some) : n);
        }
        return len;
    default: /* a word of the language */
        if (words) {
            const char *word = fuzz_target.words[draw((uint32_t)words)];

            return splice(text, len, at, draw(2) ? strlen(word) : 0, word, strlen(word));
        }
        return len;
    }
}

static int try_text(const uint8_t *bytes, size_t len)
{
    uint8_t *exact = malloc(len ? len : 1); /* a byte read too far is seen */
    int accepted;

    memcpy(exact, bytes, len);
    current = (struct text){exact, len};
    accepted = fuzz_target.run(exact, len);
    free(exact);
    return accepted;
}

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static long resident_kib(void)
{
    long pages = 0, resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");

    if (file) {
        if (fscanf(file, "%ld %ld", &pages, &resident) != 2)
            resident = 0;
        fclose(file);
    }
    return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

int main(int argc, char **argv)
{
    double seconds = argc > 1 ? atof(argv[1]) : 5, start = now(), slowest = 0;
    uint8_t *text = malloc(fuzz_target.max_bytes + 1);
    uint64_t runs = 0, accepted = 0;
    long early = 0;

    state = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
    signal(SIGABRT, on_signal);
    signal(SIGSEGV, on_signal);
    if (__sanitizer_set_death_callback)
        __sanitizer_set_death_callback(leave_text);
    if (fuzz_target.setup)
        fuzz_target.setup();
    load_corpus();
    for (size_t i = 0; i < corpus_count; i++)
        accepted += try_text(texts[i].bytes, texts[i].len) != 0;
    while ((runs & 63) || now() - start < seconds) {
        const struct text *from = &texts[draw((uint32_t)text_count)];
        size_t len = from->len;
        double before = 0;

        memcpy(text, from->bytes, len);
        for (uint32_t times = 1 + draw(draw(4) ? 3 : 20); times > 0; times--)
            len = mutate_once(text, len);
        if ((runs & 15) == 0)
            before = now();
        if (try_text(text, len)) {
            accepted++;
            if (draw(16) == 0)
                keep(text, len);
        }
        if (before > 0 && now() - before > slowest)
            slowest = now() - before;
        if (++runs == 20000)
            early = resident_kib();
    }
    printf("fuzz_%s: %llu texts, %llu accepted, slowest of a sample %.2f ms, resident %+ld KiB "
           "since text 20,000\n",
           fuzz_target.name, (unsigned long long)runs, (unsigned long long)accepted, slowest * 1e3,
           early ? resident_kib() - early : 0);
    if (accepted == 0) {
        fprintf(stderr, "fuzz_%s: no text was accepted: nothing was tested\n", fuzz_target.name);
        return 1;
    }
    for (size_t i = 0; i < text_count; i++)
        free(texts[i].bytes);
    free(text);
    return 0;
}
