// SPDX-License-Identifier: Apache-2.0
/*
 * The plugin under a QEMU of the test's own: instructions are translated and run
 * by hand. Prints nothing if all is well; StoreTraceFileTest reads the trace.
 */
#include "nvdimm-trace.c"

#define DIRECT_MAP UINT64_C(0xffff888000000000)
#define NVDIMM UINT64_C(0x100000000)
#define PROGRAM UINT64_C(0x7f0000003000)

struct plugin_insn { uint64_t pc; const uint8_t *code; size_t bytes; };
struct plugin_tb { struct plugin_insn insn; };
struct plugin_hwaddr { uint64_t physical; };
struct plugin_register { uint64_t value; };

static void (*on_init)(uint64_t, unsigned int);
static void (*on_translation)(uint64_t, struct plugin_tb *);
static void (*on_access)(unsigned int, uint32_t, uint64_t, void *);
static void (*on_execution)(unsigned int, void *);
static void *access_data, *execution_data;
static struct plugin_value value;
static struct plugin_hwaddr hardware;
static struct plugin_register rax, r12, gs;
static int failures;

void qemu_plugin_register_vcpu_init_cb(uint64_t id, void (*cb)(uint64_t, unsigned int))
{
	(void)id;
	on_init = cb;
}

void qemu_plugin_register_vcpu_tb_trans_cb(uint64_t id, void (*cb)(uint64_t, struct plugin_tb *))
{
	(void)id;
	on_translation = cb;
}

size_t qemu_plugin_tb_n_insns(const struct plugin_tb *tb)
{
	(void)tb;
	return 1;
}

struct plugin_insn *qemu_plugin_tb_get_insn(const struct plugin_tb *tb, size_t i)
{
	(void)i;
	return (struct plugin_insn *)(uintptr_t)&tb->insn;
}

size_t qemu_plugin_insn_data(const struct plugin_insn *insn, void *to, size_t most)
{
	size_t bytes = insn->bytes < most ? insn->bytes : most;

	memcpy(to, insn->code, bytes);
	return bytes;
}

size_t qemu_plugin_insn_size(const struct plugin_insn *insn)
{
	return insn->bytes;
}

uint64_t qemu_plugin_insn_vaddr(const struct plugin_insn *insn)
{
	return insn->pc;
}

void qemu_plugin_register_vcpu_mem_cb(struct plugin_insn *insn,
		void (*cb)(unsigned int, uint32_t, uint64_t, void *), int flags, int rw, void *data)
{
	(void)insn;
	(void)flags;
	(void)rw;
	on_access = cb;
	access_data = data;
}

void qemu_plugin_register_vcpu_insn_exec_cb(struct plugin_insn *insn,
		void (*cb)(unsigned int, void *), int flags, void *data)
{
	(void)insn;
	(void)flags;
	on_execution = cb;
	execution_data = data;
}

struct plugin_hwaddr *qemu_plugin_get_hwaddr(uint32_t info, uint64_t address)
{
	(void)info;
	(void)address;
	return &hardware;
}

bool qemu_plugin_hwaddr_is_io(const struct plugin_hwaddr *address)
{
	(void)address;
	return false;
}

uint64_t qemu_plugin_hwaddr_phys_addr(const struct plugin_hwaddr *address)
{
	return address->physical;
}

struct plugin_value qemu_plugin_mem_get_value(uint32_t info)
{
	(void)info;
	return value;
}

static struct register_description described[] = {
	{ &rax, "rax", "" }, { &r12, "r12", "" }, { &gs, "gs_base", "" },
};

struct glib_array *qemu_plugin_get_registers(void)
{
	static struct glib_array all = { (char *)described, 3 };

	return &all;
}

struct glib_array *g_byte_array_new(void)
{
	static char room[64];
	static struct glib_array array = { room, 0 };

	return &array;
}

struct glib_array *g_byte_array_set_size(struct glib_array *array, unsigned int length)
{
	array->length = length;
	return array;
}

int qemu_plugin_read_register(struct plugin_register *from, struct glib_array *to)
{
	memcpy(to->data, &from->value, sizeof(from->value));
	return sizeof(from->value);
}

/* Translates an instruction. */
static void translate(uint64_t pc, const void *code, size_t bytes)
{
	struct plugin_tb tb = { { pc, code, bytes } };

	on_access = NULL;
	on_execution = NULL;
	on_translation(0, &tb);
}
#define TRANSLATE(pc, code) translate(pc, code, sizeof(code) - 1)

static void expect(bool holds, const char *what)
{
	if (!holds) {
		printf("expected %s\n", what);
		failures++;
	}
}

