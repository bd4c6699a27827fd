// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "tasks.h"
#include "child.h"
#include "deadline.h"
#include "message.h"
#include "rendezvous.h"
#include "trace.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

void tasks_init(struct tasks *t)
{
	memset(t, 0, sizeof(*t));
	for (int i = 0; i < WIRE_TASKS; i++)
		t->at[i].channel = -1;
}

static _Noreturn void serve_task(struct tasks *t, int channel)
{
	struct bytes in = { 0 }, out = { 0 };
	struct reply reply = { 0 };
	struct request r;

	while (bytes_clear(&in), message_receive(channel, &in)) {
		reply_reset(&reply);
		if (request_decode(&r, in.at, in.length))
			t->run(t->server, &r, &reply);
		else
			reply_bad_arguments(&reply);
		bytes_clear(&out);
		reply_encode(&out, &reply);
		if (!message_send(channel, out.at, out.length))
			break;
	}
	_exit(0);
}

static _Noreturn void become_task(struct tasks *t, int number, int channel, pid_t parent)
{
	char name[16];

	snprintf(name, sizeof(name), "task-%d", number);
	prctl(PR_SET_NAME, name);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(0);
	for (int i = 0; i < WIRE_TASKS; i++)
		if (t->at[i].channel >= 0)
			close(t->at[i].channel);
	exec_forked(t->exec);
	if (t->in_child)
		t->in_child(t->server);
	serve_task(t, channel);
}

static void op_start(struct tasks *t, const struct request *r, struct reply *reply)
{
	struct task *task = &t->at[r->args[0]];
	pid_t parent = getpid();
	int ends[2];

	if (task->pid || !pid_in_range(r->args[1])) {
		reply_bad_arguments(reply);
		return;
	}
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0) {
		reply_errno(reply);
		return;
	}
	pid_t child = fork_as((pid_t)r->args[1]);

	if (child == 0) {
		close(ends[0]);
		become_task(t, (int)r->args[0], ends[1], parent);
	}
	close(ends[1]);
	if (child < 0) {
		reply_errno(reply);
		close(ends[0]);
		return;
	}
	*task = (struct task){ .pid = child, .channel = ends[0], .events = task->events };
	reply->result = child;
}

static void op_op(struct tasks *t, const struct request *r, struct reply *reply)
{
	struct task *task = &t->at[r->args[0]];

	if (task->running) {
		errno = EBUSY;
		reply_errno(reply);
		return;
	}
	bytes_clear(&task->events);
	/* An idle task is reading, so this does not block. */
	if (message_send(task->channel, r->blob, r->blob_length)) {
		task->running = true;
	} else {
		errno = ESRCH;
		reply_errno(reply);
	}
}

static void op_wait(struct tasks *t, const struct request *r, struct reply *reply)
{
	struct task *task = &t->at[r->args[0]];

	if (!task->running || r->args[1] < 0) {
		reply_bad_arguments(reply);
		return;
	}
	if (!message_awaits(task->channel, r->args[1])) {
		reply->result = 1;
		return;
	}
	task->running = false;
	if (!message_receive(task->channel, &reply->data)) {
		bytes_clear(&reply->data);
		errno = ESRCH;
		reply_errno(reply);
	}
	if (t->gather)
		t->gather(t->server);
	bytes_append(&reply->events, task->events.at, task->events.length);
	bytes_clear(&task->events);
}

/* A file of /proc/PID, each line of it with a key in front. */
static void describe_file(struct bytes *out, pid_t pid, const char *name)
{
	char path[64], line[256];

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	FILE *f = fopen(path, "re");

	while (f && fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = 0;
		bytes_text(out, "%s=%s\n", name, line);
	}
	if (f)
		fclose(f);
}

static void describe_rendezvous(struct bytes *out)
{
	struct bytes state = { 0 };
	int fd = rendezvous_open();

	if (fd < 0)
		return;
	rendezvous_read(fd, &state);
	for (size_t at = 0; at < state.length;) {
		const uint8_t *newline = memchr(state.at + at, '\n', state.length - at);
		size_t length = newline ? (size_t)(newline - state.at) - at : state.length - at;

		bytes_text(out, "rendezvous=%.*s\n", (int)length, (const char *)state.at + at);
		at += length + 1;
	}
	bytes_free(&state);
	close(fd);
}

static void op_state(struct tasks *t, const struct request *r, struct reply *reply)
{
	struct task *task = &t->at[r->args[0]];
	struct bytes *out = &reply->data;
	const char *what = !task->running		    ? "idle"
			   : message_awaits(task->channel, 0) ? "finished"
							     : "running";

	bytes_text(out, "pid=%d\noperation=%s\n", (int)task->pid, what);
	describe_file(out, task->pid, "stat");
	describe_file(out, task->pid, "wchan");
	describe_file(out, task->pid, "stack");
	describe_rendezvous(out);
	reply->result = task->pid;
}

