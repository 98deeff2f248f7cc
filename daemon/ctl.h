/* What the subcommands of seuilctl share. Each is `int seuil_ctl_x(argc, argv)` with argv[0] its
 * name, and returns an exit status of <sysexits.h>: 0, EX_USAGE, EX_DATAERR (input or a test is
 * wrong), EX_CONFIG, EX_TEMPFAIL (Kafka or Redis does not answer), EX_UNAVAILABLE. */

#ifndef SEUIL_CTL_H
#define SEUIL_CTL_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/errs.h"
#include "core/time.h"

int seuil_ctl_check(int argc, char **argv);
int seuil_ctl_test(int argc, char **argv);
int seuil_ctl_schema(int argc, char **argv);
int seuil_ctl_replay(int argc, char **argv);
int seuil_ctl_decode(int argc, char **argv);
int seuil_ctl_explain(int argc, char **argv);
int seuil_ctl_shards(int argc, char **argv);
int seuil_ctl_init(int argc, char **argv);
int seuil_ctl_dlq(int argc, char **argv);
int seuil_ctl_go_on(int argc, char **argv);
int seuil_ctl_adopt(int argc, char **argv);
int seuil_ctl_rebuild(int argc, char **argv);
int seuil_ctl_demo(int argc, char **argv);

/* The configuration that is used when --config is not given. */
#define SEUIL_CTL_CONFIG "/etc/seuil/seuil.yaml"

/* The values of an option that may be given several times. */
#define SEUIL_CTL_VALUES_MAX 64
struct seuil_ctl_list {
    unsigned count;
    const char *values[SEUIL_CTL_VALUES_MAX];
};

/* One option of a command: --name, or --name VALUE. */
struct seuil_ctl_option {
    const char *name;
    const char *argument; /* NULL: a flag; else what it is, for --help */
    const char *help;
    const char **ret_value;          /* the argument; of a flag: non-NULL when given */
    struct seuil_ctl_list *ret_list; /* instead, when it may come several times */
};

struct seuil_ctl_command {
    const char *name;
    const char *operands; /* "LEAD", "FILE..." or "" */
    const char *help;     /* a few lines */
    const struct seuil_ctl_option *options;
    int option_count;
    int operands_min, operands_max;
};

/* Read the options of a command and move its operands to the front of argv. Returns how many there
 * are; negative when the command is over: *ret_status is what to exit with (--help printed, or a
 * usage error reported). */
int seuil_ctl_parse(const struct seuil_ctl_command *command, int argc, char **argv,
                    int *ret_status);

/* "text" or "json" (NULL: text); EX_USAGE after reporting. */
int seuil_ctl_json(const char *command, const char *format, bool *ret_json);
/* A time of an option; EX_USAGE after reporting. */
int seuil_ctl_time(const char *command, const char *option, const char *text,
                   seuil_time_ms *ret_time);

/* "seuilctl COMMAND: text" on standard error; returns @status. */
int seuil_ctl_fail(const char *command, int status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Every error, one a line, on standard error. */
void seuil_ctl_errs(const struct seuil_errs *errs);

/* The same for the configuration @config, NULL: the default one; returns EX_CONFIG. */
int seuil_ctl_config_errs(const char *command, const char *config, const struct seuil_errs *errs);

/* The exit status for an error code. */
int seuil_ctl_status(int code);

/* Tell how far a long work is: a bar on standard error when that is a terminal and the work has
 * lasted a second, else nothing. @done == @total wipes it away. */
void seuil_ctl_progress(const char *what, uint64_t done, uint64_t total);

/* Whether to colour: a terminal, and NO_COLOR is not set. */
bool seuil_ctl_color(FILE *file);

/* Write @out to standard output and empty it; EX_IOERR when that fails, else @status. */
int seuil_ctl_flush(struct seuil_buf *out, int status);

#endif
