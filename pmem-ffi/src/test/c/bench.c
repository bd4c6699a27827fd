// SPDX-License-Identifier: Apache-2.0
//
// The loops of the benchmark in C, and the same calls as a JNI stub.

#include <jni.h>
#include <libpmem.h>
#include <stdint.h>

// calls persists of length bytes, walking through window bytes from base.
void bench_persist(char *base, long window, long length, long step, long calls, int dirty)
{
	long offset = 0;
	for (long i = 0; i < calls; i++) {
		if (dirty)
			*(volatile uint64_t *)(base + offset) = (uint64_t)i;
		pmem_persist(base + offset, (size_t)length);
		offset += step;
		if (offset + length > window)
			offset = 0;
	}
}

// calls copies of length bytes, the source always the same.
void bench_copy(char *base, const char *source, long window, long length, long calls, int flags)
{
	long offset = 0;
	for (long i = 0; i < calls; i++) {
		pmem_memcpy(base + offset, source, (size_t)length, (unsigned)flags);
		offset += length;
		if (offset + length > window)
			offset = 0;
	}
}

JNIEXPORT void JNICALL Java_io_pmem4j_pmem_bench_JniStub_persist(JNIEnv *env, jclass type,
								 jlong address, jlong length)
{
	(void)env;
	(void)type;
	pmem_persist((void *)(uintptr_t)address, (size_t)length);
}
