/* What systemd is told: readiness, stopping, status, and that work goes on (sd_notify(3)'s
 * protocol: one datagram to $NOTIFY_SOCKET). Without that variable everything here does nothing. */

#ifndef SEUIL_NOTIFY_H
#define SEUIL_NOTIFY_H

#include <stdint.h>

/* Read the environment once, before threads are made. */
void seuil_notify_init(void);

/* Send "READY=1", "STOPPING=1", "STATUS=..." or several lines. */
void seuil_notify(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* How often systemd wants to hear WATCHDOG=1, in ms; 0: not at all. */
int64_t seuil_notify_watchdog_ms(void);

#endif
