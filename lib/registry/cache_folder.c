#include "registry/cache_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/heap.h"

/* ---- counting and making room --------------------------------------------------------------- */

struct found {
    char name[128];
    time_t used;
    uint64_t bytes;
};

static int by_use(const void *left, const void *right)
{
    const struct found *a = left, *b = right;

    return a->used != b->used ? (a->used > b->used) - (a->used < b->used)
                              : strcmp(a->name, b->name);
}

static bool ends_with(const char *name, const char *suffix)
{
    size_t len = strlen(name), n = strlen(suffix);

    return len > n && strcmp(name + len - n, suffix) == 0;
}

/* Count what is there, into @found as far as it has room (NULL: only count). */
static uint64_t count(struct seuil_cache_folder *folder, struct found *found, uint64_t room)
{
    int fd = openat(folder->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    uint64_t n = 0;

    if (!dir) {
        if (fd >= 0)
            close(fd);
        return 0;
    }
    folder->files = folder->bytes = 0;
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        struct stat st;

        if (!ends_with(entry->d_name, SEUIL_CACHE_SUFFIX) ||
            strlen(entry->d_name) >= sizeof(found->name) ||
            fstatat(folder->fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) || !S_ISREG(st.st_mode))
            continue;
        folder->files++;
        folder->bytes += (uint64_t)st.st_size;
        if (n == room)
            continue;
        snprintf(found[n].name, sizeof(found[n].name), "%s", entry->d_name);
        found[n].used = st.st_mtime;
        found[n++].bytes = (uint64_t)st.st_size;
    }
    closedir(dir);
    return n;
}

/* Others write there too: count, and remove the oldest until three quarters of the room are used.
 */
static void make_room(struct seuil_cache_folder *folder)
{
    uint64_t room = folder->files + 64, n;
    struct found *found = seuil_heap_alloc(room * sizeof(*found));

    if (!found)
        return;
    n = count(folder, found, room);
    qsort(found, n, sizeof(*found), by_use);
    for (uint64_t i = 0; i < n && (folder->files > folder->files_max / 4 * 3 ||
                                   folder->bytes > folder->bytes_max / 4 * 3);
         i++) {
        seuil_cache_folder_remove(folder, found[i].name);
        folder->files--;
        folder->bytes -= found[i].bytes;
    }
    seuil_heap_free(found);
}

/* ---- the interface -------------------------------------------------------------------------- */

int seuil_cache_folder_open(struct seuil_cache_folder *folder, const char *path, bool make,
                            uint32_t files_max, uint32_t bytes_max, struct seuil_error *err)
{
    *folder = (struct seuil_cache_folder){.fd = -1,
                                          .files_max = files_max,
                                          .bytes_max = bytes_max,
                                          .path = seuil_heap_strdup(path, strlen(path))};
    if (!folder->path)
        return seuil_error_set(err, SEUIL_ERR_NOMEM, "out of memory");
    if (make && mkdir(path, 0750) && errno != EEXIST)
        return seuil_error_set(err, SEUIL_ERR_CONFIG, "the folder %s cannot be made: %s", path,
                               strerror(errno));
    folder->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder->fd < 0)
        return seuil_error_set(err, errno == ENOENT ? SEUIL_ERR_MISSING : SEUIL_ERR_CONFIG,
                               "the folder %s cannot be read: %s", path, strerror(errno));
    if (make)
        count(folder, NULL, 0);
    return 0;
}

void seuil_cache_folder_done(struct seuil_cache_folder *folder)
{
    if (folder->path && folder->fd >= 0)
        close(folder->fd);
    seuil_heap_free(folder->path);
}

int seuil_cache_folder_read(const struct seuil_cache_folder *folder, const char *name, size_t max,
                            struct seuil_buf *ret_bytes)
{
    int fd = openat(folder->fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    int rc = SEUIL_ERR_IO;
    struct stat st;

    seuil_buf_clear(ret_bytes);
    if (fd < 0)
        return errno == ENOENT ? SEUIL_ERR_MISSING : SEUIL_ERR_IO;
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (uint64_t)st.st_size <= max) {
        rc = seuil_buf_reserve(ret_bytes, (size_t)st.st_size);
        while (!rc && ret_bytes->len < (size_t)st.st_size) {
            ssize_t n =
                read(fd, ret_bytes->ptr + ret_bytes->len, (size_t)st.st_size - ret_bytes->len);

            if (n <= 0)
                rc = SEUIL_ERR_IO;
            else
                ret_bytes->len += (size_t)n;
        }
    }
    close(fd);
    return rc;
}

static int write_all(int fd, const struct seuil_buf *bytes)
{
    for (size_t at = 0; at < bytes->len;) {
        ssize_t n = write(fd, bytes->ptr + at, bytes->len - at);

        if (n < 0)
            return -1;
        at += (size_t)n;
    }
    return 0;
}

int seuil_cache_folder_write(struct seuil_cache_folder *folder, const char *name,
                             const struct seuil_buf *bytes, struct seuil_error *err)
{
    uint64_t some = 0;
    char half[64];
    int fd, rc;

    /* A name that no other thread or process has. What a crash leaves behind is a file like the
     * others, and goes when it is the oldest. */
    (void)!getrandom(&some, sizeof(some), GRND_NONBLOCK);
    snprintf(half, sizeof(half), "half-%016" PRIx64 SEUIL_CACHE_SUFFIX, some);
    fd = openat(folder->fd, half, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
    rc = fd < 0 ? -1 : write_all(fd, bytes);
    if (fd >= 0 && close(fd))
        rc = -1;
    if (!rc)
        rc = renameat(folder->fd, half, folder->fd, name);
    if (rc) {
        seuil_error_set(err, SEUIL_ERR_IO, "%s/%s cannot be written: %s", folder->path, name,
                        strerror(errno));
        if (fd >= 0)
            unlinkat(folder->fd, half, 0);
        return SEUIL_ERR_IO;
    }
    folder->files++;
    folder->bytes += bytes->len;
    if (folder->files > folder->files_max || folder->bytes > folder->bytes_max)
        make_room(folder);
    return 0;
}

void seuil_cache_folder_touch(const struct seuil_cache_folder *folder, const char *name)
{
    utimensat(folder->fd, name, NULL, AT_SYMLINK_NOFOLLOW);
}

void seuil_cache_folder_remove(const struct seuil_cache_folder *folder, const char *name)
{
    unlinkat(folder->fd, name, 0);
}
