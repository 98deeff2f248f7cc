/* seuilctl demo: the whole thing on one machine, with nothing installed but itself.
 *
 * A private redis-server (unix socket, temporary folder), librdkafka's mock cluster in a process
 * of its own, seuild between them as it runs in production, a story told into the input topics and
 * what comes out shown as it comes. Every process started here ends with it. */

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "base/heap.h"
#include "codec/encode.h"
#include "conf/model_load.h"
#include "ctl.h"
#include "ctl_demo_story.h"
#include "ctl_demo_view.h"
#include "stream/mock.h"
#include "stream/tools.h"

#define PARTITIONS   4
#define STORY_END_MS 45000 /* with start and stop it is over before a minute is */
#define START_MAX_MS 20000
#define STOP_MAX_MS  10000

static const char *const topics[] = {
    "page_views",         "emails",   "forms",          "activities",
    "profiles",           "commands", "qualifications", "seuil.dead_letters",
    "seuil.demo.internal"};

/* The input topic of each kind, in the order of enum seuil_kind. */
static const char *const topic_of_kind[] = {"page_views", "emails",   "forms",
                                            "activities", "profiles", "commands"};

struct demo {
    char folder[64];
    char bootstrap[64];
    char model[PATH_MAX];
    char seuild[PATH_MAX];
    uint64_t seed;
    bool keep;
    pid_t redis, kafka, daemon;
    int ready; /* socket */
    struct seuil_models *models;
    struct seuil_producer *producer;
    struct seuil_reader *reader;
    struct seuil_demo_view view;
};

static volatile sig_atomic_t interrupted;

static void interrupt(int number)
{
    (void)number;
    interrupted = 1;
}

static int64_t mono_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int64_t wall_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void pause_ms(int ms)
{
    poll(NULL, 0, ms);
}

static int fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

