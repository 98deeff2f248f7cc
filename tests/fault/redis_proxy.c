/* redis_proxy LISTEN TARGET: tests/support/proxy.h between unix sockets, for tests that are no C.
 * Orders come on standard input, a line each, and are answered with the line "done" once in force:
 * hold-requests, hold-replies and swallow, each with on or off; cut; cut-after BYTES. It ends with
 * its input. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/proxy.h"

static bool obey(struct seuil_proxy *proxy, const char *order, const char *value)
{
    bool on = strcmp(value, "on") == 0;

    if (strcmp(order, "hold-requests") == 0)
        seuil_proxy_hold_requests(proxy, on);
    else if (strcmp(order, "hold-replies") == 0)
        seuil_proxy_hold_replies(proxy, on);
    else if (strcmp(order, "swallow") == 0)
        seuil_proxy_swallow_replies(proxy, on);
    else if (strcmp(order, "cut") == 0)
        seuil_proxy_cut(proxy);
    else if (strcmp(order, "cut-after") == 0)
        seuil_proxy_cut_after(proxy, strtoull(value, NULL, 10));
    else
        return false;
    return true;
}

int main(int argc, char **argv)
{
    struct seuil_proxy *proxy;
    char line[128], order[32], value[32];

    if (argc != 3) {
        fputs("redis_proxy LISTEN TARGET\n", stderr);
        return 64;
    }
    proxy = seuil_proxy_start(argv[1], argv[2]);
    do {
        puts("done");
        fflush(stdout);
        value[0] = order[0] = '\0';
    } while (fgets(line, sizeof(line), stdin) && sscanf(line, "%31s %31s", order, value) >= 1 &&
             obey(proxy, order, value));
    seuil_proxy_stop(proxy);
    return 0;
}
