#include "registry/http.h"

#include <curl/curl.h>
#include <stdio.h>
#include <string.h>

#include "base/heap.h"
#include "base/str.h"
#include "codec/schema_answer.h"

struct curl_http {
    struct seuil_http http;
    CURL *curl;
    struct curl_slist *get_headers, *post_headers;
    const atomic_bool *stop;
    char why[CURL_ERROR_SIZE];
};

static size_t take(char *bytes, size_t size, size_t count, void *arg)
{
    struct seuil_buf *body = arg;
    size_t len = size * count;

    /* Anything but `len` ends the transfer. */
    if (body->len + len > SEUIL_ANSWER_BYTES_MAX || seuil_buf_add(body, bytes, len))
        return 0;
    return len;
}

static int go_on(void *arg, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    const struct curl_http *http = arg;

    (void)a, (void)b, (void)c, (void)d;
    return http->stop && atomic_load(http->stop);
}

/* "host:port" of a URL, for messages: never what could hold a secret. */
static struct seuil_str host_of(const char *url)
{
    const char *host = strstr(url, "://");

    host = host ? host + 3 : url;
    return (struct seuil_str){host, (uint32_t)strcspn(host, "/?#")};
}

static int ask(struct seuil_http *base, const char *url, const char *body, size_t body_len,
               struct seuil_http_answer *ret_answer, struct seuil_error *err)
{
    struct curl_http *http = (struct curl_http *)base;
    struct seuil_str host = host_of(url);
    CURL *curl = http->curl;
    long status = 0;
    CURLcode rc;

    seuil_buf_clear(&ret_answer->body);
    http->why[0] = '\0';
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &ret_answer->body);
    if (body) {
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body_len);
        curl_easy_setopt(curl, CURLOPT_HTTPHEADER, http->post_headers);
    } else {
        curl_easy_setopt(curl, CURLOPT_HTTPGET, 1L);
        curl_easy_setopt(curl, CURLOPT_HTTPHEADER, http->get_headers);
    }
    rc = curl_easy_perform(curl);
    if (rc == CURLE_WRITE_ERROR)
        return seuil_error_set(err, SEUIL_ERR_BACKOFF, "%.*s: the answer is larger than %u MiB",
                               (int)host.len, host.ptr, SEUIL_ANSWER_BYTES_MAX >> 20);
    if (rc != CURLE_OK)
        return seuil_error_set(err, SEUIL_ERR_BACKOFF, "%.*s: %s", (int)host.len, host.ptr,
                               http->why[0] ? http->why : curl_easy_strerror(rc));
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    ret_answer->status = (int)status;
    return 0;
}

static void http_free(struct seuil_http *base)
{
    struct curl_http *http = (struct curl_http *)base;

    curl_easy_cleanup(http->curl);
    curl_slist_free_all(http->get_headers);
    curl_slist_free_all(http->post_headers);
    seuil_heap_free(http);
}

static struct curl_slist *with(struct curl_slist *list, const char *header)
{
    struct curl_slist *more = curl_slist_append(list, header);

    if (!more)
        curl_slist_free_all(list);
    return more;
}

/* Only HTTP, nothing followed: a registry that sends us elsewhere gets no password there. */
static CURLcode set_rules(struct curl_http *http, const struct seuil_http_config *config)
{
    CURL *curl = http->curl;
    CURLcode rc = curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");

    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L); /* threads */
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)config->timeout_ms);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)config->timeout_ms);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, go_on);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, http);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, http->why);
    curl_easy_setopt(curl, CURLOPT_ACCEPT_ENCODING, "");
    curl_easy_setopt(curl, CURLOPT_TCP_KEEPALIVE, 1L);
    return rc;
}

static CURLcode set_identity(struct curl_http *http, const struct seuil_http_config *config)
{
    CURL *curl = http->curl;
    CURLcode rc = CURLE_OK;

    if (config->token) {
        rc = curl_easy_setopt(curl, CURLOPT_HTTPAUTH, CURLAUTH_BEARER);
        if (!rc)
            rc = curl_easy_setopt(curl, CURLOPT_XOAUTH2_BEARER, config->token);
    } else if (config->password) {
        rc = curl_easy_setopt(curl, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
        if (!rc)
            rc = curl_easy_setopt(curl, CURLOPT_USERNAME, config->user ? config->user : "");
        if (!rc)
            rc = curl_easy_setopt(curl, CURLOPT_PASSWORD, config->password);
    }
    if (!rc && config->ca_file) {
        rc = curl_easy_setopt(curl, CURLOPT_CAINFO, config->ca_file);
        curl_easy_setopt(curl, CURLOPT_CAPATH, NULL); /* these, and no others */
    }
    if (!rc && config->cert_file)
        rc = curl_easy_setopt(curl, CURLOPT_SSLCERT, config->cert_file);
    if (!rc && config->key_file)
        rc = curl_easy_setopt(curl, CURLOPT_SSLKEY, config->key_file);
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L);
    curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    return rc;
}

struct seuil_http *seuil_http_new(const struct seuil_http_config *config, struct seuil_error *err)
{
    struct curl_http *http = seuil_heap_zalloc(1, sizeof(*http));

    if (!http || curl_global_init(CURL_GLOBAL_DEFAULT)) {
        seuil_heap_free(http);
        seuil_error_set(err, SEUIL_ERR_NOMEM, "out of memory");
        return NULL;
    }
    http->http = (struct seuil_http){ask, http_free};
    http->stop = config->stop;
    http->curl = curl_easy_init();
    http->get_headers =
        with(NULL, "Accept: application/vnd.schemaregistry.v1+json, application/json, */*");
    http->post_headers = with(with(NULL, "Accept: application/vnd.schemaregistry.v1+json"),
                              "Content-Type: application/vnd.schemaregistry.v1+json");
    if (!http->curl || !http->get_headers || !http->post_headers || set_rules(http, config) ||
        set_identity(http, config)) {
        http_free(&http->http);
        seuil_error_set(err, SEUIL_ERR_NOMEM, "libcurl cannot be set up");
        return NULL;
    }
    return &http->http;
}
