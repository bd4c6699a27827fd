// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "child.h"

#include <linux/sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

pid_t fork_as(pid_t wanted)
{
	struct clone_args how = {
		.exit_signal = SIGCHLD,
		.set_tid = wanted ? (uintptr_t)&wanted : 0,
		.set_tid_size = wanted ? 1 : 0,
	};

	return (pid_t)syscall(SYS_clone3, &how, sizeof(how));
}

bool pid_in_range(int64_t wanted)
{
	return wanted >= 0 && wanted <= 4194304;
}
