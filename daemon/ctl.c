/* seuilctl: a table of subcommands, and what they share. */

#include "ctl.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "codec/encode.h"
#include "conf/suggest.h"
#include "versions.h"

#define OPTIONS_MAX 16

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *help;
} commands[] = {
    {"check", seuil_ctl_check, "say whether configurations and models are good"},
    {"test", seuil_ctl_test, "run the tests inside model files"},
    {"schema", seuil_ctl_schema, "print the JSON Schema of model files, for editors"},
    {"replay", seuil_ctl_replay, "run events through models and show what crosses, and why"},
    {"decode", seuil_ctl_decode, "show the events that an input's records become"},
    {"explain", seuil_ctl_explain, "explain the score of a lead"},
    {"shards", seuil_ctl_shards, "show owners, positions and counts of the shards"},
    {"init", seuil_ctl_init, "make the missing topics"},
    {"dlq", seuil_ctl_dlq, "list, show and send again dead letters"},
    {"go-on", seuil_ctl_go_on, "let a halted shard go on as it is"},
    {"adopt", seuil_ctl_adopt, "accept a topic that was made again, or lost its tail"},
    {"rebuild", seuil_ctl_rebuild, "make a shard's state anew from the log"},
    {"demo", seuil_ctl_demo, "show it all on this machine, nothing else needed"},
};
#define COMMAND_COUNT (sizeof(commands) / sizeof(commands[0]))

static void usage(FILE *file)
{
    fprintf(file, "usage: seuilctl COMMAND [OPTION...] [ARGUMENT...]\n\n");
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        fprintf(file, "  %-9s %s\n", commands[i].name, commands[i].help);
    fprintf(file, "\n'seuilctl COMMAND --help' tells its options; seuilctl(1) tells everything.\n");
}

static void command_help(const struct seuil_ctl_command *command, FILE *file)
{
    fprintf(file, "usage: seuilctl %s%s%s%s\n\n%s\n", command->name,
            command->option_count ? " [OPTION...]" : "", command->operands[0] ? " " : "",
            command->operands, command->help);
    if (command->option_count)
        fprintf(file, "\n");
    for (int i = 0; i < command->option_count; i++) {
        const struct seuil_ctl_option *option = &command->options[i];
        int width = fprintf(file, "  --%s%s%s", option->name, option->argument ? " " : "",
                            option->argument ? option->argument : "");

        fprintf(file, "%*s%s\n", width < 24 ? 24 - width : 1, "", option->help);
    }
}

static int take_option(const struct seuil_ctl_command *command,
                       const struct seuil_ctl_option *option, int *ret_status)
{
    if (option->ret_value) {
        *option->ret_value = optarg ? optarg : "";
        return 0;
    }
    if (option->ret_list->count == SEUIL_CTL_VALUES_MAX) {
        *ret_status = seuil_ctl_fail(command->name, EX_USAGE, "--%s is given more than %d times",
                                     option->name, SEUIL_CTL_VALUES_MAX);
        return -1;
    }
    option->ret_list->values[option->ret_list->count++] = optarg;
    return 0;
}

int seuil_ctl_parse(const struct seuil_ctl_command *command, int argc, char **argv, int *ret_status)
{
    struct option options[OPTIONS_MAX + 2] = {{0}};
    static char name[64];
    int count, o, index = 0;

    for (int i = 0; i < command->option_count && i < OPTIONS_MAX; i++)
        options[i] = (struct option){command->options[i].name,
                                     command->options[i].argument ? required_argument : no_argument,
                                     NULL, 1};
    options[command->option_count] = (struct option){"help", no_argument, NULL, 'h'};
    snprintf(name, sizeof(name), "seuilctl %s", command->name);
    argv[0] = name; /* what getopt begins its messages with */
    optind = 1;
    while ((o = getopt_long(argc, argv, "h", options, &index)) != -1) {
        if (o == 'h') {
            command_help(command, stdout);
            *ret_status = 0;
            return -1;
        }
        if (o != 1) {
            fprintf(stderr, "Try 'seuilctl %s --help'.\n", command->name);
            *ret_status = EX_USAGE;
            return -1;
        }
        if (take_option(command, &command->options[index], ret_status))
            return -1;
    }
    count = argc - optind;
    if (count < command->operands_min || count > command->operands_max) {
        if (count > command->operands_max)
            fprintf(stderr, "%s: unexpected argument \"%s\"\n", name,
                    argv[optind + command->operands_max]);
        else
            fprintf(stderr, "%s: %s is missing\n", name, command->operands);
        fprintf(stderr, "Try 'seuilctl %s --help'.\n", command->name);
        *ret_status = EX_USAGE;
        return -1;
    }
    memmove(argv, argv + optind, (size_t)count * sizeof(*argv));
    return count;
}

int seuil_ctl_fail(const char *command, int status, const char *format, ...)
{
    char text[2048];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    fprintf(stderr, "seuilctl %s: %s\n", command, text);
    return status;
}

