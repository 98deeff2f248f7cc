#include "support/redis.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void die(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

static void die(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    abort();
}

uint16_t seuil_free_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000001)};
    socklen_t len = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0 || bind(fd, (struct sockaddr *)&address, len) ||
        getsockname(fd, (struct sockaddr *)&address, &len))
        die("no free port: %s", strerror(errno));
    close(fd);
    return ntohs(address.sin_port);
}

/* ---- the process ----------------------------------------------------------------------------- */

static void argument(struct seuil_redis_server *server, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void argument(struct seuil_redis_server *server, const char *format, ...)
{
    va_list args;

    if (server->argc + 2 > (int)(sizeof(server->argv) / sizeof(server->argv[0])))
        die("too many arguments for redis-server");
    va_start(args, format);
    if (vasprintf(&server->argv[server->argc++], format, args) < 0)
        die("out of memory");
    va_end(args);
}

static void arguments(struct seuil_redis_server *server, const char *name, const char *value)
{
    argument(server, "--%s", name);
    argument(server, "%s", value);
}

static void make_arguments(struct seuil_redis_server *server,
                           const struct seuil_redis_server_options *options)
{
    char port[8];

    argument(server, "redis-server");
    arguments(server, "unixsocket", server->unix_path);
    arguments(server, "dir", server->folder);
    arguments(server, "save", "");
    arguments(server, "daemonize", "no");
    arguments(server, "bind", "127.0.0.1");
    snprintf(port, sizeof(port), "%u", server->port);
    arguments(server, "port", port);
    if (options->aof) {
        arguments(server, "appendonly", "yes");
        arguments(server, "appendfsync", "always");
    }
    if (options->tls) {
        snprintf(port, sizeof(port), "%u", server->tls_port);
        arguments(server, "tls-port", port);
        arguments(server, "tls-cert-file", options->cert);
        arguments(server, "tls-key-file", options->key);
        arguments(server, "tls-ca-cert-file", options->ca ? options->ca : options->cert);
        arguments(server, "tls-auth-clients", options->ca ? "yes" : "no");
    }
    for (const char *const *arg = options->args; arg && *arg; arg++)
        argument(server, "%s", *arg);
}

static int dial(const struct seuil_redis_server *server)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    snprintf(address.sun_path, sizeof(address.sun_path), "%s", server->unix_path);
    if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
        return fd;
    close(fd);
    return -1;
}

/* True when the server says anything but that it is loading or wants a password. */
static bool answers(const struct seuil_redis_server *server)
{
    char reply[16] = "";
    int fd = dial(server);
    ssize_t n = fd < 0 ? -1 : send(fd, "PING\r\n", 6, MSG_NOSIGNAL);

    if (n > 0)
        n = recv(fd, reply, sizeof(reply) - 1, 0);
    if (fd >= 0)
        close(fd);
    return n > 0 && (strncmp(reply, "+PONG", 5) == 0 || strncmp(reply, "-NOAUTH", 7) == 0 ||
                     strncmp(reply, "-NOPERM", 7) == 0);
}

static void await(struct seuil_redis_server *server)
{
    for (int i = 0; i < 2000; i++) {
        if (answers(server))
            return;
        if (waitpid(server->pid, NULL, WNOHANG) == server->pid)
            die("redis-server ended at once: see %s/log", server->folder);
        nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
    }
    die("redis-server does not answer on %s", server->unix_path);
}

void seuil_redis_server_restart(struct seuil_redis_server *server)
{
    char log[96];
    int fd;

    unlink(server->unix_path);
    server->argv[server->argc] = NULL;
    snprintf(log, sizeof(log), "%s/log", server->folder);
    server->pid = fork();
    if (server->pid < 0)
        die("fork: %s", strerror(errno));
    if (server->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
        dup2(fd, 1);
        dup2(fd, 2);
        execvp("redis-server", server->argv);
        _exit(127);
    }
    await(server);
}

