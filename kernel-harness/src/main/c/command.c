// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "exec.h"
#include "machine.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_ARGUMENTS 256

/*
 * The monotonic clock: requests move CLOCK_REALTIME about.
 */
static int64_t now_millis(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static _Noreturn void become(char **argv, int output, int failure)
{
	int nothing = open("/dev/null", O_RDONLY);

	/* Its own session, so that everything it starts can be ended with it. */
	setsid();
	dup2(nothing, 0);
	dup2(output, 1);
	dup2(output, 2);
	setenv("PATH", "/bin:/sbin:/usr/bin:/usr/sbin", 1);
	setenv("HOME", "/", 1);
	execvp(argv[0], argv);
	int why = errno;

	(void)!write(failure, &why, sizeof(why));
	_exit(127);
}

static void take_output(int fd, struct bytes *output, bool *cut)
{
	char chunk[16384];
	ssize_t n;

	while ((n = read(fd, chunk, sizeof(chunk))) > 0) {
		size_t room = WIRE_EXEC_MAX_OUTPUT - output->length;

		/* Read on when full: a command blocked on its pipe would time out. */
		*cut |= (size_t)n > room;
		bytes_append(output, chunk, (size_t)n < room ? (size_t)n : room);
	}
}

/*
 * Until the command has ended, not until its output has: something it left in
 * the background may keep the pipe open for ever.
 */
static int await(pid_t child, int output, int64_t deadline, struct reply *reply, bool *cut)
{
	bool timed_out = false;
	int status = 0;

	for (;;) {
		struct pollfd ready = { .fd = output, .events = POLLIN };
		int64_t left = deadline - now_millis();

		if (left <= 0 && !timed_out) {
			timed_out = true;
			kill(-child, SIGKILL);
			kill(child, SIGKILL);
		}
		/* Output wakes us; an end without any is noticed within 5 ms. */
		poll(&ready, 1, left < 5 && left > 0 ? (int)left : 5);
		pid_t ended = waitpid(child, &status, WNOHANG);

		take_output(output, &reply->data, cut);
		if (ended == child)
			break;
		if (ready.revents & POLLHUP) {
			/* All writers are gone; poll would return at once for ever. */
			const struct timespec pause = { .tv_nsec = 1000000 };

			nanosleep(&pause, NULL);
		}
	}
	if (timed_out) {
		errno = ETIMEDOUT;
		reply_errno(reply);
		return -1;
	}
	return status;
}

static void start(char **argv, int64_t timeout, struct reply *reply)
{
	int output[2], failure[2], why = 0;
	bool cut = false;

	if (pipe2(output, O_CLOEXEC) < 0) {
		reply_errno(reply);
		return;
	}
	if (pipe2(failure, O_CLOEXEC) < 0) {
		reply_errno(reply);
		close(output[0]);
		close(output[1]);
		return;
	}
	pid_t child = fork();

	if (child == 0)
		become(argv, output[1], failure[1]);
	close(output[1]);
	close(failure[1]);
	fcntl(output[0], F_SETFL, O_NONBLOCK);
	if (child < 0) {
		reply_errno(reply);
	} else if (read(failure[0], &why, sizeof(why)) == (ssize_t)sizeof(why)) {
		waitpid(child, NULL, 0);
		errno = why;
		reply_errno(reply);
	} else {
		int status = await(child, output[0], now_millis() + timeout, reply, &cut);

		if (reply->result == 0)
			reply->result = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	}
	if (cut)
		bytes_text(&reply->data, "\n[output cut after %d bytes]\n", WIRE_EXEC_MAX_OUTPUT);
	close(output[0]);
	close(failure[0]);
}

void command_run(const struct request *r, struct reply *reply)
{
	char *argv[MAX_ARGUMENTS + 1];
	unsigned int n = 0;

	while (n < MAX_ARGUMENTS && (argv[n] = request_string(r, n)))
		n++;
	argv[n] = NULL;
	if (n == 0 || n == MAX_ARGUMENTS || r->args[0] <= 0)
		reply_bad_arguments(reply);
	else
		start(argv, r->args[0], reply);
	while (n > 0)
		free(argv[--n]);
}
