#include "serve.h"

#include <string.h>

#include "admin/http.h"
#include "admin/metrics.h"
#include "base/heap.h"
#include "conf/listen.h"
#include "log.h"

struct seuil_serve {
    struct seuil_collector *collector;
    struct seuil_http_page pages[2];
    struct seuil_http *http;
};

int seuil_serve_start(const struct seuil_opened *opened, const struct seuil_shard_config *config,
                      struct seuil_worker *const *workers, uint32_t count,
                      struct seuil_serve **ret_serve, struct seuil_error *err)
{
    struct seuil_serve *serve;
    struct seuil_listen listen;
    const char *why;

    *ret_serve = NULL;
    if (!opened->settings->admin_listen[0])
        return 0;
    if (seuil_listen_parse(opened->settings->admin_listen, &listen, &why))
        return seuil_error_set(err, SEUIL_ERR_CONFIG, "admin.listen: %s", why);
    serve = seuil_heap_zalloc(1, sizeof(*serve));
    if (serve)
        serve->collector = seuil_collector_new(opened, config, workers, count);
    if (!serve || !serve->collector) {
        seuil_heap_free(serve);
        return seuil_error_set(err, SEUIL_ERR_NOMEM, "out of memory for the metrics");
    }
    serve->pages[0] = (struct seuil_http_page){"/metrics", SEUIL_METRICS_TYPE,
                                               seuil_collector_write, serve->collector};
    serve->http = seuil_http_start(listen.address, listen.port, serve->pages, err);
    if (!serve->http) {
        seuil_serve_stop(serve);
        return err->code;
    }
    seuil_logf(SEUIL_LOG_INFO, "metrics at http://%s%s%s:%u/metrics",
               strchr(listen.address, ':') ? "[" : "", listen.address,
               strchr(listen.address, ':') ? "]" : "", seuil_http_port(serve->http));
    *ret_serve = serve;
    return 0;
}

void seuil_serve_stop(struct seuil_serve *serve)
{
    if (!serve)
        return;
    seuil_http_stop(serve->http);
    seuil_collector_free(serve->collector);
    seuil_heap_free(serve);
}
