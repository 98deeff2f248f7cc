/* The process: clients, workers, and who owns what. The main thread polls the consumer group,
 * passes shards to workers and back, obeys signals, and tells systemd and the log how things are.
 */

#ifndef SEUIL_DAEMON_H
#define SEUIL_DAEMON_H

#include "open.h"

/* Run until a signal or a fatal error: an exit status of sysexits (0; 78 configuration; 75 a
 * temporary failure that a restart may cure; 70 a bug). Signals are blocked by the caller before:
 * SIGTERM and SIGINT stop (a second one ends at once), SIGHUP reads the models anew, SIGUSR1 logs a
 * report. @opened stays the caller's. */
int seuil_daemon_run(struct seuil_opened *opened);

/* Block the signals above in this thread and those it makes. */
void seuil_daemon_block_signals(void);

#endif
