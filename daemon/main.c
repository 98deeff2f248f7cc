/* seuild: the arguments, the configuration, then daemon.c. */

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/buf.h"
#include "daemon.h"
#include "log.h"
#include "notify.h"
#include "open.h"
#include "versions.h"

static void usage(FILE *out)
{
    fputs("usage: seuild --config FILE [--check | --print-config]\n"
          "       seuild --version | --help\n"
          "\n"
          "Scores leads from events in Kafka, in the foreground; logs to standard error.\n"
          "\n"
          "  --config FILE    the configuration (seuil.yaml(5))\n"
          "  --check          check it and the models, ask no network, end\n"
          "  --print-config   print the configuration in force, each value with its origin, end\n"
          "  --version        print versions of the program and its libraries, end\n"
          "\n"
          "Exit status: 0; 64 wrong arguments; 70 a bug; 75 a failure that may pass; 78 "
          "configuration.\n",
          out);
}

enum action { RUN, CHECK, PRINT };

static int print_config(const struct seuil_opened *opened)
{
    struct seuil_buf text = {0};
    int rc = seuil_settings_write(opened->settings, &text);

    if (!rc && fwrite(text.ptr, 1, text.len, stdout) != text.len)
        rc = SEUIL_ERR_IO;
    seuil_buf_done(&text);
    return rc ? EX_IOERR : 0;
}

static int act(enum action action, const char *config, struct seuil_opened *opened)
{
    if (action == PRINT)
        return print_config(opened);
    if (action == CHECK) {
        printf("%s: good: %u inputs, %u models, %u rules\n", config, opened->settings->input_count,
               opened->models->model_count, seuil_models_own_rules(opened->models));
        return 0;
    }
    seuil_log(SEUIL_LOG_INFO, "starting", "version", SEUIL_VERSION, "config", config, "app",
              opened->settings->app, NULL);
    return seuil_daemon_run(opened);
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"config", required_argument, NULL, 'c'}, {"check", no_argument, NULL, 'k'},
        {"print-config", no_argument, NULL, 'p'}, {"version", no_argument, NULL, 'V'},
        {"help", no_argument, NULL, 'h'},         {NULL, 0, NULL, 0},
    };
    struct seuil_opened opened = {0};
    struct seuil_errs errs = {0};
    enum action action = RUN;
    const char *config = NULL;
    int o, rc;

    while ((o = getopt_long(argc, argv, "c:hV", options, NULL)) != -1) {
        switch (o) {
        case 'c':
            config = optarg;
            break;
        case 'k':
            action = CHECK;
            break;
        case 'p':
            action = PRINT;
            break;
        case 'V':
            seuil_versions_print(stdout, "seuild");
            return 0;
        case 'h':
            usage(stdout);
            return 0;
        default:
            usage(stderr);
            return EX_USAGE;
        }
    }
    if (!config || optind < argc) {
        usage(stderr);
        return EX_USAGE;
    }
    /* Before anything makes a thread: librdkafka's threads must not take our signals. */
    seuil_daemon_block_signals();
    seuil_notify_init();
    rc = seuil_open(config, &opened, &errs);
    if (rc) {
        for (uint32_t i = 0; i < errs.count; i++) {
            char text[1200];

            fprintf(stderr, "%s\n", seuil_error_format(&errs.list[i], text, sizeof(text)));
        }
        if (errs.total > errs.count)
            fprintf(stderr, "and %u more\n", errs.total - errs.count);
        return rc == SEUIL_ERR_NOMEM ? EX_OSERR : EX_CONFIG;
    }
    seuil_log_init(opened.settings->log_format == SEUIL_LOG_JSON,
                   (enum seuil_log_level)opened.settings->log_level, opened.settings->instance);
    rc = act(action, config, &opened);
    seuil_opened_done(&opened);
    return rc;
}
