// SPDX-License-Identifier: Apache-2.0
/*
 * A QEMU TCG plugin that records the stores to an emulated NVDIMM, the write-backs
 * of its cache lines, and fences, in the order in which the one vCPU makes them.
 *
 * The trace is a file that this plugin and the host both map (layout below). The
 * host writes the place of the NVDIMM and switches recording on and off; while the
 * guest is idle, the count of records is a mark between two operations.
 *
 * Stores and their physical addresses come from QEMU's callback after the access,
 * so a store that faulted and was restarted is recorded once. A write-back has no
 * access: its operand is decoded here, and its virtual address is resolved by the
 * kernel's direct map or by the page that was last stored to at this address.
 *
 * QEMU's header for plugins is in no package; the prototypes that are used here
 * are declared from its documentation (plugin interface 4, QEMU 9.2 and later).
 */
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "decode.h"
#include "nvdimm-trace.h"

#define EXPORT __attribute__((visibility("default")))

/* ---- QEMU's plugin interface ------------------------------------------------- */

struct plugin_tb;
struct plugin_insn;
struct plugin_hwaddr;
struct plugin_register;

enum { CB_NO_REGS, CB_READ_REGS };
enum { MEM_WRITE = 2 };

struct plugin_info {
	const char *target;
	struct { int min, current; } version;
	bool system_emulation;
	struct { int vcpus, max_vcpus; } system;
};

struct plugin_value {
	int type; /* the binary logarithm of the length in bytes */
	union {
		uint8_t u8;
		uint16_t u16;
		uint32_t u32;
		uint64_t u64;
		struct { uint64_t low, high; } u128;
	} data;
};

struct glib_array { char *data; unsigned int length; };
struct register_description {
	struct plugin_register *handle;
	const char *name;
	const char *feature;
};

struct glib_array *g_byte_array_new(void);
struct glib_array *g_byte_array_set_size(struct glib_array *, unsigned int);

void qemu_plugin_register_vcpu_init_cb(uint64_t id, void (*)(uint64_t, unsigned int));
void qemu_plugin_register_vcpu_tb_trans_cb(uint64_t id, void (*)(uint64_t, struct plugin_tb *));
size_t qemu_plugin_tb_n_insns(const struct plugin_tb *);
struct plugin_insn *qemu_plugin_tb_get_insn(const struct plugin_tb *, size_t);
size_t qemu_plugin_insn_data(const struct plugin_insn *, void *, size_t);
size_t qemu_plugin_insn_size(const struct plugin_insn *);
uint64_t qemu_plugin_insn_vaddr(const struct plugin_insn *);
void qemu_plugin_register_vcpu_mem_cb(struct plugin_insn *,
		void (*)(unsigned int, uint32_t, uint64_t, void *), int flags, int rw, void *);
void qemu_plugin_register_vcpu_insn_exec_cb(struct plugin_insn *,
		void (*)(unsigned int, void *), int flags, void *);
struct plugin_hwaddr *qemu_plugin_get_hwaddr(uint32_t, uint64_t);
bool qemu_plugin_hwaddr_is_io(const struct plugin_hwaddr *);
uint64_t qemu_plugin_hwaddr_phys_addr(const struct plugin_hwaddr *);
struct plugin_value qemu_plugin_mem_get_value(uint32_t);
struct glib_array *qemu_plugin_get_registers(void);
int qemu_plugin_read_register(struct plugin_register *, struct glib_array *);
void qemu_plugin_outs(const char *);

EXPORT int qemu_plugin_version = 4;

/* ---- the trace --------------------------------------------------------------- */

static struct trace_header *header;
static struct trace_record *records;

/* The physical page of the last store to a virtual one; a power of two. */
#define PAGES 65536
#define PAGE_SHIFT 12
static struct { uint64_t virtual, physical; } pages[PAGES];

/* Where the kernel's direct map begins: learnt from its first store; 0 before. */
static uint64_t direct_map;

static bool recording(void)
{
	return __atomic_load_n(&header->enabled, __ATOMIC_ACQUIRE) != 0;
}

