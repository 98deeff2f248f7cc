#include "admin/http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <microhttpd.h>

#include "base/heap.h"

/* Of a connection: request line, headers and answer's head. */
#define CONNECTION_BYTES 16384

struct seuil_http {
    struct MHD_Daemon *daemon;
    const struct seuil_http_page *pages;
    uint16_t port;
};

static enum MHD_Result respond(struct MHD_Connection *connection, unsigned status, const char *type,
                               struct MHD_Response *response)
{
    enum MHD_Result done;

    if (!response)
        return MHD_NO;
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
    MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
        MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
    done = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return done;
}

/* @text: a string of the program. */
static enum MHD_Result refuse(struct MHD_Connection *connection, unsigned status, const char *text)
{
    return respond(connection, status, "text/plain; charset=utf-8",
                   MHD_create_response_from_buffer(strlen(text), (void *)(uintptr_t)text,
                                                   MHD_RESPMEM_PERSISTENT));
}

static enum MHD_Result give(struct MHD_Connection *connection, const struct seuil_http_page *page)
{
    struct seuil_buf out = {0};
    enum MHD_Result done;

    if (page->write(page->ctx, &out) != 0 || out.failed)
        done = refuse(connection, MHD_HTTP_SERVICE_UNAVAILABLE, "not now\n");
    else
        done = respond(connection, MHD_HTTP_OK, page->type,
                       MHD_create_response_from_buffer(out.len, out.ptr, MHD_RESPMEM_MUST_COPY));
    seuil_buf_done(&out);
    return done;
}

static enum MHD_Result answer(void *ctx, struct MHD_Connection *connection, const char *url,
                              const char *method, const char *version, const char *upload,
                              size_t *upload_size, void **state)
{
    const struct seuil_http *http = ctx;

    (void)version;
    (void)upload;
    if (*upload_size) { /* a body: passed over */
        *upload_size = 0;
        return MHD_YES;
    }
    if (!*state) { /* called once when the head is there, then when the body has ended */
        *state = connection;
        return MHD_YES;
    }
    for (const struct seuil_http_page *page = http->pages; page->path; page++) {
        if (strcmp(page->path, url) != 0)
            continue;
        if (strcmp(method, MHD_HTTP_METHOD_GET) == 0 || strcmp(method, MHD_HTTP_METHOD_HEAD) == 0)
            return give(connection, page);
        return refuse(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "GET and HEAD only\n");
    }
    return refuse(connection, MHD_HTTP_NOT_FOUND, "no such page\n");
}

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

static int parse(const char *text, uint16_t port, union address *ret_address, socklen_t *ret_len)
{
    union address address = {0};

    if (inet_pton(AF_INET, text, &address.v4.sin_addr) == 1) {
        address.v4.sin_family = AF_INET;
        address.v4.sin_port = htons(port);
        *ret_len = sizeof(address.v4);
    } else if (inet_pton(AF_INET6, text, &address.v6.sin6_addr) == 1) {
        address.v6.sin6_family = AF_INET6;
        address.v6.sin6_port = htons(port);
        *ret_len = sizeof(address.v6);
    } else {
        return SEUIL_ERR_CONFIG;
    }
    *ret_address = address;
    return 0;
}

/* A socket that listens, so that what is wrong with the address can be told; -1. */
static int open_socket(const char *text, uint16_t port, uint16_t *ret_port, struct seuil_error *err)
{
    union address address;
    socklen_t len;
    const int one = 1;
    int fd;

    if (parse(text, port, &address, &len)) {
        seuil_error_set(err, SEUIL_ERR_CONFIG, "%s is no address to listen on", text);
        return -1;
    }
    fd = socket(address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd >= 0) {
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
        if (address.any.sa_family == AF_INET6)
            setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one));
    }
    if (fd < 0 || bind(fd, &address.any, len) < 0 || listen(fd, SEUIL_HTTP_CONNECTIONS) < 0 ||
        getsockname(fd, &address.any, &len) < 0) {
        seuil_error_set(err, errno == EADDRINUSE ? SEUIL_ERR_BACKOFF : SEUIL_ERR_CONFIG,
                        "cannot listen on %s port %u: %s", text, port, strerror(errno));
        if (fd >= 0)
            close(fd);
        return -1;
    }
    *ret_port =
        ntohs(address.any.sa_family == AF_INET ? address.v4.sin_port : address.v6.sin6_port);
    return fd;
}

struct seuil_http *seuil_http_start(const char *address, uint16_t port,
                                    const struct seuil_http_page *pages, struct seuil_error *err)
{
    struct seuil_http *http = seuil_heap_zalloc(1, sizeof(*http));
    int fd;

    if (!http) {
        seuil_error_set(err, SEUIL_ERR_NOMEM, "out of memory for the admin listener");
        return NULL;
    }
    http->pages = pages;
    fd = open_socket(address, port, &http->port, err);
    if (fd >= 0)
        http->daemon =
            MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL, 0, NULL, NULL, answer,
                             http, MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT,
                             (unsigned)SEUIL_HTTP_CONNECTIONS, MHD_OPTION_CONNECTION_TIMEOUT,
                             (unsigned)SEUIL_HTTP_PATIENCE_S, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
                             (size_t)CONNECTION_BYTES, MHD_OPTION_END);
    if (!http->daemon) {
        if (fd >= 0) {
            seuil_error_set(err, SEUIL_ERR_NOMEM, "the admin listener does not start");
            close(fd);
        }
        seuil_heap_free(http);
        return NULL;
    }
    return http;
}

uint16_t seuil_http_port(const struct seuil_http *http)
{
    return http->port;
}

void seuil_http_stop(struct seuil_http *http)
{
    if (!http)
        return;
    MHD_stop_daemon(http->daemon); /* closes the socket */
    seuil_heap_free(http);
}
