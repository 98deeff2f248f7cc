#include <criterion/criterion.h>

#include "base/err.h"
#include "conf/redis_url.h"

Test(redis_url, tells_host_port_and_database)
{
    struct seuil_redis_url url;
    const char *why;

    cr_assert_eq(seuil_redis_url_parse("redis://cache.example:6380/3", &url, &why), 0);
    cr_assert_str_eq(url.host, "cache.example");
    cr_assert_eq(url.port, 6380);
    cr_assert_eq(url.db, 3);
    cr_assert_not(url.tls);
    cr_assert_str_eq(url.path, "");
}

Test(redis_url, has_defaults_for_port_and_database)
{
    struct seuil_redis_url url;
    const char *why;

    cr_assert_eq(seuil_redis_url_parse("rediss://cache.example", &url, &why), 0);
    cr_assert_eq(url.port, 6379);
    cr_assert_eq(url.db, 0);
    cr_assert(url.tls);
}

Test(redis_url, takes_an_ipv6_address_in_brackets)
{
    struct seuil_redis_url url;
    const char *why;

    cr_assert_eq(seuil_redis_url_parse("redis://[::1]:7000/1", &url, &why), 0);
    cr_assert_str_eq(url.host, "::1");
    cr_assert_eq(url.port, 7000);
}

Test(redis_url, tells_the_path_of_a_unix_socket)
{
    struct seuil_redis_url url;
    const char *why;

    cr_assert_eq(seuil_redis_url_parse("unix:///run/redis/redis.sock?db=2", &url, &why), 0);
    cr_assert_str_eq(url.path, "/run/redis/redis.sock");
    cr_assert_eq(url.db, 2);
}

Test(redis_url, refuses_what_it_does_not_know_and_says_why)
{
    static const char *const bad[] = {
        "http://x",
        "redis://",
        "redis://:6379",
        "redis://h:0",
        "redis://h:99999",
        "redis://h:63x",
        "redis://h/x",
        "redis://h/99999999",
        "redis://[::1",
        "redis://[::1]x",
        "unix://",
        "unix://relative",
        "unix:///p?base=1",
        "unix:///p?db=-1",
        "",
        "redis://h:1234567890",
    };

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct seuil_redis_url url = {.db = 77};
        const char *why = NULL;

        cr_assert_lt(seuil_redis_url_parse(bad[i], &url, &why), 0, "%s", bad[i]);
        cr_assert_not_null(why, "%s", bad[i]);
        cr_assert_eq(url.db, 77, "%s touched the output", bad[i]);
    }
}
