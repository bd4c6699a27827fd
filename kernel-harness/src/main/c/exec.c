// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "exec.h"
#include "guard.h"

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

#define MAX_DATA (WIRE_MAX_PAYLOAD - WIRE_RESPONSE_FIXED_BYTES - 8)

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

static void reply_fault(struct reply *reply, const struct fault *fault)
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
	struct stat st;

	if (fstat(fd, &st) < 0) {
		reply_errno(reply);
		return;
	}
	if (ioctl(fd, FS_IOC_GETVERSION, &generation) < 0)
		generation = 0;
	struct bytes *d = &reply->data;

	bytes_u64(d, st.st_ino);
	bytes_u32(d, st.st_mode);
	bytes_u32(d, (uint32_t)st.st_nlink);
	bytes_u32(d, st.st_uid);
	bytes_u32(d, st.st_gid);
	bytes_u64(d, (uint64_t)st.st_size);
	bytes_u64(d, (uint64_t)st.st_blocks);
	bytes_u64(d, (uint64_t)st.st_atime);
	bytes_u64(d, (uint64_t)st.st_mtime);
	bytes_u64(d, (uint64_t)st.st_ctime);
	bytes_u32(d, (uint32_t)generation);
	bytes_u32(d, 0);
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

/*
 * An aligned place of its own, up to the next multiple of the alignment: what
 * lies in the same 2 MiB decides which faults the kernel tries. More is reserved
 * than needed and the ends given back. NULL with errno.
 */
static uint8_t *reserve(size_t length, size_t align, size_t *place)
{
	size_t whole = (length + align - 1) & ~(align - 1);

	if (whole < length || whole + align < whole) {
		errno = ENOMEM;
		return NULL;
	}
	uint8_t *from = mmap(NULL, whole + align, PROT_NONE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (from == MAP_FAILED)
		return NULL;
	uint8_t *at = (uint8_t *)(((uintptr_t)from + align - 1) & ~(uintptr_t)(align - 1));

	if (at > from)
		munmap(from, (size_t)(at - from));
	munmap(at + whole, (size_t)(from + align - at));
	*place = whole;
	return at;
}

static void op_mmap(struct exec *x, const struct request *r, struct reply *reply)
{
	size_t length = (size_t)r->args[3];
	uint64_t align = (uint64_t)r->args[6];
	size_t place = length;
	uint8_t *wanted = NULL;
	int flags = (int)r->args[5];

	if ((align & (align - 1)) || align > 1UL << 30 ||
	    (align && align < (uint64_t)sysconf(_SC_PAGESIZE))) {
		reply_bad_arguments(reply);
		return;
	}
	if (align && length) {
		wanted = reserve(length, align, &place);
		if (!wanted) {
			reply_errno(reply);
			return;
		}
		flags |= MAP_FIXED;
	}
	void *at = mmap(wanted, length, (int)r->args[4], flags, x->files[r->args[1]], r->args[2]);

	if (at == MAP_FAILED) {
		reply_errno(reply);
		if (wanted)
			munmap(wanted, place);
		return;
	}
	x->mappings[r->args[0]] = (struct mapping){ at, length, place };
	reply->result = (int64_t)(uintptr_t)at;
}

static void op_munmap(struct exec *x, const struct request *r, struct reply *reply)
{
	struct mapping *m = &x->mappings[r->args[0]];

	reply_syscall(reply, munmap(m->at, m->place));
	*m = (struct mapping){ 0 };
}

/*
 * The address of a range, NULL unless the mapping covers it. Mappings end at a
 * page boundary whatever length was asked for.
 */
static uint8_t *mapped(struct exec *x, int64_t slot, int64_t offset, uint64_t length)
{
	struct mapping *m = &x->mappings[slot];
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	uint64_t end = (m->length + page - 1) & ~(page - 1);

	if (offset < 0 || (uint64_t)offset > end || length > end - (uint64_t)offset)
		return NULL;
	return m->at + offset;
}

static void op_load(struct exec *x, const struct request *r, struct reply *reply)
{
	struct fault fault;
	uint8_t *at = mapped(x, r->args[0], r->args[1], (uint64_t)r->args[2]);

	if (!at || r->args[2] > MAX_DATA) {
		reply_bad_arguments(reply);
		return;
	}
	if (guarded_load(bytes_extend(&reply->data, (size_t)r->args[2]), at, (size_t)r->args[2], &fault))
		reply->result = r->args[2];
	else
		reply_fault(reply, &fault);
}

static void op_store(struct exec *x, const struct request *r, struct reply *reply)
{
	struct fault fault;
	uint8_t *at = mapped(x, r->args[0], r->args[1], r->blob_length);

	if (!at)
		reply_bad_arguments(reply);
	else if (guarded_store(at, r->blob, r->blob_length, &fault))
		reply->result = (int64_t)r->blob_length;
	else
		reply_fault(reply, &fault);
}

static void op_msync(struct exec *x, const struct request *r, struct reply *reply)
{
	uint8_t *at = x->mappings[r->args[0]].at;

	reply_syscall(reply, msync(at + r->args[1], (size_t)r->args[2], (int)r->args[3]));
}

static void op_pagemap(struct exec *x, const struct request *r, struct reply *reply)
{
	uint8_t *at = mapped(x, r->args[0], r->args[1], 1);
	uint64_t entry = 0;

	if (!at) {
		reply_bad_arguments(reply);
		return;
	}
	if (x->pagemap < 0)
		x->pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	uint64_t index = (uintptr_t)at / (uint64_t)sysconf(_SC_PAGESIZE);
	ssize_t n = pread(x->pagemap, &entry, sizeof(entry), (off_t)(index * sizeof(entry)));

	if (n < 0)
		reply_errno(reply);
	else
		reply->result = (int64_t)entry;
}

static void op_sync(struct exec *x, const struct request *r, struct reply *reply)
{
	(void)x, (void)r, (void)reply;
	sync();
}

enum slot_use { NO_SLOT, FREE_FILE, USED_FILE, MAP_OF_FILE, USED_MAPPING };

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
	default:
		return x->mappings[args[0]].at;
	}
}

bool exec_run(struct exec *x, const struct request *r, struct reply *reply)
{
	for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
		const struct op *op = &ops[i];

		if (op->op != r->op)
			continue;
		if (r->argc != op->argc || (!op->blob && r->blob_length) ||
		    (op->run == op_open && !r->blob_length) || !slots_fit(x, op->slot, r->args))
			reply_bad_arguments(reply);
		else
			op->run(x, r, reply);
		return true;
	}
	return false;
}
