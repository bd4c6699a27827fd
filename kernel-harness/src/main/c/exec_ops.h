// SPDX-License-Identifier: Apache-2.0
/* The operations of the core, by what they work on; for exec.c alone. */
#ifndef PMEM4J_EXEC_OPS_H
#define PMEM4J_EXEC_OPS_H

#include "exec.h"
#include "guard.h"

struct statx;

/* Most that an answer can carry. */
#define MAX_DATA (WIRE_MAX_PAYLOAD - WIRE_RESPONSE_FIXED_BYTES - 8)

void reply_fault(struct reply *reply, const struct fault *fault);

/* Appends the record of FSTAT. */
void stat_record(struct bytes *data, const struct statx *st, uint32_t generation);

/* The address of a range, NULL unless the mapping covers it. */
uint8_t *mapped(struct exec *x, int64_t slot, int64_t offset, uint64_t length);

/* So that what needs privileges later still works when they are gone. */
void open_pagemap(struct exec *x);

typedef void operation(struct exec *x, const struct request *r, struct reply *reply);

/* exec_maps.c */
operation op_mmap, op_munmap, op_load, op_store, op_msync, op_pagemap, op_madvise, op_mprotect,
	op_mremap, op_mincore, op_smaps, op_call;

/* exec_files.c */
operation op_pwritev, op_preadv, op_pwrite_mapped, op_pread_mapped, op_sync_file_range,
	op_fallocate, op_lseek, op_fdatasync, op_syncfs, op_flock, op_fill;

/* exec_paths.c */
operation op_mkdir, op_rmdir, op_link, op_symlink, op_readlink, op_rename, op_unlink, op_chmod,
	op_chown, op_utimens, op_statx, op_access, op_list, op_read_file;

/* exec_attributes.c */
operation op_setxattr, op_getxattr, op_listxattr, op_removexattr, op_getflags, op_setflags,
	op_statfs, op_freeze, op_thaw, op_become, op_vmstat, op_remount;

#endif
