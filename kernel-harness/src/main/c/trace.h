// SPDX-License-Identifier: Apache-2.0
/*
 * The fs_dax events of one operation.
 *
 * Only lines of the task that ran the operation are reported. The operations run in it
 * and so do their faults, msync and fsync. Two kinds of foreign lines exist:
 * those of commands started by EXEC, which belong to no outcome; and those of
 * the flusher's kworker when sync(2) or umount(2) hand the writeback to it. The
 * latter are left out as well, because the same kworker may be serving another
 * file's writeback at that moment and the line cannot tell for whom.
 */
#ifndef PMEM4J_TRACE_H
#define PMEM4J_TRACE_H

#include "bytes.h"

#include <stdbool.h>
#include <sys/types.h>

/* More text than any operation of a program makes; of more the rest is lost, and said to be. */
enum { TRACE_FLOOD = 1 << 20 };

/* Once a boot: it empties the buffers, which takes a while. 0, or -1 with errno. */
int trace_prepare(void);

/*
 * Switches the fs_dax events on or off for the whole kernel; patches its code,
 * so it is worth remembering what is set. 0, or -1 with errno.
 */
int trace_enable(bool on);

/* Opens the consuming end of the trace. A descriptor, or -1 with errno. */
int trace_open(void);

/* Takes what has gathered, of all tasks. */
void trace_take(int fd, struct bytes *text);

/* Appends the lines of one task, each with its newline, and notes about lost events. */
void trace_filter(const char *text, size_t length, pid_t task, struct bytes *lines);

#endif
