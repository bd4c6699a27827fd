// SPDX-License-Identifier: Apache-2.0
/* The slots of a caller: its open files and mappings. */
#define _GNU_SOURCE
#include "exec.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

void exec_init(struct exec *x)
{
	memset(x, 0, sizeof(*x));
	for (int i = 0; i < WIRE_SLOTS; i++)
		x->files[i] = -1;
	x->pagemap = -1;
}

void exec_release(struct exec *x)
{
	for (int i = 0; i < WIRE_SLOTS; i++) {
		if (x->mappings[i].at)
			munmap(x->mappings[i].at, x->mappings[i].place);
		if (x->files[i] >= 0)
			close(x->files[i]);
	}
	if (x->pagemap >= 0)
		close(x->pagemap);
	exec_init(x);
}

void exec_forked(struct exec *x)
{
	/* /proc/self was the parent when it was opened. */
	if (x->pagemap >= 0)
		close(x->pagemap);
	x->pagemap = -1;
}
