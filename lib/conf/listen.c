#include "conf/listen.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "conf/scalar.h"

static int fail(const char **ret_why, const char *why)
{
    *ret_why = why;
    return SEUIL_ERR_FORMAT;
}

static int is_address(const char *text)
{
    struct in6_addr any;

    return inet_pton(AF_INET, text, &any) == 1 || inet_pton(AF_INET6, text, &any) == 1;
}

int seuil_listen_parse(const char *text, struct seuil_listen *ret_listen, const char **ret_why)
{
    struct seuil_listen listen = {.address = "127.0.0.1"};
    const char *colon = strrchr(text, ':'), *begin = text, *end = colon;
    int64_t port;

    if (seuil_int_parse(seuil_str_from(colon ? colon + 1 : text), &port) || port < 0 ||
        port > UINT16_MAX)
        return fail(ret_why, "it must end with a port, 0 to 65535, like 127.0.0.1:9464");
    if (colon) {
        if (*begin == '[' && end > begin && end[-1] == ']') {
            begin++;
            end--;
        } else if (memchr(text, ':', (size_t)(colon - text))) {
            return fail(ret_why, "an IPv6 address stands in brackets, like [::1]:9464");
        }
        if ((size_t)(end - begin) >= sizeof(listen.address))
            return fail(ret_why, "before the port stands an address in figures");
        snprintf(listen.address, sizeof(listen.address), "%.*s", (int)(end - begin), begin);
        if (!is_address(listen.address))
            return fail(ret_why, "before the port stands an address in figures, like 127.0.0.1 or "
                                 "0.0.0.0, no name");
    }
    listen.port = (uint16_t)port;
    *ret_listen = listen;
    return 0;
}
