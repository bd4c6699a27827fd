// SPDX-License-Identifier: Apache-2.0
/* Operations on open files beyond the first ones. */
#define _GNU_SOURCE
#include "exec_ops.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/file.h>
#include <sys/uio.h>
#include <unistd.h>

/* One more than the kernel takes: the refusal is the kernel's. */
enum { MOST_VECTORS = IOV_MAX + 1 };

/* Cuts a buffer into pieces; how many, or -1 for pieces of no length. */
static int pieces(struct iovec *vectors, uint8_t *at, size_t length, int64_t piece)
{
	int count = 0;

	for (size_t done = 0; done < length && count < MOST_VECTORS; done += (size_t)piece) {
		if (piece <= 0)
			return -1;
		size_t left = length - done;

		vectors[count++] = (struct iovec){ at + done, left < (size_t)piece ? left : (size_t)piece };
	}
	return count;
}

void op_pwritev(struct exec *x, const struct request *r, struct reply *reply)
{
	struct iovec vectors[MOST_VECTORS];
	int count = pieces(vectors, (uint8_t *)(uintptr_t)r->blob, r->blob_length, r->args[2]);

	if (count < 0)
		reply_bad_arguments(reply);
	else
		reply_syscall(reply, pwritev(x->files[r->args[0]], vectors, count, r->args[1]));
}

void op_preadv(struct exec *x, const struct request *r, struct reply *reply)
{
	struct iovec vectors[MOST_VECTORS];

	if (r->args[2] < 0 || r->args[2] > MAX_DATA) {
		reply_bad_arguments(reply);
		return;
	}
	uint8_t *to = bytes_extend(&reply->data, (size_t)r->args[2]);
	int count = pieces(vectors, to, (size_t)r->args[2], r->args[3]);
	ssize_t n = count < 0 ? -1 : preadv(x->files[r->args[0]], vectors, count, r->args[1]);

	reply->data.length = n > 0 ? (size_t)n : 0;
	if (count < 0)
		reply_bad_arguments(reply);
	else
		reply_syscall(reply, n);
}

/* The kernel itself takes the faults of the mapping: no guard is needed, EFAULT is the answer. */
void op_pwrite_mapped(struct exec *x, const struct request *r, struct reply *reply)
{
	uint8_t *from = mapped(x, r->args[2], r->args[3], (uint64_t)r->args[4]);

	if (!from)
		reply_bad_arguments(reply);
	else
		reply_syscall(reply, pwrite(x->files[r->args[0]], from, (size_t)r->args[4], r->args[1]));
}

void op_pread_mapped(struct exec *x, const struct request *r, struct reply *reply)
{
	uint8_t *to = mapped(x, r->args[2], r->args[3], (uint64_t)r->args[4]);

	if (!to)
		reply_bad_arguments(reply);
	else
		reply_syscall(reply, pread(x->files[r->args[0]], to, (size_t)r->args[4], r->args[1]));
}

void op_sync_file_range(struct exec *x, const struct request *r, struct reply *reply)
{
	reply_syscall(reply, sync_file_range(x->files[r->args[0]], r->args[1], r->args[2],
					     (unsigned int)r->args[3]));
}

/* fallocate(2), not posix_fallocate(3), which writes where the former is refused. */
void op_fallocate(struct exec *x, const struct request *r, struct reply *reply)
{
	reply_syscall(reply,
		      fallocate(x->files[r->args[0]], (int)r->args[1], r->args[2], r->args[3]));
}

void op_lseek(struct exec *x, const struct request *r, struct reply *reply)
{
	reply_syscall(reply, lseek(x->files[r->args[0]], r->args[1], (int)r->args[2]));
}

void op_fdatasync(struct exec *x, const struct request *r, struct reply *reply)
{
	reply_syscall(reply, fdatasync(x->files[r->args[0]]));
}

void op_syncfs(struct exec *x, const struct request *r, struct reply *reply)
{
	reply_syscall(reply, syncfs(x->files[r->args[0]]));
}

void op_flock(struct exec *x, const struct request *r, struct reply *reply)
{
	reply_syscall(reply, flock(x->files[r->args[0]], (int)r->args[1]));
}

/*
 * Behind the end of the file, in large pieces as long as they get anything and
 * then page by page: the model makes the same calls, so both allocate alike.
 */
void op_fill(struct exec *x, const struct request *r, struct reply *reply)
{
	enum { LARGE = 1 << 20, PAGE = 4096 };
	static uint8_t filling[LARGE];
	int fd = x->files[r->args[0]];
	off_t at = lseek(fd, 0, SEEK_END);
	size_t piece = LARGE;

	memset(filling, 'F', sizeof(filling));
	while (at >= 0) {
		ssize_t n = pwrite(fd, filling, piece, at);

		if (n > 0) {
			at += n;
		} else if (n < 0 && errno != ENOSPC) {
			break;
		} else if (piece == PAGE) {
			return;
		} else {
			piece = PAGE;
		}
	}
	reply_errno(reply);
}
