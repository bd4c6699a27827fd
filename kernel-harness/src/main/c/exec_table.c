// SPDX-License-Identifier: Apache-2.0
/* The table of the core's operations, made of the list in wire.h, and its checks. */
#define _GNU_SOURCE
#include "exec_ops.h"

#include <errno.h>

enum slot_use { NO_SLOT, FREE_FILE, USED_FILE, MAP_OF_FILE, USED_MAPPING, FILE_AND_MAPPING };

enum { NO_BLOB, BLOB };

static const struct op {
	uint16_t op;
	uint16_t argc;
	enum slot_use slot;
	bool blob; /* must have one; a blob is refused otherwise */
	operation *run;
} ops[] = {
#define ROW(NAME, function, number, argc, slot, blob) { number, argc, slot, blob, op_##function },
	WIRE_CORE_OPS(ROW)
#undef ROW
};

static bool slot_in(int64_t slot)
{
	return slot >= 0 && slot < WIRE_SLOTS;
}

static bool slots_fit(const struct exec *x, enum slot_use use, const int64_t *args)
{
	if (use == NO_SLOT)
		return true;
	if (!slot_in(args[0]))
		return false;
	switch (use) {
	case FREE_FILE:
		return x->files[args[0]] < 0;
	case USED_FILE:
		return x->files[args[0]] >= 0;
	case MAP_OF_FILE:
		return !x->mappings[args[0]].at && slot_in(args[1]) && x->files[args[1]] >= 0;
	case FILE_AND_MAPPING:
		return x->files[args[0]] >= 0 && slot_in(args[2]) && x->mappings[args[2]].at;
	default:
		return x->mappings[args[0]].at;
	}
}

/* A file that could not be opened, or was closed: the kernel's own word for it. */
static bool no_such_file(const struct exec *x, enum slot_use use, const int64_t *args)
{
	switch (use) {
	case USED_FILE:
	case FILE_AND_MAPPING:
		return slot_in(args[0]) && x->files[args[0]] < 0;
	case MAP_OF_FILE:
		return slot_in(args[1]) && x->files[args[1]] < 0;
	default:
		return false;
	}
}

bool exec_run(struct exec *x, const struct request *r, struct reply *reply)
{
	for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
		const struct op *op = &ops[i];

		if (op->op != r->op)
			continue;
		/* A path is never empty; what is written may be. */
		if (r->argc != op->argc || (!op->blob && r->blob_length) ||
		    (op->blob && !r->blob_length && (op->slot == NO_SLOT || op->slot == FREE_FILE)) ||
		    !slots_fit(x, op->slot, r->args)) {
			reply_bad_arguments(reply);
			if (r->argc == op->argc && no_such_file(x, op->slot, r->args)) {
				errno = EBADF;
				reply->status = WIRE_STATUS_OK;
				reply_errno(reply);
			}
		} else {
			op->run(x, r, reply);
		}
		return true;
	}
	return false;
}
