// SPDX-License-Identifier: Apache-2.0
/* Operations on mappings. */
#define _GNU_SOURCE
#include "exec_ops.h"
#include "guard.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

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

static uint64_t whole_pages(uint64_t length)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);

	return (length + page - 1) & ~(page - 1);
}

/*
 * A place with a free page on each side, so that the kernel joins no neighbour:
 * a mapping that joins does not reach the file's mmap. The next place that is
 * asked for does not fit into what is left free here. NULL with errno.
 */
static uint8_t *apart(size_t length)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), whole = whole_pages(length);

	if (whole < length || whole + 2 * page < whole) {
		errno = ENOMEM;
		return NULL;
	}
	uint8_t *from = mmap(NULL, whole + 2 * page, PROT_NONE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (from == MAP_FAILED)
		return NULL;
	munmap(from, page);
	munmap(from + page + whole, page);
	return from + page;
}

void op_mmap(struct exec *x, const struct request *r, struct reply *reply)
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
	} else if (length) {
		/* Without a place the kernel gives its own answer below. */
		wanted = apart(length);
	}
	if (wanted)
		flags |= MAP_FIXED;
	void *at = mmap(wanted, length, (int)r->args[4], flags, x->files[r->args[1]], r->args[2]);

	if (at == MAP_FAILED) {
		reply_errno(reply);
		if (wanted)
			munmap(wanted, place);
		return;
	}
	x->mappings[r->args[0]] = (struct mapping){ at, length, place, align };
	reply->result = (int64_t)(uintptr_t)at;
}

void op_munmap(struct exec *x, const struct request *r, struct reply *reply)
{
	struct mapping *m = &x->mappings[r->args[0]];

	reply_syscall(reply, munmap(m->at, m->place));
	*m = (struct mapping){ 0 };
}

/*
 * The address of a range, NULL unless the mapping covers it. Mappings end at a
 * page boundary whatever length was asked for.
 */
uint8_t *mapped(struct exec *x, int64_t slot, int64_t offset, uint64_t length)
{
	struct mapping *m = &x->mappings[slot];
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	uint64_t end = (m->length + page - 1) & ~(page - 1);

	if (offset < 0 || (uint64_t)offset > end || length > end - (uint64_t)offset)
		return NULL;
	return m->at + offset;
}

void op_load(struct exec *x, const struct request *r, struct reply *reply)
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

void op_store(struct exec *x, const struct request *r, struct reply *reply)
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

/* /proc/self/mem: the kernel pins the pages and copies, without the page table. */
static int64_t pinned(uint8_t *at, uint8_t *into, const uint8_t *from, size_t length)
{
	int memory = open("/proc/self/mem", O_RDWR | O_CLOEXEC);

	if (memory < 0)
		return -1;
	ssize_t done = into ? pread(memory, into, length, (off_t)(uintptr_t)at)
			    : pwrite(memory, from, length, (off_t)(uintptr_t)at);
	int error = errno;

	close(memory);
	errno = error;
	return done;
}

void op_vm_read(struct exec *x, const struct request *r, struct reply *reply)
{
	uint8_t *at = mapped(x, r->args[0], r->args[1], (uint64_t)r->args[2]);

	if (!at || r->args[2] > MAX_DATA) {
		reply_bad_arguments(reply);
		return;
	}
	size_t length = (size_t)r->args[2];

	reply_syscall(reply, pinned(at, bytes_extend(&reply->data, length), NULL, length));
	if (reply->result < 0)
		bytes_clear(&reply->data);
}

void op_vm_write(struct exec *x, const struct request *r, struct reply *reply)
{
	uint8_t *at = mapped(x, r->args[0], r->args[1], r->blob_length);

	if (!at)
		reply_bad_arguments(reply);
	else
		reply_syscall(reply, pinned(at, NULL, r->blob, r->blob_length));
}

void op_msync(struct exec *x, const struct request *r, struct reply *reply)
{
	uint8_t *at = x->mappings[r->args[0]].at;

	reply_syscall(reply, msync(at + r->args[1], (size_t)r->args[2], (int)r->args[3]));
}

void open_pagemap(struct exec *x)
{
	if (x->pagemap < 0)
		x->pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
}

/*
 * Which of the two pages a present entry shows that belong to no file. The
 * entry itself tells them apart only while one process maps the page: after
 * fork(2) both have neither bit 56 nor 61. Neither bit where the kernel does
 * not say.
 */
