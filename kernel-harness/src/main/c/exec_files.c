// SPDX-License-Identifier: Apache-2.0
/* Operations on open files. */
#define _GNU_SOURCE
#include "exec_ops.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <unistd.h>

void op_open(struct exec *x, const struct request *r, struct reply *reply)
{
	char *path = request_string(r, 0);
	/*
	 * A process that another thread starts meanwhile must not take the file
	 * along: the file system could not be unmounted as long as it lives.
	 */
	int fd = open(path, (int)r->args[1] | O_CLOEXEC, (mode_t)r->args[2]);

	free(path);
	if (fd < 0) {
		reply_errno(reply);
		return;
	}
	x->files[r->args[0]] = fd;
}

void op_close(struct exec *x, const struct request *r, struct reply *reply)
{
	int fd = x->files[r->args[0]];

	x->files[r->args[0]] = -1;
	reply_syscall(reply, close(fd));
}

enum { PAGE_BYTES = 4096 };

/* Memory at the start of a page, as O_DIRECT wants it; the caller frees it. */
static uint8_t *page_memory(size_t length)
{
	uint8_t *at = aligned_alloc(PAGE_BYTES, (length | (PAGE_BYTES - 1)) + 1);

	if (!at)
		abort();
	return at;
}

static uint8_t *page_copy(const struct request *r)
{
	uint8_t *at = page_memory(r->blob_length);

	if (r->blob_length)
		memcpy(at, r->blob, r->blob_length);
	return at;
}

/* Appends what a read has put into memory of page_memory. */
static void reply_read(struct reply *reply, uint8_t *from, ssize_t n)
{
	reply_syscall(reply, n);
	if (n > 0)
		memcpy(bytes_extend(&reply->data, (size_t)n), from, (size_t)n);
	free(from);
}

void op_pwrite(struct exec *x, const struct request *r, struct reply *reply)
{
	uint8_t *from = page_copy(r);

	reply_syscall(reply, pwrite(x->files[r->args[0]], from, r->blob_length, r->args[1]));
	free(from);
}

void op_pread(struct exec *x, const struct request *r, struct reply *reply)
{
	if (r->args[2] < 0 || r->args[2] > MAX_DATA) {
		reply_bad_arguments(reply);
		return;
	}
	uint8_t *to = page_memory((size_t)r->args[2]);

	reply_read(reply, to, pread(x->files[r->args[0]], to, (size_t)r->args[2], r->args[1]));
}

void op_ftruncate(struct exec *x, const struct request *r, struct reply *reply)
{
	reply_syscall(reply, ftruncate(x->files[r->args[0]], r->args[1]));
}

void op_fsync(struct exec *x, const struct request *r, struct reply *reply)
{
	reply_syscall(reply, fsync(x->files[r->args[0]]));
}

void op_fstat(struct exec *x, const struct request *r, struct reply *reply)
{
	int fd = x->files[r->args[0]];
	long generation = 0; /* ext2 stores an int, the interface says long */
	struct statx st;

	if (statx(fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &st) < 0) {
		reply_errno(reply);
		return;
	}
	if (ioctl(fd, FS_IOC_GETVERSION, &generation) < 0)
		generation = 0;
	stat_record(&reply->data, &st, (uint32_t)generation);
}

/*
 * No FIEMAP_FLAG_SYNC: it would write the file back and so change what the next
 * fault does.
 */
