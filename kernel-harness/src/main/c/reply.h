// SPDX-License-Identifier: Apache-2.0
/* Answers of operations, which every operation fills in. */
#ifndef PMEM4J_REPLY_H
#define PMEM4J_REPLY_H

#include "frame.h"
#include "guard.h"

struct statx;

/* result -1 with errno. */
void reply_errno(struct reply *reply);

/* result = n, or -1 with errno when n is negative. */
void reply_syscall(struct reply *reply, long n);

/* status 2: a slot out of range or in the wrong state, a length out of range. */
void reply_bad_arguments(struct reply *reply);

/* result -1 with the signal of a guarded access, and no data. */
void reply_fault(struct reply *reply, const struct fault *fault);

/* Appends the record of FSTAT. */
void stat_record(struct bytes *data, const struct statx *st, uint32_t generation);

#endif
