// SPDX-License-Identifier: Apache-2.0
/* The operations of the core, by what they work on; for exec_table.c and each other. */
#ifndef PMEM4J_EXEC_OPS_H
#define PMEM4J_EXEC_OPS_H

#include "exec.h"

/* Most that an answer can carry. */
#define MAX_DATA (WIRE_MAX_PAYLOAD - WIRE_RESPONSE_FIXED_BYTES - 8)

/* The address of a range, NULL unless the mapping covers it. */
uint8_t *mapped(struct exec *x, int64_t slot, int64_t offset, uint64_t length);

/* So that what needs privileges later still works when they are gone. */
void open_pagemap(struct exec *x);

typedef void operation(struct exec *x, const struct request *r, struct reply *reply);

/* One for each row of the list. */
#define PROTOTYPE(NAME, function, number, argc, slot, blob) operation op_##function;
WIRE_CORE_OPS(PROTOTYPE)
#undef PROTOTYPE

#endif