static void append(int kind, uint64_t offset, unsigned int bytes, uint64_t pc, uint64_t low,
		uint64_t high)
{
	uint64_t count = header->count;
	struct trace_record *to = &records[count];

	if (count == header->capacity) {
		header->lost++;
		return;
	}
	to->offset = offset;
	to->pc = pc;
	to->low = low;
	to->high = high;
	to->kind = (uint8_t)kind;
	to->bytes = (uint8_t)bytes;
	/* The host reads the records below the count. */
	__atomic_store_n(&header->count, count + 1, __ATOMIC_RELEASE);
}

static void stored(int kind, uint32_t info, uint64_t address, uint64_t pc)
{
	struct plugin_hwaddr *hardware;
	struct plugin_value value;
	uint64_t offset, low, high = 0;

	if (!recording())
		return;
	hardware = qemu_plugin_get_hwaddr(info, address);
	if (hardware == NULL || qemu_plugin_hwaddr_is_io(hardware))
		return;
	offset = qemu_plugin_hwaddr_phys_addr(hardware) - header->base;
	if (offset >= header->length)
		return;
	pages[address >> PAGE_SHIFT & (PAGES - 1)].virtual = address >> PAGE_SHIFT;
	pages[address >> PAGE_SHIFT & (PAGES - 1)].physical = (offset + header->base) >> PAGE_SHIFT;
	if (direct_map == 0 && address >> 63 != 0)
		direct_map = address - (offset + header->base);
	value = qemu_plugin_mem_get_value(info);
	switch (value.type) {
	case 0: low = value.data.u8; break;
	case 1: low = value.data.u16; break;
	case 2: low = value.data.u32; break;
	case 3: low = value.data.u64; break;
	default: low = value.data.u128.low; high = value.data.u128.high; break;
	}
	append(kind, offset, 1u << value.type, pc, low, high);
}

static void stored_in_the_cache(unsigned int cpu, uint32_t info, uint64_t address, void *pc)
{
	(void)cpu;
	stored(TRACE_STORE, info, address, (uint64_t)(uintptr_t)pc);
}

static void stored_around_the_cache(unsigned int cpu, uint32_t info, uint64_t address, void *pc)
{
	(void)cpu;
	stored(TRACE_STORE_AROUND, info, address, (uint64_t)(uintptr_t)pc);
}

/* ---- operands of write-backs -------------------------------------------------- */

static const char *const names[REGISTERS] = {
	"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
	"r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15",
};
static struct plugin_register *general[REGISTERS], *fs_base, *gs_base;
static struct glib_array *scratch;

static uint64_t read_register(struct plugin_register *from)
{
	uint64_t value = 0;

	if (from == NULL)
		return 0;
	g_byte_array_set_size(scratch, 0);
	if (qemu_plugin_read_register(from, scratch) >= 8)
		memcpy(&value, scratch->data, sizeof(value));
	return value;
}

static void flushed(unsigned int cpu, void *site_)
{
	const struct flush_site *site = site_;
	uint64_t address = (uint64_t)site->displacement, physical, offset;

	(void)cpu;
	if (!recording())
		return;
	if (site->base == INSTRUCTION_POINTER)
		address += site->next;
	else if (site->base != NO_REGISTER)
		address += read_register(general[site->base]);
	if (site->index != NO_REGISTER)
		address += read_register(general[site->index]) << site->scale;
	if (site->segment == 0x64)
		address += read_register(fs_base);
	if (site->segment == 0x65)
		address += read_register(gs_base);
	if (address >> 63 != 0 && direct_map != 0) {
		physical = address - direct_map;
	} else {
		if (pages[address >> PAGE_SHIFT & (PAGES - 1)].virtual != address >> PAGE_SHIFT) {
			header->unresolved++;
			return;
		}
		physical = pages[address >> PAGE_SHIFT & (PAGES - 1)].physical << PAGE_SHIFT
				| (address & ((1 << PAGE_SHIFT) - 1));
	}
	offset = physical - header->base;
	if (offset < header->length)
		append(TRACE_FLUSH, offset & ~UINT64_C(63), 64, site->pc, 0, 0);
}