static int fail(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    fputs("seuilctl demo: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    return EX_UNAVAILABLE;
}

/* ---- processes ----------------------------------------------------------------------------- */

/* In the child, before it becomes something else: ends with its parent, leaves the terminal's
 * Ctrl-C to the parent, says its words to a file in the demo's folder. */
static void settle_child(const struct demo *demo, const char *log)
{
    char path[PATH_MAX];
    FILE *file;

    signal(SIGTERM, SIG_DFL);
    signal(SIGINT, SIG_DFL);
    signal(SIGHUP, SIG_DFL);
    signal(SIGPIPE, SIG_DFL);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    setpgid(0, 0);
    snprintf(path, sizeof(path), "%s/%s.log", demo->folder, log);
    file = fopen(path, "a");
    if (file) {
        dup2(fileno(file), STDOUT_FILENO);
        dup2(fileno(file), STDERR_FILENO);
    }
}

static pid_t spawn(const struct demo *demo, const char *log, const char *const *argv)
{
    pid_t pid = fork();

    if (pid == 0) {
        settle_child(demo, log);
        execvp(argv[0], (char *const *)(uintptr_t)argv);
        fprintf(stderr, "%s: %s\n", argv[0], strerror(errno));
        _exit(127);
    }
    return pid;
}

static bool ended(pid_t pid)
{
    return pid <= 0 || waitpid(pid, NULL, WNOHANG) == pid || kill(pid, 0) != 0;
}

static void end(pid_t *pid, int max_ms)
{
    int64_t until = mono_ms() + max_ms;

    if (*pid <= 0)
        return;
    kill(*pid, SIGTERM);
    while (!ended(*pid) && mono_ms() < until)
        pause_ms(20);
    kill(*pid, SIGKILL);
    waitpid(*pid, NULL, 0);
    *pid = 0;
}

static int start_redis(struct demo *demo)
{
    char socket_path[PATH_MAX];
    const char *const argv[] = {"redis-server",
                                "--port",
                                "0",
                                "--unixsocket",
                                socket_path,
                                "--save",
                                "",
                                "--dir",
                                demo->folder,
                                "--appendonly",
                                "no",
                                "--maxmemory-policy",
                                "noeviction",
                                NULL};
    int64_t until = mono_ms() + START_MAX_MS;

    snprintf(socket_path, sizeof(socket_path), "%s/redis.sock", demo->folder);
    demo->redis = spawn(demo, "redis", argv);
    while (access(socket_path, F_OK) != 0) {
        if (ended(demo->redis)) {
            demo->redis = 0;
            return fail("redis-server did not start (is the package redis-server installed?); "
                        "%s/redis.log says more",
                        demo->folder);
        }
        if (interrupted || mono_ms() > until)
            return fail("redis-server did not answer");
        pause_ms(10);
    }
    return 0;
}

/* In the child: the mock cluster tells its address through @fd and lives until it is killed. */
_Noreturn static void be_kafka(const struct demo *demo, int fd)
{
    struct seuil_error err = {0};
    struct seuil_mock *mock;
    int rc = 0;

    settle_child(demo, "kafka");
    mock = seuil_mock_new(1, &err);
    for (size_t i = 0; mock && !rc && i < sizeof(topics) / sizeof(topics[0]); i++)
        rc = seuil_mock_topic(mock, topics[i], PARTITIONS, &err);
    if (!mock || rc) {
        fprintf(stderr, "%s\n", err.text);
        _exit(1);
    }
    (void)!write(fd, seuil_mock_bootstrap(mock), strlen(seuil_mock_bootstrap(mock)) + 1);
    for (;;)
        pause();
}

static int start_kafka(struct demo *demo)
{
    int fds[2];
    ssize_t n;

    if (pipe(fds) != 0)
        return fail("no pipe: %s", strerror(errno));
    demo->kafka = fork();
    if (demo->kafka == 0) {
        close(fds[0]);
        be_kafka(demo, fds[1]);
    }
    close(fds[1]);
    n = read(fds[0], demo->bootstrap, sizeof(demo->bootstrap) - 1);
    close(fds[0]);
    if (n <= 1)
        return fail("the embedded Kafka did not start; %s/kafka.log says more", demo->folder);
    return 0;
}

/* Where seuild says that it is ready (sd_notify), as it would to systemd. */
static int listen_ready(struct demo *demo)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    demo->ready = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    snprintf(address.sun_path, sizeof(address.sun_path), "%s/ready.sock", demo->folder);
    if (demo->ready < 0 ||
        bind(demo->ready, (const struct sockaddr *)&address, sizeof(address)) != 0)
        return fail("%s: %s", address.sun_path, strerror(errno));
    setenv("NOTIFY_SOCKET", address.sun_path, 1);
    return 0;
}

static int await_ready(struct demo *demo)
{
    int64_t until = mono_ms() + START_MAX_MS;
    char text[256];

    while (!interrupted && mono_ms() < until) {
        ssize_t n = recv(demo->ready, text, sizeof(text) - 1, 0);

        if (n > 0 && (text[n] = '\0', strstr(text, "READY=1")))
            return 0;
        if (ended(demo->daemon)) {
            demo->daemon = 0;
            return fail("seuild ended; %s/seuild.log says why", demo->folder);
        }
        pause_ms(10);
    }
    return interrupted ? 0 : fail("seuild was not ready in time; %s/seuild.log", demo->folder);
}

static int start_daemon(struct demo *demo)
{
    char config[PATH_MAX];
    const char *const argv[] = {demo->seuild, "--config", config, NULL};
    FILE *file;

    snprintf(config, sizeof(config), "%s/seuil.yaml", demo->folder);
    file = fopen(config, "w");
    if (!file)
        return fail("%s: %s", config, strerror(errno));
    fprintf(file,
            "app: demo\n"
            "partitions: %d\n"
            "start: earliest\n"
            "models: [%s]\n"
            "kafka:\n"
            "  bootstrap.servers: %s\n"
            "  session.timeout.ms: 6000\n"
            "  fetch.wait.max.ms: 10\n"
            "  group.instance.id: demo\n"
            "redis:\n"
            "  url: unix://%s/redis.sock\n"
            "checkpoint_interval: 1s\n"
            "workers: 1\n",
            PARTITIONS, demo->model, demo->bootstrap, demo->folder);
    if (fclose(file) != 0)
        return fail("%s: %s", config, strerror(errno));
    demo->daemon = spawn(demo, "seuild", argv);
    return 0;
}

