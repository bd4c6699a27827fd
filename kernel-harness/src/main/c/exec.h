// SPDX-License-Identifier: Apache-2.0
/*
 * The operation core: what a program does to files and mappings, one system
 * call or one guarded access an operation. libc only, no knowledge of frames'
 * transport, of pid 1 or of tracing: the agent runs it in a guest, a JNI
 * library on the kernel at hand.
 */
#ifndef PMEM4J_EXEC_H
#define PMEM4J_EXEC_H

#include "reply.h"

struct mapping {
	uint8_t *at; /* NULL: the slot is free */
	size_t length;
	size_t place; /* bytes from at on that are reserved for this mapping */
	size_t align; /* of at; 0: anywhere */
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

/* In a child after fork: releases what belongs to the parent alone. */
void exec_forked(struct exec *x);

/*
 * Runs the operation into *reply, which was reset by the caller. False when the
 * operation is none of the core's; the reply is then untouched.
 */
bool exec_run(struct exec *x, const struct request *r, struct reply *reply);

#endif
