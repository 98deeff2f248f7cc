/* A fuzzer of our own: deterministic, bounded, plain C, run under ASan and UBSan.
 *
 *     fuzz_NAME [seconds=5] [seed=1]
 *
 * Each target is a program: it says what to do with a text, gives the words of its language, and
 * this harness mutates the files of tests/fuzz/corpus/NAME. The run with the same seed tries the
 * same texts in the same order; only how far it gets depends on the machine. A text that ends the
 * program lies in the file that is named on its last line. */

#ifndef SEUIL_TESTS_FUZZ_H
#define SEUIL_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>

struct fuzz_target {
    const char *name;         /* of the folder in corpus/ */
    const char *const *words; /* what mutations insert, NULL at the end */
    size_t max_bytes;         /* texts are cut there */
    void (*setup)(void);
    /* Try one text: exactly @len readable bytes. Return whether it was accepted (told at the end:
     * a fuzzer none of whose texts is accepted tests nothing behind the first check). */
    int (*run)(const uint8_t *bytes, size_t len);
};

extern const struct fuzz_target fuzz_target; /* each program's own */

/* Stop with the text that did it: for what must hold and does not. */
#define FUZZ_CHECK(condition, what)                                                                \
    do {                                                                                           \
        if (!(condition))                                                                          \
            fuzz_fail(what);                                                                       \
    } while (0)

void fuzz_fail(const char *what) __attribute__((noreturn));

#endif
