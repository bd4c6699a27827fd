// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "sysfs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int sysfs_write(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return -1;
	ssize_t n = write(fd, value, strlen(value));
	int saved = errno;

	close(fd);
	errno = saved;
	return n < 0 ? -1 : 0;
}

bool sysfs_read(const char *path, char *to, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return false;
	ssize_t n = read(fd, to, size - 1);

	close(fd);
	if (n < 0)
		return false;
	while (n > 0 && to[n - 1] == '\n')
		n--;
	to[n] = 0;
	return true;
}

bool sysfs_first(const char *directory, const char *prefix, char *name, size_t size)
{
	DIR *d = opendir(directory);
	bool found = false;

	if (!d)
		return false;
	for (struct dirent *e; (e = readdir(d));) {
		if (strncmp(e->d_name, prefix, strlen(prefix)) || strlen(e->d_name) >= size)
			continue;
		if (!found || strcmp(e->d_name, name) < 0)
			snprintf(name, size, "%s", e->d_name);
		found = true;
	}
	closedir(d);
	return found;
}
