#ifndef SEUIL_REPORT_MAPS_H
#define SEUIL_REPORT_MAPS_H

#include "open.h"

/* Warn of mapped fields that stopped coming, and tell when they come again; to be called often. */
void seuil_report_fields(const struct seuil_opened *opened);

/* A line for each input with a map: how many items were left out, and why. */
void seuil_report_maps(const struct seuil_opened *opened);

#endif
