// SPDX-License-Identifier: Apache-2.0
/*
 * The wire format between the host and the agent in the guest.
 *
 * A frame, all fields little-endian:
 *
 *	u32 magic | u32 seq | u16 type | u16 zero | u32 length | payload[length] | u32 crc
 *
 * crc is the CRC-32 of zlib over everything from seq to the end of the payload.
 * The magic stays outside it: it is what a receiver searches for after noise.
 *
 * The Java side mirrors this file by hand and a test compares the two, so each
 * value is a plain #define with a literal, and each operation a row of a list.
 */
#ifndef PMEM4J_WIRE_H
#define PMEM4J_WIRE_H

#define WIRE_PROTOCOL_VERSION 1
#define WIRE_PORT_NAME "pmem4j.agent.0"

#define WIRE_MAGIC 0x314A3450
#define WIRE_HEADER_BYTES 16
#define WIRE_TRAILER_BYTES 4
#define WIRE_MAX_PAYLOAD 4194304
#define WIRE_SLOTS 64
#define WIRE_TASKS 8

/* Frame types. */
#define WIRE_REQUEST 1
#define WIRE_RESPONSE 2
#define WIRE_EVENT 3

/*
 * REQUEST payload:
 *	u16 op | u16 argc | u32 zero | i64 clock | i64 args[argc] | u32 blobLength | blob
 * clock: CLOCK_REALTIME is set to exactly this second before the operation; 0
 * leaves it alone. Strings in a blob are separated by NUL; the last one may do
 * without.
 */
#define WIRE_REQUEST_FIXED_BYTES 16
#define WIRE_MAX_ARGS 8

/*
 * RESPONSE payload, with the seq of its request:
 *	i64 result | i32 errno | i32 signo | i32 sicode | i32 status |
 *	u64 faultAddress | u32 dataLength | data | u32 eventsLength | events
 * A failed operation has result -1 and errno; one that raised a signal has
 * result -1, signo, sicode and faultAddress, and errno 0.
 */
#define WIRE_RESPONSE_FIXED_BYTES 32

/* Response status: whether the request could be understood at all. */
#define WIRE_STATUS_OK 0
#define WIRE_STATUS_UNKNOWN_OP 1
#define WIRE_STATUS_BAD_ARGUMENTS 2
#define WIRE_STATUS_LATE 3

/*
 * EVENT payload, unsolicited and with seq 0:
 *	u32 kind | u32 detail | text
 */
#define WIRE_EVENT_AGENT_READY 1   /* detail: protocol version; text: as the data of HELLO */
#define WIRE_EVENT_EXECUTOR_DIED 2 /* detail: wait status; text: the same in words */
#define WIRE_EVENT_BAD_FRAME 3     /* detail: bytes skipped; text: what was wrong */

/*
 * The operations. Each row is the only place that knows the name, the number, the
 * count of arguments and, for the core, the state of the slots: the enums, the
 * prototypes and the tables are made of it. A comment says: arguments; blob ->
 * result, data.
 *
 * What the agent runs itself: X(NAME, number, arguments).
 */
#define WIRE_AGENT_OPS(X) \
	X(HELLO, 1, 0) /* -> protocol version, key=value lines */ \
	X(BEGIN, 2, 2) /* wantedPid (0 any), trace (0/1) -> pid of the executor */ \
	X(END, 3, 0) /* -> 0; the executor is gone when the answer arrives */ \
	X(MOUNT, 4, 1) /* flags; source, target, type, options */ \
	X(UMOUNT, 5, 1) /* flags; target */ \
	X(POWEROFF, 6, 0) /* -> 0, then the machine switches off */ \
	X(EXEC, 7, 1) /* timeoutMillis; argv -> exit status, output */ \
	X(WRITE_FILE, 9, 0) /* path NUL content -> bytes */ \
	X(FLUSH_BUFFERS, 10, 0) /* device -> 0 */ \
	X(PING, 11, 0) /* -> 0 */ \
	X(BATCH, 13, 0) /* -> how many were run, their answers */ \
	X(KERNEL_LOG, 14, 0) /* -> records, what the kernel has logged since the last time */ \
	X(TASK_START, 40, 2) /* task, wantedPid (0 any) -> pid */ \
	X(TASK_OP, 41, 1) /* task; a REQUEST payload -> 0: it has been started */ \
	X(TASK_WAIT, 42, 2) /* task, timeoutMillis -> 0 and a RESPONSE payload, or 1 still running */ \
	X(TASK_STATE, 43, 1) /* task -> pid, key=value lines */ \
	X(TASK_END, 44, 1) /* task -> 0; killed if it runs; gone when the answer arrives */ \
	X(RENDEZVOUS, 45, 0) /* -> 0; the blob is the command */ \
	X(RENDEZVOUS_WAIT, 46, 2) /* task, timeoutMillis; point -> 0, 1 or 2 */

