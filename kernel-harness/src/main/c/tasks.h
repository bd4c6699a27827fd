// SPDX-License-Identifier: Apache-2.0
/*
 * Tasks: more executors beside the one that serves, so that operations can
 * overlap. A task is a fork of the server: it has the files and mappings that
 * were open when it started (shared mappings without page table entries, as fork
 * leaves them), a pid of its own, and runs one operation at a time while the
 * server goes on answering.
 */
#ifndef PMEM4J_TASKS_H
#define PMEM4J_TASKS_H

#include "exec.h"

#include <sys/types.h>

struct task {
	pid_t pid;      /* 0: no such task */
	int channel;    /* to the child: u32 length and payload, either way */
	bool running;   /* an operation was sent and its answer not yet taken */
	struct bytes events; /* trace lines of the operation */
};

struct tasks {
	struct task at[WIRE_TASKS];
	struct exec *exec;              /* what a new task inherits */
	void (*in_child)(void *server); /* closes what is the server's alone */
	/* Runs one request in the child. */
	void (*run)(void *server, const struct request *r, struct reply *reply);
	/* Takes events from the trace before they are read; may be NULL. */
	void (*gather)(void *server);
	void *server;
};

void tasks_init(struct tasks *t);

/* As exec_run: false when the operation is none of these. */
bool tasks_run(struct tasks *t, const struct request *r, struct reply *reply);

/* Appends each task's lines of the trace text to its events. */
void tasks_note_events(struct tasks *t, const char *text, size_t length);

bool tasks_any(const struct tasks *t);

/* Ends them all; their files and mappings are gone on return. */
void tasks_end_all(struct tasks *t);

#endif
