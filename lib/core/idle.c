#include "core/idle.h"

#include <math.h>

/* factor^count by squaring: exact where the factor is a power of two. */
static double power(double factor, int64_t count)
{
    double result = 1;

    for (; count > 0; count >>= 1) {
        if (count & 1)
            result *= factor;
        factor *= factor;
    }
    return result;
}

double seuil_idle_factor(const struct seuil_decay *decay, double worth, seuil_time_ms last,
                         seuil_time_ms at)
{
    int64_t periods = at > last ? (at - last) / decay->duration_ms : 0;
    double left;

    if (periods == 0)
        return 1;
    if (decay->subtract == 0)
        return power(decay->keep, periods);
    if (fabs(worth) < SEUIL_IDLE_LEAST)
        return 1;
    left = 1 - decay->subtract * (double)periods / fabs(worth);
    return left > 0 ? left : 0;
}

int64_t seuil_idle_periods(const struct seuil_decay *decay, double worth, double own, double least)
{
    double periods;

    own = fabs(own);
    if (own <= least)
        return 0;
    if (decay->subtract > 0)
        periods = fabs(worth) / decay->subtract;
    else
        periods = decay->keep > 0 ? log2(own / least) / -log2(decay->keep) : 0;
    return periods < 1e12 ? (int64_t)periods + 1 : INT64_C(1) << 40;
}
