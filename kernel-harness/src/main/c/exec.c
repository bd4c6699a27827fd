// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "exec.h"
#include "exec_ops.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

void reply_errno(struct reply *reply)
{
	reply->result = -1;
	reply->error = errno;
}

void reply_syscall(struct reply *reply, long n)
{
	if (n < 0)
		reply_errno(reply);
	else
		reply->result = n;
}

void reply_bad_arguments(struct reply *reply)
{
	reply->result = -1;
	reply->status = WIRE_STATUS_BAD_ARGUMENTS;
}

void reply_fault(struct reply *reply, const struct fault *fault)
{
	reply->result = -1;
	reply->signo = fault->signo;
	reply->sicode = fault->code;
	reply->fault_address = fault->address;
	bytes_clear(&reply->data);
}

void exec_init(struct exec *x)
{
	memset(x, 0, sizeof(*x));
	for (int i = 0; i < WIRE_SLOTS; i++)
		x->files[i] = -1;
	x->pagemap = -1;
}

void exec_release(struct exec *x)
{
	for (int i = 0; i < WIRE_SLOTS; i++) {
		if (x->mappings[i].at)
			munmap(x->mappings[i].at, x->mappings[i].place);
		if (x->files[i] >= 0)
			close(x->files[i]);
	}
	if (x->pagemap >= 0)
		close(x->pagemap);
	exec_init(x);
}

void exec_forked(struct exec *x)
{
	/* /proc/self was the parent when it was opened. */
	if (x->pagemap >= 0)
		close(x->pagemap);
	x->pagemap = -1;
}

static void op_open(struct exec *x, const struct request *r, struct reply *reply)
{
	char *path = request_string(r, 0);
	int fd = open(path, (int)r->args[1], (mode_t)r->args[2]);

	free(path);
	if (fd < 0) {
		reply_errno(reply);
		return;
	}
	x->files[r->args[0]] = fd;
}

static void op_close(struct exec *x, const struct request *r, struct reply *reply)
{
	int fd = x->files[r->args[0]];

	x->files[r->args[0]] = -1;
	reply_syscall(reply, close(fd));
}

static void op_pwrite(struct exec *x, const struct request *r, struct reply *reply)
{
	reply_syscall(reply, pwrite(x->files[r->args[0]], r->blob, r->blob_length, r->args[1]));
}

static void op_pread(struct exec *x, const struct request *r, struct reply *reply)
{
	if (r->args[2] < 0 || r->args[2] > MAX_DATA) {
		reply_bad_arguments(reply);
		return;
	}
	uint8_t *to = bytes_extend(&reply->data, (size_t)r->args[2]);
	ssize_t n = pread(x->files[r->args[0]], to, (size_t)r->args[2], r->args[1]);

	reply->data.length = n > 0 ? (size_t)n : 0;
	reply_syscall(reply, n);
}

static void op_ftruncate(struct exec *x, const struct request *r, struct reply *reply)
{
	reply_syscall(reply, ftruncate(x->files[r->args[0]], r->args[1]));
}

static void op_fsync(struct exec *x, const struct request *r, struct reply *reply)
{
	reply_syscall(reply, fsync(x->files[r->args[0]]));
}

static void op_fstat(struct exec *x, const struct request *r, struct reply *reply)
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
static void op_fiemap(struct exec *x, const struct request *r, struct reply *reply)
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

static void op_sync(struct exec *x, const struct request *r, struct reply *reply)
{
	(void)x, (void)r, (void)reply;
	sync();
}

static void op_release(struct exec *x, const struct request *r, struct reply *reply)
{
	(void)r, (void)reply;
	exec_release(x);
}

enum slot_use { NO_SLOT, FREE_FILE, USED_FILE, MAP_OF_FILE, USED_MAPPING, FILE_AND_MAPPING };