static uint64_t kind_bits(uint64_t entry)
{
	enum { ANON = 12, ZERO_PAGE = 24 }; /* KPF_... of linux/kernel-page-flags.h */
	uint64_t frame = entry & ((1ULL << 55) - 1), flags = 0;
	int fd;

	if (!(entry >> 63) || !frame)
		return 0;
	fd = open("/proc/kpageflags", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	if (pread(fd, &flags, sizeof(flags), (off_t)(frame * sizeof(flags))) != sizeof(flags))
		flags = 0;
	close(fd);
	return (flags >> ANON & 1) << WIRE_PAGEMAP_ANON_BIT |
	       (flags >> ZERO_PAGE & 1) << WIRE_PAGEMAP_ZERO_BIT;
}

void op_pagemap(struct exec *x, const struct request *r, struct reply *reply)
{
	uint8_t *at = mapped(x, r->args[0], r->args[1], 1);
	uint64_t entry = 0;

	if (!at) {
		reply_bad_arguments(reply);
		return;
	}
	open_pagemap(x);
	uint64_t index = (uintptr_t)at / (uint64_t)sysconf(_SC_PAGESIZE);
	ssize_t n = pread(x->pagemap, &entry, sizeof(entry), (off_t)(index * sizeof(entry)));

	if (n < 0)
		reply_errno(reply);
	else
		reply->result = (int64_t)(entry | kind_bits(entry));
}

void op_madvise(struct exec *x, const struct request *r, struct reply *reply)
{
	uint8_t *at = mapped(x, r->args[0], r->args[1], (uint64_t)r->args[2]);

	if (!at)
		reply_bad_arguments(reply);
	else
		reply_syscall(reply, madvise(at, (size_t)r->args[2], (int)r->args[3]));
}

void op_mprotect(struct exec *x, const struct request *r, struct reply *reply)
{
	uint8_t *at = mapped(x, r->args[0], r->args[1], (uint64_t)r->args[2]);

	if (!at)
		reply_bad_arguments(reply);
	else
		reply_syscall(reply, mprotect(at, (size_t)r->args[2], (int)r->args[3]));
}

/*
 * A place to move a mapping to: its own alignment again, since a range that crosses
 * 2 MiB would have other faults. NULL with errno.
 */
static uint8_t *some_place(const struct mapping *m, size_t length, size_t *place)
{
	if (m->align && length)
		return reserve(length, m->align, place);
	*place = length;
	return apart(length);
}

/*
 * A move that failed may have unmapped a part of the range. Nothing goes there: the
 * kernel takes no new place that overlaps the old range, mapped or not.
 */
static uint8_t *elsewhere(const struct mapping *m, size_t length, size_t *place)
{
	uint8_t *first = some_place(m, length, place);

	if (!first || first >= m->at + whole_pages(m->length) || m->at >= first + *place)
		return first;
	size_t held = *place;
	uint8_t *second = some_place(m, length, place);

	munmap(first, held);
	return second;
}

/* Of the whole mapping; with MREMAP_FIXED the kernel would want an address: status 2. */
void op_mremap(struct exec *x, const struct request *r, struct reply *reply)
{
	struct mapping *m = &x->mappings[r->args[0]];
	size_t old = whole_pages(m->length), length = (size_t)r->args[1], place = length;
	int flags = (int)r->args[2];
	void *at = MAP_FAILED;

	if (flags & ~(MREMAP_MAYMOVE | MREMAP_FIXED)) {
		reply_bad_arguments(reply);
		return;
	}
	/* The range reserved past an aligned mapping stays reserved. */
	if (m->place > old)
		munmap(m->at + old, m->place - old);
	m->place = m->length;
	/* FIXED: to another place, which the kernel need not choose if it can stay. */
	bool moves = flags & MREMAP_FIXED;

	if (!moves) {
		at = mremap(m->at, old, length, m->align ? 0 : flags);
		/* An aligned mapping that has to move: not to where the kernel likes. */
		moves = at == MAP_FAILED && errno == ENOMEM && m->align && flags & MREMAP_MAYMOVE;
	}
	if (moves) {
		uint8_t *wanted = elsewhere(m, whole_pages(length), &place);

		if (wanted) {
			at = mremap(m->at, old, length, flags | MREMAP_FIXED, wanted);
			if (at == MAP_FAILED) {
				reply_errno(reply);
				munmap(wanted, place);
				return;
			}
		}
	}
	if (at == MAP_FAILED) {
		reply_errno(reply);
		return;
	}
	*m = (struct mapping){ at, length, place, m->align };
	reply->result = (int64_t)(uintptr_t)at;
}

void op_mincore(struct exec *x, const struct request *r, struct reply *reply)
{
	uint8_t *at = mapped(x, r->args[0], r->args[1], (uint64_t)r->args[2]);

	if (!at) {
		reply_bad_arguments(reply);
		return;
	}
	size_t pages = whole_pages((uint64_t)r->args[2]) / (uint64_t)sysconf(_SC_PAGESIZE);
	uint8_t *there = bytes_extend(&reply->data, pages);

	reply_syscall(reply, mincore(at, (size_t)r->args[2], there));
	for (size_t i = 0; i < pages; i++)
		there[i] &= 1; /* the other bits mean nothing */
	if (reply->result < 0)
		bytes_clear(&reply->data);
	else
		reply->result = (int64_t)pages;
}

/* The paragraph of the mapping's first byte, without its first line. */
void op_smaps(struct exec *x, const struct request *r, struct reply *reply)
{
	uintptr_t wanted = (uintptr_t)x->mappings[r->args[0]].at;
	FILE *smaps = fopen("/proc/self/smaps", "re");
	char line[512];
	bool inside = false;

	if (!smaps) {
		reply_errno(reply);
		return;
	}
	while (fgets(line, sizeof(line), smaps)) {
		unsigned long from, to;

		if (sscanf(line, "%lx-%lx ", &from, &to) == 2)
			inside = wanted >= from && wanted < to;
		else if (inside)
			bytes_append(&reply->data, line, strlen(line));
	}
	fclose(smaps);
}

/* Calls what lies there as a function without arguments; the program has put it there. */
void op_call(struct exec *x, const struct request *r, struct reply *reply)
{
	struct fault fault;
	uint8_t *at = mapped(x, r->args[0], r->args[1], 1);
	int returned = 0;

	if (!at)
		reply_bad_arguments(reply);
	else if (guarded_call(at, &returned, &fault))
		reply->result = returned;
	else
		reply_fault(reply, &fault);
}
