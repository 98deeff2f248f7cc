#include "codec/url.h"

#include "base/err.h"

static bool is_alpha(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static int hex(char c)
{
    if (is_digit(c))
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* ---- splitting ---------------------------------------------------------------------------- */

static struct seuil_str trim(struct seuil_str s)
{
    while (s.len > 0 && (uint8_t)s.ptr[0] <= ' ') {
        s.ptr++;
        s.len--;
    }
    while (s.len > 0 && (uint8_t)s.ptr[s.len - 1] <= ' ')
        s.len--;
    return s;
}

/* Where the first of @stops stands from @p on; @end when none does. */
static const char *find(const char *p, const char *end, const char *stops)
{
    for (; p < end; p++)
        for (const char *s = stops; *s; s++)
            if (*p == *s)
                return p;
    return end;
}

static struct seuil_str slice(const char *from, const char *to)
{
    return (struct seuil_str){from, (uint32_t)(to - from)};
}

/* scheme = ALPHA *( ALPHA / DIGIT / "+" / "-" / "." ), up to its colon; NULL: there is none. */
static const char *scheme_end(const char *p, const char *end)
{
    if (p == end || !is_alpha(*p))
        return NULL;
    while (p < end && (is_alpha(*p) || is_digit(*p) || *p == '+' || *p == '-' || *p == '.'))
        p++;
    return p < end && *p == ':' ? p : NULL;
}

static int split_port(const char *from, const char *end, struct seuil_url *url)
{
    uint32_t number = 0;

    for (const char *p = from; p < end; p++) {
        if (!is_digit(*p))
            return SEUIL_ERR_FORMAT;
        number = number * 10 + (uint32_t)(*p - '0');
        if (number > 65535)
            return SEUIL_ERR_FORMAT;
    }
    url->port = slice(from, end);
    return 0;
}

static int split_authority(const char *p, const char *end, struct seuil_url *url)
{
    const char *host = p, *stop;

    for (const char *q = p; q < end; q++) {
        if ((uint8_t)*q <= ' ' || *q == 0x7f)
            return SEUIL_ERR_FORMAT;
        if (*q == '@')
            host = q + 1;
    }
    if (host > p)
        url->user = slice(p, host - 1);
    if (host < end && *host == '[') {
        stop = find(host, end, "]");
        if (stop == end)
            return SEUIL_ERR_FORMAT;
        stop++;
        if (stop < end && *stop != ':')
            return SEUIL_ERR_FORMAT;
    } else {
        stop = find(host, end, ":");
    }
    url->host = slice(host, stop);
    return stop < end ? split_port(stop + 1, end, url) : 0;
}

int seuil_url_split(struct seuil_str text, struct seuil_url *ret_url)
{
    struct seuil_str s = trim(text);
    const char *p = s.len ? s.ptr : "", *end = p + s.len, *stop;
    struct seuil_url url = {0};
    bool authority = true;
    int rc = 0;

    stop = scheme_end(p, end);
    if (stop && end - stop >= 3 && stop[1] == '/' && stop[2] == '/') {
        url.scheme = slice(p, stop);
        p = stop + 3;
    } else if (end - p >= 2 && p[0] == '/' && p[1] == '/') {
        p += 2;
    } else if (p == end || *p == '/' || *p == '?' || *p == '#') {
        authority = false;
    } else if (stop && !(stop + 1 < end && is_digit(stop[1]))) {
        return SEUIL_ERR_FORMAT; /* "mailto:x@example.org"; "host:8080/x" has a port */
    }
    if (authority) {
        stop = find(p, end, "/?#");
        rc = split_authority(p, stop, &url);
        p = stop;
    }
    if (rc)
        return rc;
    stop = find(p, end, "?#");
    url.path = slice(p, stop);
    if (stop < end && *stop == '?') {
        p = stop + 1;
        stop = find(p, end, "#");
        url.query = slice(p, stop);
    }
    if (stop < end)
        url.fragment = slice(stop + 1, end);
    *ret_url = url;
    return 0;
}

/* ---- parameters --------------------------------------------------------------------------- */

/* The next byte that an escaped text stands for. */
static char unescape_one(const char **p, const char *end, bool plus)
{
    const char *q = *p;

    if (*q == '%' && end - q >= 3 && hex(q[1]) >= 0 && hex(q[2]) >= 0) {
        *p = q + 3;
        return (char)(hex(q[1]) << 4 | hex(q[2]));
    }
    *p = q + 1;
    return *q == '+' && plus ? ' ' : *q;
}

uint32_t seuil_url_unescape(struct seuil_str text, bool plus, char *out)
{
    const char *p = text.ptr, *end = p + text.len;
    uint32_t len = 0;

    while (p < end)
        out[len++] = unescape_one(&p, end, plus);
    return len;
}

static bool is_name(const char *p, const char *end, struct seuil_str name)
{
    uint32_t i = 0;

    while (p < end) {
        char c = unescape_one(&p, end, true);

        if (i == name.len || c != name.ptr[i++])
            return false;
    }
    return i == name.len;
}

bool seuil_url_parameter(struct seuil_str query, struct seuil_str name, struct seuil_str *ret_value)
{
    const char *p = query.ptr, *end = p + query.len;

    while (p < end) {
        const char *stop = find(p, end, "&"), *equals = find(p, stop, "=");

        if (is_name(p, equals, name)) {
            *ret_value = slice(equals < stop ? equals + 1 : stop, stop);
            return true;
        }
        p = stop < end ? stop + 1 : end;
    }
    return false;
}

/* ---- the normal form ---------------------------------------------------------------------- */

static bool is_unreserved(char c)
{
    return is_alpha(c) || is_digit(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

static char upper(char c)
{
    return c >= 'a' && c <= 'f' ? (char)(c - 0x20) : c;
}

static char *put_lower(char *out, struct seuil_str s)
{
    for (uint32_t i = 0; i < s.len; i++)
        *out++ = s.ptr[i] >= 'A' && s.ptr[i] <= 'Z' ? (char)(s.ptr[i] | 0x20) : s.ptr[i];
    return out;
}

static char *put_escaped(char *out, struct seuil_str s)
{
    for (uint32_t i = 0; i < s.len; i++) {
        const char *p = s.ptr + i;
        char c;

        if (*p != '%' || s.len - i < 3 || hex(p[1]) < 0 || hex(p[2]) < 0) {
            *out++ = *p;
            continue;
        }
        c = (char)(hex(p[1]) << 4 | hex(p[2]));
        i += 2;
        if (is_unreserved(c)) {
            *out++ = c;
        } else {
            *out++ = '%';
            *out++ = upper(p[1]);
            *out++ = upper(p[2]);
        }
    }
    return out;
}

/* RFC 3986, 5.2.4, in place over [@path, @end); the path begins with '/'. Returns its end. */
static char *remove_dots(char *path, char *end)
{
    char *in = path, *out = path;

    while (in < end) {
        char *stop = in + 1;
        uint32_t len;

        while (stop < end && *stop != '/')
            stop++;
        len = (uint32_t)(stop - in - 1);
        if (len == 1 && in[1] == '.') {
            if (stop == end)
                *out++ = '/';
        } else if (len == 2 && in[1] == '.' && in[2] == '.') {
            while (out > path && *--out != '/')
                ;
            if (stop == end)
                *out++ = '/';
        } else {
            for (uint32_t i = 0; i <= len; i++)
                *out++ = in[i];
        }
        in = stop;
    }
    return out;
}

static bool is_default_port(const struct seuil_url *url)
{
    static const struct {
        struct seuil_str scheme, port;
    } rows[] = {{{"http", 4}, {"80", 2}}, {{"https", 5}, {"443", 3}}};

    if (url->port.len == 0)
        return true;
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char scheme[8];

        if (url->scheme.len == rows[i].scheme.len && url->scheme.len < sizeof(scheme)) {
            put_lower(scheme, url->scheme);
            if (memcmp(scheme, rows[i].scheme.ptr, url->scheme.len) == 0)
                return seuil_str_eq(url->port, rows[i].port);
        }
    }
    return false;
}

int seuil_url_normalise(struct seuil_str text, char *out)
{
    struct seuil_str *last;
    struct seuil_url url;
    char *p = out, *path;
    int rc = seuil_url_split(text, &url);

    if (rc)
        return rc;
    last = url.query.ptr ? &url.query : &url.path;
    while (last->len > 0 && (uint8_t)last->ptr[last->len - 1] <= ' ')
        last->len--; /* blanks before the fragment, which goes */
    if (url.scheme.ptr) {
        p = put_lower(p, url.scheme);
        *p++ = ':';
    }
    if (url.host.ptr) {
        *p++ = '/';
        *p++ = '/';
        p = put_lower(p, url.host);
        if (!is_default_port(&url)) {
            *p++ = ':';
            memcpy(p, url.port.ptr, url.port.len);
            p += url.port.len;
        }
    }
    path = p;
    if (url.path.len == 0)
        *p++ = '/';
    p = put_escaped(p, url.path);
    p = remove_dots(path, p);
    if (!url.host.ptr && p - path >= 2 && path[1] == '/') { /* "//" would be an authority */
        memmove(path + 2, path, (size_t)(p - path));
        path[1] = '.';
        p += 2;
    }
    if (url.query.ptr) {
        *p++ = '?';
        p = put_escaped(p, url.query);
    }
    return (int)(p - out);
}
