// SPDX-License-Identifier: Apache-2.0
/*
 * The operation core in a process of its own on the kernel at hand, for what a
 * Java virtual machine cannot do to itself: fork, other identities, tasks that
 * are parked in the kernel. Serves the requests that come over the socket whose
 * number is its only argument, and ends when the other end is closed.
 */
#define _GNU_SOURCE
#include "exec.h"
#include "message.h"
#include "tasks.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

struct host {
	int channel;
	struct exec exec;
	struct tasks tasks;
};

static void operate(void *server, const struct request *r, struct reply *reply)
{
	struct host *h = server;

	if (r->clock) {
		/* The clock of this machine is not ours to set. */
		reply_bad_arguments(reply);
	} else if (!exec_run(&h->exec, r, reply)) {
		reply->result = -1;
		reply->status = WIRE_STATUS_UNKNOWN_OP;
	}
}

static void leave_the_server(void *server)
{
	struct host *h = server;

	close(h->channel);
}

static void answer(struct host *h, const struct bytes *in, struct reply *reply)
{
	struct request r;

	if (!request_decode(&r, in->at, in->length))
		reply_bad_arguments(reply);
	else if (!tasks_run(&h->tasks, &r, reply))
		operate(h, &r, reply);
}

int main(int argc, char **argv)
{
	static struct host h;
	struct bytes in = { 0 }, out = { 0 };
	struct reply reply = { 0 };
	int type = 0;
	socklen_t size = sizeof(type);

	h.channel = argc == 2 ? atoi(argv[1]) : -1;
	if (h.channel < 3 || getsockopt(h.channel, SOL_SOCKET, SO_TYPE, &type, &size) < 0) {
		fprintf(stderr, "host_agent: a helper of the harness, started by it with a socket\n");
		return 2;
	}
	/* What the virtual machine had open is none of a program's files. */
	if (h.channel > 3)
		syscall(SYS_close_range, 3, h.channel - 1, 0);
	syscall(SYS_close_range, h.channel + 1, ~0U, 0);
	prctl(PR_SET_NAME, "pmem4j-host");
	exec_init(&h.exec);
	tasks_init(&h.tasks);
	h.tasks.exec = &h.exec;
	h.tasks.in_child = leave_the_server;
	h.tasks.run = operate;
	h.tasks.server = &h;
	while (bytes_clear(&in), message_receive(h.channel, &in)) {
		reply_reset(&reply);
		answer(&h, &in, &reply);
		bytes_clear(&out);
		reply_encode(&out, &reply);
		if (!message_send(h.channel, out.at, out.length))
			break;
	}
	tasks_end_all(&h.tasks);
	exec_release(&h.exec);
	return 0;
}
