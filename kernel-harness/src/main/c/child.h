// SPDX-License-Identifier: Apache-2.0
/* Child processes with a pid of choice. */
#ifndef PMEM4J_CHILD_H
#define PMEM4J_CHILD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * fork(2) with this very pid, or EEXIST; any pid for 0. Unlike ns_last_pid this
 * leaves no gap in which another fork takes the number.
 */
pid_t fork_as(pid_t wanted);

/* Whether a wanted pid, 0 for any, is one that the kernel can give. */
bool pid_in_range(int64_t wanted);

#endif
