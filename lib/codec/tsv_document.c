/* A line of values between tabs to a document. */

#include <stdlib.h>

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

static int by_number(const void *a, const void *b)
{
    const struct seuil_tsv_column *x = a, *y = b;

    return x->number != y->number ? (x->number > y->number) - (x->number < y->number)
                                  : seuil_str_cmp(x->name, y->name);
}

uint32_t seuil_tsv_columns(const struct seuil_wanted *wanted, const struct seuil_column *columns,
                           uint32_t column_count, struct seuil_tsv_column *ret_columns)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < wanted->child_count; i++) {
        uint32_t number = column_of(&wanted->children[i], columns, column_count);

        if (number > 0 && number <= SEUIL_TSV_COLUMNS_MAX)
            ret_columns[count++] = (struct seuil_tsv_column){number, wanted->children[i].name};
    }
    if (count)
        qsort(ret_columns, count, sizeof(*ret_columns), by_number);
    return count;
}

const struct seuil_wanted *seuil_tsv_unknown(const struct seuil_wanted *wanted,
                                             const struct seuil_column *columns,
                                             uint32_t column_count)
{
    for (uint32_t i = 0; i < wanted->child_count; i++) {
        uint32_t number = column_of(&wanted->children[i], columns, column_count);

        if (number == 0 || number > SEUIL_TSV_COLUMNS_MAX)
            return &wanted->children[i];
    }
    return NULL;
}

static int take(const struct seuil_tsv_column *column, const uint8_t *bytes, uint32_t at,
                uint32_t len, struct seuil_document *document, struct seuil_fault *fault)
{
    struct seuil_node *node;

    if (!seuil_utf8_check(bytes + at, len)) {
        fault->field = column->name;
        return seuil_fault_set(fault, SEUIL_ERR_FORMAT, at, "a column is not UTF-8");
    }
    node = seuil_document_add(document, len ? SEUIL_TYPE_STRING : SEUIL_TYPE_NULL, column->name);
    if (!node)
        return seuil_fault_set(fault, SEUIL_ERR_LIMIT, at, "the record has too many wanted values");
    if (len)
        node->value.s = (struct seuil_str){(const char *)bytes + at, len};
    return 0;
}

int seuil_tsv_document(const struct seuil_tsv_column *columns, uint32_t column_count,
                       const uint8_t *bytes, uint32_t len, struct seuil_document *document,
                       struct seuil_fault *fault)
{
    const struct seuil_tsv_column *column = columns, *last = columns + column_count;
    uint32_t root = document->count, at = 0;
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
    for (uint32_t number = 1; !rc && column < last; number++) {
        const uint8_t *tab = memchr(bytes + at, '\t', len - at);
        uint32_t end = tab ? (uint32_t)(tab - bytes) : len;

        document->steps++;
        for (; !rc && column < last && column->number == number; column++) {
            document->steps++;
            rc = take(column, bytes, at, end - at, document, fault);
        }
        if (!tab)
            break;
        at = end + 1;
    }
    if (!rc)
        document->nodes[root].end = document->count;
    return rc;
}