static void end_task(struct task *task)
{
	kill(task->pid, SIGKILL);
	rendezvous_release(task->pid);
	/* Its files and mappings are released before it can be waited for. */
	while (waitpid(task->pid, NULL, 0) < 0 && errno == EINTR)
		;
	close(task->channel);
	bytes_free(&task->events);
	*task = (struct task){ .channel = -1 };
}

static void op_end(struct tasks *t, const struct request *r, struct reply *reply)
{
	(void)reply;
	end_task(&t->at[r->args[0]]);
}

static void op_rendezvous(struct tasks *t, const struct request *r, struct reply *reply)
{
	struct rendezvous_command c;

	if (!rendezvous_parse(&c, (const char *)r->blob, r->blob_length) ||
	    (strcmp(c.verb, "clear") && (c.task < 0 || c.task >= WIRE_TASKS || !t->at[c.task].pid)))
		reply_bad_arguments(reply);
	else
		reply_syscall(reply, rendezvous_control(&c, c.task < 0 ? 0 : t->at[c.task].pid));
}

/*
 * The state is read before each wait, so an arrival between the two is seen by
 * the poll: POLLPRI compares with what was read.
 */
static void op_rendezvous_wait(struct tasks *t, const struct request *r, struct reply *reply)
{
	struct task *task = &t->at[r->args[0]];
	int64_t deadline = now_millis() + r->args[1];
	char *point = request_string(r, 0);
	struct bytes state = { 0 };
	int fd = rendezvous_open();

	if (fd < 0)
		reply_errno(reply);
	while (fd >= 0) {
		struct pollfd ready[] = {
			{ .fd = fd, .events = POLLPRI },
			{ .fd = task->channel, .events = POLLIN },
		};

		rendezvous_read(fd, &state);
		if (rendezvous_waits(&state, point, task->pid))
			break;
		if (message_awaits(task->channel, 0)) {
			reply->result = 2;
			break;
		}
		if (poll(ready, 2, left_of(deadline)) == 0) {
			reply->result = 1;
			break;
		}
	}
	if (fd >= 0)
		close(fd);
	bytes_free(&state);
	free(point);
}

static const struct op {
	uint16_t op;
	uint16_t argc;
	bool task; /* the first argument is a task that exists */
	bool blob;
	void (*run)(struct tasks *, const struct request *, struct reply *);
} ops[] = {
	{ WIRE_OP_TASK_START, WIRE_ARGC_TASK_START, false, false, op_start },
	{ WIRE_OP_TASK_OP, WIRE_ARGC_TASK_OP, true, true, op_op },
	{ WIRE_OP_TASK_WAIT, WIRE_ARGC_TASK_WAIT, true, false, op_wait },
	{ WIRE_OP_TASK_STATE, WIRE_ARGC_TASK_STATE, true, false, op_state },
	{ WIRE_OP_TASK_END, WIRE_ARGC_TASK_END, true, false, op_end },
	{ WIRE_OP_RENDEZVOUS, WIRE_ARGC_RENDEZVOUS, false, true, op_rendezvous },
	{ WIRE_OP_RENDEZVOUS_WAIT, WIRE_ARGC_RENDEZVOUS_WAIT, true, true, op_rendezvous_wait },
};

bool tasks_run(struct tasks *t, const struct request *r, struct reply *reply)
{
	for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
		const struct op *op = &ops[i];

		if (op->op != r->op)
			continue;
		if (r->argc != op->argc || op->blob != (r->blob_length != 0) ||
		    (op->argc && (r->args[0] < 0 || r->args[0] >= WIRE_TASKS)) ||
		    (op->task && !t->at[r->args[0]].pid))
			reply_bad_arguments(reply);
		else
			op->run(t, r, reply);
		return true;
	}
	return false;
}

void tasks_note_events(struct tasks *t, const char *text, size_t length)
{
	for (int i = 0; i < WIRE_TASKS; i++)
		if (t->at[i].pid)
			trace_filter(text, length, t->at[i].pid, &t->at[i].events);
}

bool tasks_any(const struct tasks *t)
{
	for (int i = 0; i < WIRE_TASKS; i++)
		if (t->at[i].pid)
			return true;
	return false;
}

void tasks_end_all(struct tasks *t)
{
	/* All at once: one may hold the lock that another waits for. */
	for (int i = 0; i < WIRE_TASKS; i++)
		if (t->at[i].pid) {
			kill(t->at[i].pid, SIGKILL);
			rendezvous_release(t->at[i].pid);
		}
	for (int i = 0; i < WIRE_TASKS; i++)
		if (t->at[i].pid)
			end_task(&t->at[i]);
}