/*
 * What the operation core runs, in a guest or on the kernel at hand:
 * X(NAME, function, number, arguments, state of the slots, blob).
 *
 * A path names a symbolic link itself where it ends in one, but for CHMOD. A piece
 * is how many bytes each vector has. MMAP's align: 0, or a power of two; the blocks
 * of that size it touches are its own. RELEASE closes all as END, and the executor
 * stays. REMOUNT never makes a new mount.
 */
#define WIRE_CORE_OPS(X) \
	X(READ_FILE, read_file, 8, 1, NO_SLOT, BLOB) /* max bytes; path -> bytes, content */ \
	X(SYNC, sync, 12, 0, NO_SLOT, NO_BLOB) /* -> 0 */ \
	X(OPEN, open, 20, 3, FREE_FILE, BLOB) /* slot, flags, mode; path -> 0 */ \
	X(CLOSE, close, 21, 1, USED_FILE, NO_BLOB) /* slot */ \
	X(PWRITE, pwrite, 22, 2, USED_FILE, BLOB) /* slot, offset; bytes -> written */ \
	X(PREAD, pread, 23, 3, USED_FILE, NO_BLOB) /* slot, offset, length -> read, bytes */ \
	X(FTRUNCATE, ftruncate, 24, 2, USED_FILE, NO_BLOB) /* slot, size */ \
	X(FSYNC, fsync, 25, 1, USED_FILE, NO_BLOB) /* slot */ \
	X(FSTAT, fstat, 26, 1, USED_FILE, NO_BLOB) /* slot -> 0, a stat record */ \
	X(FIEMAP, fiemap, 27, 1, USED_FILE, NO_BLOB) /* slot -> extents, extent records */ \
	X(MMAP, mmap, 28, 7, MAP_OF_FILE, NO_BLOB) /* mapping slot, file slot, offset, length, prot, flags, align -> address */ \
	X(MUNMAP, munmap, 29, 1, USED_MAPPING, NO_BLOB) /* mapping slot */ \
	X(LOAD, load, 30, 3, USED_MAPPING, NO_BLOB) /* mapping slot, offset, length -> loaded, bytes */ \
	X(STORE, store, 31, 2, USED_MAPPING, BLOB) /* mapping slot, offset; bytes -> stored */ \
	X(MSYNC, msync, 32, 4, USED_MAPPING, NO_BLOB) /* mapping slot, offset, length, flags */ \
	X(PAGEMAP, pagemap, 33, 2, USED_MAPPING, NO_BLOB) /* mapping slot, offset -> the raw 64-bit entry, with WIRE_PAGEMAP_ANON_BIT */ \
	X(MKDIR, mkdir, 50, 1, NO_SLOT, BLOB) /* mode; path */ \
	X(RMDIR, rmdir, 51, 0, NO_SLOT, BLOB) /* path NUL */ \
	X(LINK, link, 52, 0, NO_SLOT, BLOB) /* path NUL new path */ \
	X(SYMLINK, symlink, 53, 0, NO_SLOT, BLOB) /* path that it leads to NUL path */ \
	X(READLINK, readlink, 54, 0, NO_SLOT, BLOB) /* path NUL -> bytes, where it leads to */ \
	X(RENAME, rename, 55, 1, NO_SLOT, BLOB) /* flags; old path NUL new path */ \
	X(UNLINK, unlink, 56, 0, NO_SLOT, BLOB) /* path NUL */ \
	X(CHMOD, chmod, 57, 1, NO_SLOT, BLOB) /* mode; path */ \
	X(CHOWN, chown, 58, 2, NO_SLOT, BLOB) /* uid, gid; path */ \
	X(UTIMENS, utimens, 59, 2, NO_SLOT, BLOB) /* second of access, second of modification; path */ \
	X(STATX, statx, 60, 0, NO_SLOT, BLOB) /* path NUL -> 0, a stat record and u64 attributes */ \
	X(ACCESS, access, 61, 1, NO_SLOT, BLOB) /* mode; path */ \
	X(LIST, list, 62, 0, NO_SLOT, BLOB) /* path NUL -> entries, entry records */ \
	X(SETXATTR, setxattr, 63, 1, NO_SLOT, BLOB) /* flags; path NUL name NUL value */ \
	X(GETXATTR, getxattr, 64, 0, NO_SLOT, BLOB) /* path NUL name -> bytes, the value */ \
	X(LISTXATTR, listxattr, 65, 0, NO_SLOT, BLOB) /* path NUL -> bytes, names that end with NUL */ \
	X(REMOVEXATTR, removexattr, 66, 0, NO_SLOT, BLOB) /* path NUL name */ \
	X(GETFLAGS, getflags, 67, 0, NO_SLOT, BLOB) /* path NUL -> the flags of FS_IOC_GETFLAGS */ \
	X(SETFLAGS, setflags, 68, 1, NO_SLOT, BLOB) /* flags; path */ \
	X(GETRSVSZ, getrsvsz, 94, 0, NO_SLOT, BLOB) /* path NUL -> the blocks of EXT2_IOC_GETRSVSZ */ \
	X(SETRSVSZ, setrsvsz, 95, 1, NO_SLOT, BLOB) /* blocks; path */ \
	X(PWRITEV, pwritev, 69, 3, USED_FILE, BLOB) /* slot, offset, piece; bytes -> written */ \
	X(PREADV, preadv, 70, 4, USED_FILE, NO_BLOB) /* slot, offset, length, piece -> read, bytes */ \
	X(PWRITE_MAPPED, pwrite_mapped, 71, 5, FILE_AND_MAPPING, NO_BLOB) /* slot, offset, mapping slot, offset in it, length -> written */ \
	X(PREAD_MAPPED, pread_mapped, 72, 5, FILE_AND_MAPPING, NO_BLOB) /* slot, offset, mapping slot, offset in it, length -> read */ \
	X(SYNC_FILE_RANGE, sync_file_range, 73, 4, USED_FILE, NO_BLOB) /* slot, offset, length, flags */ \
	X(FALLOCATE, fallocate, 74, 4, USED_FILE, NO_BLOB) /* slot, mode, offset, length */ \
	X(LSEEK, lseek, 75, 3, USED_FILE, NO_BLOB) /* slot, offset, whence -> the position */ \
	X(FDATASYNC, fdatasync, 76, 1, USED_FILE, NO_BLOB) /* slot */ \
	X(SYNCFS, syncfs, 77, 1, USED_FILE, NO_BLOB) /* slot */ \
	X(FLOCK, flock, 78, 2, USED_FILE, NO_BLOB) /* slot, operation */ \
	X(MADVISE, madvise, 79, 4, USED_MAPPING, NO_BLOB) /* mapping slot, offset, length, advice */ \
	X(MREMAP, mremap, 80, 3, USED_MAPPING, NO_BLOB) /* mapping slot, new length, flags -> address */ \
	X(MPROTECT, mprotect, 81, 4, USED_MAPPING, NO_BLOB) /* mapping slot, offset, length, prot */ \
	X(MINCORE, mincore, 82, 3, USED_MAPPING, NO_BLOB) /* mapping slot, offset, length -> pages, a byte each */ \
	X(SMAPS, smaps, 83, 1, USED_MAPPING, NO_BLOB) /* mapping slot -> 0, its lines */ \
	X(CALL, call, 84, 2, USED_MAPPING, NO_BLOB) /* mapping slot, offset -> what the code there returns */ \
	X(STATFS, statfs, 85, 0, NO_SLOT, BLOB) /* path NUL -> 0, u64 type, bsize, blocks, bfree, bavail, files, ffree, namelen */ \
	X(FREEZE, freeze, 86, 0, NO_SLOT, BLOB) /* path NUL */ \
	X(THAW, thaw, 87, 0, NO_SLOT, BLOB) /* path NUL */ \
	X(BECOME, become, 88, 2, NO_SLOT, NO_BLOB) /* uid, gid */ \
	X(VMSTAT, vmstat, 89, 0, NO_SLOT, BLOB) /* path NUL (the counter's name) -> its value */ \
	X(FILL, fill, 90, 1, USED_FILE, NO_BLOB) /* slot -> 0: the file system has no block left */ \
	X(REMOUNT, remount, 91, 1, NO_SLOT, BLOB) /* flags; path NUL options: never a new mount */ \
	X(VM_READ, vm_read, 100, 3, USED_MAPPING, NO_BLOB) /* mapping slot, offset, length -> read, bytes */ \
	X(VM_WRITE, vm_write, 101, 2, USED_MAPPING, BLOB) /* mapping slot, offset; bytes -> stored */ \
	X(RELEASE, release, 92, 0, NO_SLOT, NO_BLOB) /* -> 0; as END, and the executor stays */ \
	X(POISON, poison, 93, 3, USED_FILE, NO_BLOB) /* slot, offset, length -> blocks that are unreadable from now on */