static void fenced(unsigned int cpu, void *pc)
{
	uint64_t count = header->count;

	(void)cpu;
	/* A fence right after a fence orders nothing more. */
	if (recording() && (count == 0 || records[count - 1].kind != TRACE_FENCE))
		append(TRACE_FENCE, 0, 0, (uint64_t)(uintptr_t)pc, 0, 0);
}

/* ---- instructions --------------------------------------------------------------- */

/* Sites stay as long as QEMU: a block that is translated again has its own. */
static void *kept(const void *site, size_t bytes)
{
	void *copy = malloc(bytes);

	if (copy == NULL)
		abort();
	return memcpy(copy, site, bytes);
}

static void translated(uint64_t id, struct plugin_tb *block)
{
	size_t i, instructions = qemu_plugin_tb_n_insns(block);

	(void)id;
	for (i = 0; i < instructions; i++) {
		struct plugin_insn *insn = qemu_plugin_tb_get_insn(block, i);
		uint64_t pc = qemu_plugin_insn_vaddr(insn);
		struct flush_site site = { .pc = pc, .next = pc + qemu_plugin_insn_size(insn) };
		uint8_t code[32] = { 0 };
		bool around = false;

		qemu_plugin_insn_data(insn, code, sizeof(code) - 16);
		switch (decode(code, &site)) {
		case FLUSH:
			qemu_plugin_register_vcpu_insn_exec_cb(insn, flushed, CB_READ_REGS,
					kept(&site, sizeof(site)));
			continue;
		case FENCE:
			qemu_plugin_register_vcpu_insn_exec_cb(insn, fenced, CB_NO_REGS,
					(void *)(uintptr_t)pc);
			continue;
		case AROUND_THE_CACHE:
			around = true;
			break;
		case OTHER:
			break;
		}
		qemu_plugin_register_vcpu_mem_cb(insn,
				around ? stored_around_the_cache : stored_in_the_cache,
				CB_NO_REGS, MEM_WRITE, (void *)(uintptr_t)pc);
	}
}

static void started(uint64_t id, unsigned int cpu)
{
	const struct glib_array *all = qemu_plugin_get_registers();
	const struct register_description *each = (const void *)all->data;
	unsigned int i, j;

	(void)id;
	(void)cpu;
	scratch = g_byte_array_new();
	for (i = 0; i < all->length; i++, each++) {
		for (j = 0; j < REGISTERS; j++) {
			if (strcmp(each->name, names[j]) == 0)
				general[j] = each->handle;
		}
		if (strcmp(each->name, "fs_base") == 0)
			fs_base = each->handle;
		if (strcmp(each->name, "gs_base") == 0)
			gs_base = each->handle;
	}
}

/* Says why the plugin is not loaded. */
static int refuse(const char *reason, const char *detail)
{
	fprintf(stderr, "nvdimm-trace: %s%s\n", reason, detail);
	return -1;
}

EXPORT int qemu_plugin_install(uint64_t id, const struct plugin_info *info, int argc, char **argv)
{
	static const char option[] = "trace=";
	struct stat status;
	int file;
	void *map;

	if (strcmp(info->target, "x86_64") != 0 || !info->system_emulation)
		return refuse("expected the system emulation of x86_64, found ", info->target);
	if (info->system.vcpus != 1)
		return refuse("expected one vCPU, which orders all stores", "");
	if (argc != 1 || strncmp(argv[0], option, strlen(option)) != 0)
		return refuse("expected one argument, trace=FILE", "");
	file = open(argv[0] + strlen(option), O_RDWR | O_CLOEXEC);
	if (file < 0 || fstat(file, &status) != 0 || status.st_size < TRACE_RECORDS_AT)
		return refuse("expected a trace of at least a page: ", argv[0]);
	map = mmap(NULL, (size_t)status.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	close(file);
	if (map == MAP_FAILED)
		return refuse("cannot map ", argv[0]);
	header = map;
	if (header->magic != TRACE_MAGIC)
		return refuse("no magic number in ", argv[0]);
	records = (void *)((char *)map + TRACE_RECORDS_AT);
	header->capacity = ((uint64_t)status.st_size - TRACE_RECORDS_AT) / sizeof(*records);
	qemu_plugin_register_vcpu_init_cb(id, started);
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	return 0;
}