static const struct op {
	uint16_t op;
	uint16_t argc;
	enum slot_use slot;
	bool blob; /* must have one; a blob is refused otherwise */
	void (*run)(struct exec *, const struct request *, struct reply *);
} ops[] = {
	{ WIRE_OP_SYNC, 0, NO_SLOT, false, op_sync },
	{ WIRE_OP_OPEN, 3, FREE_FILE, true, op_open },
	{ WIRE_OP_CLOSE, 1, USED_FILE, false, op_close },
	{ WIRE_OP_PWRITE, 2, USED_FILE, true, op_pwrite },
	{ WIRE_OP_PREAD, 3, USED_FILE, false, op_pread },
	{ WIRE_OP_FTRUNCATE, 2, USED_FILE, false, op_ftruncate },
	{ WIRE_OP_FSYNC, 1, USED_FILE, false, op_fsync },
	{ WIRE_OP_FSTAT, 1, USED_FILE, false, op_fstat },
	{ WIRE_OP_FIEMAP, 1, USED_FILE, false, op_fiemap },
	{ WIRE_OP_MMAP, 7, MAP_OF_FILE, false, op_mmap },
	{ WIRE_OP_MUNMAP, 1, USED_MAPPING, false, op_munmap },
	{ WIRE_OP_LOAD, 3, USED_MAPPING, false, op_load },
	{ WIRE_OP_STORE, 2, USED_MAPPING, true, op_store },
	{ WIRE_OP_MSYNC, 4, USED_MAPPING, false, op_msync },
	{ WIRE_OP_PAGEMAP, 2, USED_MAPPING, false, op_pagemap },
	{ WIRE_OP_MKDIR, 1, NO_SLOT, true, op_mkdir },
	{ WIRE_OP_RMDIR, 0, NO_SLOT, true, op_rmdir },
	{ WIRE_OP_LINK, 0, NO_SLOT, true, op_link },
	{ WIRE_OP_SYMLINK, 0, NO_SLOT, true, op_symlink },
	{ WIRE_OP_READLINK, 0, NO_SLOT, true, op_readlink },
	{ WIRE_OP_RENAME, 1, NO_SLOT, true, op_rename },
	{ WIRE_OP_UNLINK, 0, NO_SLOT, true, op_unlink },
	{ WIRE_OP_CHMOD, 1, NO_SLOT, true, op_chmod },
	{ WIRE_OP_CHOWN, 2, NO_SLOT, true, op_chown },
	{ WIRE_OP_UTIMENS, 2, NO_SLOT, true, op_utimens },
	{ WIRE_OP_STATX, 0, NO_SLOT, true, op_statx },
	{ WIRE_OP_ACCESS, 1, NO_SLOT, true, op_access },
	{ WIRE_OP_LIST, 0, NO_SLOT, true, op_list },
	{ WIRE_OP_SETXATTR, 1, NO_SLOT, true, op_setxattr },
	{ WIRE_OP_GETXATTR, 0, NO_SLOT, true, op_getxattr },
	{ WIRE_OP_LISTXATTR, 0, NO_SLOT, true, op_listxattr },
	{ WIRE_OP_REMOVEXATTR, 0, NO_SLOT, true, op_removexattr },
	{ WIRE_OP_GETFLAGS, 0, NO_SLOT, true, op_getflags },
	{ WIRE_OP_SETFLAGS, 1, NO_SLOT, true, op_setflags },
	{ WIRE_OP_STATFS, 0, NO_SLOT, true, op_statfs },
	{ WIRE_OP_FREEZE, 0, NO_SLOT, true, op_freeze },
	{ WIRE_OP_THAW, 0, NO_SLOT, true, op_thaw },
	{ WIRE_OP_BECOME, 2, NO_SLOT, false, op_become },
	{ WIRE_OP_VMSTAT, 0, NO_SLOT, true, op_vmstat },
	{ WIRE_OP_FILL, 1, USED_FILE, false, op_fill },
	{ WIRE_OP_REMOUNT, 1, NO_SLOT, true, op_remount },
	{ WIRE_OP_RELEASE, 0, NO_SLOT, false, op_release },
	{ WIRE_OP_READ_FILE, 1, NO_SLOT, true, op_read_file },
	{ WIRE_OP_PWRITEV, 3, USED_FILE, true, op_pwritev },
	{ WIRE_OP_PREADV, 4, USED_FILE, false, op_preadv },
	{ WIRE_OP_PWRITE_MAPPED, 5, FILE_AND_MAPPING, false, op_pwrite_mapped },
	{ WIRE_OP_PREAD_MAPPED, 5, FILE_AND_MAPPING, false, op_pread_mapped },
	{ WIRE_OP_SYNC_FILE_RANGE, 4, USED_FILE, false, op_sync_file_range },
	{ WIRE_OP_FALLOCATE, 4, USED_FILE, false, op_fallocate },
	{ WIRE_OP_LSEEK, 3, USED_FILE, false, op_lseek },
	{ WIRE_OP_FDATASYNC, 1, USED_FILE, false, op_fdatasync },
	{ WIRE_OP_SYNCFS, 1, USED_FILE, false, op_syncfs },
	{ WIRE_OP_FLOCK, 2, USED_FILE, false, op_flock },
	{ WIRE_OP_MADVISE, 4, USED_MAPPING, false, op_madvise },
	{ WIRE_OP_MREMAP, 3, USED_MAPPING, false, op_mremap },
	{ WIRE_OP_MPROTECT, 4, USED_MAPPING, false, op_mprotect },
	{ WIRE_OP_MINCORE, 3, USED_MAPPING, false, op_mincore },
	{ WIRE_OP_SMAPS, 1, USED_MAPPING, false, op_smaps },
	{ WIRE_OP_CALL, 2, USED_MAPPING, false, op_call },
};

