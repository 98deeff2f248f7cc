#include "conf/redis_url.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"

#define PORT_DEFAULT 6379
#define DB_MAX       65535

static int number(const char *text, unsigned long max, unsigned long *ret_value)
{
    char *end;
    unsigned long value;

    if (*text < '0' || *text > '9')
        return SEUIL_ERR_FORMAT;
    errno = 0;
    value = strtoul(text, &end, 10);
    if (*end || errno || value > max)
        return SEUIL_ERR_FORMAT;
    *ret_value = value;
    return 0;
}

static int parse_unix(const char *rest, struct seuil_redis_url *url, const char **ret_why)
{
    const char *query = strchr(rest, '?');
    size_t len = query ? (size_t)(query - rest) : strlen(rest);
    unsigned long db = 0;

    if (len == 0 || rest[0] != '/') {
        *ret_why = "unix:// is followed by an absolute path";
        return SEUIL_ERR_FORMAT;
    }
    if (len >= sizeof(url->path)) {
        *ret_why = "the path of a unix socket has at most 107 bytes";
        return SEUIL_ERR_LIMIT;
    }
    if (query && (strncmp(query, "?db=", 4) != 0 || number(query + 4, DB_MAX, &db))) {
        *ret_why = "after the path only ?db=NUMBER may stand";
        return SEUIL_ERR_FORMAT;
    }
    memcpy(url->path, rest, len);
    url->db = (uint32_t)db;
    return 0;
}

static int parse_tcp(const char *rest, struct seuil_redis_url *url, const char **ret_why)
{
    const char *slash = strchr(rest, '/');
    const char *end = slash ? slash : rest + strlen(rest);
    const char *host = rest, *host_end, *colon = NULL;
    char port_text[8] = "";
    unsigned long port = PORT_DEFAULT, db = 0;

    if (*host == '[') { /* RFC 3986, 3.2.2: an IPv6 address */
        host++;
        host_end = memchr(host, ']', (size_t)(end - host));
        if (host_end && host_end + 1 < end)
            colon = host_end + 1;
    } else {
        colon = memchr(host, ':', (size_t)(end - host));
        host_end = colon ? colon : end;
    }
    if (!host_end || host_end == host || (colon && *colon != ':')) {
        *ret_why = "the host is missing or not well formed";
        return SEUIL_ERR_FORMAT;
    }
    if ((size_t)(host_end - host) >= sizeof(url->host)) {
        *ret_why = "the host's name is too long";
        return SEUIL_ERR_LIMIT;
    }
    if (colon) {
        if ((size_t)(end - colon - 1) < sizeof(port_text))
            memcpy(port_text, colon + 1, (size_t)(end - colon - 1));
        if (number(port_text, 65535, &port) || port == 0) {
            *ret_why = "the port is a number from 1 to 65535";
            return SEUIL_ERR_FORMAT;
        }
    }
    if (slash && slash[1] && number(slash + 1, DB_MAX, &db)) {
        *ret_why = "after the host only /NUMBER, the database, may stand";
        return SEUIL_ERR_FORMAT;
    }
    memcpy(url->host, host, (size_t)(host_end - host));
    url->port = (uint16_t)port;
    url->db = (uint32_t)db;
    return 0;
}

int seuil_redis_url_parse(const char *text, struct seuil_redis_url *ret_url, const char **ret_why)
{
    struct seuil_redis_url url = {0};
    int rc;

    if (strncmp(text, "unix://", 7) == 0) {
        rc = parse_unix(text + 7, &url, ret_why);
    } else if (strncmp(text, "rediss://", 9) == 0) {
        url.tls = true;
        rc = parse_tcp(text + 9, &url, ret_why);
    } else if (strncmp(text, "redis://", 8) == 0) {
        rc = parse_tcp(text + 8, &url, ret_why);
    } else {
        *ret_why = "it begins with redis://, rediss:// or unix://";
        rc = SEUIL_ERR_FORMAT;
    }
    if (!rc)
        *ret_url = url;
    return rc;
}