static void store(uint64_t address, uint64_t physical, int type, uint64_t low, uint64_t high)
{
	expect(on_access != NULL && on_execution == NULL, "a store");
	value.type = type;
	value.data.u128.low = low;
	value.data.u128.high = high;
	hardware.physical = physical;
	if (on_access != NULL)
		on_access(0, 0, address, access_data);
}

static void execute(void)
{
	expect(on_execution != NULL && on_access == NULL, "a write-back or a fence");
	if (on_execution != NULL)
		on_execution(0, execution_data);
}

/* Every encoding of a store around the caches, and neighbours that are none. */
static void encodings(void)
{
	static const struct { const char *code; size_t bytes; bool around; } all[] = {
		{ "\x48\x0f\xc3\x07", 4, true },             /* movnti %rax,(%rdi) */
		{ "\x66\x0f\xe7\x07", 4, true },             /* movntdq %xmm0,(%rdi) */
		{ "\x0f\x2b\x07", 3, true },                 /* movntps %xmm0,(%rdi) */
		{ "\xc5\xfd\xe7\x07", 4, true },             /* vmovntdq %ymm0,(%rdi) */
		{ "\xc4\xc1\x7d\xe7\x00", 5, true },         /* vmovntdq %ymm0,(%r8) */
		{ "\x62\xf1\x7d\x48\xe7\x07", 6, true },     /* vmovntdq %zmm0,(%rdi) */
		{ "\x48\x89\x07", 3, false },                /* mov %rax,(%rdi) */
		{ "\x66\x0f\x7f\x07", 4, false },            /* movdqa %xmm0,(%rdi) */
		{ "\xc5\xfd\x7f\x07", 4, false },            /* vmovdqa %ymm0,(%rdi) */
		{ "\x0f\xae\x07", 3, false },                /* fxsave (%rdi) */
		{ "\x0f\xae\x37", 3, false },                /* xsaveopt (%rdi) */
	};
	size_t i;

	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		translate(0, all[i].code, all[i].bytes);
		expect(on_execution == NULL && on_access == (all[i].around ? stored_around_the_cache
				: stored_in_the_cache), all[i].around ? "a store around" : "a plain store");
	}
	TRANSLATE(0, "\x0f\xae\xe8"); /* lfence */
	expect(on_execution == NULL, "no fence of stores in lfence");
}

int main(int argc, char **argv)
{
	struct plugin_info info = { "x86_64", { 2, 4 }, true, { 1, 1 } };
	char option[4096];
	char *options[] = { option };

	if (argc != 2)
		return 2;
	snprintf(option, sizeof(option), "trace=%s", argv[1]);
	info.system.vcpus = 2;
	expect(qemu_plugin_install(0, &info, 1, options) != 0, "two vCPUs to be refused");
	info.system.vcpus = 1;
	expect(qemu_plugin_install(0, &info, 0, options) != 0, "no trace to be refused");
	if (qemu_plugin_install(0, &info, 1, options) != 0)
		return 1;
	on_init(0, 0);
	encodings();

	TRANSLATE(1, "\x48\x89\x07");
	store(DIRECT_MAP + NVDIMM + 0x1008, NVDIMM + 0x1008, 3, UINT64_C(0x1122334455667788), 0);
	store(DIRECT_MAP, 0, 3, 1, 0); /* other memory */
	TRANSLATE(2, "\x66\x0f\x7f\x07");
	store(DIRECT_MAP + NVDIMM + 0x1010, NVDIMM + 0x1010, 4, 3, 4);
	TRANSLATE(3, "\x0f\xc3\x07");
	store(DIRECT_MAP + NVDIMM + 0x2000, NVDIMM + 0x2000, 2, 0xdeadbeef, 0);
	r12.value = DIRECT_MAP + NVDIMM;
	rax.value = 0x240;
	TRANSLATE(4, "\x66\x41\x0f\xae\xb4\xc4\x20\xfe\xff\xff"); /* clwb -480(%r12,%rax,8) */
	execute();
	TRANSLATE(5, "\x0f\xae\xf8"); /* sfence */
	execute();
	execute(); /* orders nothing more */
	TRANSLATE(6, "\x88\x07");
	store(PROGRAM + 4, NVDIMM + 0x3004, 0, 9, 0);
	gs.value = PROGRAM - 0x100;
	rax.value = 0x13f;
	TRANSLATE(7, "\x65\x66\x0f\xae\x38"); /* clflushopt %gs:(%rax) */
	execute();
	TRANSLATE(7, "\x66\x0f\xae\x3d\x00\x00\x00\x10"); /* clflushopt of an address never stored to */
	execute();
	TRANSLATE(8, "\x0f\xae\xf0"); /* mfence */
	execute();
	return failures != 0;
}