/* ---- the story ----------------------------------------------------------------------------- */

static int load_model(struct demo *demo)
{
    const char *path = demo->model;
    struct seuil_errs errs = {0};
    char text[1200];

    demo->models = seuil_models_load(&path, 1, &errs);
    if (!demo->models)
        return fail("%s", seuil_error_format(&errs.list[0], text, sizeof(text)));
    return 0;
}

static int open_streams(struct demo *demo)
{
    const struct seuil_property properties[] = {{"bootstrap.servers", demo->bootstrap},
                                                {"linger.ms", "1"}};
    struct seuil_error err = {0};

    demo->producer = seuil_producer_new(properties, 2, &err);
    if (demo->producer)
        demo->reader = seuil_reader_new(properties, 1, "qualifications", &err);
    return demo->reader ? 0 : fail("%s", err.text);
}

static int tell(struct demo *demo, const struct seuil_story *story, uint32_t index, int64_t start)
{
    char json[SEUIL_STORY_JSON_MAX + 256];
    const struct seuil_story_event *event = &story->events[index];
    uint32_t len = seuil_story_json(story, index, start, json, sizeof(json));
    struct seuil_error err = {0};

    if (seuil_producer_send(demo->producer, topic_of_kind[event->kind], -1,
                            seuil_str_from(seuil_story_lead_id(event->lead)), (uint8_t *)json, len,
                            start + event->at_ms, &err))
        return fail("%s", err.text);
    return 0;
}

/* Tell the story and show what comes out until all has cooled, time is up, or Ctrl-C. */
static int run(struct demo *demo)
{
    struct seuil_story *story = seuil_heap_alloc(sizeof(*story));
    int64_t begin = mono_ms(), start = wall_ms();
    uint32_t told = 0;
    int rc = 0;

    if (!story)
        return fail("out of memory");
    seuil_story_make(demo->seed, story);
    seuil_demo_view_begin(&demo->view, &demo->models->models[0]);
    while (!interrupted && rc == 0) {
        int64_t now = mono_ms() - begin;
        struct seuil_read read;

        while (told < story->count && story->events[told].at_ms <= now && rc == 0)
            rc = tell(demo, story, told++, start);
        if (rc == 0 && seuil_reader_next(demo->reader, 40, &read) == 1)
            rc = seuil_demo_view_crossing(&demo->view, now, (const char *)read.value,
                                          read.value_len);
        seuil_demo_view_progress(&demo->view, now, told, story->count);
        if (rc == 0 && ended(demo->daemon)) {
            demo->daemon = 0;
            rc = fail("seuild ended; %s/seuild.log says why", demo->folder);
        }
        if (!demo->keep &&
            (now > STORY_END_MS || (told == story->count && seuil_demo_view_all_cold(&demo->view))))
            break;
    }
    seuil_heap_free(story);
    return rc;
}

/* ---- around it ----------------------------------------------------------------------------- */

static void remove_folder(const char *folder)
{
    const char *const argv[] = {"rm", "-rf", "--", folder, NULL};
    pid_t pid = fork();

    if (pid == 0) {
        execvp(argv[0], (char *const *)(uintptr_t)argv);
        _exit(127);
    }
    waitpid(pid, NULL, 0);
}

