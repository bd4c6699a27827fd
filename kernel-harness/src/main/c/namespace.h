// SPDX-License-Identifier: Apache-2.0
/* The fsdax namespace: made through sysfs, without ndctl. */
#ifndef PMEM4J_NAMESPACE_H
#define PMEM4J_NAMESPACE_H

#include "bytes.h"

/*
 * Finds the fsdax namespace, or makes one of the first NVDIMM region, and
 * appends device=, resource= and size= lines; or one dax_error= line when there
 * is none to be had. Its information block is written to the first 2 MiB, so a
 * second boot of the same backing file finds what the first one made.
 */
void namespace_describe(struct bytes *lines);

#endif
