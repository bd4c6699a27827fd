// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "trace.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TRACING "/sys/kernel/tracing/"

/* As the kernel says it of a buffer that was overwritten. */
#define LOSS "CPU:0 [LOST EVENTS]\n"

static int write_setting(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return -1;
	ssize_t n = write(fd, value, strlen(value));

	close(fd);
	return n < 0 ? -1 : 0;
}

int trace_prepare(void)
{
	/* A task that migrates must not have its events merged in the wrong order. */
	return write_setting(TRACING "trace_clock", "global");
}

int trace_enable(bool on)
{
	return write_setting(TRACING "events/fs_dax/enable", on ? "1" : "0");
}

/*
 * trace_pipe and not trace: reading consumes, so nothing has to be cleared
 * (clearing waits for a grace period, milliseconds an operation).
 */
int trace_open(void)
{
	return open(TRACING "trace_pipe", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
}

static void take_all(int fd, struct bytes *text, size_t at_most)
{
	while (text->length <= at_most) {
		size_t before = text->length;
		ssize_t n = read(fd, bytes_extend(text, 4096), 4096);

		text->length = before + (n > 0 ? (size_t)n : 0);
		if (n <= 0)
			return;
	}
}

/*
 * A task that faults again and again writes events faster than they are read,
 * and reading would not end: what is in the buffers then is read alone.
 */
void trace_take(int fd, struct bytes *text)
{
	take_all(fd, text, TRACE_FLOOD);
	if (text->length <= TRACE_FLOOD)
		return;
	write_setting(TRACING "tracing_on", "0");
	take_all(fd, text, SIZE_MAX);
	write_setting(TRACING "tracing_on", "1");
	bytes_append(text, LOSS, sizeof(LOSS) - 1);
}

/*
 * A line begins with the comm, right-aligned in 16 columns, a dash and the pid.
 * The comm says nothing: until the task has been switched once since the events
 * were enabled, the kernel does not know it and prints <...>.
 */
static bool line_of(const char *line, const char *end, pid_t task)
{
	enum { COMM_COLUMNS = 16 };
	char mine[32];
	int length = snprintf(mine, sizeof(mine), "-%d ", (int)task);

	return end - line > COMM_COLUMNS + length &&
	       !memcmp(line + COMM_COLUMNS, mine, (size_t)length);
}

static bool line_of_loss(const char *line, const char *end)
{
	return end - line > 4 && !memcmp(line, "CPU:", 4) &&
	       memmem(line, (size_t)(end - line), " EVENTS]", 8);
}

void trace_filter(const char *text, size_t length, pid_t task, struct bytes *lines)
{
	const char *end = text + length;

	while (text < end) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		const char *next = newline ? newline + 1 : end;

		if (lines->length <= TRACE_FLOOD &&
		    (line_of(text, next, task) || line_of_loss(text, next))) {
			bytes_append(lines, text, (size_t)(next - text));
			if (lines->length > TRACE_FLOOD)
				bytes_append(lines, LOSS, sizeof(LOSS) - 1);
		}
		text = next;
	}
}
