/* URLs taken apart: the cases that people meet, and those that other splitters get wrong. */

#include <criterion/criterion.h>

#include "base/err.h"
#include "codec/url.h"

static void part(const char *what, struct seuil_str got, const char *want)
{
    if (!want)
        cr_assert_null(got.ptr, "%s is %.*s", what, (int)got.len, got.ptr);
    else
        cr_assert(got.ptr && seuil_str_eq(got, seuil_str_from(want)), "%s is %.*s, not %s", what,
                  (int)got.len, got.ptr ? got.ptr : "", want);
}

static void parts(const char *text, const char *scheme, const char *user, const char *host,
                  const char *port, const char *path, const char *query, const char *fragment)
{
    struct seuil_url url;

    cr_assert_eq(seuil_url_split(seuil_str_from(text), &url), 0, "%s", text);
    part("scheme", url.scheme, scheme);
    part("user", url.user, user);
    part("host", url.host, host);
    part("port", url.port, port);
    part("path", url.path, path);
    part("query", url.query, query);
    part("fragment", url.fragment, fragment);
}

Test(url, its_parts)
{
    parts("https://example.org/a/b?c=d&e#f", "https", NULL, "example.org", NULL, "/a/b", "c=d&e",
          "f");
    parts("http://u:p@h:80", "http", "u:p", "h", "80", "", NULL, NULL);
    parts("http://a@b@c/", "http", "a@b", "c", NULL, "/", NULL, NULL);
    parts("http://[2001:db8::1]:8080/", "http", NULL, "[2001:db8::1]", "8080", "/", NULL, NULL);
    parts("http://h?q", "http", NULL, "h", NULL, "", "q", NULL);
    parts("http://h#f?q", "http", NULL, "h", NULL, "", NULL, "f?q");
    parts("http://h/?", "http", NULL, "h", NULL, "/", "", NULL);
    parts("http://h:/", "http", NULL, "h", "", "/", NULL, NULL);
    parts("//h/p", NULL, NULL, "h", NULL, "/p", NULL, NULL);
    parts("/p?q", NULL, NULL, NULL, NULL, "/p", "q", NULL);
    parts("example.org/p", NULL, NULL, "example.org", NULL, "/p", NULL, NULL);
    parts("example.org:8080/p", NULL, NULL, "example.org", "8080", "/p", NULL, NULL);
    parts("  https://h/ \n", "https", NULL, "h", NULL, "/", NULL, NULL);
    parts("", NULL, NULL, NULL, NULL, "", NULL, NULL);
    parts("?q=1", NULL, NULL, NULL, NULL, "", "q=1", NULL);
}

Test(url, what_is_none)
{
    static const char *const none[] = {"mailto:a@b.org",  "javascript:x", "http://a b/",
                                       "http://h:70000/", "http://h:8x/", "http://[::1/",
                                       "http://[::1]x/",  "http://h\x7f/"};
    struct seuil_url url;

    for (unsigned i = 0; i < sizeof(none) / sizeof(none[0]); i++)
        cr_assert_eq(seuil_url_split(seuil_str_from(none[i]), &url), SEUIL_ERR_FORMAT, "%s",
                     none[i]);
}

static void parameter(const char *query, const char *name, const char *want)
{
    struct seuil_str value;
    char out[100];
    bool there = seuil_url_parameter(seuil_str_from(query), seuil_str_from(name), &value);

    cr_assert_eq(there, want != NULL, "%s of %s", name, query);
    if (there) {
        value = (struct seuil_str){out, seuil_url_unescape(value, true, out)};
        cr_assert(seuil_str_eq(value, seuil_str_from(want)), "%.*s", (int)value.len, value.ptr);
    }
}

Test(url, parameters)
{
    parameter("a=1&b=2", "b", "2");
    parameter("a=1&a=2", "a", "1");
    parameter("a", "a", "");
    parameter("a=", "a", "");
    parameter("a=b=c", "a", "b=c");
    parameter("%61=x+y%20z", "a", "x y z");
    parameter("a=%zz%4", "a", "%zz%4");
    parameter("ab=1", "a", NULL);
    parameter("&&a=1", "a", "1");
    parameter("", "a", NULL);
}

static void normal(const char *text, const char *want)
{
    char out[200];
    int n = seuil_url_normalise(seuil_str_from(text), out);

    cr_assert_gt(n, 0, "%s", text);
    cr_assert_eq((size_t)n, strlen(want), "%s: %.*s", text, n, out);
    cr_assert_eq(memcmp(out, want, (size_t)n), 0, "%s: %.*s", text, n, out);
}

Test(url, the_normal_form)
{
    normal("HTTP://u:p@Example.ORG:80?q#f", "http://example.org/?q");
    normal("https://example.org:443/", "https://example.org/");
    normal("https://example.org:8443/", "https://example.org:8443/");
    normal("http://h/a/./b/../c/..", "http://h/a/");
    normal("http://h/../../a", "http://h/a");
    normal("http://h/%7eu/%c3%A9/%2f", "http://h/~u/%C3%A9/%2F");
    normal("http://h/a%2", "http://h/a%2");
    normal("http://h/?a=%41&%7e", "http://h/?a=A&~");
    normal("Example.org", "//example.org/");
    normal("/a/../b", "/b");
    normal("http://h/a//b/", "http://h/a//b/");
}
