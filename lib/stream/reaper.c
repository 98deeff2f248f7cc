/* Handles of librdkafka that are given up: their destruction may block for long, so it happens in a
 * thread of its own, and only the end of the process waits for it, within bounds. */

#include <errno.h>
#include <time.h>

#include <librdkafka/rdkafka.h>

#include "stream/kafka_int.h"

static pthread_mutex_t reaper_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t reaper_done = PTHREAD_COND_INITIALIZER;
static unsigned reaper_count; /* under way */

static void *reap_any(rd_kafka_t *rk, bool producer)
{
    if (producer)
        rd_kafka_purge(rk, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT |
                               RD_KAFKA_PURGE_F_NON_BLOCKING);
    rd_kafka_destroy_flags(rk, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
    pthread_mutex_lock(&reaper_lock);
    reaper_count--;
    pthread_cond_broadcast(&reaper_done);
    pthread_mutex_unlock(&reaper_lock);
    return NULL;
}

static void *reap_producer(void *rk)
{
    return reap_any(rk, true);
}

static void *reap_consumer(void *rk)
{
    return reap_any(rk, false);
}

void seuil_kafka_reap(rd_kafka_t *rk, bool producer)
{
    pthread_attr_t attr;
    pthread_t thread;

    pthread_mutex_lock(&reaper_lock);
    reaper_count++;
    pthread_mutex_unlock(&reaper_lock);
    pthread_attr_init(&attr);
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    if (pthread_create(&thread, &attr, producer ? reap_producer : reap_consumer, rk))
        reap_any(rk, producer); /* no thread: better slow than leaking */
    pthread_attr_destroy(&attr);
}

bool seuil_kafka_reaped(int timeout_ms)
{
    struct timespec until;
    bool gone;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += timeout_ms / 1000;
    until.tv_nsec += (long)(timeout_ms % 1000) * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    pthread_mutex_lock(&reaper_lock);
    while (reaper_count && pthread_cond_timedwait(&reaper_done, &reaper_lock, &until) != ETIMEDOUT)
        ;
    gone = reaper_count == 0;
    pthread_mutex_unlock(&reaper_lock);
    return gone;
}
