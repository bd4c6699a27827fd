// SPDX-License-Identifier: Apache-2.0
/* The virtio-serial port to the host. */
#ifndef PMEM4J_PORT_H
#define PMEM4J_PORT_H

#include "frame.h"

/* Opens the port called WIRE_PORT_NAME; -1 with errno. */
int port_open(void);

/* Writes it all; waits while no host is connected. False: the port is gone. */
bool port_send(int fd, const struct bytes *frames);

/*
 * The next frame with a good checksum. What had to be skipped to get there is
 * reported to the host as BAD_FRAME events, once the noise has stopped.
 */
bool port_receive(int fd, struct decoder *d, struct frame *out);

bool port_send_event(int fd, uint32_t kind, uint32_t detail, const char *text, size_t length);

#endif
