// SPDX-License-Identifier: Apache-2.0
/* A growing byte buffer, and little-endian fields in byte arrays. */
#ifndef PMEM4J_BYTES_H
#define PMEM4J_BYTES_H

#include <stddef.h>
#include <stdint.h>

struct bytes {
	uint8_t *at;
	size_t length;
	size_t capacity;
};

/*
 * Each of these grows the buffer as needed. Without memory the process ends:
 * an agent that cannot answer is better dead, which the host notices.
 */
uint8_t *bytes_extend(struct bytes *b, size_t more); /* uninitialised tail of `more` bytes */
void bytes_append(struct bytes *b, const void *from, size_t length);
void bytes_text(struct bytes *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
void bytes_u16(struct bytes *b, uint16_t v);
void bytes_u32(struct bytes *b, uint32_t v);
void bytes_u64(struct bytes *b, uint64_t v);
void bytes_drop_front(struct bytes *b, size_t count);
void bytes_free(struct bytes *b);

static inline void bytes_clear(struct bytes *b)
{
	b->length = 0;
}

static inline uint16_t get_u16(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

static inline uint32_t get_u32(const uint8_t *p)
{
	return get_u16(p) | (uint32_t)get_u16(p + 2) << 16;
}

static inline uint64_t get_u64(const uint8_t *p)
{
	return get_u32(p) | (uint64_t)get_u32(p + 4) << 32;
}

static inline void put_u32(uint8_t *p, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> (8 * i));
}

#endif
