// SPDX-License-Identifier: Apache-2.0
/* Answers of operations: results, errors, signals and the stat record. */
#define _GNU_SOURCE
#include "reply.h"

#include <errno.h>
#include <sys/stat.h>

void reply_errno(struct reply *reply)
{
	reply->result = -1;
	reply->error = errno;
}

void reply_syscall(struct reply *reply, long n)
{
	if (n < 0)
		reply_errno(reply);
	else
		reply->result = n;
}

void reply_bad_arguments(struct reply *reply)
{
	reply->result = -1;
	reply->status = WIRE_STATUS_BAD_ARGUMENTS;
}

void reply_fault(struct reply *reply, const struct fault *fault)
{
	reply->result = -1;
	reply->signo = fault->signo;
	reply->sicode = fault->code;
	reply->fault_address = fault->address;
	bytes_clear(&reply->data);
}

void stat_record(struct bytes *d, const struct statx *st, uint32_t generation)
{
	bytes_u64(d, st->stx_ino);
	bytes_u32(d, st->stx_mode);
	bytes_u32(d, st->stx_nlink);
	bytes_u32(d, st->stx_uid);
	bytes_u32(d, st->stx_gid);
	bytes_u64(d, st->stx_size);
	bytes_u64(d, st->stx_blocks);
	bytes_u64(d, (uint64_t)st->stx_atime.tv_sec);
	bytes_u64(d, (uint64_t)st->stx_mtime.tv_sec);
	bytes_u64(d, (uint64_t)st->stx_ctime.tv_sec);
	bytes_u32(d, generation);
	bytes_u32(d, 0);
}
