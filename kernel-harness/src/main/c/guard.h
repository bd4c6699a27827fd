// SPDX-License-Identifier: Apache-2.0
/* Loads and stores that report the signal they raise instead of dying of it. */
#ifndef PMEM4J_GUARD_H
#define PMEM4J_GUARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fault {
	int signo; /* SIGBUS or SIGSEGV; 0 when nothing happened */
	int code;
	uintptr_t address;
};

/*
 * Copy byte by byte in ascending order, so that the fault reported is that of
 * the lowest inaccessible byte and everything below it has been copied. True
 * when all of it was. Any number of threads may be inside at once; the signal
 * handlers of the process are replaced while at least one is, faults of other
 * threads go to the handlers they would have gone to, and the last one out
 * restores them.
 */
bool guarded_load(void *to, const void *mapped, size_t length, struct fault *fault);
bool guarded_store(void *mapped, const void *from, size_t length, struct fault *fault);

/* Calls the code that lies there; a fault in the page that follows its start is reported. */
bool guarded_call(const void *mapped, int *returned, struct fault *fault);

#endif