void seuil_redis_server_start(struct seuil_redis_server *server,
                              const struct seuil_redis_server_options *options)
{
    static const struct seuil_redis_server_options none;
    const char *base = getenv("TMPDIR");

    options = options ? options : &none;
    memset(server, 0, sizeof(*server));
    snprintf(server->folder, sizeof(server->folder), "%s/seuil-redis-XXXXXX",
             base && strlen(base) < 40 ? base : "/tmp");
    if (!mkdtemp(server->folder))
        die("no folder for redis-server: %s", strerror(errno));
    snprintf(server->unix_path, sizeof(server->unix_path), "%s/sock", server->folder);
    server->port = options->tcp ? seuil_free_port() : 0;
    server->tls_port = options->tls ? seuil_free_port() : 0;
    make_arguments(server, options);
    seuil_redis_server_restart(server);
}

void seuil_redis_server_kill(struct seuil_redis_server *server)
{
    if (server->pid <= 0)
        return;
    kill(server->pid, SIGKILL);
    waitpid(server->pid, NULL, 0);
    server->pid = 0;
}

void seuil_redis_server_freeze(struct seuil_redis_server *server, bool frozen)
{
    kill(server->pid, frozen ? SIGSTOP : SIGCONT);
}

static int remove_one(const char *path, const struct stat *status, int flag, struct FTW *walk)
{
    (void)status;
    (void)flag;
    (void)walk;
    return remove(path);
}

void seuil_redis_server_stop(struct seuil_redis_server *server)
{
    seuil_redis_server_kill(server);
    if (server->folder[0])
        nftw(server->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    for (int i = 0; i < server->argc; i++)
        free(server->argv[i]);
    memset(server, 0, sizeof(*server));
}

/* ---- questions ------------------------------------------------------------------------------- */

static void read_reply(FILE *in, FILE *out)
{
    char line[4096], *bytes;
    long count;

    if (!fgets(line, sizeof(line), in))
        die("redis-server closed the connection");
    line[strcspn(line, "\r\n")] = '\0';
    count = atol(line + 1);
    if ((line[0] == '$' || line[0] == '*') && count < 0) {
        fputs("(nil)", out);
    } else if (line[0] == '$') {
        bytes = malloc((size_t)count + 2);
        if (!bytes || fread(bytes, 1, (size_t)count + 2, in) != (size_t)count + 2)
            die("redis-server closed the connection");
        fwrite(bytes, 1, (size_t)count, out);
        free(bytes);
    } else if (line[0] == '*') {
        for (long i = 0; i < count; i++) {
            if (i)
                fputc('\n', out);
            read_reply(in, out);
        }
    } else {
        fputs(line[0] == '-' ? line : line + 1, out);
    }
}

const char *seuil_redis_server_ask(const struct seuil_redis_server *server, const char *command,
                                   char *out, size_t cap)
{
    int fd = dial(server);
    FILE *in = fd < 0 ? NULL : fdopen(fd, "r+"), *to;

    if (!in)
        die("redis-server is not there: %s", command);
    memset(out, 0, cap);
    to = fmemopen(out, cap - 1, "w");
    if (!to)
        die("out of memory");
    dprintf(fd, "%s\r\n", command);
    read_reply(in, to);
    fclose(to);
    fclose(in);
    return out;
}

long long seuil_redis_server_ask_number(const struct seuil_redis_server *server,
                                        const char *command)
{
    char out[256];

    return atoll(seuil_redis_server_ask(server, command, out, sizeof(out)));
}

double seuil_redis_server_info(const struct seuil_redis_server *server, const char *field)
{
    char out[16384], name[80], *at;

    snprintf(name, sizeof(name), "\n%s:", field);
    at = strstr(seuil_redis_server_ask(server, "INFO", out, sizeof(out)), name);
    return at ? atof(at + strlen(name)) : 0;
}
