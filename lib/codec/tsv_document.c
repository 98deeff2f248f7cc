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
    uint32_t low = 0, high = column_count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int order = seuil_str_cmp(columns[middle].name, wanted->name);

        if (order == 0)
            return columns[middle].number;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return number_of(wanted->name);
}

/* Where columns begin, from 1 on, and behind the last one where one more would; their number. */
static uint32_t find_columns(const uint8_t *bytes, uint32_t len,
                             uint32_t starts[SEUIL_TSV_COLUMNS_MAX + 2])
{
    const uint8_t *p = bytes, *end = bytes + len, *tab;
    uint32_t count = 0;

    while (count < SEUIL_TSV_COLUMNS_MAX) {
        starts[++count] = (uint32_t)(p - bytes);
        tab = memchr(p, '\t', (size_t)(end - p));
        p = (tab ? tab : end) + 1;
        if (!tab)
            break;
    }
    starts[count + 1] = (uint32_t)(p - bytes);
    return count;
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
    uint32_t starts[SEUIL_TSV_COLUMNS_MAX + 2], count;
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
    count = find_columns(bytes, len, starts);
    for (uint32_t i = 0; i < wanted->child_count && !rc; i++) {
        const struct seuil_wanted *child = &wanted->children[i];
        uint32_t number = column_of(child, columns, column_count);
        struct seuil_str text;

        document->steps++;
        if (number == 0 || number > count)
            continue;
        text = (struct seuil_str){(const char *)bytes + starts[number],
                                  starts[number + 1] - starts[number] - 1};
        rc = take(child, text, bytes, document, fault);
    }
    if (!rc)
        document->nodes[root].end = document->count;
    return rc;
}
