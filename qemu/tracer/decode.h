// SPDX-License-Identifier: Apache-2.0
/*
 * The instructions of x86-64 that matter to what is durable, by their encoding
 * (Intel SDM, volume 2): stores around the caches, write-backs of a line with their
 * operand, and fences of stores.
 */
#ifndef NVDIMM_DECODE_H
#define NVDIMM_DECODE_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum { NO_REGISTER = -1, INSTRUCTION_POINTER = -2, REGISTERS = 16 };

/* A write-back: where its operand is. */
struct flush_site {
	uint64_t pc, next;
	int64_t displacement;
	int base, index, scale;
	uint8_t segment; /* the prefix, 0 for none */
};

enum instruction { OTHER, AROUND_THE_CACHE, FLUSH, FENCE };

static bool is_prefix(uint8_t byte)
{
	return byte == 0x66 || byte == 0x67 || byte == 0xf0 || byte == 0xf2 || byte == 0xf3
			|| byte == 0x2e || byte == 0x36 || byte == 0x3e || byte == 0x26
			|| byte == 0x64 || byte == 0x65;
}

static int64_t signed_bytes(const uint8_t *from, int count)
{
	int32_t wide;

	if (count == 1)
		return (int8_t)*from;
	memcpy(&wide, from, sizeof(wide));
	return wide;
}

/* Decodes ModRM, SIB and displacement at CODE. */
static void operand(const uint8_t *code, uint8_t rex, struct flush_site *site)
{
	int mode = *code >> 6, low = *code & 7;

	code++;
	site->index = NO_REGISTER;
	site->base = low | (rex & 1) << 3;
	if (low == 4) {
		int index = (*code >> 3 & 7) | (rex & 2) << 2;

		if (index != 4)
			site->index = index;
		site->scale = *code >> 6;
		site->base = (*code & 7) | (rex & 1) << 3;
		if ((*code & 7) == 5 && mode == 0)
			site->base = NO_REGISTER;
		code++;
	} else if (low == 5 && mode == 0) {
		site->base = INSTRUCTION_POINTER;
	}
	if (mode == 1)
		site->displacement = signed_bytes(code, 1);
	else if (mode == 2 || site->base == NO_REGISTER || site->base == INSTRUCTION_POINTER)
		site->displacement = signed_bytes(code, 4);
}

static bool is_around_the_cache(uint8_t opcode)
{
	return opcode == 0xe7 || opcode == 0x2b;
}

static enum instruction decode(const uint8_t *code, struct flush_site *site)
{
	bool operand_size = false;
	uint8_t rex = 0, modrm, group;

	while (is_prefix(*code)) {
		operand_size |= *code == 0x66;
		if (*code == 0x64 || *code == 0x65)
			site->segment = *code;
		code++;
	}
	if (code[0] == 0xc5)
		return is_around_the_cache(code[2]) ? AROUND_THE_CACHE : OTHER;
	if (code[0] == 0xc4)
		return (code[1] & 31) == 1 && is_around_the_cache(code[3]) ? AROUND_THE_CACHE : OTHER;
	if (code[0] == 0x62)
		return (code[1] & 7) == 1 && is_around_the_cache(code[4]) ? AROUND_THE_CACHE : OTHER;
	if ((*code & 0xf0) == 0x40)
		rex = *code++;
	if (*code++ != 0x0f)
		return OTHER;
	if (*code == 0xc3 || is_around_the_cache(*code))
		return AROUND_THE_CACHE;
	if (*code++ != 0xae)
		return OTHER;
	modrm = *code;
	group = modrm >> 3 & 7;
	if (modrm >> 6 == 3) /* sfence and mfence; lfence orders no stores */
		return !operand_size && group >= 6 ? FENCE : OTHER;
	/* clwb is 66 0f ae /6, clflushopt 66 0f ae /7, clflush 0f ae /7. */
	if (group != 7 && !(group == 6 && operand_size))
		return OTHER;
	operand(code, rex, site);
	return FLUSH;
}

#endif
