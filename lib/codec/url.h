/* The parts of a URL (RFC 3986), as slices of it: no allocation, one pass, any bytes.
 *
 * Only what maps need: what a browser or an e-mail link reports. A text that is no URL splits too,
 * into what is there; whoever needs more looks at what is present. */

#ifndef SEUIL_CODEC_URL_H
#define SEUIL_CODEC_URL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

/* Parts that are absent have ptr NULL; one that is there but empty has len 0 and a ptr. */
struct seuil_url {
    struct seuil_str scheme;   /* "https", as written */
    struct seuil_str user;     /* before the last '@' of the authority, password included */
    struct seuil_str host;     /* "[::1]" with its brackets */
    struct seuil_str port;     /* digits */
    struct seuil_str path;     /* never absent */
    struct seuil_str query;    /* without '?' */
    struct seuil_str fragment; /* without '#' */
};

/* Split "scheme://authority/path?query#fragment", "//authority/...", "/path", or a bare
 * "host/path". Blanks and control characters around it are passed over, as browsers do.
 * SEUIL_ERR_FORMAT: blanks or control characters within the authority, a port that is no number up
 * to 65535, brackets that do not close, or a scheme without "//" ("mailto:"). */
int seuil_url_split(struct seuil_str text, struct seuil_url *ret_url);

/* The value of the first parameter @name of a query, still escaped; names are compared unescaped.
 * False when there is none. A parameter without '=' is there, with an empty value. */
bool seuil_url_parameter(struct seuil_str query, struct seuil_str name,
                         struct seuil_str *ret_value);

/* Undo %XX, and + for a blank when @plus, into @out, which holds text.len bytes; returns the
 * length. A '%' without two hex digits stands for itself (WHATWG URL, 1.3). The result may be any
 * bytes. */
uint32_t seuil_url_unescape(struct seuil_str text, bool plus, char *out);

/* The normal form (RFC 3986, 6.2.2 and 6.2.3): scheme and host in lower case, no user, no default
 * port, dot segments removed, an empty path made "/", escapes in upper case and undone where the
 * character is unreserved; the fragment is left out. @out holds 3 more than text.len bytes. The
 * length, or SEUIL_ERR_FORMAT. */
int seuil_url_normalise(struct seuil_str text, char *out);

#endif
