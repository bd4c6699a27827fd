// SPDX-License-Identifier: Apache-2.0
/* Attributes of devices, as text below /sys. */
#ifndef PMEM4J_SYSFS_H
#define PMEM4J_SYSFS_H

#include <stdbool.h>
#include <stddef.h>

/* Writes a text; returns -1 with errno if the kernel refuses it. */
int sysfs_write(const char *path, const char *value);

/* Reads an attribute without its end of line; false if it cannot be read. */
bool sysfs_read(const char *path, char *to, size_t size);

/* The first entry of the directory whose name begins so, in name order. */
bool sysfs_first(const char *directory, const char *prefix, char *name, size_t size);

#endif
