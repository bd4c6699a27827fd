// SPDX-License-Identifier: Apache-2.0
#include "exec.h"
#include "machine.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/*
 * /dev/kmsg: one record a read, "priority,sequence,microseconds,flags;text", then
 * lines of properties that begin with a space. The descriptor keeps the place.
 */
static int log_fd = -1;

static void take_record(const char *record, size_t length, struct bytes *lines)
{
	const char *end = record + length;
	const char *prefix_end = memchr(record, ';', length);

	if (!prefix_end)
		return;
	const char *text = prefix_end + 1;
	const char *newline = memchr(text, '\n', (size_t)(end - text));

	bytes_append(lines, text, (size_t)((newline ? newline : end) - text));
	bytes_append(lines, "\n", 1);
}

bool kernel_log_open(void)
{
	if (log_fd < 0)
		log_fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	return log_fd >= 0;
}

void kernel_log_run(const struct request *r, struct reply *reply)
{
	/* The kernel cuts records at this size, prefix and properties included. */
	char record[8192];

	(void)r;
	if (!kernel_log_open()) {
		reply_errno(reply);
		return;
	}
	for (;;) {
		ssize_t n = read(log_fd, record, sizeof(record));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != EAGAIN)
			reply_errno(reply);
		if (n <= 0)
			return;
		take_record(record, (size_t)n, &reply->data);
		reply->result++;
	}
}
