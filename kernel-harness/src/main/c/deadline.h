// SPDX-License-Identifier: Apache-2.0
/* Bounds of waits, on the monotonic clock: requests move CLOCK_REALTIME about. */
#ifndef PMEM4J_DEADLINE_H
#define PMEM4J_DEADLINE_H

#include <limits.h>
#include <stdint.h>
#include <time.h>

static inline int64_t now_millis(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* What is left, as poll(2) takes it. */
static inline int left_of(int64_t deadline)
{
	int64_t left = deadline - now_millis();

	return left < 0 ? 0 : left > INT_MAX ? INT_MAX : (int)left;
}

#endif