enum wire_op {
#define WIRE_AGENT_OP(NAME, number, argc) WIRE_OP_##NAME = number,
#define WIRE_CORE_OP(NAME, function, number, argc, slot, blob) WIRE_OP_##NAME = number,
	WIRE_AGENT_OPS(WIRE_AGENT_OP) WIRE_CORE_OPS(WIRE_CORE_OP)
#undef WIRE_AGENT_OP
#undef WIRE_CORE_OP
};

enum wire_argc {
#define WIRE_AGENT_OP(NAME, number, argc) WIRE_ARGC_##NAME = argc,
#define WIRE_CORE_OP(NAME, function, number, argc, slot, blob) WIRE_ARGC_##NAME = argc,
	WIRE_AGENT_OPS(WIRE_AGENT_OP) WIRE_CORE_OPS(WIRE_CORE_OP)
#undef WIRE_AGENT_OP
#undef WIRE_CORE_OP
};

/* UTIMENS: in place of a second. */
#define WIRE_TIME_NOW 4294967294
#define WIRE_TIME_OMIT 4294967295

/*
 * Set in an answer of PAGEMAP for an anonymous page, also one that processes share
 * since fork(2), and for the shared page of zeros; Linux 5.10 and 6.1 use neither
 * bit. Neither is set where /proc/kpageflags is closed.
 */
