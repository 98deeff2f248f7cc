/* A line of values between tabs to a document. */

#include "base/utf8.h"
#include "codec/document.h"

/* The number that a name is, from 1; 0: it is none. */
static uint32_t number_of(struct seuil_str name)
{
    uint32_t number = 0;

    if (name.len == 0 || name.len > 4)
        return 0;
    for (uint32_t i = 0; i < name.len; i++) {
        if (name.ptr[i] < '0' || name.ptr[i] > '9')
            return 0;
        number = number * 10 + (uint32_t)(name.ptr[i] - '0');
    }
    return number;
}

static uint32_t column_of(const struct seuil_wanted *wanted, const struct seuil_column *columns,
                          uint32_t column_count)
{
    for (uint32_t i = 0; i < column_count; i++)
        if (seuil_str_eq(columns[i].name, wanted->name))
            return columns[i].number;
    return number_of(wanted->name);
}

/* Column @number of the line, from 1; false when the line ends before it. */
static bool cut(const uint8_t *bytes, uint32_t len, uint32_t number, struct seuil_str *ret_text)
{
    const uint8_t *p = bytes, *end = bytes + len, *tab;

    for (;; p = tab + 1) {
        tab = memchr(p, '\t', (size_t)(end - p));
        if (--number == 0)
            break;
        if (!tab)
            return false;
    }
    *ret_text = (struct seuil_str){(const char *)p, (uint32_t)((tab ? tab : end) - p)};
    return true;
}

static int take(const struct seuil_wanted *wanted, struct seuil_str text, const uint8_t *bytes,
                struct seuil_document *document, struct seuil_fault *fault)
{
    uint32_t at = (uint32_t)((const uint8_t *)text.ptr - bytes);
    struct seuil_node *node;

    if (!seuil_utf8_check((const uint8_t *)text.ptr, text.len)) {
        fault->field = wanted->name;
        return seuil_fault_set(fault, SEUIL_ERR_FORMAT, at, "a column is not UTF-8");
    }
    node =
        seuil_document_add(document, text.len ? SEUIL_TYPE_STRING : SEUIL_TYPE_NULL, wanted->name);
    if (!node)
        return seuil_fault_set(fault, SEUIL_ERR_LIMIT, at, "the record has too many wanted values");
    if (text.len)
        node->value.s = text;
    return 0;
}

int seuil_tsv_document(const struct seuil_wanted *wanted, const struct seuil_column *columns,
                       uint32_t column_count, const uint8_t *bytes, uint32_t len,
                       struct seuil_document *document, struct seuil_fault *fault)
{
    uint32_t root = document->count;
    int rc = 0;

    /* A line may come with its end. */
    if (len > 0 && bytes[len - 1] == '\n')
        len--;
    if (len > 0 && bytes[len - 1] == '\r')
        len--;
    if (memchr(bytes, '\n', len))
        return seuil_fault_set(fault, SEUIL_ERR_FORMAT, 0, "the record is more than one line");
    if (!seuil_document_add(document, SEUIL_NODE_OBJECT, (struct seuil_str){0}))
        return seuil_fault_set(fault, SEUIL_ERR_LIMIT, 0, "the record has too many wanted values");
    for (uint32_t i = 0; i < wanted->child_count && !rc; i++) {
        const struct seuil_wanted *child = &wanted->children[i];
        uint32_t number = column_of(child, columns, column_count);
        struct seuil_str text;

        document->steps++;
        if (number > 0 && cut(bytes, len, number, &text))
            rc = take(child, text, bytes, document, fault);
    }
    if (!rc)
        document->nodes[root].end = document->count;
    return rc;
}