int seuil_ctl_json(const char *command, const char *format, bool *ret_json)
{
    *ret_json = format && strcmp(format, "json") == 0;
    if (*ret_json || !format || strcmp(format, "text") == 0)
        return 0;
    return seuil_ctl_fail(command, EX_USAGE, "--format must be text or json, not \"%s\"", format);
}

int seuil_ctl_time(const char *command, const char *option, const char *text,
                   seuil_time_ms *ret_time)
{
    if (seuil_time_parse(seuil_str_from(text), ret_time) == 0)
        return 0;
    return seuil_ctl_fail(command, EX_USAGE,
                          "--%s must be a time like 2026-03-02T08:00:00Z, not \"%s\"", option,
                          text);
}

void seuil_ctl_errs(const struct seuil_errs *errs)
{
    char text[sizeof(errs->list[0].file) + sizeof(errs->list[0].text) + 32];

    for (uint32_t i = 0; i < errs->count; i++)
        fprintf(stderr, "%s\n", seuil_error_format(&errs->list[i], text, sizeof(text)));
    if (errs->total > errs->count)
        fprintf(stderr, "and %u more\n", errs->total - errs->count);
}

int seuil_ctl_config_errs(const char *command, const char *config, const struct seuil_errs *errs)
{
    seuil_ctl_errs(errs);
    if (config)
        return EX_CONFIG;
    return seuil_ctl_fail(command, EX_CONFIG,
                          "this is the default configuration; --config FILE names another");
}

int seuil_ctl_status(int code)
{
    switch (code) {
    case 0:
        return 0;
    case SEUIL_ERR_NOMEM:
        return EX_OSERR;
    case SEUIL_ERR_IO:
    case SEUIL_ERR_BACKOFF:
    case SEUIL_ERR_TIMEOUT:
    case SEUIL_ERR_DOUBT:
        return EX_TEMPFAIL;
    case SEUIL_ERR_CONFIG:
    case SEUIL_ERR_MISSING: /* a topic */
    case SEUIL_ERR_HALTED:  /* what is there does not fit the configuration */
        return EX_CONFIG;
    default:
        return EX_DATAERR;
    }
}

void seuil_ctl_progress(const char *what, uint64_t done, uint64_t total)
{
    static struct timespec begun, shown;
    static bool visible;
    struct timespec now;
    int width = 30, full;

    if (!isatty(STDERR_FILENO) || total == 0)
        return;
    clock_gettime(CLOCK_MONOTONIC, &now);
    if (done >= total) {
        if (visible)
            fprintf(stderr, "\r\033[K");
        visible = false;
        begun.tv_sec = 0;
        return;
    }
    if (begun.tv_sec == 0)
        begun = now;
    if (now.tv_sec - begun.tv_sec < 1 ||
        (visible &&
         (now.tv_sec - shown.tv_sec) * 10 + (now.tv_nsec - shown.tv_nsec) / 100000000 < 1))
        return;
    shown = now;
    visible = true;
    full = (int)(done * (uint64_t)width / total);
    fprintf(stderr, "\r%s [%.*s%*s] %3d %%", what, full, "##############################",
            width - full, "", (int)(done * 100 / total));
}

bool seuil_ctl_color(FILE *file)
{
    const char *no_color = getenv("NO_COLOR");

    return isatty(fileno(file)) && !(no_color && no_color[0]);
}

int seuil_ctl_flush(struct seuil_buf *out, int status)
{
    if (out->failed) {
        fprintf(stderr, "seuilctl: out of memory\n");
        status = EX_OSERR;
    } else if ((out->len && fwrite(out->ptr, 1, out->len, stdout) != out->len) || fflush(stdout) ||
               ferror(stdout)) {
        fprintf(stderr, "seuilctl: standard output cannot be written: %s\n", strerror(errno));
        status = EX_IOERR;
    }
    seuil_buf_done(out);
    return status;
}

static int no_command(const char *name)
{
    const char *names[COMMAND_COUNT];
    char hint[64];

    for (size_t i = 0; i < COMMAND_COUNT; i++)
        names[i] = commands[i].name;
    fprintf(stderr, "seuilctl: there is no command \"%s\"%s\n\n", name,
            seuil_suggest_text(seuil_str_from(name), names, COMMAND_COUNT, hint, sizeof(hint)));
    usage(stderr);
    return EX_USAGE;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        usage(stderr);
        return EX_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
        (strcmp(argv[1], "help") == 0 && argc == 2)) {
        usage(stdout);
        return 0;
    }
    if (strcmp(argv[1], "--version") == 0) {
        seuil_versions_print(stdout, "seuilctl");
        return 0;
    }
    if (strcmp(argv[1], "help") == 0) {
        argv[1] = argv[2];
        argv[2] = (char[]){"--help"};
    }
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        if (strcmp(argv[1], commands[i].name) == 0)
            return commands[i].run(argc - 1, argv + 1);
    return no_command(argv[1]);
}
