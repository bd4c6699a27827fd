// SPDX-License-Identifier: Apache-2.0
/* Operations on the guest as a machine: mounts, commands, files by path, power. */
#ifndef PMEM4J_MACHINE_H
#define PMEM4J_MACHINE_H

#include "frame.h"

/* As exec_run: false when the operation is none of these. */
bool machine_run(const struct request *r, struct reply *reply);

/* KERNEL_LOG alone, in kernel_log.c. */
/* Before a fork: the child goes on reading where the parent has stopped. */
bool kernel_log_open(void);
void kernel_log_run(const struct request *r, struct reply *reply);

/* EXEC alone, in command.c. */
void command_run(const struct request *r, struct reply *reply);

#endif
