/* A form or a query string to a document. */

#include "base/utf8.h"
#include "codec/document.h"
#include "codec/url.h"

struct walk {
    struct seuil_decode_scratch *scratch;
    const uint8_t *bytes;
    struct seuil_fault *fault;
};

/* Undo %XX and +; the scratch holds it, since it is never longer than what it stands for. */
static int unescape(struct walk *w, struct seuil_str text, struct seuil_str *ret_text)
{
    uint32_t at = (uint32_t)((const uint8_t *)text.ptr - w->bytes);
    struct seuil_decode_scratch *s = w->scratch;

    if (memchr(text.ptr, '%', text.len) || memchr(text.ptr, '+', text.len)) {
        char *out = (char *)s->text + s->text_len;

        if (text.len > SEUIL_RECORD_BYTES_MAX - s->text_len)
            return seuil_fault_set(w->fault, SEUIL_ERR_LIMIT, at, "the text is too long");
        *ret_text = (struct seuil_str){out, seuil_url_unescape(text, true, out)};
        s->text_len += ret_text->len;
    } else {
        *ret_text = text;
    }
    if (!seuil_utf8_check((const uint8_t *)ret_text->ptr, ret_text->len))
        return seuil_fault_set(w->fault, SEUIL_ERR_FORMAT, at, "a name or value is not UTF-8");
    return 0;
}

static int take_pair(struct walk *w, const struct seuil_wanted *wanted, struct seuil_str pair,
                     struct seuil_document *document)
{
    const char *equals = memchr(pair.ptr, '=', pair.len);
    uint32_t name_len = equals ? (uint32_t)(equals - pair.ptr) : pair.len;
    struct seuil_str name = {pair.ptr, name_len}, value = {pair.ptr + pair.len, 0};
    const struct seuil_wanted *child;
    uint32_t text_len = w->scratch->text_len;
    struct seuil_node *node;
    int rc = unescape(w, name, &name);

    if (rc)
        return rc;
    document->steps++;
    child = seuil_wanted_find(wanted, name);
    if (!child && !wanted->whole) {
        w->scratch->text_len = text_len;
        return 0;
    }
    if (equals)
        value = (struct seuil_str){equals + 1, pair.len - name_len - 1};
    rc = unescape(w, value, &value);
    if (rc)
        return rc;
    node = seuil_document_add(document, SEUIL_TYPE_STRING, name);
    if (!node)
        return seuil_fault_set(w->fault, SEUIL_ERR_LIMIT, 0,
                               "the record has too many wanted values");
    node->value.s = value;
    return 0;
}

int seuil_form_document(const struct seuil_wanted *wanted, struct seuil_decode_scratch *scratch,
                        const uint8_t *bytes, uint32_t len, struct seuil_document *document,
                        struct seuil_fault *fault)
{
    struct walk w = {scratch, bytes, fault};
    const char *p = (const char *)bytes, *end = p + len;
    uint32_t root = document->count;
    int rc = 0;

    if (!seuil_document_add(document, SEUIL_NODE_OBJECT, (struct seuil_str){0}))
        return seuil_fault_set(fault, SEUIL_ERR_LIMIT, 0, "the record has too many wanted values");
    if (p < end && *p == '?')
        p++;
    while (p < end && !rc) {
        const char *ampersand = memchr(p, '&', (size_t)(end - p));
        const char *pair_end = ampersand ? ampersand : end;

        document->steps++;
        if (pair_end > p)
            rc = take_pair(&w, wanted, (struct seuil_str){p, (uint32_t)(pair_end - p)}, document);
        p = ampersand ? ampersand + 1 : end;
    }
    if (!rc)
        document->nodes[root].end = document->count;
    return rc;
}
