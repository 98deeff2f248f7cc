/* A private redis-server of a test: its own folder, unix socket, optional TCP and TLS ports, data.
 * It dies with the process that started it. Failures end the test with a message (abort). */

#ifndef SEUIL_TESTS_SUPPORT_REDIS_H
#define SEUIL_TESTS_SUPPORT_REDIS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct seuil_redis_server_options {
    bool tcp;                /* also listen on a free port of 127.0.0.1 */
    bool tls;                /* and on another one with TLS; the files below are needed */
    const char *cert, *key;  /* PEM */
    const char *ca;          /* of client certificates; NULL: none is asked for */
    bool aof;                /* append only, fsync always: survives kill */
    const char *const *args; /* more arguments, NULL at the end; NULL: none */
};

struct seuil_redis_server {
    pid_t pid; /* 0: not running */
    char folder[64];
    char unix_path[96];
    uint16_t port, tls_port; /* 0: none */
    int argc;
    char *argv[64];
};

/* Start and wait until it answers PING. */
void seuil_redis_server_start(struct seuil_redis_server *server,
                              const struct seuil_redis_server_options *options);
/* The same server again, with the same folder, ports and arguments. */
void seuil_redis_server_restart(struct seuil_redis_server *server);
/* kill -9, and wait for its end. */
void seuil_redis_server_kill(struct seuil_redis_server *server);
/* SIGSTOP and SIGCONT: it keeps its connections and says nothing. */
void seuil_redis_server_freeze(struct seuil_redis_server *server, bool frozen);
/* Kill it if it runs, remove its folder. */
void seuil_redis_server_stop(struct seuil_redis_server *server);

/* One command as typed into redis-cli (no quotes); the reply as text in @out: arrays one item a
 * line, errors with "-" before them, nil as "(nil)". Returns @out. */
const char *seuil_redis_server_ask(const struct seuil_redis_server *server, const char *command,
                                   char *out, size_t cap);
/* The same for a number. */
long long seuil_redis_server_ask_number(const struct seuil_redis_server *server,
                                        const char *command);
/* A field of INFO, for example "used_cpu_user"; 0 when there is none. */
double seuil_redis_server_info(const struct seuil_redis_server *server, const char *field);

/* A port of 127.0.0.1 that is free now. */
uint16_t seuil_free_port(void);

#endif
