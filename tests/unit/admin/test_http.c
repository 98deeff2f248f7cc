#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "admin/http.h"

static int write_page(void *ctx, struct seuil_buf *out)
{
    int *calls = ctx;

    ++*calls;
    return *calls == 13 ? SEUIL_ERR_NOMEM : seuil_buf_add_text(out, "all is well\n");
}

static int calls;
static const struct seuil_http_page pages[] = {{"/metrics", "text/plain", write_page, &calls}, {0}};

static struct seuil_http *started(const char *address)
{
    struct seuil_error err = {0};
    struct seuil_http *http = seuil_http_start(address, 0, pages, &err);

    cr_assert(http, "%s", err.text);
    return http;
}

static int dial(const struct seuil_http *http)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons(seuil_http_port(http)),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    cr_assert_geq(fd, 0);
    cr_assert_eq(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
    return fd;
}

/* All that comes until the other side closes, terminated. */
static const char *hear(int fd)
{
    static char text[100000];
    size_t len = 0;
    ssize_t n;

    while (len < sizeof(text) - 1 && (n = read(fd, text + len, sizeof(text) - 1 - len)) > 0)
        len += (size_t)n;
    text[len] = '\0';
    close(fd);
    return text;
}

static const char *ask(const struct seuil_http *http, const char *method, const char *path)
{
    char text[512];
    int fd = dial(http);
    int len = snprintf(text, sizeof(text), "%s %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
                       method, path);

    cr_assert_eq(write(fd, text, (size_t)len), len);
    return hear(fd);
}

Test(http, answers_what_it_was_told_to_and_nothing_else, .timeout = 60)
{
    struct seuil_http *http = started("127.0.0.1");
    const char *got = ask(http, "GET", "/metrics");

    cr_assert(strncmp(got, "HTTP/1.1 200", 12) == 0 && strstr(got, "Content-Type: text/plain") &&
                  strstr(got, "\r\n\r\nall is well\n"),
              "%s", got);
    got = ask(http, "HEAD", "/metrics");
    cr_assert(strncmp(got, "HTTP/1.1 200", 12) == 0 && strstr(got, "Content-Length: 12") &&
                  !strstr(got, "all is well"),
              "%s", got);
    cr_assert_eq(strncmp(ask(http, "GET", "/metrics?x=1"), "HTTP/1.1 200", 12), 0);
    cr_assert_eq(strncmp(ask(http, "GET", "/metrics/"), "HTTP/1.1 404", 12), 0);
    cr_assert_eq(strncmp(ask(http, "GET", "/../metrics"), "HTTP/1.1 404", 12), 0);
    got = ask(http, "DELETE", "/metrics");
    cr_assert(strncmp(got, "HTTP/1.1 405", 12) == 0 && strstr(got, "Allow: GET, HEAD"), "%s", got);
    seuil_http_stop(http);
}

Test(http, says_that_it_cannot_now_when_a_page_cannot_be_written, .timeout = 60)
{
    struct seuil_http *http = started("127.0.0.1");

    calls = 12;
    cr_assert_eq(strncmp(ask(http, "GET", "/metrics"), "HTTP/1.1 503", 12), 0);
    cr_assert_eq(strncmp(ask(http, "GET", "/metrics"), "HTTP/1.1 200", 12), 0);
    seuil_http_stop(http);
}

Test(http, bounds_what_a_request_may_be, .timeout = 60)
{
    struct seuil_http *http = started("127.0.0.1");
    static char huge[200000];
    int fd = dial(http);

    memset(huge, 'x', sizeof(huge));
    memcpy(huge, "GET /", 5);
    (void)!send(fd, huge, sizeof(huge), MSG_NOSIGNAL);
    cr_assert_null(strstr(hear(fd), "200 OK"));
    fd = dial(http);
    memset(huge, 0xff, sizeof(huge));
    (void)!send(fd, huge, sizeof(huge), MSG_NOSIGNAL);
    cr_assert_null(strstr(hear(fd), "200 OK"));
    cr_assert(strstr(ask(http, "GET", "/metrics"), "all is well"));
    seuil_http_stop(http);
}

/* Those that are too many are not served, and those that end make room. */
Test(http, bounds_how_many_there_are, .timeout = 60)
{
    struct seuil_http *http = started("127.0.0.1");
    int fds[SEUIL_HTTP_CONNECTIONS], extra;
    const char *request = "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n";
    struct pollfd poller;
    char got[512];

    for (int i = 0; i < SEUIL_HTTP_CONNECTIONS; i++) {
        fds[i] = dial(http);
        cr_assert_eq(write(fds[i], request, strlen(request)), (ssize_t)strlen(request));
        cr_assert_gt(read(fds[i], got, sizeof(got)), 0); /* it is one of them, and stays */
    }
    extra = dial(http);
    (void)!send(extra, request, strlen(request), MSG_NOSIGNAL);
    poller = (struct pollfd){.fd = extra, .events = POLLIN};
    if (poll(&poller, 1, 300) == 1) /* at most it is told that it is closed */
        cr_assert_leq(read(extra, got, sizeof(got)), 0);
    close(extra);
    for (int i = 0; i < SEUIL_HTTP_CONNECTIONS; i++)
        close(fds[i]);
    for (int i = 0; i < 200 && !strstr(ask(http, "GET", "/metrics"), "all is well"); i++)
        poll(NULL, 0, 20);
    cr_assert(strstr(ask(http, "GET", "/metrics"), "all is well"));
    seuil_http_stop(http);
}

Test(http, says_what_is_wrong_with_an_address)
{
    struct seuil_error err = {0};
    struct seuil_http *http = started("::1"), *other;

    other = seuil_http_start("::1", seuil_http_port(http), pages, &err);
    cr_assert_null(other);
    cr_assert_eq(err.code, SEUIL_ERR_BACKOFF);
    cr_assert(strstr(err.text, "in use"), "%s", err.text);
    cr_assert_null(seuil_http_start("localhost", 0, pages, &err));
    cr_assert_eq(err.code, SEUIL_ERR_CONFIG);
    cr_assert_null(seuil_http_start("192.0.2.1", 0, pages, &err)); /* of nobody (RFC 5737) */
    cr_assert_eq(err.code, SEUIL_ERR_CONFIG);
    seuil_http_stop(http);
    seuil_http_stop(NULL);
}
