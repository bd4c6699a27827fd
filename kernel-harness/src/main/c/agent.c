// SPDX-License-Identifier: Apache-2.0
/*
 * The guest's init: sets the machine up, then answers the host.
 *
 * Outside a program pid 1 serves. BEGIN forks the executor, which inherits the
 * port and serves in its place until END, so that a program has a task and a
 * pid of its own and its crash ends only the program. pid 1 meanwhile waits.
 */
#define _GNU_SOURCE
#include "batch.h"
#include "child.h"
#include "clock.h"
#include "exec.h"
#include "machine.h"
#include "namespace.h"
#include "port.h"
#include "rendezvous.h"
#include "tasks.h"
#include "trace.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#define AGENT_NAME "pmem4j-agent 1"
#define EXECUTOR_NAME "executor"

struct server {
	int port;
	int trace; /* trace_pipe of a traced executor, -1 otherwise */
	int trace_kept; /* the same, kept by pid 1 between executors; -1: not open yet */
	bool is_executor;
	bool tracing; /* the events are on */
	struct decoder decoder;
	struct exec exec;
	struct tasks tasks;
	struct reply reply;
	struct bytes payload;
	struct bytes frame;
	struct bytes about; /* the lines of HELLO */
};

static void set_up_mounts(void)
{
	static const struct {
		const char *type;
		const char *at;
	} mounts[] = {
		{ "proc", "/proc" },
		{ "sysfs", "/sys" },
		{ "devtmpfs", "/dev" },
		{ "tmpfs", "/tmp" },
		{ "debugfs", "/sys/kernel/debug" },
		{ "tracefs", "/sys/kernel/tracing" },
	};

	for (size_t i = 0; i < sizeof(mounts) / sizeof(mounts[0]); i++) {
		mkdir(mounts[i].at, 0755);
		if (mount(mounts[i].type, mounts[i].at, mounts[i].type, 0, "") < 0 && errno != EBUSY)
			fprintf(stderr, "agent: mount %s: %s\n", mounts[i].at, strerror(errno));
	}
	mkdir("/mnt", 0755);
}

static void describe(struct bytes *about)
{
	struct utsname u;

	uname(&u);
	bytes_text(about, "agent=" AGENT_NAME "\nkernel=%s\n", u.release);
	namespace_describe(about);
}

static bool respond(struct server *s, uint32_t seq)
{
	bytes_clear(&s->payload);
	bytes_clear(&s->frame);
	reply_encode(&s->payload, &s->reply);
	frame_encode(&s->frame, seq, WIRE_RESPONSE, s->payload.at, (uint32_t)s->payload.length);
	return port_send(s->port, &s->frame);
}

static void serve(struct server *s);
static void gather_events(struct server *s, struct bytes *mine);

static _Noreturn void executor(struct server *s, uint32_t seq, bool traced)
{
	s->is_executor = true;
	prctl(PR_SET_NAME, EXECUTOR_NAME);
	s->trace = traced ? s->trace_kept : -1;
	/* What others left in the trace. */
	gather_events(s, NULL);
	/* A fork duplicates pid 1's slots; they are not part of the program. */
	exec_release(&s->exec);
	s->reply.result = (int64_t)syscall(SYS_getpid);
	if (respond(s, seq))
		serve(s);
	_exit(1);
}

/*
 * pid 1 is also the parent of every orphan, so it waits for all children while
 * it waits for one.
 */
