// SPDX-License-Identifier: Apache-2.0
/* The operations of a program on a tmpfs of this machine: each is the system call it says. */
#define _GNU_SOURCE
#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static struct exec x;
static char directory[] = "/dev/shm/pmem4j-ops-XXXXXX";

/* A blob of names; the first ones below the directory when they begin with a slash. */
static struct bytes names(int count, ...)
{
	struct bytes b = { 0 };
	va_list all;

	va_start(all, count);
	for (int i = 0; i < count; i++) {
		const char *name = va_arg(all, const char *);

		if (i)
			bytes_append(&b, "", 1);
		if (name[0] == '/')
			bytes_append(&b, directory, strlen(directory));
		bytes_append(&b, name, strlen(name));
	}
	va_end(all);
	return b;
}

#define ON(op, blob, ...)                                                                     \
	({                                                                                    \
		struct bytes on = blob;                                                       \
		struct reply answer = run(&x, op, (const int64_t[]){ 0, ##__VA_ARGS__ } + 1,  \
					  sizeof((int64_t[]){ 0, ##__VA_ARGS__ }) / 8 - 1,    \
					  on.at, (uint32_t)on.length);                        \
		bytes_free(&on);                                                              \
		answer;                                                                       \
	})
#define NONE ((struct bytes){ 0 })

static bool data_is(struct reply a, const char *text)
{
	return a.data.length == strlen(text) && !memcmp(a.data.at, text, strlen(text));
}

static uint32_t mode_of(const char *path)
{
	struct reply a = ON(WIRE_OP_STATX, names(1, path));

	return a.result == 0 && a.data.length == WIRE_STAT_BYTES + 8 ? get_u32(a.data.at + 8) : 0;
}

static void names_are_made_and_moved(void)
{
	CHECK(ON(WIRE_OP_MKDIR, names(1, "/d"), 0700).result == 0);
	CHECK(mode_of("/d") == (S_IFDIR | 0700));
	CHECK(ON(WIRE_OP_MKDIR, names(1, "/d"), 0700).error == EEXIST);
	CHECK(ON(WIRE_OP_OPEN, names(1, "/d/a"), 0, O_RDWR | O_CREAT, 0600).result == 0);
	CHECK(fcntl(x.files[0], F_GETFD) == FD_CLOEXEC);
	CHECK(ON(WIRE_OP_LINK, names(2, "/d/a", "/d/b")).result == 0);
	CHECK(ON(WIRE_OP_LINK, names(1, "/d/a")).status == WIRE_STATUS_BAD_ARGUMENTS);
	CHECK(ON(WIRE_OP_SYMLINK, names(2, "nowhere", "/d/s")).result == 0);
	CHECK(data_is(ON(WIRE_OP_READLINK, names(1, "/d/s")), "nowhere"));
	CHECK(ON(WIRE_OP_READLINK, names(1, "/d/a")).error == EINVAL);
	CHECK(mode_of("/d/s") == (S_IFLNK | 0777));
	CHECK(ON(WIRE_OP_LIST, names(1, "/d")).result == 5);
	CHECK(ON(WIRE_OP_LIST, names(1, "/d/a")).error == ENOTDIR);
	CHECK(ON(WIRE_OP_RENAME, names(2, "/d/a", "/d/b"), 1).error == EEXIST);
	CHECK(ON(WIRE_OP_RENAME, names(2, "/d/s", "/d/b"), 2).result == 0);
	CHECK(mode_of("/d/b") == (S_IFLNK | 0777));
	CHECK(ON(WIRE_OP_RMDIR, names(1, "/d")).error == ENOTEMPTY);
	CHECK(ON(WIRE_OP_UNLINK, names(1, "/d/b")).result == 0);
	CHECK(ON(WIRE_OP_UNLINK, names(1, "/d/s")).result == 0);
	CHECK(ON(WIRE_OP_UNLINK, names(1, "/d")).error == EISDIR);
	CHECK(ON(WIRE_OP_MKDIR, NONE, 0700).status == WIRE_STATUS_BAD_ARGUMENTS);
}

static void attributes_are_set_and_read(void)
{
	CHECK(ON(WIRE_OP_CHMOD, names(1, "/d/a"), 0640).result == 0);
	CHECK(mode_of("/d/a") == (S_IFREG | 0640));
	CHECK(ON(WIRE_OP_CHOWN, names(1, "/d/a"), getuid(), getgid()).result == 0);
	CHECK(ON(WIRE_OP_UTIMENS, names(1, "/d/a"), 77, WIRE_TIME_OMIT).result == 0);
	struct reply a = ON(WIRE_OP_FSTAT, NONE, 0);

	CHECK(get_u64(a.data.at + 40) == 77 && get_u64(a.data.at + 48) > 1000000);
	CHECK(ON(WIRE_OP_UTIMENS, names(1, "/d/a"), WIRE_TIME_NOW, 5).result == 0);
	a = ON(WIRE_OP_FSTAT, NONE, 0);
	CHECK(get_u64(a.data.at + 40) > 1000000 && get_u64(a.data.at + 48) == 5);
	CHECK(ON(WIRE_OP_ACCESS, names(1, "/d/a"), R_OK | W_OK).result == 0);
	CHECK(ON(WIRE_OP_ACCESS, names(1, "/d/none"), F_OK).error == ENOENT);
	CHECK(ON(WIRE_OP_GETXATTR, names(2, "/d/a", "user.none")).result == -1);
	CHECK(ON(WIRE_OP_GETXATTR, names(1, "/d/a")).status == WIRE_STATUS_BAD_ARGUMENTS);
	CHECK(ON(WIRE_OP_SETXATTR, names(2, "/d/a", "user.x"), 0).status == WIRE_STATUS_BAD_ARGUMENTS);
	CHECK(ON(WIRE_OP_REMOVEXATTR, names(2, "/d/a", "user.none")).result == -1);
	CHECK(ON(WIRE_OP_LISTXATTR, names(1, "/d/a")).result >= 0);
	a = ON(WIRE_OP_STATFS, names(1, "/"));
	CHECK(a.result == 0 && a.data.length == 64 && get_u64(a.data.at) == 0x01021994);
	CHECK(ON(WIRE_OP_GETFLAGS, names(1, "/none")).error == ENOENT);
	CHECK(ON(WIRE_OP_VMSTAT, names(1, "pgfault")).result > 0);
	CHECK(ON(WIRE_OP_VMSTAT, names(1, "no_such_counter")).error == ENOENT);
}

static struct bytes text(const char *t)
{
	struct bytes b = { 0 };

	bytes_append(&b, t, strlen(t));
	return b;
}

static void files_are_written_in_pieces(void)
{
	CHECK(ON(WIRE_OP_PWRITEV, text("abcdefgh"), 0, 10, 3).result == 8);
	struct reply a = ON(WIRE_OP_PREADV, NONE, 0, 11, 100, 2);

	CHECK(a.result == 7 && data_is(a, "bcdefgh"));
	CHECK(ON(WIRE_OP_PREADV, NONE, 0, 11, 100, 0).status == WIRE_STATUS_BAD_ARGUMENTS);
	/* More vectors than IOV_MAX are the kernel's to refuse. */
	CHECK(ON(WIRE_OP_PREADV, NONE, 0, 0, 1024, 1).result == 18);
	a = ON(WIRE_OP_PREADV, NONE, 0, 0, 1025, 1);
	CHECK(a.status == WIRE_STATUS_OK && a.error == EINVAL);
	CHECK(ON(WIRE_OP_PREADV, NONE, 0, 0, 5000, 1).error == EINVAL);
	CHECK(ON(WIRE_OP_LSEEK, NONE, 0, 0, SEEK_END).result == 18);
	CHECK(ON(WIRE_OP_FALLOCATE, NONE, 0, 0, 0, 8192).result == 0);
	CHECK(ON(WIRE_OP_LSEEK, NONE, 0, 0, SEEK_END).result == 8192);
	CHECK(ON(WIRE_OP_FDATASYNC, NONE, 0).result == 0);
	CHECK(ON(WIRE_OP_SYNC_FILE_RANGE, NONE, 0, 0, 10, 7).result == 0);
	CHECK(ON(WIRE_OP_SYNC_FILE_RANGE, NONE, 0, 0, 10, 8).error == EINVAL);
	CHECK(ON(WIRE_OP_FLOCK, NONE, 0, LOCK_EX | LOCK_NB).result == 0);
	CHECK(ON(WIRE_OP_FDATASYNC, NONE, 9).error == EBADF);
}

static void mappings_are_changed(void)
{
	long page = sysconf(_SC_PAGESIZE);
	int64_t at = ON(WIRE_OP_MMAP, NONE, 1, 0, 0, 2 * page, PROT_READ | PROT_WRITE, MAP_SHARED, 0).result;

	CHECK(at > 0);
	CHECK(ON(WIRE_OP_STORE, text("hello"), 1, 0).result == 5);
	struct reply a = ON(WIRE_OP_MINCORE, NONE, 1, 0, 2 * page);

	CHECK(a.result == 2 && a.data.at[0] == 1);
	CHECK(ON(WIRE_OP_MINCORE, NONE, 1, 0, 3 * page).status == WIRE_STATUS_BAD_ARGUMENTS);
	CHECK(ON(WIRE_OP_MADVISE, NONE, 1, 0, page, MADV_DONTNEED).result == 0);
	CHECK(data_is(ON(WIRE_OP_LOAD, NONE, 1, 0, 5), "hello"));
	CHECK(ON(WIRE_OP_MPROTECT, NONE, 1, page, page, PROT_READ).result == 0);
	CHECK(ON(WIRE_OP_STORE, text("x"), 1, page).signo == SIGSEGV);
	CHECK(ON(WIRE_OP_MPROTECT, NONE, 1, 0, 2 * page, PROT_READ | PROT_WRITE).result == 0);
	int64_t moved = ON(WIRE_OP_MREMAP, NONE, 1, 2 * page, MREMAP_MAYMOVE | MREMAP_FIXED).result;

	CHECK(moved > 0 && moved != at);
	CHECK(data_is(ON(WIRE_OP_LOAD, NONE, 1, 0, 5), "hello"));
	CHECK(ON(WIRE_OP_PWRITE_MAPPED, NONE, 0, 100, 1, 1, 3).result == 3);
	CHECK(data_is(ON(WIRE_OP_PREAD, NONE, 0, 100, 3), "ell"));
	CHECK(ON(WIRE_OP_PREAD_MAPPED, NONE, 0, 100, 1, page, 3).result == 3);
	CHECK(data_is(ON(WIRE_OP_LOAD, NONE, 1, page, 3), "ell"));
	CHECK(ON(WIRE_OP_PREAD_MAPPED, NONE, 0, 0, 1, 2 * page, 1).status == WIRE_STATUS_BAD_ARGUMENTS);
	a = ON(WIRE_OP_SMAPS, NONE, 1);
	CHECK(a.result == 0 && memmem(a.data.at, a.data.length, "\nVmFlags:", 9));
	CHECK(ON(WIRE_OP_CALL, NONE, 1, 0).signo == SIGSEGV);
	CHECK(ON(WIRE_OP_MREMAP, NONE, 1, page, 0).result > 0);
	CHECK(ON(WIRE_OP_LOAD, NONE, 1, page, 1).status == WIRE_STATUS_BAD_ARGUMENTS);
}

/* What lies in one range of 2 MiB stays in one, wherever it moves. */
static void an_aligned_mapping_moves_to_an_aligned_place(void)
{
	long page = sysconf(_SC_PAGESIZE), align = 2 << 20;
	int64_t at = ON(WIRE_OP_MMAP, NONE, 2, 0, 0, 2 * page, PROT_READ | PROT_WRITE, MAP_SHARED, align).result;

	CHECK(at > 0 && at % align == 0);
	int64_t moved = ON(WIRE_OP_MREMAP, NONE, 2, 2 * page, MREMAP_MAYMOVE | MREMAP_FIXED).result;

	CHECK(moved > 0 && moved != at && moved % align == 0);
	CHECK(ON(WIRE_OP_MREMAP, NONE, 2, 4 * page, MREMAP_MAYMOVE).result == moved);
	void *in_the_way = mmap((uint8_t *)(uintptr_t)moved + align, (size_t)page, PROT_NONE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

	CHECK(ON(WIRE_OP_MREMAP, NONE, 2, 2 * align, 0).result == -1);
	int64_t again = ON(WIRE_OP_MREMAP, NONE, 2, 2 * align, MREMAP_MAYMOVE).result;

	CHECK(again > 0 && again != moved && again % align == 0);
	CHECK(ON(WIRE_OP_MUNMAP, NONE, 2).result == 0);
	if (in_the_way != MAP_FAILED)
		munmap(in_the_way, (size_t)page);
}

#if defined(__x86_64__)
static void stored_code_runs(void)
{
	static const uint8_t code[] = { 0xb8, 42, 0, 0, 0, 0xc3 };
	struct bytes b = { 0 };
	struct exec plain;

	bytes_append(&b, code, sizeof(code));
	CHECK(ON(WIRE_OP_PWRITE, b, 0, 0).result == sizeof(code));
	/* Not a file of /dev/shm, which may be mounted noexec. */
	int fd = memfd_create("code", MFD_CLOEXEC);

	CHECK(write(fd, code, sizeof(code)) == sizeof(code));
	exec_init(&plain);
	plain.files[0] = fd;
	CHECK(RUN(&plain, WIRE_OP_MMAP, NULL, 0, 2, 0, 0, 4096, PROT_READ | PROT_EXEC, MAP_SHARED, 0).result > 0);
	CHECK(RUN(&plain, WIRE_OP_CALL, NULL, 0, 2, 0).result == 42);
	CHECK(!ftruncate(fd, 0));
	CHECK(RUN(&plain, WIRE_OP_CALL, NULL, 0, 2, 0).signo == SIGBUS);
	exec_release(&plain);
}
#endif

void test_operations(void)
{
	CHECK(mkdtemp(directory));
	exec_init(&x);
	names_are_made_and_moved();
	attributes_are_set_and_read();
	files_are_written_in_pieces();
	mappings_are_changed();
	an_aligned_mapping_moves_to_an_aligned_place();
#if defined(__x86_64__)
	stored_code_runs();
#endif
	CHECK(ON(WIRE_OP_UNLINK, names(1, "/d/a")).result == 0);
	CHECK(ON(WIRE_OP_RMDIR, names(1, "/d")).result == 0);
	exec_release(&x);
	CHECK(rmdir(directory) == 0);
}
