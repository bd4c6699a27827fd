// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "message.h"
#include "deadline.h"
#include "wire.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

static bool send_all(int fd, const void *from, size_t length)
{
	const uint8_t *p = from;

	while (length) {
		ssize_t n = send(fd, p, length, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		p += n;
		length -= (size_t)n;
	}
	return true;
}

static bool receive_all(int fd, uint8_t *to, size_t length)
{
	while (length) {
		ssize_t n = recv(fd, to, length, MSG_WAITALL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		to += n;
		length -= (size_t)n;
	}
	return true;
}

bool message_send(int fd, const void *payload, size_t length)
{
	uint8_t header[4];

	put_u32(header, (uint32_t)length);
	return send_all(fd, header, sizeof(header)) && send_all(fd, payload, length);
}

bool message_receive(int fd, struct bytes *payload)
{
	uint8_t header[4];

	if (!receive_all(fd, header, sizeof(header)))
		return false;
	size_t length = get_u32(header);

	if (length > WIRE_MAX_PAYLOAD) {
		errno = EMSGSIZE;
		return false;
	}
	return receive_all(fd, bytes_extend(payload, length), length);
}

bool message_awaits(int fd, int64_t millis)
{
	int64_t deadline = now_millis() + millis;

	for (;;) {
		struct pollfd ready = { .fd = fd, .events = POLLIN };
		int n = poll(&ready, 1, left_of(deadline));

		if (n >= 0 || errno != EINTR)
			return n > 0;
	}
}
