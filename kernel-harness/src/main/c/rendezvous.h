// SPDX-License-Identifier: Apache-2.0
/* The kernel's rendezvous points: debugfs rendezvous/control and rendezvous/state. */
#ifndef PMEM4J_RENDEZVOUS_H
#define PMEM4J_RENDEZVOUS_H

#include "bytes.h"

#include <stdbool.h>
#include <sys/types.h>

/*
 * A command as the host writes it, taken apart: "arm POINT TASK HIT",
 * "go POINT TASK" or "clear", where the kernel wants a pid for TASK.
 */
struct rendezvous_command {
	char verb[8];
	char point[32];
	int task;
	unsigned int hit;
};

/* False when the text is no command. */
bool rendezvous_parse(struct rendezvous_command *c, const char *text, size_t length);

/* Gives the command to the kernel, for this pid. 0, or -1 with errno. */
int rendezvous_control(const struct rendezvous_command *c, pid_t pid);

/* Whether a line of the state says that the task waits at the point. */
bool rendezvous_waits(const struct bytes *state, const char *point, pid_t pid);

/* Lets the task go on from wherever it waits, and disarms all that names it. */
void rendezvous_release(pid_t pid);

/* The polled end of the state, -1 with errno; one per waiter. */
int rendezvous_open(void);

/* Reads the state anew. After this, POLLPRI means: something has begun to wait. */
void rendezvous_read(int fd, struct bytes *state);

#endif
