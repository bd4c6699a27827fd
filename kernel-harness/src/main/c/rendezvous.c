// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "rendezvous.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define CONTROL "/sys/kernel/debug/rendezvous/control"
#define STATE "/sys/kernel/debug/rendezvous/state"

bool rendezvous_parse(struct rendezvous_command *c, const char *text, size_t length)
{
	char line[80];
	int end = 0;

	if (length >= sizeof(line))
		return false;
	memcpy(line, text, length);
	line[length] = 0;
	if (!strcmp(line, "clear")) {
		*c = (struct rendezvous_command){ .verb = "clear", .task = -1 };
		return true;
	}
	c->hit = 0;
	if (sscanf(line, "arm %31s %d %u%n", c->point, &c->task, &c->hit, &end) == 3 && !line[end]) {
		strcpy(c->verb, "arm");
		return c->hit > 0;
	}
	if (sscanf(line, "go %31s %d%n", c->point, &c->task, &end) == 2 && !line[end]) {
		strcpy(c->verb, "go");
		return true;
	}
	return false;
}

static int control(const char *line, size_t length)
{
	int fd = open(CONTROL, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return -1;
	ssize_t n = write(fd, line, length);

	close(fd);
	return n < 0 ? -1 : 0;
}

int rendezvous_control(const struct rendezvous_command *c, pid_t pid)
{
	char line[80];
	int n = snprintf(line, sizeof(line), "%s", c->verb);

	if (strcmp(c->verb, "clear"))
		n += snprintf(line + n, sizeof(line) - (size_t)n, " %s %d", c->point, (int)pid);
	if (!strcmp(c->verb, "arm"))
		n += snprintf(line + n, sizeof(line) - (size_t)n, " %u", c->hit);
	return control(line, (size_t)n);
}

/* The next "POINT PID armed|waiting ARRIVALS" line; *at moves past it. */
static bool next_line(const struct bytes *state, size_t *at, char *point, int *pid, char *how)
{
	char line[96];

	while (*at < state->length) {
		const char *from = (const char *)state->at + *at;
		const char *newline = memchr(from, '\n', state->length - *at);
		size_t length = newline ? (size_t)(newline - from) : state->length - *at;

		*at += length + 1;
		if (length >= sizeof(line))
			continue;
		memcpy(line, from, length);
		line[length] = 0;
		if (sscanf(line, "%31s %d %15s", point, pid, how) == 3)
			return true;
	}
	return false;
}

bool rendezvous_waits(const struct bytes *state, const char *point, pid_t pid)
{
	char name[32], how[16];
	size_t at = 0;
	int who;

	while (next_line(state, &at, name, &who, how))
		if (who == pid && !strcmp(name, point))
			return !strcmp(how, "waiting");
	return false;
}

void rendezvous_release(pid_t pid)
{
	struct rendezvous_command c = { .verb = "go" };
	struct bytes state = { 0 };
	int fd = rendezvous_open(), who;
	char how[16];
	size_t at = 0;

	if (fd < 0)
		return;
	rendezvous_read(fd, &state);
	while (next_line(&state, &at, c.point, &who, how))
		if (who == pid)
			rendezvous_control(&c, pid);
	bytes_free(&state);
	close(fd);
}

int rendezvous_open(void)
{
	return open(STATE, O_RDONLY | O_CLOEXEC);
}

void rendezvous_read(int fd, struct bytes *state)
{
	bytes_clear(state);
	for (;;) {
		ssize_t n = pread(fd, bytes_extend(state, 4096), 4096, (off_t)state->length);

		/* bytes_extend has counted what was asked for. */
		state->length -= 4096;
		if (n <= 0)
			return;
		state->length += (size_t)n;
	}
}
