// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "guard.h"

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>

struct guard {
	sigjmp_buf out;
	struct fault *fault;
	uintptr_t from;
	uintptr_t to;
};

/*
 * Signal handlers belong to the process, so what they need cannot live in a
 * caller's context: the guard of each thread, and the handlers we displaced.
 */
static __thread struct guard *volatile current;
static pthread_mutex_t handlers_lock = PTHREAD_MUTEX_INITIALIZER;
static int inside;
static struct sigaction displaced_bus;
static struct sigaction displaced_segv;

static void pass_on(int signo, siginfo_t *info, void *machine)
{
	struct sigaction *next = signo == SIGBUS ? &displaced_bus : &displaced_segv;

#ifdef GUARD_SEEDED_KEEPS_FOREIGN_FAULTS
	next = &(struct sigaction){ .sa_handler = SIG_DFL };
#endif
	if (next->sa_flags & SA_SIGINFO) {
		next->sa_sigaction(signo, info, machine);
	} else if (next->sa_handler == SIG_DFL || next->sa_handler == SIG_IGN) {
		/* The access is repeated on return and kills the process as it should. */
		signal(signo, SIG_DFL);
	} else {
		next->sa_handler(signo);
	}
}

static void on_fault(int signo, siginfo_t *info, void *machine)
{
	struct guard *g = current;
	uintptr_t address = (uintptr_t)info->si_addr;

	/* A fault elsewhere is a bug of ours, not an outcome: it must be fatal. */
	if (!g || address < g->from || address >= g->to) {
		pass_on(signo, info, machine);
		return;
	}
	g->fault->signo = signo;
	g->fault->code = info->si_code;
	g->fault->address = address;
	siglongjmp(g->out, 1);
}

static void enter(struct guard *g)
{
	pthread_mutex_lock(&handlers_lock);
	if (inside++ == 0) {
		struct sigaction ours = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK };

		sigemptyset(&ours.sa_mask);
		/*
		 * Known before ours is in place: another thread may fault, and be
		 * handled by us, before the second sigaction has returned.
		 */
		sigaction(SIGBUS, NULL, &displaced_bus);
		sigaction(SIGSEGV, NULL, &displaced_segv);
		sigaction(SIGBUS, &ours, NULL);
		sigaction(SIGSEGV, &ours, NULL);
	}
	pthread_mutex_unlock(&handlers_lock);
	current = g;
}

static void leave(void)
{
	current = NULL;
	pthread_mutex_lock(&handlers_lock);
	if (--inside == 0) {
		sigaction(SIGBUS, &displaced_bus, NULL);
		sigaction(SIGSEGV, &displaced_segv, NULL);
	}
	pthread_mutex_unlock(&handlers_lock);
}

static bool guarded_copy(volatile uint8_t *to, const volatile uint8_t *from, size_t length,
			 const volatile void *mapped, struct fault *fault)
{
	struct guard g = {
		.fault = fault,
		.from = (uintptr_t)mapped,
		.to = (uintptr_t)mapped + length,
	};

	*fault = (struct fault){ 0 };
	enter(&g);
	/* The mask is saved: the signal is blocked in its handler, which we leave by jumping. */
	if (sigsetjmp(g.out, 1) == 0) {
		for (size_t i = 0; i < length; i++)
			to[i] = from[i];
	}
	leave();
	return fault->signo == 0;
}

bool guarded_load(void *to, const void *mapped, size_t length, struct fault *fault)
{
	return guarded_copy(to, mapped, length, mapped, fault);
}

bool guarded_store(void *mapped, const void *from, size_t length, struct fault *fault)
{
	return guarded_copy(mapped, from, length, mapped, fault);
}

bool guarded_call(const void *mapped, int *returned, struct fault *fault)
{
	/* Longer than any function that a program stores. */
	struct guard g = {
		.fault = fault,
		.from = (uintptr_t)mapped,
		.to = (uintptr_t)mapped + 4096,
	};

	*fault = (struct fault){ 0 };
	enter(&g);
	if (sigsetjmp(g.out, 1) == 0)
		*returned = ((int (*)(void))(uintptr_t)mapped)();
	leave();
	return fault->signo == 0;
}