void op_fiemap(struct exec *x, const struct request *r, struct reply *reply)
{
	enum { BATCH = 128 };
	uint64_t space[(sizeof(struct fiemap) + BATCH * sizeof(struct fiemap_extent)) / 8];
	struct fiemap *map = (struct fiemap *)space;
	uint64_t start = 0;
	int64_t found = 0;

	for (;;) {
		memset(space, 0, sizeof(space));
		map->fm_start = start;
		map->fm_length = FIEMAP_MAX_OFFSET - start;
		map->fm_extent_count = BATCH;
		if (ioctl(x->files[r->args[0]], FS_IOC_FIEMAP, map) < 0) {
			bytes_clear(&reply->data);
			reply_errno(reply);
			return;
		}
		for (uint32_t i = 0; i < map->fm_mapped_extents; i++) {
			const struct fiemap_extent *e = &map->fm_extents[i];

			bytes_u64(&reply->data, e->fe_logical);
			bytes_u64(&reply->data, e->fe_physical);
			bytes_u64(&reply->data, e->fe_length);
			bytes_u32(&reply->data, e->fe_flags);
			bytes_u32(&reply->data, 0);
			start = e->fe_logical + e->fe_length;
		}
		found += map->fm_mapped_extents;
		if (map->fm_mapped_extents < BATCH)
			break;
	}
	reply->result = found;
}

/* The list of unreadable sectors of the disk that has a file. */
static int open_badblocks(int file)
{
	struct stat st;
	char path[64];

	if (fstat(file, &st) < 0)
		return -1;
	snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/badblocks", major(st.st_dev), minor(st.st_dev));
	return open(path, O_WRONLY | O_CLOEXEC);
}

/*
 * Puts the blocks of a range on the list, as a platform does that has found them
 * unreadable; holes stay as they are. Where the module cannot clear errors, they
 * leave the list with the driver.
 */
void op_poison(struct exec *x, const struct request *r, struct reply *reply)
{
	enum { BATCH = 128, PAGE = 4096, SECTOR = 512 };
	uint64_t space[(sizeof(struct fiemap) + BATCH * sizeof(struct fiemap_extent)) / 8];
	struct fiemap *map = (struct fiemap *)space;
	uint64_t from = (uint64_t)r->args[1], to = from + (uint64_t)r->args[2];
	int file = x->files[r->args[0]];

	if (from % PAGE || to % PAGE || to <= from) {
		errno = EINVAL;
		reply_errno(reply);
		return;
	}
	memset(space, 0, sizeof(space));
	map->fm_start = from;
	map->fm_length = to - from;
	map->fm_extent_count = BATCH;
	int list = ioctl(file, FS_IOC_FIEMAP, map) < 0 ? -1 : open_badblocks(file);

	if (list < 0) {
		reply_errno(reply);
		return;
	}
	for (uint32_t i = 0; i < map->fm_mapped_extents; i++) {
		const struct fiemap_extent *e = &map->fm_extents[i];
		uint64_t begin = e->fe_logical > from ? e->fe_logical : from;
		uint64_t end = e->fe_logical + e->fe_length < to ? e->fe_logical + e->fe_length : to;
		char line[64];
		int n = snprintf(line, sizeof(line), "%llu %llu",
				 (unsigned long long)(e->fe_physical + begin - e->fe_logical) / SECTOR,
				 (unsigned long long)(end - begin) / SECTOR);

		if (write(list, line, (size_t)n) != n) {
			reply_errno(reply);
			break;
		}
		reply->result += (int64_t)(end - begin) / PAGE;
	}
	close(list);
}

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
	uint8_t *from = page_copy(r);
	int count = pieces(vectors, from, r->blob_length, r->args[2]);

	if (count < 0)
		reply_bad_arguments(reply);
	else
		reply_syscall(reply, pwritev(x->files[r->args[0]], vectors, count, r->args[1]));
	free(from);
}

void op_preadv(struct exec *x, const struct request *r, struct reply *reply)
{
	struct iovec vectors[MOST_VECTORS];

	if (r->args[2] < 0 || r->args[2] > MAX_DATA) {
		reply_bad_arguments(reply);
		return;
	}
	uint8_t *to = page_memory((size_t)r->args[2]);
	int count = pieces(vectors, to, (size_t)r->args[2], r->args[3]);

	if (count < 0) {
		reply_bad_arguments(reply);
		free(to);
	} else {
		reply_read(reply, to, preadv(x->files[r->args[0]], vectors, count, r->args[1]));
	}
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
	/* O_DIRECT wants sectors in memory too. */
	static _Alignas(PAGE) uint8_t filling[LARGE];
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
