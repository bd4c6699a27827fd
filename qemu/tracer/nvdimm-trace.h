// SPDX-License-Identifier: Apache-2.0
/*
 * The trace of the plugin: one header, records from TRACE_RECORDS_AT on, all
 * little-endian. Java's mirror is io.pmem4j.harness.guest.trace.StoreTraceFile.
 */
#ifndef NVDIMM_TRACE_H
#define NVDIMM_TRACE_H

#include <stdint.h>

#define TRACE_MAGIC UINT64_C(0x3145434152544450) /* "PDTRACE1" */
#define TRACE_RECORDS_AT 4096

/* The host writes magic, base, length and enabled, the plugin the rest. */
struct trace_header {
	uint64_t magic;
	uint64_t base;       /* guest-physical address of the first byte recorded */
	uint64_t length;     /* bytes from there */
	uint64_t enabled;    /* 0: nothing is recorded */
	uint64_t count;      /* of records; grows last */
	uint64_t capacity;   /* of records */
	uint64_t lost;       /* records that found no room */
	uint64_t unresolved; /* write-backs of an address that nothing had stored to */
};

#define TRACE_STORE 1        /* offset, bytes, value */
#define TRACE_STORE_AROUND 2 /* the same, around the cache (movnti and others) */
#define TRACE_FLUSH 3        /* offset of the line; clwb, clflushopt or clflush */
#define TRACE_FENCE 4        /* sfence or mfence */

struct trace_record {
	uint64_t offset; /* from base */
	uint64_t pc;     /* virtual address of the instruction */
	uint64_t low;    /* the value stored; its first 8 bytes */
	uint64_t high;   /* the bytes from 8 on */
	uint8_t kind;
	uint8_t bytes;   /* 1, 2, 4, 8 or 16 */
	uint8_t zero[6];
};

#endif