/* The file @name beside this program (@beside), or where an installation has it (@installed). */
static void find(const char *beside, const char *installed, char out[PATH_MAX])
{
    char self[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
    char *slash;

    out[0] = '\0';
    if (n <= 0)
        return;
    self[n] = '\0';
    slash = strrchr(self, '/');
    if (!slash)
        return;
    *slash = '\0';
    if (snprintf(out, PATH_MAX, "%.*s/%s", (int)(PATH_MAX / 2), self, beside) < PATH_MAX &&
        access(out, R_OK) == 0)
        return;
    snprintf(out, PATH_MAX, "%.*s/%s", (int)(PATH_MAX / 2), self, installed);
}

static void usage(FILE *out)
{
    fputs("usage: seuilctl demo [--seed N] [--model FILE] [--seuild FILE] [--keep] [--plain]\n"
          "\n"
          "Runs the whole of Seuil on this machine for less than a minute: an embedded Kafka, a\n"
          "private redis-server, seuild, a story of forty leads, and what comes out of it.\n"
          "\n"
          "  --seed N       another story (default 1; the same seed tells the same story)\n"
          "  --model FILE   another model\n"
          "  --seuild FILE  the daemon to run (default: the one beside this program)\n"
          "  --keep         stay when the story is over, until Ctrl-C\n"
          "  --plain        plain lines, as without a terminal\n",
          out);
}

static int parse(struct demo *demo, int argc, char **argv)
{
    static const struct option options[] = {
        {"seed", required_argument, NULL, 's'},
        {"model", required_argument, NULL, 'm'},
        {"seuild", required_argument, NULL, 'd'},
        {"keep", no_argument, NULL, 'k'},
        {"plain", no_argument, NULL, 'p'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    bool plain = false;
    char *rest;
    int o;

    find("seuild", "seuild", demo->seuild);
    find("../share/seuil/models/demo.yaml", "../share/seuil/models/demo.yaml", demo->model);
    demo->seed = 1;
    optind = 1;
    while ((o = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        switch (o) {
        case 's':
            demo->seed = strtoull(optarg, &rest, 10);
            if (*rest || !*optarg)
                return fail("--seed %s is no number", optarg), EX_USAGE;
            break;
        case 'm':
            if (!realpath(optarg, demo->model))
                return fail("%s: %s", optarg, strerror(errno)), EX_USAGE;
            break;
        case 'd':
            if (!realpath(optarg, demo->seuild))
                return fail("%s: %s", optarg, strerror(errno)), EX_USAGE;
            break;
        case 'k':
            demo->keep = true;
            break;
        case 'p':
            plain = true;
            break;
        case 'h':
            usage(stdout);
            exit(0);
        default:
            usage(stderr);
            return EX_USAGE;
        }
    }
    if (optind < argc) {
        usage(stderr);
        return EX_USAGE;
    }
    seuil_demo_view_init(&demo->view, plain);
    return 0;
}

int seuil_ctl_demo(int argc, char **argv)
{
    struct demo demo = {0};
    const char *tmp = getenv("TMPDIR");
    int rc = parse(&demo, argc, argv);

    if (rc)
        return rc;
    signal(SIGINT, interrupt);
    signal(SIGTERM, interrupt);
    signal(SIGHUP, interrupt);
    signal(SIGPIPE, SIG_IGN);
    snprintf(demo.folder, sizeof(demo.folder), "%.40s/seuil-demo.XXXXXX", tmp ? tmp : "/tmp");
    if (!mkdtemp(demo.folder))
        return fail("%s: %s", demo.folder, strerror(errno));

    rc = load_model(&demo);
    if (!rc)
        rc = start_redis(&demo);
    if (!rc)
        rc = start_kafka(&demo);
    if (!rc)
        rc = listen_ready(&demo);
    if (!rc)
        rc = start_daemon(&demo);
    if (!rc)
        rc = open_streams(&demo);
    if (!rc)
        rc = await_ready(&demo);
    if (!rc)
        rc = run(&demo);
    if (!rc)
        seuil_demo_view_end(&demo.view);

    end(&demo.daemon, STOP_MAX_MS);
    seuil_reader_free(demo.reader);
    seuil_producer_free(demo.producer);
    end(&demo.kafka, STOP_MAX_MS);
    end(&demo.redis, STOP_MAX_MS);
    seuil_models_free(demo.models);
    if (rc)
        fprintf(stderr, "seuilctl demo: what was said is kept in %s\n", demo.folder);
    else
        remove_folder(demo.folder);
    return rc;
}
