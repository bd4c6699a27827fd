// SPDX-License-Identifier: Apache-2.0
/* Operations on names. Symbolic links at the end of a path are never followed. */
#define _GNU_SOURCE
#include "exec_ops.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void one_path(const struct request *r, struct reply *reply,
		     int (*call)(const struct request *r, const char *path))
{
	char *path = request_string(r, 0);

	reply_syscall(reply, call(r, path));
	free(path);
}

static void two_paths(const struct request *r, struct reply *reply,
		      int (*call)(const struct request *r, const char *first, const char *second))
{
	char *first = request_string(r, 0);
	char *second = request_string(r, 1);

	if (second)
		reply_syscall(reply, call(r, first, second));
	else
		reply_bad_arguments(reply);
	free(first);
	free(second);
}

static int call_mkdir(const struct request *r, const char *path)
{
	return mkdir(path, (mode_t)r->args[0]);
}

void op_mkdir(struct exec *x, const struct request *r, struct reply *reply)
{
	(void)x;
	one_path(r, reply, call_mkdir);
}

static int call_rmdir(const struct request *r, const char *path)
{
	(void)r;
	return rmdir(path);
}

void op_rmdir(struct exec *x, const struct request *r, struct reply *reply)
{
	(void)x;
	one_path(r, reply, call_rmdir);
}

static int call_unlink(const struct request *r, const char *path)
{
	(void)r;
	return unlink(path);
}

void op_unlink(struct exec *x, const struct request *r, struct reply *reply)
{
	(void)x;
	one_path(r, reply, call_unlink);
}

static int call_chmod(const struct request *r, const char *path)
{
	return chmod(path, (mode_t)r->args[0]);
}

void op_chmod(struct exec *x, const struct request *r, struct reply *reply)
{
	(void)x;
	one_path(r, reply, call_chmod);
}

static int call_chown(const struct request *r, const char *path)
{
	return lchown(path, (uid_t)r->args[0], (gid_t)r->args[1]);
}

void op_chown(struct exec *x, const struct request *r, struct reply *reply)
{
	(void)x;
	one_path(r, reply, call_chown);
}

static struct timespec wanted_time(int64_t second)
{
	if (second == WIRE_TIME_NOW || second == WIRE_TIME_OMIT)
		return (struct timespec){ .tv_nsec = second == WIRE_TIME_NOW ? UTIME_NOW : UTIME_OMIT };
	return (struct timespec){ .tv_sec = (time_t)second };
}

static int call_utimens(const struct request *r, const char *path)
{
	const struct timespec times[] = { wanted_time(r->args[0]), wanted_time(r->args[1]) };

	return utimensat(AT_FDCWD, path, times, AT_SYMLINK_NOFOLLOW);
}

void op_utimens(struct exec *x, const struct request *r, struct reply *reply)
{
	(void)x;
	one_path(r, reply, call_utimens);
}

static int call_access(const struct request *r, const char *path)
{
	return faccessat(AT_FDCWD, path, (int)r->args[0], AT_EACCESS);
}

void op_access(struct exec *x, const struct request *r, struct reply *reply)
{
	(void)x;
	one_path(r, reply, call_access);
}

static int call_link(const struct request *r, const char *first, const char *second)
{
	(void)r;
	return link(first, second);
}

void op_link(struct exec *x, const struct request *r, struct reply *reply)
{
	(void)x;
	two_paths(r, reply, call_link);
}

static int call_symlink(const struct request *r, const char *first, const char *second)
{
	(void)r;
	return symlink(first, second);
}

void op_symlink(struct exec *x, const struct request *r, struct reply *reply)
{
	(void)x;
	two_paths(r, reply, call_symlink);
}

static int call_rename(const struct request *r, const char *first, const char *second)
{
	return renameat2(AT_FDCWD, first, AT_FDCWD, second, (unsigned int)r->args[0]);
}

void op_rename(struct exec *x, const struct request *r, struct reply *reply)
{
	(void)x;
	two_paths(r, reply, call_rename);
}

void op_readlink(struct exec *x, const struct request *r, struct reply *reply)
{
	char *path = request_string(r, 0);
	ssize_t n = readlink(path, (char *)bytes_extend(&reply->data, PATH_MAX), PATH_MAX);

	(void)x;
	reply->data.length = n > 0 ? (size_t)n : 0;
	reply_syscall(reply, n);
	free(path);
}

void op_statx(struct exec *x, const struct request *r, struct reply *reply)
{
	char *path = request_string(r, 0);
	struct statx st;

	(void)x;
	if (statx(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS, &st) < 0) {
		reply_errno(reply);
	} else {
		stat_record(&reply->data, &st, 0);
		bytes_u64(&reply->data, st.stx_attributes);
	}
	free(path);
}

/* Entries in the order in which the file system gives them. */
void op_list(struct exec *x, const struct request *r, struct reply *reply)
{
	char *path = request_string(r, 0);
	DIR *d = opendir(path);

	(void)x;
	free(path);
	if (!d) {
		reply_errno(reply);
		return;
	}
	for (;;) {
		errno = 0;
		const struct dirent *e = readdir(d);

		if (!e)
			break;
		bytes_u64(&reply->data, e->d_ino);
		bytes_u32(&reply->data, e->d_type);
		bytes_u32(&reply->data, (uint32_t)strlen(e->d_name));
		bytes_append(&reply->data, e->d_name, strlen(e->d_name));
		reply->result++;
	}
	if (errno)
		reply_errno(reply);
	closedir(d);
}

/* Files of /proc have no size: read until there is no more. */
void op_read_file(struct exec *x, const struct request *r, struct reply *reply)
{
	(void)x;
	size_t limit = WIRE_MAX_PAYLOAD - WIRE_RESPONSE_FIXED_BYTES - 8;

	if (r->args[0] < 0) {
		reply_bad_arguments(reply);
		return;
	}
	if ((uint64_t)r->args[0] < limit)
		limit = (size_t)r->args[0];
	char *path = request_string(r, 0);
	/* A trace_pipe that is empty would be waited for. */
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	ssize_t n = fd;

	free(path);
	while (fd >= 0 && reply->data.length < limit) {
		size_t before = reply->data.length;
		size_t want = limit - before < 65536 ? limit - before : 65536;

		n = read(fd, bytes_extend(&reply->data, want), want);
		reply->data.length = before + (n > 0 ? (size_t)n : 0);
		if (n <= 0)
			break;
	}
	if (n < 0 && (fd < 0 || errno != EAGAIN)) {
		reply_errno(reply);
		bytes_clear(&reply->data);
	} else {
		reply->result = (int64_t)reply->data.length;
	}
	if (fd >= 0)
		close(fd);
}
