/* Where to listen, as one word: 127.0.0.1:9464, [::1]:9464, 0.0.0.0:9464; 9464 alone is the
 * loopback. Names are not looked up: who listens where must not hang on a name server. */

#ifndef SEUIL_CONF_LISTEN_H
#define SEUIL_CONF_LISTEN_H

#include <stdint.h>

struct seuil_listen {
    char address[64]; /* in figures, without brackets */
    uint16_t port;    /* 0: any that is free */
};

/* 0, or SEUIL_ERR_FORMAT and *ret_why says what is wrong with it. */
int seuil_listen_parse(const char *text, struct seuil_listen *ret_listen, const char **ret_why);

#endif
