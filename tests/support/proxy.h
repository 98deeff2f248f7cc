/* A fault proxy between clients and a server, both on unix sockets: it holds what clients say,
 * holds or swallows what the server answers, cuts connections. It runs in a thread of the test;
 * switches take effect before the call returns. Failures end the test (abort). */

#ifndef SEUIL_TESTS_SUPPORT_PROXY_H
#define SEUIL_TESTS_SUPPORT_PROXY_H

#include <stdbool.h>
#include <stdint.h>

struct seuil_proxy;

struct seuil_proxy *seuil_proxy_start(const char *listen_path, const char *target_path);
void seuil_proxy_stop(struct seuil_proxy *proxy);

/* Keep what clients send; when released it arrives, also of clients that have gone meanwhile (as
 * bytes in a network's or a kernel's buffers do). */
void seuil_proxy_hold_requests(struct seuil_proxy *proxy, bool hold);
/* Keep what the server answers until released. */
void seuil_proxy_hold_replies(struct seuil_proxy *proxy, bool hold);
/* Read and drop what the server answers. */
void seuil_proxy_swallow_replies(struct seuil_proxy *proxy, bool swallow);
/* Close all connections, dropping what is held. New ones are served. */
void seuil_proxy_cut(struct seuil_proxy *proxy);
/* Let @bytes more of the clients through, then close the connection that sent them. */
void seuil_proxy_cut_after(struct seuil_proxy *proxy, uint64_t bytes);

/* Bytes that came from clients and from the server since the start, held and swallowed ones too. */
uint64_t seuil_proxy_requests(struct seuil_proxy *proxy);
uint64_t seuil_proxy_replies(struct seuil_proxy *proxy);
/* Wait (at most 5 s) until as many bytes have come. */
void seuil_proxy_await_requests(struct seuil_proxy *proxy, uint64_t bytes);
void seuil_proxy_await_replies(struct seuil_proxy *proxy, uint64_t bytes);

#endif
