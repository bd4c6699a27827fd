// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "machine.h"
#include "exec.h"
#include "exec_ops.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/klog.h>
#include <sys/mount.h>
#include <unistd.h>

/* klogctl(3): the level of the console; the log itself is always complete. */
enum { CONSOLE_LEVEL = 8, LEVEL_WITHOUT_WARNINGS = 4, LEVEL_OF_BOOT = 5 };

static void op_ping(const struct request *r, struct reply *reply)
{
	(void)r, (void)reply;
}

static void op_mount(const struct request *r, struct reply *reply)
{
	char *source = request_string(r, 0);
	char *target = request_string(r, 1);
	char *type = request_string(r, 2);
	char *options = request_string(r, 3);

	if (!source || !target || !type) {
		reply_bad_arguments(reply);
	} else {
		/* What every DAX mount says takes as long to print as the mount itself. */
		klogctl(CONSOLE_LEVEL, NULL, LEVEL_WITHOUT_WARNINGS);
		reply_syscall(reply, mount(source, target, type, (unsigned long)r->args[0],
					   options ? options : ""));
		klogctl(CONSOLE_LEVEL, NULL, LEVEL_OF_BOOT);
	}
	free(source);
	free(target);
	free(type);
	free(options);
}

static void op_umount(const struct request *r, struct reply *reply)
{
	char *target = request_string(r, 0);

	reply_syscall(reply, umount2(target, (int)r->args[0]));
	free(target);
}

static void read_file(const struct request *r, struct reply *reply)
{
	op_read_file(NULL, r, reply);
}

/* One write(2) as far as possible: settings in /proc and /sys take no second one. */
static void op_write_file(const struct request *r, struct reply *reply)
{
	const uint8_t *nul = memchr(r->blob, 0, r->blob_length);

	if (!nul) {
		reply_bad_arguments(reply);
		return;
	}
	const uint8_t *content = nul + 1;
	size_t length = (size_t)(r->blob + r->blob_length - content);
	int fd = open((const char *)r->blob, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	size_t done = 0;
	ssize_t n = fd;

	while (fd >= 0 && done < length && (n = write(fd, content + done, length - done)) > 0)
		done += (size_t)n;
	if (n < 0)
		reply_errno(reply);
	else
		reply->result = (int64_t)done;
	if (fd >= 0)
		close(fd);
}

static void op_flush_buffers(const struct request *r, struct reply *reply)
{
	char *device = request_string(r, 0);
	int fd = open(device, O_RDONLY | O_CLOEXEC);

	reply_syscall(reply, fd < 0 ? fd : ioctl(fd, BLKFLSBUF, 0));
	if (fd >= 0)
		close(fd);
	free(device);
}

static const struct op {
	uint16_t op;
	uint16_t argc;
	bool blob;
	void (*run)(const struct request *, struct reply *);
} ops[] = {
	{ WIRE_OP_PING, WIRE_ARGC_PING, false, op_ping },
	{ WIRE_OP_MOUNT, WIRE_ARGC_MOUNT, true, op_mount },
	{ WIRE_OP_UMOUNT, WIRE_ARGC_UMOUNT, true, op_umount },
	{ WIRE_OP_KERNEL_LOG, WIRE_ARGC_KERNEL_LOG, false, kernel_log_run },
	{ WIRE_OP_EXEC, WIRE_ARGC_EXEC, true, command_run },
	{ WIRE_OP_READ_FILE, WIRE_ARGC_READ_FILE, true, read_file },
	{ WIRE_OP_WRITE_FILE, WIRE_ARGC_WRITE_FILE, true, op_write_file },
	{ WIRE_OP_FLUSH_BUFFERS, WIRE_ARGC_FLUSH_BUFFERS, true, op_flush_buffers },
};

bool machine_run(const struct request *r, struct reply *reply)
{
	for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
		if (ops[i].op != r->op)
			continue;
		if (r->argc != ops[i].argc || ops[i].blob != (r->blob_length != 0))
			reply_bad_arguments(reply);
		else
			ops[i].run(r, reply);
		return true;
	}
	return false;
}
