#include "store/tls.h"

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

/* ---- a BIO whose writes never raise SIGPIPE ---------------------------------------------------
 */

static int bio_fd(BIO *bio)
{
    return (int)(intptr_t)BIO_get_data(bio);
}

static int bio_result(BIO *bio, ssize_t n, int retry_flag)
{
    BIO_clear_retry_flags(bio);
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
        BIO_set_flags(bio, retry_flag | BIO_FLAGS_SHOULD_RETRY);
    return (int)n;
}

static int bio_write(BIO *bio, const char *bytes, int len)
{
    return bio_result(bio, send(bio_fd(bio), bytes, (size_t)len, MSG_NOSIGNAL), BIO_FLAGS_WRITE);
}

static int bio_read(BIO *bio, char *bytes, int len)
{
    return bio_result(bio, recv(bio_fd(bio), bytes, (size_t)len, 0), BIO_FLAGS_READ);
}

static long bio_ctrl(BIO *bio, int command, long number, void *ptr)
{
    (void)bio;
    (void)number;
    (void)ptr;
    return command == BIO_CTRL_FLUSH ? 1 : 0;
}

static BIO_METHOD *method;

static void make_method(void)
{
    method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "seuil socket");
    if (!method)
        return;
    BIO_meth_set_write(method, bio_write);
    BIO_meth_set_read(method, bio_read);
    BIO_meth_set_ctrl(method, bio_ctrl);
}

/* ---- sessions -------------------------------------------------------------------------------- */

static bool is_address(const char *name)
{
    uint8_t bytes[16];

    return inet_pton(AF_INET, name, bytes) == 1 || inet_pton(AF_INET6, name, bytes) == 1;
}

static bool expect_name(SSL *tls, const char *name)
{
    if (!name)
        return true;
    if (is_address(name))
        return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(tls), name) == 1;
    SSL_set_hostflags(tls, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    return SSL_set1_host(tls, name) == 1 && SSL_set_tlsext_host_name(tls, name) == 1;
}

SSL *seuil_tls_new(const struct seuil_link *link, int fd)
{
    static CRYPTO_ONCE once = CRYPTO_ONCE_STATIC_INIT;
    SSL *tls;
    BIO *bio;

    if (!CRYPTO_THREAD_run_once(&once, make_method) || !method)
        return NULL;
    tls = SSL_new(link->tls);
    bio = BIO_new(method);
    if (!tls || !bio || !expect_name(tls, link->config.tls.server_name)) {
        BIO_free(bio);
        SSL_free(tls);
        return NULL;
    }
    BIO_set_data(bio, (void *)(intptr_t)fd);
    BIO_set_init(bio, 1);
    SSL_set_bio(tls, bio, bio);
    SSL_set_connect_state(tls);
    return tls;
}

void seuil_tls_free(SSL *tls)
{
    SSL_free(tls);
}

int seuil_tls_handshake(SSL *tls, bool *ret_wants_write, char *why, size_t why_cap,
                        bool *ret_unusable)
{
    char text[160];
    int rc, error;
    long verdict;

    ERR_clear_error();
    errno = 0;
    rc = SSL_do_handshake(tls);
    if (rc == 1)
        return 1;
    error = SSL_get_error(tls, rc);
    if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) {
        *ret_wants_write = error == SSL_ERROR_WANT_WRITE;
        return 0;
    }
    verdict = SSL_get_verify_result(tls);
    *ret_unusable = verdict != X509_V_OK;
    if (verdict != X509_V_OK)
        snprintf(text, sizeof(text), "%s", X509_verify_cert_error_string(verdict));
    else if (ERR_peek_error())
        ERR_error_string_n(ERR_peek_error(), text, sizeof(text));
    else
        snprintf(text, sizeof(text), "the connection was closed");
    ERR_clear_error();
    snprintf(why, why_cap,
             verdict != X509_V_OK
                 ? "the certificate of Redis is not accepted: %s (check the CA file and the server "
                   "name)"
                 : "TLS with Redis failed: %s (does this port speak TLS?)",
             text);
    return SEUIL_ERR_IO;
}

static ssize_t moved(SSL *tls, int rc)
{
    int error;

    if (rc > 0)
        return rc;
    error = SSL_get_error(tls, rc);
    if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE)
        return 0;
    ERR_clear_error();
    return error == SSL_ERROR_SYSCALL && errno ? -errno : -ECONNRESET;
}

ssize_t seuil_tls_read(SSL *tls, void *bytes, size_t len)
{
    ERR_clear_error();
    errno = 0;
    return moved(tls, SSL_read(tls, bytes, len > INT_MAX ? INT_MAX : (int)len));
}

ssize_t seuil_tls_write(SSL *tls, const void *bytes, size_t len)
{
    ERR_clear_error();
    errno = 0;
    return moved(tls, SSL_write(tls, bytes, len > INT_MAX ? INT_MAX : (int)len));
}
