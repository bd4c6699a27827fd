// SPDX-License-Identifier: Apache-2.0
/* Attributes of files, and what concerns more than one file. */
#define _GNU_SOURCE
#include "exec_ops.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <unistd.h>

/* The kernel's own limit. */
#define MAX_ATTRIBUTE 65536

/* The blob is path NUL name NUL value; the value may have NULs in it. */
void op_setxattr(struct exec *x, const struct request *r, struct reply *reply)
{
	char *path = request_string(r, 0);
	char *name = request_string(r, 1);
	size_t before = path && name ? strlen(path) + strlen(name) + 2 : r->blob_length + 1;

	(void)x;
	if (before > r->blob_length)
		reply_bad_arguments(reply);
	else
		reply_syscall(reply, lsetxattr(path, name, r->blob + before, r->blob_length - before,
					       (int)r->args[0]));
	free(path);
	free(name);
}

void op_getxattr(struct exec *x, const struct request *r, struct reply *reply)
{
	char *path = request_string(r, 0);
	char *name = request_string(r, 1);

	(void)x;
	if (name) {
		ssize_t n = lgetxattr(path, name, bytes_extend(&reply->data, MAX_ATTRIBUTE),
				      MAX_ATTRIBUTE);

		reply->data.length = n > 0 ? (size_t)n : 0;
		reply_syscall(reply, n);
	} else {
		reply_bad_arguments(reply);
	}
	free(path);
	free(name);
}

void op_listxattr(struct exec *x, const struct request *r, struct reply *reply)
{
	char *path = request_string(r, 0);
	ssize_t n = llistxattr(path, (char *)bytes_extend(&reply->data, MAX_ATTRIBUTE), MAX_ATTRIBUTE);

	(void)x;
	reply->data.length = n > 0 ? (size_t)n : 0;
	reply_syscall(reply, n);
	free(path);
}

void op_removexattr(struct exec *x, const struct request *r, struct reply *reply)
{
	char *path = request_string(r, 0);
	char *name = request_string(r, 1);

	(void)x;
	if (name)
		reply_syscall(reply, lremovexattr(path, name));
	else
		reply_bad_arguments(reply);
	free(path);
	free(name);
}

/* An ioctl on what the path names; a result of the ioctl's own is in *value. */
static void on_path(const struct request *r, struct reply *reply, unsigned long command, int *value)
{
	char *path = request_string(r, 0);
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	free(path);
	if (fd < 0) {
		reply_errno(reply);
		return;
	}
	reply_syscall(reply, ioctl(fd, command, value));
	close(fd);
}

/* The kernel reads and writes an int, whatever the number of the ioctl says. */
void op_getflags(struct exec *x, const struct request *r, struct reply *reply)
{
	int flags = 0;

	(void)x;
	on_path(r, reply, FS_IOC_GETFLAGS, &flags);
	if (reply->result == 0)
		reply->result = (uint32_t)flags;
}

void op_setflags(struct exec *x, const struct request *r, struct reply *reply)
{
	int flags = (int)r->args[0];

	(void)x;
	on_path(r, reply, FS_IOC_SETFLAGS, &flags);
}

/* From fs/ext2/ext2.h; as with the flags an int is read and written. */
#define EXT2_IOC_GETRSVSZ _IOR('f', 5, long)
#define EXT2_IOC_SETRSVSZ _IOW('f', 6, long)

void op_getrsvsz(struct exec *x, const struct request *r, struct reply *reply)
{
	int blocks = 0;

	(void)x;
	on_path(r, reply, EXT2_IOC_GETRSVSZ, &blocks);
	if (reply->result == 0)
		reply->result = blocks;
}

void op_setrsvsz(struct exec *x, const struct request *r, struct reply *reply)
{
	int blocks = (int)r->args[0];

	(void)x;
	on_path(r, reply, EXT2_IOC_SETRSVSZ, &blocks);
}

void op_freeze(struct exec *x, const struct request *r, struct reply *reply)
{
	int nothing = 0;

	(void)x;
	on_path(r, reply, FIFREEZE, &nothing);
}

void op_thaw(struct exec *x, const struct request *r, struct reply *reply)
{
	int nothing = 0;

	(void)x;
	on_path(r, reply, FITHAW, &nothing);
}

/* MS_REMOUNT is ours to set: on a machine that others use nothing is ever mounted anew. */
void op_remount(struct exec *x, const struct request *r, struct reply *reply)
{
	char *path = request_string(r, 0);
	char *options = request_string(r, 1);

	(void)x;
	if (!path)
		reply_bad_arguments(reply);
	else
		reply_syscall(reply, mount("none", path, "none",
					   (unsigned long)r->args[0] | MS_REMOUNT,
					   options ? options : ""));
	free(path);
	free(options);
}

void op_statfs(struct exec *x, const struct request *r, struct reply *reply)
{
	char *path = request_string(r, 0);
	struct statfs fs;

	(void)x;
	if (statfs(path, &fs) < 0) {
		reply_errno(reply);
	} else {
		bytes_u64(&reply->data, (uint64_t)fs.f_type);
		bytes_u64(&reply->data, (uint64_t)fs.f_bsize);
		bytes_u64(&reply->data, fs.f_blocks);
		bytes_u64(&reply->data, fs.f_bfree);
		bytes_u64(&reply->data, fs.f_bavail);
		bytes_u64(&reply->data, fs.f_files);
		bytes_u64(&reply->data, fs.f_ffree);
		bytes_u64(&reply->data, (uint64_t)fs.f_namelen);
	}
	free(path);
}

/*
 * The saved identity stays what it was, so that 0, 0 leads back to root. What
 * only root may open is opened before.
 */
void op_become(struct exec *x, const struct request *r, struct reply *reply)
{
	uid_t uid = (uid_t)r->args[0];
	gid_t gid = (gid_t)r->args[1];

	open_pagemap(x);
	/* Root first: only root may choose a group. */
	if (seteuid(0) < 0 || setresgid(gid, gid, 0) < 0 || setresuid(uid, uid, 0) < 0)
		reply_errno(reply);
}

void op_vmstat(struct exec *x, const struct request *r, struct reply *reply)
{
	char *name = request_string(r, 0);
	FILE *file = fopen("/proc/vmstat", "re");
	char key[64];
	long long value;

	(void)x;
	reply->result = -1;
	reply->error = ENOENT;
	while (file && fscanf(file, "%63s %lld", key, &value) == 2) {
		if (strcmp(key, name))
			continue;
		reply->result = value;
		reply->error = 0;
	}
	if (file)
		fclose(file);
	free(name);
}

void op_sync(struct exec *x, const struct request *r, struct reply *reply)
{
	(void)x, (void)r, (void)reply;
	sync();
}

void op_release(struct exec *x, const struct request *r, struct reply *reply)
{
	(void)r, (void)reply;
	exec_release(x);
}
