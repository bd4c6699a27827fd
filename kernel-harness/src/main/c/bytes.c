// SPDX-License-Identifier: Apache-2.0
#include "bytes.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

uint8_t *bytes_extend(struct bytes *b, size_t more)
{
	if (b->capacity - b->length < more) {
		size_t capacity = b->capacity ? b->capacity : 256;

		while (capacity - b->length < more)
			capacity *= 2;
		uint8_t *grown = realloc(b->at, capacity);
		if (!grown)
			abort();
		b->at = grown;
		b->capacity = capacity;
	}
	b->length += more;
	return b->at + b->length - more;
}

void bytes_append(struct bytes *b, const void *from, size_t length)
{
	if (length)
		memcpy(bytes_extend(b, length), from, length);
}

void bytes_text(struct bytes *b, const char *format, ...)
{
	char line[512];
	va_list args;

	va_start(args, format);
	int n = vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	if (n > 0)
		bytes_append(b, line, (size_t)n < sizeof(line) ? (size_t)n : sizeof(line) - 1);
}

void bytes_u16(struct bytes *b, uint16_t v)
{
	uint8_t *p = bytes_extend(b, 2);

	p[0] = (uint8_t)v;
	p[1] = (uint8_t)(v >> 8);
}

void bytes_u32(struct bytes *b, uint32_t v)
{
	put_u32(bytes_extend(b, 4), v);
}

void bytes_u64(struct bytes *b, uint64_t v)
{
	bytes_u32(b, (uint32_t)v);
	bytes_u32(b, (uint32_t)(v >> 32));
}

void bytes_drop_front(struct bytes *b, size_t count)
{
	b->length -= count;
	if (b->length && count)
		memmove(b->at, b->at + count, b->length);
}

void bytes_free(struct bytes *b)
{
	free(b->at);
	*b = (struct bytes){ 0 };
}
