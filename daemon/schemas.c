#include "schemas.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "base/heap.h"
#include "clients.h"
#include "log.h"
#include "registry/lookup.h"
#include "worker.h"

#define SLEEP_MAX_MS 60000

struct seuil_schemas {
    struct seuil_registry *registry;
    struct seuil_decoder *decoders[SEUIL_TOPICS_MAX]; /* by topic number; NULL: no input */
    struct seuil_buf text;
    atomic_bool stop;
    pthread_t thread;
    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t wanted;
    struct seuil_lookup *lookup;
};

static void fetch(struct seuil_schemas *schemas, const struct seuil_lookup_job *job)
{
    char name[SEUIL_SCHEMA_REF_TEXT];
    struct seuil_error err = {0};
    int rc = seuil_registry_schema(schemas->registry, &job->ref, &schemas->text, &err);

    seuil_schema_ref_format(&job->ref, name);
    if (rc)
        seuil_logf(SEUIL_LOG_DEBUG, "schema %s: %s", name, err.text);
    else
        seuil_logf(SEUIL_LOG_INFO, "schema %s is known now", name);
    pthread_mutex_lock(&schemas->lock);
    seuil_lookup_fetched(schemas->lookup, &job->ref, rc, &schemas->text, &err,
                         seuil_clock_mono_ms());
    pthread_mutex_unlock(&schemas->lock);
}

static void learn(struct seuil_schemas *schemas, const struct seuil_lookup_job *job)
{
    char name[SEUIL_SCHEMA_REF_TEXT];
    struct seuil_error err = {0};
    int rc;

    seuil_schema_ref_format(&job->ref, name);
    rc = seuil_decoder_learn(schemas->decoders[job->reader], &job->ref, name, job->text, job->len,
                             &err);
    if (rc)
        seuil_logf(SEUIL_LOG_WARNING, "schema %s cannot be used: %s", name, err.text);
    pthread_mutex_lock(&schemas->lock);
    seuil_lookup_learned(schemas->lookup, &job->ref, job->reader, rc, &err, seuil_clock_mono_ms());
    pthread_mutex_unlock(&schemas->lock);
}

/* Until something is wanted, or @until. */
static void sleep_until(struct seuil_schemas *schemas, seuil_time_ms now, seuil_time_ms until)
{
    struct timespec at;

    if (until > now + SLEEP_MAX_MS)
        until = now + SLEEP_MAX_MS;
    at = (struct timespec){.tv_sec = until / 1000, .tv_nsec = until % 1000 * 1000000};
    pthread_cond_timedwait(&schemas->wanted, &schemas->lock, &at);
}

static void *run(void *arg)
{
    struct seuil_schemas *schemas = arg;
    struct seuil_lookup_job job;

    while (!atomic_load(&schemas->stop)) {
        seuil_time_ms now = seuil_clock_mono_ms(), next;

        pthread_mutex_lock(&schemas->lock);
        next = seuil_lookup_next(schemas->lookup, now, &job);
        if (job.task == SEUIL_LOOKUP_NOTHING && !atomic_load(&schemas->stop))
            sleep_until(schemas, now, next);
        pthread_mutex_unlock(&schemas->lock);
        if (job.task == SEUIL_LOOKUP_FETCH)
            fetch(schemas, &job);
        else if (job.task == SEUIL_LOOKUP_LEARN)
            learn(schemas, &job);
    }
    return NULL;
}

int seuil_schemas_ask(void *ctx, uint32_t topic, const struct seuil_schema_ref *ref,
                      struct seuil_error *err)
{
    struct seuil_schemas *schemas = ctx;
    int rc;

    pthread_mutex_lock(&schemas->lock);
    rc = seuil_lookup_want(schemas->lookup, topic, ref, seuil_clock_mono_ms(), err);
    if (rc == SEUIL_ERR_BACKOFF)
        pthread_cond_signal(&schemas->wanted);
    pthread_mutex_unlock(&schemas->lock);
    return rc;
}

static int start_thread(struct seuil_schemas *schemas)
{
    pthread_condattr_t attributes;
    int rc;

    pthread_mutex_init(&schemas->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&schemas->wanted, &attributes);
    pthread_condattr_destroy(&attributes);
    rc = pthread_create(&schemas->thread, NULL, run, schemas);
    if (rc) {
        pthread_cond_destroy(&schemas->wanted);
        pthread_mutex_destroy(&schemas->lock);
    }
    return rc;
}

int seuil_schemas_start(const struct seuil_opened *opened, const uint32_t *numbers,
                        struct seuil_schemas **ret_schemas, struct seuil_error *err)
{
    const struct seuil_settings *settings = opened->settings;
    struct seuil_schemas *schemas = seuil_heap_zalloc(1, sizeof(*schemas));
    struct seuil_lookup_config config = {
        .backoff_min_ms = settings->registry_backoff_min_ms,
        .backoff_max_ms = settings->registry_backoff_max_ms,
        .confirm_ms = settings->registry_confirm_ms,
    };
    int rc;

    if (!schemas)
        return seuil_error_set(err, SEUIL_ERR_NOMEM, "out of memory");
    (void)!getrandom(&config.seed, sizeof(config.seed), GRND_NONBLOCK);
    for (uint32_t i = 0; i < settings->input_count; i++)
        if (numbers[i] < SEUIL_TOPICS_MAX)
            schemas->decoders[numbers[i]] = opened->decoders[i];
    schemas->registry = seuil_clients_registry(settings, true, &schemas->stop, err);
    if (!schemas->registry) {
        seuil_heap_free(schemas);
        *ret_schemas = NULL;
        return err->code;
    }
    schemas->lookup = seuil_lookup_new(&config);
    rc = schemas->lookup ? start_thread(schemas) : ENOMEM;
    if (rc) {
        seuil_lookup_free(schemas->lookup);
        seuil_registry_free(schemas->registry);
        seuil_heap_free(schemas);
        return seuil_error_set(err, SEUIL_ERR_NOMEM, "the thread for schemas: %s", strerror(rc));
    }
    *ret_schemas = schemas;
    return 0;
}

void seuil_schemas_stop(struct seuil_schemas *schemas)
{
    if (!schemas)
        return;
    pthread_mutex_lock(&schemas->lock);
    atomic_store(&schemas->stop, true);
    pthread_cond_signal(&schemas->wanted);
    pthread_mutex_unlock(&schemas->lock);
    pthread_join(schemas->thread, NULL);
    pthread_cond_destroy(&schemas->wanted);
    pthread_mutex_destroy(&schemas->lock);
    seuil_lookup_free(schemas->lookup);
    seuil_registry_free(schemas->registry);
    seuil_buf_done(&schemas->text);
    seuil_heap_free(schemas);
}
