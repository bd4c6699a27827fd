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
 * value is a plain #define with a literal.
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

/* Operations: arguments; blob -> result, data. */
#define WIRE_OP_HELLO 1       /* -> protocol version, key=value lines */
#define WIRE_OP_BEGIN 2       /* wantedPid (0 any), trace (0/1) -> pid of the executor */
#define WIRE_OP_END 3         /* -> 0; the executor is gone when the answer arrives */
#define WIRE_OP_MOUNT 4       /* flags; source, target, type, options */
#define WIRE_OP_UMOUNT 5      /* flags; target */
#define WIRE_OP_POWEROFF 6    /* -> 0, then the machine switches off */
#define WIRE_OP_EXEC 7        /* timeoutMillis; argv -> exit status, output */
#define WIRE_OP_READ_FILE 8   /* max bytes; path -> bytes, content */
#define WIRE_OP_WRITE_FILE 9  /* path NUL content -> bytes */
#define WIRE_OP_FLUSH_BUFFERS 10 /* device -> 0 */
#define WIRE_OP_PING 11       /* -> 0 */
#define WIRE_OP_SYNC 12       /* -> 0 */
#define WIRE_OP_BATCH 13      /* -> how many were run, their answers */
#define WIRE_OP_KERNEL_LOG 14 /* -> records, what the kernel has logged since the last time */
#define WIRE_OP_OPEN 20       /* slot, flags, mode; path -> 0 */
#define WIRE_OP_CLOSE 21      /* slot */
#define WIRE_OP_PWRITE 22     /* slot, offset; bytes -> written */
#define WIRE_OP_PREAD 23      /* slot, offset, length -> read, bytes */
#define WIRE_OP_FTRUNCATE 24  /* slot, size */
#define WIRE_OP_FSYNC 25      /* slot */
#define WIRE_OP_FSTAT 26      /* slot -> 0, a stat record */
#define WIRE_OP_FIEMAP 27     /* slot -> extents, extent records */
/* MMAP's align: 0, or a power of two; the blocks of that size it touches are its own. */
#define WIRE_OP_MMAP 28 /* mapping slot, file slot, offset, length, prot, flags, align -> address */
#define WIRE_OP_MUNMAP 29     /* mapping slot */
#define WIRE_OP_LOAD 30       /* mapping slot, offset, length -> loaded, bytes */
#define WIRE_OP_STORE 31      /* mapping slot, offset; bytes -> stored */
#define WIRE_OP_MSYNC 32      /* mapping slot, offset, length, flags */
#define WIRE_OP_PAGEMAP 33    /* mapping slot, offset -> the raw 64-bit entry, with WIRE_PAGEMAP_ANON_BIT */

/* Names. A path names a symbolic link itself where it ends in one, but for CHMOD. */
#define WIRE_OP_MKDIR 50     /* mode; path */
#define WIRE_OP_RMDIR 51     /* path NUL */
#define WIRE_OP_LINK 52      /* path NUL new path */
#define WIRE_OP_SYMLINK 53   /* path that it leads to NUL path */
#define WIRE_OP_READLINK 54  /* path NUL -> bytes, where it leads to */
#define WIRE_OP_RENAME 55    /* flags; old path NUL new path */
#define WIRE_OP_UNLINK 56    /* path NUL */
#define WIRE_OP_CHMOD 57     /* mode; path */
#define WIRE_OP_CHOWN 58     /* uid, gid; path */
#define WIRE_OP_UTIMENS 59   /* second of access, second of modification; path */
#define WIRE_OP_STATX 60     /* path NUL -> 0, a stat record and u64 attributes */
#define WIRE_OP_ACCESS 61    /* mode; path */
#define WIRE_OP_LIST 62      /* path NUL -> entries, entry records */
/* Attributes. */
#define WIRE_OP_SETXATTR 63  /* flags; path NUL name NUL value */
#define WIRE_OP_GETXATTR 64  /* path NUL name -> bytes, the value */
#define WIRE_OP_LISTXATTR 65 /* path NUL -> bytes, names that end with NUL */
#define WIRE_OP_REMOVEXATTR 66 /* path NUL name */
#define WIRE_OP_GETFLAGS 67  /* path NUL -> the flags of FS_IOC_GETFLAGS */
#define WIRE_OP_SETFLAGS 68  /* flags; path */
/* Open files. A piece is how many bytes each vector has. */
#define WIRE_OP_PWRITEV 69   /* slot, offset, piece; bytes -> written */
#define WIRE_OP_PREADV 70    /* slot, offset, length, piece -> read, bytes */
#define WIRE_OP_PWRITE_MAPPED 71 /* slot, offset, mapping slot, offset in it, length -> written */
#define WIRE_OP_PREAD_MAPPED 72 /* slot, offset, mapping slot, offset in it, length -> read */
#define WIRE_OP_SYNC_FILE_RANGE 73 /* slot, offset, length, flags */
#define WIRE_OP_FALLOCATE 74 /* slot, mode, offset, length */
#define WIRE_OP_LSEEK 75     /* slot, offset, whence -> the position */
#define WIRE_OP_FDATASYNC 76 /* slot */
#define WIRE_OP_SYNCFS 77    /* slot */
#define WIRE_OP_FLOCK 78     /* slot, operation */
/* Mappings. */
#define WIRE_OP_MADVISE 79   /* mapping slot, offset, length, advice */
#define WIRE_OP_MREMAP 80    /* mapping slot, new length, flags -> address */
#define WIRE_OP_MPROTECT 81  /* mapping slot, offset, length, prot */
#define WIRE_OP_MINCORE 82   /* mapping slot, offset, length -> pages, a byte each */
#define WIRE_OP_SMAPS 83     /* mapping slot -> 0, its lines */
#define WIRE_OP_CALL 84      /* mapping slot, offset -> what the code there returns */
/* The file system, the process, the machine. */
#define WIRE_OP_STATFS 85    /* path NUL -> 0, u64 type, bsize, blocks, bfree, bavail, files, ffree, namelen */
#define WIRE_OP_FREEZE 86    /* path NUL */
#define WIRE_OP_THAW 87      /* path NUL */
#define WIRE_OP_BECOME 88    /* uid, gid */
#define WIRE_OP_VMSTAT 89    /* path NUL (the counter's name) -> its value */
#define WIRE_OP_FILL 90      /* slot -> 0: the file system has no block left */
#define WIRE_OP_REMOUNT 91   /* flags; path NUL options: never a new mount */
#define WIRE_OP_RELEASE 92   /* -> 0; as END, and the executor stays */

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
 */
#define WIRE_OP_TASK_START 40 /* task, wantedPid (0 any) -> pid */
#define WIRE_OP_TASK_OP 41    /* task; a REQUEST payload -> 0: it has been started */
#define WIRE_OP_TASK_WAIT 42  /* task, timeoutMillis -> 0 and a RESPONSE payload, or 1 still running */
#define WIRE_OP_TASK_STATE 43 /* task -> pid, key=value lines */
#define WIRE_OP_TASK_END 44   /* task -> 0; killed if it runs; gone when the answer arrives */
/*
 * The kernel's rendezvous points. Commands: "arm POINT TASK HIT", "go POINT
 * TASK" or "clear"; the agent puts the task's pid for its number.
 */
#define WIRE_OP_RENDEZVOUS 45 /* -> 0; the blob is the command */
/* 0: the task waits there; 1: timed out; 2: its operation ended without arriving. */
#define WIRE_OP_RENDEZVOUS_WAIT 46 /* task, timeoutMillis; point -> 0, 1 or 2 */
/*
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