static void await_executor(struct server *s, pid_t child)
{
	char text[96];
	int status;
	pid_t ended;

	do
		ended = waitpid(-1, &status, 0);
	while (ended != child && (ended > 0 || errno == EINTR));
	if (ended == child && WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return;
	/* Its tasks die with it; what was armed for them must not meet their pids again. */
	rendezvous_control(&(struct rendezvous_command){ .verb = "clear" }, 0);
	int n = WIFSIGNALED(status)
			? snprintf(text, sizeof(text), "executor %d killed by signal %d", (int)child,
				   WTERMSIG(status))
			: snprintf(text, sizeof(text), "executor %d exited with %d", (int)child,
				   WEXITSTATUS(status));

	port_send_event(s->port, WIRE_EVENT_EXECUTOR_DIED, (uint32_t)status, text, (size_t)n);
}

/* True when the reply has been, or will not be, sent by the executor. */
static bool begin(struct server *s, const struct request *r, uint32_t seq)
{
	bool traced = r->args[1] != 0;

	if (r->argc != WIRE_ARGC_BEGIN || r->blob_length || !pid_in_range(r->args[0]) ||
	    (r->args[1] & ~1)) {
		reply_bad_arguments(&s->reply);
		return false;
	}
	if (s->is_executor || tasks_any(&s->tasks)) {
		errno = EBUSY;
		reply_errno(&s->reply);
		return false;
	}
	if (traced != s->tracing) {
		if (trace_enable(traced) < 0) {
			reply_errno(&s->reply);
			return false;
		}
		s->tracing = traced;
	}
	/* Opening it takes longer than a short program does. */
	if (traced && s->trace_kept < 0) {
		s->trace_kept = trace_open();
		if (s->trace_kept < 0) {
			reply_errno(&s->reply);
			return false;
		}
	}
	kernel_log_open();
	pid_t child = fork_as((pid_t)r->args[0]);

	if (child < 0) {
		reply_errno(&s->reply);
		return false;
	}
	if (child == 0)
		executor(s, seq, traced);
	/* What was buffered is the child's to answer; it reads no further than END. */
	bytes_clear(&s->decoder.in);
	s->decoder.taken = 0;
	await_executor(s, child);
	return true;
}

static void end(struct server *s, const struct request *r, uint32_t seq)
{
	if (r->argc || r->blob_length) {
		reply_bad_arguments(&s->reply);
		respond(s, seq);
	} else if (!s->is_executor) {
		errno = ECHILD;
		reply_errno(&s->reply);
		respond(s, seq);
	} else {
		/*
		 * The program's files and mappings are gone before the answer:
		 * the next executor may unmount. pid 1 reads on when we are.
		 */
		tasks_end_all(&s->tasks);
		exec_release(&s->exec);
		respond(s, seq);
		_exit(0);
	}
}

/*
 * No sync and no unmount: this is the power switch, and a harness may mean it
 * as one. RB_POWER_OFF does not return.
 */
static void power_off(struct server *s, const struct request *r, uint32_t seq)
{
	if (r->argc || r->blob_length) {
		reply_bad_arguments(&s->reply);
		respond(s, seq);
		return;
	}
	/* The write of a blocking port returns when the host has taken the bytes. */
	respond(s, seq);
	reboot(RB_POWER_OFF);
}

static void hello(struct server *s, const struct request *r)
{
	if (r->argc || r->blob_length) {
		reply_bad_arguments(&s->reply);
		return;
	}
	s->reply.result = WIRE_PROTOCOL_VERSION;
	bytes_append(&s->reply.data, s->about.at, s->about.length);
}

/*
 * Takes what the trace has gathered. The lines of tasks are kept for the request that
 * waits for them, the server's own are appended to *mine, or dropped for NULL.
 */
static void gather_events(struct server *s, struct bytes *mine)
{
	struct bytes text = { 0 };

	if (s->trace < 0)
		return;
	trace_take(s->trace, &text);
	tasks_note_events(&s->tasks, (const char *)text.at, text.length);
	if (mine)
		trace_filter((const char *)text.at, text.length, (pid_t)syscall(SYS_getpid), mine);
	bytes_free(&text);
}

static void gather_for_tasks(void *server)
{
	gather_events(server, NULL);
}

static void leave_the_server(void *server)
{
	struct server *s = server;

	close(s->port);
	if (s->trace_kept >= 0)
		close(s->trace_kept);
	s->trace = s->trace_kept = -1;
}

/*
 * The operation alone, in the server or in a task. Where the machine is slow its
 * second may be over before it has read the clock; that cannot be told, so it
 * counts only if the second lasted to its end.
 */
static void operate(void *server, const struct request *r, struct reply *reply)
{
	struct server *s = server;

	if (r->clock && !clock_set(r->clock)) {
		reply_errno(reply);
		return;
	}
	if (!exec_run(&s->exec, r, reply) && !machine_run(r, reply)) {
		reply->result = -1;
		reply->status = WIRE_STATUS_UNKNOWN_OP;
	}
	if (r->clock && !reply->status && !clock_stands_at(r->clock))
		reply->status = WIRE_STATUS_LATE;
}

/*
 * The trace holds nothing of the server's own when an operation begins: BEGIN
 * and the operation before have taken it.
 */
static void run(void *server, const struct request *r, struct reply *reply)
{
	struct server *s = server;

	if (tasks_run(&s->tasks, r, reply))
		return;
	operate(s, r, reply);
	gather_events(s, &reply->events);
}

static void answer(struct server *s, const struct frame *f)
{
	struct request r;

	reply_reset(&s->reply);
	if (f->type != WIRE_REQUEST) {
		static const char why[] = "not a request";

		port_send_event(s->port, WIRE_EVENT_BAD_FRAME,
				WIRE_HEADER_BYTES + f->length + WIRE_TRAILER_BYTES, why, sizeof(why) - 1);
		return;
	}
	if (!request_decode(&r, f->payload, f->length)) {
		reply_bad_arguments(&s->reply);
		respond(s, f->seq);
		return;
	}
	switch (r.op) {
	case WIRE_OP_BEGIN:
		if (begin(s, &r, f->seq))
			return;
		break;
	case WIRE_OP_END:
		end(s, &r, f->seq);
		return;
	case WIRE_OP_POWEROFF:
		power_off(s, &r, f->seq);
		return;
	case WIRE_OP_HELLO:
		hello(s, &r);
		break;
	case WIRE_OP_BATCH:
		batch_run(&r, &s->reply, run, s);
		break;
	default:
		run(s, &r, &s->reply);
	}
	respond(s, f->seq);
}

static void serve(struct server *s)
{
	struct frame f;

	while (port_receive(s->port, &s->decoder, &f)) {
		answer(s, &f);
		/* Orphans of commands; the executor's children are its own. */
		if (!s->is_executor)
			while (waitpid(-1, NULL, WNOHANG) > 0)
				;
	}
}

int main(void)
{
	static struct server s = { .port = -1, .trace = -1, .trace_kept = -1 };

	if (getpid() != 1) {
		fprintf(stderr, "agent: this is the init of a pmem4j guest, not a command\n");
		return 2;
	}
	set_up_mounts();
	if (trace_prepare() < 0)
		fprintf(stderr, "agent: no tracing: %s\n", strerror(errno));
	exec_init(&s.exec);
	tasks_init(&s.tasks);
	s.tasks.exec = &s.exec;
	s.tasks.in_child = leave_the_server;
	s.tasks.run = operate;
	s.tasks.gather = gather_for_tasks;
	s.tasks.server = &s;
	describe(&s.about);
	s.port = port_open();
	if (s.port < 0) {
		fprintf(stderr, "agent: no virtio port named " WIRE_PORT_NAME ": %s\n", strerror(errno));
	} else {
		port_send_event(s.port, WIRE_EVENT_AGENT_READY, WIRE_PROTOCOL_VERSION,
				(const char *)s.about.at, s.about.length);
		serve(&s);
		fprintf(stderr, "agent: the port failed: %s\n", strerror(errno));
	}
	/* The host cannot reach this guest any more. */
	reboot(RB_POWER_OFF);
	return 1;
}
