/* E-mail addresses and the domains that they and URLs belong to. */

#include <libpsl.h>
#include <stdlib.h>

#include "codec/url.h"
#include "map/scratch.h"

/* Ascending. */
static const char *const free_mail[] = {
#include "free_mail_list.h"
};
#define FREE_MAIL (sizeof(free_mail) / sizeof(free_mail[0]))

/* RFC 1035: 253 characters. */
#define DOMAIN_MAX 253

static int by_text(const void *domain, const void *entry)
{
    return strcmp(domain, *(const char *const *)entry);
}

static bool find_domain(const char *const *list, size_t count, const char *domain)
{
    /* C17 7.22.5: the array of no elements must still be one, so a list that is not there is none.
     */
    return count != 0 && bsearch(domain, list, count, sizeof(*list), by_text) != NULL;
}

/* A domain by its looks: letters, digits, '-', other scripts; two labels at least, none empty, and
 * not an IPv4 address. */
static bool is_domain(struct seuil_str s)
{
    uint32_t label = 0, labels = 1;
    bool digits = true;

    if (s.len == 0 || s.len > DOMAIN_MAX)
        return false;
    for (uint32_t i = 0; i < s.len; i++) {
        uint8_t c = (uint8_t)s.ptr[i];

        if (c == '.') {
            if (label == 0)
                return false;
            label = 0;
            labels++;
            digits = true;
            continue;
        }
        if (!(c >= 0x80 || c == '-' || c == '_' || (c >= '0' && c <= '9') ||
              ((c | 0x20) >= 'a' && (c | 0x20) <= 'z')))
            return false;
        digits &= c >= '0' && c <= '9';
        label++;
    }
    return label > 0 && labels > 1 && !digits;
}

/* One '@' with something before it and a domain behind it; no blanks, no brackets. */
static bool split_address(struct seuil_str s, struct seuil_str *ret_domain)
{
    const char *at = s.len ? memrchr(s.ptr, '@', s.len) : NULL;

    if (!at || at == s.ptr || s.len > 320)
        return false;
    for (const char *p = s.ptr; p < at; p++)
        if ((uint8_t)*p <= ' ' || *p == 0x7f || strchr("<>(),;:\\\"[]@", *p))
            return false;
    *ret_domain = (struct seuil_str){at + 1, (uint32_t)(s.ptr + s.len - at - 1)};
    return is_domain(*ret_domain);
}

static struct seuil_str trimmed(struct seuil_str s)
{
    while (s.len && (uint8_t)s.ptr[0] <= ' ') {
        s.ptr++;
        s.len--;
    }
    while (s.len && ((uint8_t)s.ptr[s.len - 1] <= ' ' || s.ptr[s.len - 1] == '.'))
        s.len--;
    return s;
}

/* The domain of an address, a URL or a bare host, in lower case and terminated; false: there is
 * none, or a fault. */
static bool domain_of(struct seuil_map_scratch *s, struct seuil_str text,
                      struct seuil_str *ret_domain)
{
    struct seuil_str domain;
    struct seuil_url url;
    char *out;

    text = trimmed(text);
    if (!split_address(text, &domain)) {
        if (is_domain(text))
            domain = text;
        else if (seuil_url_split(text, &url) == 0 && url.scheme.ptr && is_domain(url.host))
            domain = url.host;
        else
            return false;
    }
    seuil_map_set_text(s, domain);
    if (seuil_map_step_unicode(s, SEUIL_STEP_LOWER))
        return false;
    domain = s->value.v.s;
    out = seuil_map_room(s, domain.len + 1);
    if (!out)
        return false;
    memcpy(out, domain.ptr, domain.len);
    out[domain.len] = '\0';
    *ret_domain = (struct seuil_str){out, domain.len};
    return true;
}

static int mail(struct seuil_map_scratch *s, struct seuil_str text)
{
    struct seuil_str domain;

    text = trimmed(text);
    if (!split_address(text, &domain)) {
        seuil_map_set_text(s, (struct seuil_str){0});
        return 0;
    }
    seuil_map_set_text(s, text);
    return seuil_map_step_unicode(s, SEUIL_STEP_LOWER);
}

int seuil_map_step_mail(const struct seuil_map *map, struct seuil_map_scratch *s,
                        enum seuil_map_step_kind kind)
{
    struct seuil_str text = s->value.v.s, domain;
    const char *registrable;
    bool there;

    if (text.len > SEUIL_MAP_STEP_TEXT_MAX)
        return seuil_map_fail(s, SEUIL_ERR_LIMIT, "an address has more than 8,192 bytes");
    if (kind == SEUIL_STEP_EMAIL)
        return mail(s, text);
    if (kind == SEUIL_STEP_EMAIL_DOMAIN && !split_address(trimmed(text), &domain))
        there = false;
    else
        there = domain_of(s, text, &domain);
    if (s->fault.code)
        return s->fault.code;
    seuil_map_set_text(s, there ? domain : (struct seuil_str){0});
    if (!there || kind == SEUIL_STEP_EMAIL_DOMAIN)
        return 0;
    if (kind == SEUIL_STEP_FREE_MAIL) {
        bool is = find_domain(free_mail, FREE_MAIL, domain.ptr) ||
                  find_domain(map->free_mail, map->free_mail_count, domain.ptr);

        s->value = (struct seuil_map_value){
            .there = true, .node = SEUIL_NODE_NONE, .v = {.type = SEUIL_TYPE_BOOL, .b = is}};
        return 0;
    }
    registrable = psl_registrable_domain(psl_builtin(), domain.ptr);
    seuil_map_set_text(s, registrable ? seuil_str_from(registrable) : (struct seuil_str){0});
    return 0;
}