#define WIRE_PAGEMAP_ANON_BIT 58
#define WIRE_PAGEMAP_ZERO_BIT 59

/* Entry record: u64 ino | u32 type (DT_*) | u32 length | name */
#define WIRE_ENTRY_FIXED_BYTES 16

/*
 * BATCH: the blob is any number of u32 length | REQUEST payload, the data as many
 * u32 length | RESPONSE payload as the result says. Each operation sets its clock
 * and has its events as it would alone. Fewer are run than were sent when less
 * than the reserve is left in the frame for the next answer; one that exceeds
 * what is left answers EMSGSIZE. BEGIN, END, POWEROFF, HELLO and BATCH itself
 * are not for batches: status 1.
 */
#define WIRE_BATCH_RESERVE 2097152

/*
 * KERNEL_LOG: a line per record, without level and time. EPIPE: records were
 * overwritten before they were read.
 */

/*
 * Tasks: executors beside the one that serves, numbered 0..7. A task is forked
 * from the server with the files and mappings that are open then, and runs one
 * operation at a time while the server goes on answering.
 *
 * RENDEZVOUS takes a command for the kernel's points, "arm POINT TASK HIT", "go
 * POINT TASK" or "clear"; the agent puts the task's pid for its number.
 * RENDEZVOUS_WAIT answers 0: the task waits there; 1: timed out; 2: its operation
 * ended without arriving.
 *
 * TASK_OP answers EBUSY while an operation is under way or its answer has not
 * been taken; TASK_WAIT and TASK_OP answer ESRCH when the task has died. The
 * events of TASK_WAIT are those of the task's operation. TASK_STATE's keys: pid,
 * operation (idle, running, finished), stat, wchan, stack (a line per frame) as
 * in /proc/PID, rendezvous (a line per armed place). BEGIN answers EBUSY while
 * there are tasks; END ends them.
 */

/*
 * EXEC: the command did not end in time and was killed, with all it started.
 * Its output so far is the data.
 */
#define WIRE_EXEC_MAX_OUTPUT 1048576

/*
 * Stat record: u64 ino | u32 mode | u32 nlink | u32 uid | u32 gid | i64 size |
 * i64 blocks512 | i64 atime | i64 mtime | i64 ctime | u32 generation | u32 zero
 */
#define WIRE_STAT_BYTES 72

/* Extent record: u64 logical | u64 physical | u64 length | u32 flags | u32 zero */
#define WIRE_EXTENT_BYTES 32

#endif
