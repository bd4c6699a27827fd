// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "check.h"
#include "rendezvous.h"
#include "tasks.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static void rendezvous_commands_have_one_shape(void)
{
	static const char *const wrong[] = {
		"", "arm", "arm p 1", "arm p 1 0", "arm p 1 1 x", "arm p x 1", "go p", "go p 1 1",
		"clear all", "stay p 1",
		"arm ppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppp 1 1",
	};
	struct rendezvous_command c;

	CHECK(rendezvous_parse(&c, "arm fault-looked-up 3 2", 23));
	CHECK(!strcmp(c.verb, "arm") && !strcmp(c.point, "fault-looked-up") && c.task == 3 && c.hit == 2);
	CHECK(rendezvous_parse(&c, "go fault-looked-up 7", 20));
	CHECK(!strcmp(c.verb, "go") && !strcmp(c.point, "fault-looked-up") && c.task == 7);
	CHECK(rendezvous_parse(&c, "clear", 5) && !strcmp(c.verb, "clear") && c.task == -1);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		CHECK(!rendezvous_parse(&c, wrong[i], strlen(wrong[i])));
}

static void rendezvous_state_is_read_by_point_and_pid(void)
{
	static char text[] = "here 12 armed 0\nhere 123 waiting 1\nthere 12 waiting 2\n";
	struct bytes state = { (uint8_t *)text, sizeof(text) - 1, sizeof(text) };
	struct bytes nothing = { 0 };

	CHECK(!rendezvous_waits(&state, "here", 12));
	CHECK(rendezvous_waits(&state, "here", 123));
	CHECK(rendezvous_waits(&state, "there", 12));
	CHECK(!rendezvous_waits(&state, "there", 123));
	CHECK(!rendezvous_waits(&state, "her", 123));
	CHECK(!rendezvous_waits(&nothing, "here", 12));
}

/* Answers with its pid; op 99 waits for a byte in the pipe first. */
static int gate[2];

static void run_in_task(void *server, const struct request *r, struct reply *reply)
{
	char byte;

	if (exec_run(server, r, reply))
		return;
	if (r->op == 99 && read(gate[0], &byte, 1) != 1)
		abort();
	reply->result = getpid();
}

static struct reply *asked(struct tasks *t, uint16_t op, int64_t a, int64_t b, const struct bytes *blob)
{
	static struct reply reply;
	struct request r = { .op = op, .argc = op == WIRE_OP_TASK_OP || op == WIRE_OP_TASK_STATE ||
						       op == WIRE_OP_TASK_END ? 1 : 2,
			     .args = { a, b } };

	if (blob) {
		r.blob = blob->at;
		r.blob_length = blob->length;
	}
	reply_reset(&reply);
	CHECK(tasks_run(t, &r, &reply));
	return &reply;
}

static void tasks_run_beside_the_server(void)
{
	char path[] = "/tmp/pmem4j-task-XXXXXX";
	struct bytes slow = { 0 }, load = { 0 };
	struct exec x;
	struct tasks t;

	exec_init(&x);
	tasks_init(&t);
	t.exec = &x;
	t.run = run_in_task;
	t.server = &x;
	CHECK(pipe(gate) == 0);
	x.files[0] = mkstemp(path);
	CHECK(unlink(path) == 0 && ftruncate(x.files[0], 4096) == 0);
	x.mappings[0] = (struct mapping){ mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED,
					       x.files[0], 0), 4096, 4096, 0 };
	x.mappings[0].at[5] = 0x55;
	request_payload(&slow, 99, NULL, 0, "", 0);
	request_payload(&load, WIRE_OP_LOAD, (int64_t[]){ 0, 5, 1 }, 3, "", 0);

	CHECK(asked(&t, WIRE_OP_TASK_WAIT, 1, 0, NULL)->status == WIRE_STATUS_BAD_ARGUMENTS);
	CHECK(asked(&t, WIRE_OP_TASK_START, WIRE_TASKS, 0, NULL)->status == WIRE_STATUS_BAD_ARGUMENTS);
	int64_t first = asked(&t, WIRE_OP_TASK_START, 1, 0, NULL)->result;
	int64_t second = asked(&t, WIRE_OP_TASK_START, 2, 0, NULL)->result;

	CHECK(first > 0 && second > 0 && first != second && tasks_any(&t));
	CHECK(asked(&t, WIRE_OP_TASK_START, 1, 0, NULL)->status == WIRE_STATUS_BAD_ARGUMENTS);
	/* Both wait inside their operations; neither keeps us from asking. */
	CHECK(asked(&t, WIRE_OP_TASK_OP, 1, 0, &slow)->result == 0);
	CHECK(asked(&t, WIRE_OP_TASK_OP, 2, 0, &slow)->result == 0);
	CHECK(asked(&t, WIRE_OP_TASK_WAIT, 1, 0, NULL)->result == 1);
	CHECK(asked(&t, WIRE_OP_TASK_OP, 1, 0, &slow)->error == EBUSY);
	CHECK(write(gate[1], "ab", 2) == 2);
	struct reply *done = asked(&t, WIRE_OP_TASK_WAIT, 1, 10000, NULL);

	CHECK(done->result == 0 && done->data.length == WIRE_RESPONSE_FIXED_BYTES + 8);
	CHECK((int64_t)get_u64(done->data.at) == first);
	done = asked(&t, WIRE_OP_TASK_WAIT, 2, 10000, NULL);
	CHECK(done->result == 0 && (int64_t)get_u64(done->data.at) == second);
	/* Slots are inherited. */
	asked(&t, WIRE_OP_TASK_OP, 1, 0, &load);
	done = asked(&t, WIRE_OP_TASK_WAIT, 1, 10000, NULL);
	CHECK(get_u64(done->data.at) == 1 && done->data.at[WIRE_RESPONSE_FIXED_BYTES + 4] == 0x55);
	/* A task that dies is an answer, not a hang. */
	asked(&t, WIRE_OP_TASK_OP, 2, 0, &slow);
	CHECK(kill((pid_t)second, SIGKILL) == 0);
	CHECK(asked(&t, WIRE_OP_TASK_WAIT, 2, 10000, NULL)->error == ESRCH);
	CHECK(asked(&t, WIRE_OP_TASK_OP, 2, 0, &slow)->error == ESRCH);
	CHECK(asked(&t, WIRE_OP_TASK_END, 2, 0, NULL)->result == 0);
	/* Ending does not wait for the operation. */
	asked(&t, WIRE_OP_TASK_OP, 1, 0, &slow);
	tasks_end_all(&t);
	CHECK(!tasks_any(&t));
	exec_release(&x);
	bytes_free(&slow);
	bytes_free(&load);
}

void test_tasks(void)
{
	rendezvous_commands_have_one_shape();
	rendezvous_state_is_read_by_point_and_pid();
	tasks_run_beside_the_server();
}
