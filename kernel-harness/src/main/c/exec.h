// SPDX-License-Identifier: Apache-2.0
/*
 * The operation core: what a program does to files and mappings, one system
 * call or one guarded access an operation. libc only, no knowledge of frames'
 * transport, of pid 1 or of tracing: the agent runs it in a guest, a JNI
 * library on the kernel at hand.
 */
#ifndef PMEM4J_EXEC_H
#define PMEM4J_EXEC_H

#include "frame.h"

struct mapping {
	uint8_t *at; /* NULL: the slot is free */
	size_t length;
	size_t place; /* bytes from at on that nobody else may use */
};

/* One caller's slots. Not to be used by two threads at once. */
struct exec {
	int files[WIRE_SLOTS]; /* -1: free */
	struct mapping mappings[WIRE_SLOTS];
	int pagemap; /* -1: not open yet */
};

void exec_init(struct exec *x);

/* Closes and unmaps everything. */
void exec_release(struct exec *x);

/* In a child after fork: what is only good in the parent is let go. */
void exec_forked(struct exec *x);

/*
 * Runs the operation into *reply, which was reset by the caller. False when the
 * operation is none of the core's; the reply is then untouched.
 */
bool exec_run(struct exec *x, const struct request *r, struct reply *reply);

/* result -1 with errno. */
void reply_errno(struct reply *reply);

/* result = n, or -1 with errno when n is negative. */
void reply_syscall(struct reply *reply, long n);

/* status 2: a slot out of range or in the wrong state, a length out of range. */
void reply_bad_arguments(struct reply *reply);

#endif
