#include "core/condition.h"

#include <assert.h>

static double number_of(const struct seuil_value *value)
{
    return value->type == SEUIL_TYPE_INT ? (double)value->i : value->d;
}

/* Bools, then numbers, then strings. */
static int rank_of(const struct seuil_value *value)
{
    switch (value->type) {
    case SEUIL_TYPE_BOOL:
        return 0;
    case SEUIL_TYPE_INT:
    case SEUIL_TYPE_DOUBLE:
        return 1;
    default:
        return 2;
    }
}

int seuil_value_cmp(const struct seuil_value *a, const struct seuil_value *b)
{
    int rank = rank_of(a);

    assert(a->type != SEUIL_TYPE_NULL && b->type != SEUIL_TYPE_NULL);
    if (rank != rank_of(b))
        return rank < rank_of(b) ? -1 : 1;
    if (rank == 0)
        return a->b - b->b;
    if (rank == 1) {
        double x = number_of(a), y = number_of(b);

        return (x > y) - (x < y);
    }
    return seuil_str_cmp(a->s, b->s);
}

void seuil_text_fold(char *text, uint32_t len)
{
    /* From the end: a byte's fold looks at the unfolded byte before it. */
    for (uint32_t i = len; i-- > 0;)
        text[i] = (char)seuil_text_fold_at(text, i);
}

bool seuil_text_number(struct seuil_str text, double *ret_number)
{
    static const double powers[] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                    1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
    uint32_t i = 0, digits = 0, decimals = 0;
    bool negative = false, point = false;
    int64_t whole = 0;
    double number;

    if (i < text.len && (text.ptr[i] == '-' || text.ptr[i] == '+'))
        negative = text.ptr[i++] == '-';
    for (; i < text.len; i++) {
        char c = text.ptr[i];

        if (c == '.' && !point && digits > 0) {
            point = true;
            continue;
        }
        if (c < '0' || c > '9' || ++digits > 15)
            return false;
        whole = whole * 10 + (c - '0');
        decimals += point;
    }
    if (digits == 0 || (point && decimals == 0))
        return false;
    /* Both are exact doubles, so the quotient is correctly rounded. */
    number = (double)whole / powers[decimals];
    *ret_number = negative ? -number : number;
    return true;
}
