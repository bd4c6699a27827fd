// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "port.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define PORTS "/sys/class/virtio-ports"

/* A sender that stalls this long inside a frame has lost its place. */
#define FRAME_TIMEOUT_MILLIS 5000

static bool port_is_ours(const char *port)
{
	char path[320], name[64] = "";
	bool ours = false;

	snprintf(path, sizeof(path), PORTS "/%s/name", port);
	FILE *f = fopen(path, "re");

	if (!f)
		return false;
	if (fgets(name, sizeof(name), f)) {
		name[strcspn(name, "\n")] = 0;
		ours = !strcmp(name, WIRE_PORT_NAME);
	}
	fclose(f);
	return ours;
}

int port_open(void)
{
	DIR *d = opendir(PORTS);
	int fd = -1;

	if (!d)
		return -1;
	errno = ENOENT;
	for (struct dirent *e; fd < 0 && (e = readdir(d));) {
		char path[320];

		if (e->d_name[0] == '.' || !port_is_ours(e->d_name))
			continue;
		snprintf(path, sizeof(path), "/dev/%s", e->d_name);
		fd = open(path, O_RDWR | O_CLOEXEC);
	}
	int saved = errno;

	closedir(d);
	errno = saved;
	return fd;
}

bool port_send(int fd, const struct bytes *frames)
{
	size_t done = 0;

	while (done < frames->length) {
		ssize_t n = write(fd, frames->at + done, frames->length - done);

		if (n < 0 && errno != EINTR && errno != EAGAIN)
			return false;
		if (n > 0)
			done += (size_t)n;
	}
	return true;
}

bool port_send_event(int fd, uint32_t kind, uint32_t detail, const char *text, size_t length)
{
	struct bytes payload = { 0 }, frame = { 0 };

	event_encode(&payload, kind, detail, text, length);
	frame_encode(&frame, 0, WIRE_EVENT, payload.at, (uint32_t)payload.length);
	bool sent = port_send(fd, &frame);

	bytes_free(&payload);
	bytes_free(&frame);
	return sent;
}

static bool report_noise(int fd, struct decoder *d)
{
	const char *why = d->complaint;
	uint32_t skipped = (uint32_t)d->skipped;

	decoder_forgive(d);
	return !why || port_send_event(fd, WIRE_EVENT_BAD_FRAME, skipped, why, strlen(why));
}

/* Whether bytes are there to be read within the time. */
static bool readable(int fd, int millis)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, millis) > 0 && (p.revents & POLLIN);
}

bool port_receive(int fd, struct decoder *d, struct frame *out)
{
	while (decoder_next(d, out) == DECODER_NEED_MORE) {
		bool midway = d->in.length > 0;

		if (d->complaint && !readable(fd, 0) && !report_noise(fd, d))
			return false;
		if (midway && !readable(fd, FRAME_TIMEOUT_MILLIS)) {
			decoder_abandon(d, "frame not completed");
			continue;
		}
		size_t before = d->in.length;
		size_t want = decoder_wants(d);
		ssize_t n = read(fd, bytes_extend(&d->in, want), want);

		d->in.length = before + (n > 0 ? (size_t)n : 0);
		if (n < 0 && errno != EINTR && errno != EAGAIN)
			return false;
		if (n == 0) {
			/*
			 * No host is connected. poll() cannot wait for one: it
			 * reports a hang-up at once, as long as there is none.
			 */
			const struct timespec pause = { .tv_nsec = 2000000 };

			nanosleep(&pause, NULL);
		}
	}
	return report_noise(fd, d);
}
