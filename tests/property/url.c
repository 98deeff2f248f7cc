/* The splitter of URLs beside libcurl's on random and hostile texts.
 *
 *     property_url [CASES [SEED]]
 *
 * What libcurl takes, we take, with the same scheme, host, port, path, query and fragment, where it
 * does not rewrite them: it reads odd IPv4 addresses as numbers, undoes escapes in host names, and
 * guesses a scheme. Those are left out by the generator, or told apart below. */

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/url.h"

static uint64_t state;

static uint32_t draw(uint32_t below)
{
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)((state >> 33) % below);
}

static const char *const pieces[] = {
    "http", "https", "HTTPS", "ftp",      "://",    "//",     "/",       ":",     "@",    "?",
    "#",    "&",     "=",     "%41",      "%2f",    "%zz",    "example", ".org",  "www.", "a",
    "Z",    "0",     ":8080", ":0",       ":65535", ":65536", ":x",      "[::1]", "[",    "]",
    "..",   ".",     "/./",   "/../",     "//x",    "user",   ":pw",     "q=1",   "&x",   "+",
    "~",    "-",     "_",     "\xc3\xa9", " ",      "\\",     "^",       "|",     "\t",   "*",
};
#define PIECES (sizeof(pieces) / sizeof(pieces[0]))

static void make(char *out, size_t cap)
{
    uint32_t count = 1 + draw(12);
    size_t len = 0;

    if (draw(4)) /* mostly URLs */
        len = (size_t)snprintf(out, cap, "%s://%s%s", draw(2) ? "http" : "https",
                               draw(5) ? "" : "u:p@", draw(4) ? "example.org" : "h");
    for (uint32_t i = 0; i < count; i++) {
        const char *piece = pieces[draw(PIECES)];
        size_t n = strlen(piece);

        if (len + n + 1 > cap)
            break;
        memcpy(out + len, piece, n);
        len += n;
    }
    out[len] = '\0';
}

static void fail(const char *url, const char *what, struct seuil_str ours, const char *theirs)
{
    printf("%s of <%s>: ours is <%.*s>, libcurl's <%s>\n", what, url, (int)ours.len,
           ours.ptr ? ours.ptr : "", theirs ? theirs : "(none)");
    exit(1);
}

/* libcurl says of an empty part that it is none. */
static void compare(const char *url, CURLU *handle, CURLUPart part, const char *what,
                    struct seuil_str ours, bool lower)
{
    char *theirs = NULL;
    bool same;

    curl_url_get(handle, part, &theirs, 0);
    if (!theirs)
        same = ours.len == 0;
    else
        same = ours.len == strlen(theirs) && (lower ? strncasecmp(ours.ptr, theirs, ours.len)
                                                    : memcmp(ours.ptr, theirs, ours.len)) == 0;
    if (!same)
        fail(url, what, ours, theirs);
    curl_free(theirs);
}

/* Hosts that libcurl writes otherwise: numbers as IPv4 addresses, escapes. */
static bool rewritten(struct seuil_str host)
{
    for (uint32_t i = 0; i < host.len; i++)
        if (host.ptr[i] == '%')
            return true;
    return host.len && (host.ptr[host.len - 1] >= '0' && host.ptr[host.len - 1] <= '9');
}

/* "scheme://" at the beginning: without it libcurl guesses, and takes one slash for two. */
static bool absolute(const char *url)
{
    size_t n = strspn(url, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-.");

    return n > 0 && strchr("+-.0123456789", url[0]) == NULL && strncmp(url + n, "://", 3) == 0 &&
           url[n + 3] != '/' && !strchr(url, '\\') &&
           (unsigned char)url[strlen(url) - 1] > ' '; /* we pass over blanks around it */
}

static bool one(const char *url, CURLU *handle)
{
    struct seuil_url ours;
    unsigned flags = CURLU_NON_SUPPORT_SCHEME | CURLU_PATH_AS_IS;
    CURLUcode theirs = curl_url_set(handle, CURLUPART_URL, url, flags);
    int rc = seuil_url_split(seuil_str_from(url), &ours);

    if (theirs != CURLUE_OK)
        return false; /* more is a URL for us: a page without a scheme, an empty host */
    if (!absolute(url))
        return false;
    if (rc) {
        printf("<%s> is a URL for libcurl, not for us\n", url);
        exit(1);
    }
    if (ours.port.len > 1 && ours.port.ptr[0] == '0')
        return false; /* libcurl writes ports without leading zeros */
    compare(url, handle, CURLUPART_SCHEME, "scheme", ours.scheme, true);
    if (!rewritten(ours.host))
        compare(url, handle, CURLUPART_HOST, "host", ours.host, true);
    compare(url, handle, CURLUPART_PORT, "port", ours.port, false);
    compare(url, handle, CURLUPART_PATH, "path", ours.path.len ? ours.path : SEUIL_STR("/"), false);
    compare(url, handle, CURLUPART_QUERY, "query", ours.query, false);
    compare(url, handle, CURLUPART_FRAGMENT, "fragment", ours.fragment, false);
    return true;
}

/* The normal form of what is normal is itself, and no longer than promised. */
static void normalise(const char *url)
{
    char first[400], second[400];
    int n = seuil_url_normalise(seuil_str_from(url), first), m;

    if (n < 0)
        return;
    if ((size_t)n > strlen(url) + 3)
        fail(url, "length of the normal form", (struct seuil_str){first, (uint32_t)n}, "");
    m = seuil_url_normalise((struct seuil_str){first, (uint32_t)n}, second);
    if (m != n || memcmp(first, second, (size_t)n) != 0)
        fail(url, "normal form again", (struct seuil_str){second, m < 0 ? 0 : (uint32_t)m}, first);
}

int main(int argc, char **argv)
{
    unsigned long cases = argc > 1 ? strtoul(argv[1], NULL, 10) : 200000, compared = 0;
    CURLU *handle = curl_url();

    state = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
    for (unsigned long i = 0; i < cases; i++) {
        char url[300];

        make(url, sizeof(url));
        compared += one(url, handle);
        normalise(url);
    }
    curl_url_cleanup(handle);
    printf("%lu texts, %lu URLs taken apart as libcurl does\n", cases, compared);
    return compared * 10 > cases ? 0 : 1;
}