static bool slot_in(int64_t slot)
{
	return slot >= 0 && slot < WIRE_SLOTS;
}

static bool slots_fit(const struct exec *x, enum slot_use use, const int64_t *args)
{
	if (use == NO_SLOT)
		return true;
	if (!slot_in(args[0]))
		return false;
	switch (use) {
	case FREE_FILE:
		return x->files[args[0]] < 0;
	case USED_FILE:
		return x->files[args[0]] >= 0;
	case MAP_OF_FILE:
		return !x->mappings[args[0]].at && slot_in(args[1]) && x->files[args[1]] >= 0;
	case FILE_AND_MAPPING:
		return x->files[args[0]] >= 0 && slot_in(args[2]) && x->mappings[args[2]].at;
	default:
		return x->mappings[args[0]].at;
	}
}

/* A file that could not be opened, or was closed: the kernel's own word for it. */
static bool no_such_file(const struct exec *x, enum slot_use use, const int64_t *args)
{
	switch (use) {
	case USED_FILE:
	case FILE_AND_MAPPING:
		return slot_in(args[0]) && x->files[args[0]] < 0;
	case MAP_OF_FILE:
		return slot_in(args[1]) && x->files[args[1]] < 0;
	default:
		return false;
	}
}

bool exec_run(struct exec *x, const struct request *r, struct reply *reply)
{
	for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
		const struct op *op = &ops[i];

		if (op->op != r->op)
			continue;
		/* A path is never empty; what is written may be. */
		if (r->argc != op->argc || (!op->blob && r->blob_length) ||
		    (op->blob && !r->blob_length && (op->slot == NO_SLOT || op->slot == FREE_FILE)) ||
		    !slots_fit(x, op->slot, r->args)) {
			reply_bad_arguments(reply);
			if (r->argc == op->argc && no_such_file(x, op->slot, r->args)) {
				errno = EBADF;
				reply->status = WIRE_STATUS_OK;
				reply_errno(reply);
			}
		} else {
			op->run(x, r, reply);
		}
		return true;
	}
	return false;
}
