// SPDX-License-Identifier: Apache-2.0
/*
 * Payloads over a stream socket between processes of ours on one machine: u32
 * length, little-endian, and that many bytes. No checksum: the kernel loses
 * nothing between two ends of a socketpair.
 */
#ifndef PMEM4J_MESSAGE_H
#define PMEM4J_MESSAGE_H

#include "bytes.h"

#include <stdbool.h>

/* False with errno when the other end is gone; never a SIGPIPE. */
bool message_send(int fd, const void *payload, size_t length);

/* Appends the payload. False at the end of the stream, or when it is longer than a frame may be. */
bool message_receive(int fd, struct bytes *payload);

/* Whether something can be read, or the end be seen, within the time. */
bool message_awaits(int fd, int64_t millis);

#endif
