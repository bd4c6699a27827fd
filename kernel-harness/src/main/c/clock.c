// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "clock.h"

#include <time.h>
#include <unistd.h>

/*
 * Just before an operation, so that it sees exactly this second. A clock that
 * stands early in it already is left alone: setting it interrupts every CPU.
 */
bool clock_set(int64_t second)
{
	const struct timespec wanted = { .tv_sec = (time_t)second };
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	if (now.tv_sec == wanted.tv_sec && now.tv_nsec < 250000000)
		return true;
	uid_t uid = geteuid();

	/* A program that has taken another identity still has its clock. */
	return (!uid || !seteuid(0)) && !clock_settime(CLOCK_REALTIME, &wanted) &&
	       (!uid || !seteuid(uid));
}

bool clock_stands_at(int64_t second)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec == (time_t)second;
}
