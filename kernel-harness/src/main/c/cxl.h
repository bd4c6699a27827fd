// SPDX-License-Identifier: Apache-2.0
/* Persistent memory behind CXL, before it is a region that holds a namespace. */
#ifndef PMEM4J_CXL_H
#define PMEM4J_CXL_H

#include <stdbool.h>

#include "bytes.h"

/*
 * Makes one region of the first memory device of the CXL bus and a namespace of
 * all of it, through sysfs, without ndctl and cxl-cli. Does nothing where there
 * is no such bus. Returns false and appends a dax_error= line when the kernel
 * refuses a step. The identities are fixed: what an earlier boot of the same
 * memory wrote belongs to the namespace of the next one.
 */
bool cxl_make_region(struct bytes *lines);

#endif
