#include <criterion/criterion.h>
#include <string.h>

#include "base/err.h"
#include "conf/listen.h"

static void is(const char *text, const char *address, unsigned port)
{
    struct seuil_listen listen;
    const char *why = "";

    cr_assert_eq(seuil_listen_parse(text, &listen, &why), 0, "%s: %s", text, why);
    cr_assert_str_eq(listen.address, address);
    cr_assert_eq(listen.port, port);
}

static void is_not(const char *text, const char *word)
{
    struct seuil_listen listen = {.port = 7};
    const char *why = "";

    cr_assert_eq(seuil_listen_parse(text, &listen, &why), SEUIL_ERR_FORMAT, "%s", text);
    cr_assert(strstr(why, word), "%s: %s", text, why);
    cr_assert_eq(listen.port, 7, "untouched");
}

Test(listen, a_port_alone_is_on_the_loopback)
{
    is("9464", "127.0.0.1", 9464);
    is("0", "127.0.0.1", 0);
}

Test(listen, addresses_are_in_figures)
{
    is("0.0.0.0:9464", "0.0.0.0", 9464);
    is("[::]:65535", "::", 65535);
    is("[fe80::1]:1", "fe80::1", 1);
    is_not("localhost:9464", "figures");
    is_not(":9464", "figures");
    is_not("[]:9464", "figures");
    is_not("[127.0.0.1:9464", "figures");
    is_not("1.2.3:9464", "figures");
    is_not("0000000000000000000000000000000000000000000000000000000000000000:1", "figures");
    is_not("::1:9464", "brackets");
}

Test(listen, ports_are_ports)
{
    is_not("", "port");
    is_not("127.0.0.1", "port");
    is_not("127.0.0.1:", "port");
    is_not("127.0.0.1:65536", "port");
    is_not("127.0.0.1:-1", "port");
    is_not("[::1]", "port");
}
