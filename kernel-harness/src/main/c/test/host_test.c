// SPDX-License-Identifier: Apache-2.0
/* Tests of what needs no guest. Prints a line per failure; exits 1 after any. */
#define _GNU_SOURCE
#include "check.h"
#include "guard.h"
#include "trace.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int checks, failures;

/* Feeds a decoder exactly what it asks for, as the port does; frames seen. */
static int feed(struct decoder *d, const uint8_t *from, size_t length, struct frame *last)
{
	int frames = 0;
	struct frame f;

	for (;;) {
		while (decoder_next(d, &f) == DECODER_FRAME) {
			frames++;
			*last = f;
			last->payload = NULL;
		}
		size_t want = decoder_wants(d);

		if (length == 0)
			return frames;
		if (want > length)
			want = length;
		bytes_append(&d->in, from, want);
		from += want;
		length -= want;
	}
}

static void crc_is_zlibs(void)
{
	CHECK(crc32_ieee(0, "", 0) == 0);
	CHECK(crc32_ieee(0, "a", 1) == 0xE8B7BE43);
	CHECK(crc32_ieee(0, "123456789", 9) == 0xCBF43926);
	CHECK(crc32_ieee(crc32_ieee(0, "1234", 4), "56789", 5) == 0xCBF43926);
	CHECK(crc32_ieee(0, "The quick brown fox jumps over the lazy dog", 43) == 0x414FA339);
}

static void frame_survives_the_wire(void)
{
	static const uint8_t golden[] = { 0x50, 0x34, 0x4A, 0x31, 7, 0, 0, 0, 1, 0, 0, 0, 3, 0, 0, 0,
					  'a',	'b',  'c' };
	struct bytes wire = { 0 };
	struct decoder d = { 0 };
	struct frame f;

	frame_encode(&wire, 7, WIRE_REQUEST, "abc", 3);
	CHECK(wire.length == sizeof(golden) + 4);
	CHECK(!memcmp(wire.at, golden, sizeof(golden)));
	CHECK(get_u32(wire.at + wire.length - 4) == crc32_ieee(0, golden + 4, sizeof(golden) - 4));

	CHECK(decoder_next(&d, &f) == DECODER_NEED_MORE && decoder_wants(&d) == WIRE_HEADER_BYTES);
	bytes_append(&d.in, wire.at, wire.length);
	CHECK(decoder_next(&d, &f) == DECODER_FRAME);
	CHECK(f.seq == 7 && f.type == WIRE_REQUEST && f.length == 3 && !memcmp(f.payload, "abc", 3));
	CHECK(decoder_next(&d, &f) == DECODER_NEED_MORE && d.in.length == 0 && !d.complaint);
	bytes_free(&wire);
	bytes_free(&d.in);
}

/* Whatever single byte is damaged, that frame is lost and the next one is not. */
static void damage_costs_one_frame(void)
{
	struct bytes good = { 0 };

	frame_encode(&good, 1, WIRE_REQUEST, "payload", 7);
	size_t first = good.length;

	frame_encode(&good, 2, WIRE_REQUEST, "", 0);
	for (size_t at = 0; at < first; at++) {
		struct decoder d = { 0 };
		struct frame f = { 0 };

		good.at[at] ^= 0x41;
		int frames = feed(&d, good.at, good.length, &f);

		/* A longer length waits for bytes that never come: the time-out's case. */
		while (d.in.length) {
			decoder_abandon(&d, "frame not completed");
			frames += feed(&d, NULL, 0, &f);
		}
		CHECK(frames == 1 && f.seq == 2 && d.complaint && d.skipped == first);
		good.at[at] ^= 0x41;
		bytes_free(&d.in);
	}
	bytes_free(&good);
}

static void truncated_frames_are_waited_for(void)
{
	struct bytes good = { 0 };

	frame_encode(&good, 3, WIRE_REQUEST, "0123456789", 10);
	for (size_t cut = 0; cut < good.length; cut++) {
		struct decoder d = { 0 };
		struct frame f = { 0 };

		CHECK(feed(&d, good.at, cut, &f) == 0 && !d.complaint);
		CHECK(feed(&d, good.at + cut, good.length - cut, &f) == 1 && f.seq == 3);
		bytes_free(&d.in);
	}
	bytes_free(&good);
}

static void garbage_is_skipped(void)
{
	struct bytes wire = { 0 };
	struct decoder d = { 0 };
	struct frame f = { 0 };
	unsigned int random = 12345;

	for (int i = 0; i < 5000; i++)
		*bytes_extend(&wire, 1) = (uint8_t)(rand_r(&random) >> 7);
	/* A magic, and a length that no frame may have. */
	bytes_u32(&wire, WIRE_MAGIC);
	bytes_u64(&wire, 1);
	bytes_u32(&wire, WIRE_MAX_PAYLOAD + 1);
	size_t noise = wire.length;

	frame_encode(&wire, 9, WIRE_REQUEST, "x", 1);
	CHECK(feed(&d, wire.at, wire.length, &f) == 1 && f.seq == 9);
	CHECK(d.skipped == noise && d.complaint);
	decoder_forgive(&d);
	CHECK(!d.complaint && d.skipped == 0);
	bytes_free(&wire);
	bytes_free(&d.in);
}

void request_payload(struct bytes *p, uint16_t op, const int64_t *args, uint16_t argc,
			    const void *blob, uint32_t blob_length)
{
	bytes_clear(p);
	bytes_u16(p, op);
	bytes_u16(p, argc);
	bytes_u32(p, 0);
	bytes_u64(p, 1444428128);
	for (int i = 0; i < argc; i++)
		bytes_u64(p, (uint64_t)args[i]);
	bytes_u32(p, blob_length);
	bytes_append(p, blob, blob_length);
}

static void requests_have_one_shape(void)
{
	struct bytes p = { 0 };
	struct request r;
	const int64_t args[2] = { -5, INT64_MAX };

	request_payload(&p, WIRE_OP_MOUNT, args, 2, "a\0\0ccc", 6);
	CHECK(request_decode(&r, p.at, p.length));
	CHECK(r.op == WIRE_OP_MOUNT && r.argc == 2 && r.clock == 1444428128);
	CHECK(r.args[0] == -5 && r.args[1] == INT64_MAX && r.args[2] == 0 && r.blob_length == 6);
	char *s[4];

	for (unsigned int i = 0; i < 4; i++)
		s[i] = request_string(&r, i);
	CHECK(!strcmp(s[0], "a") && !strcmp(s[1], "") && !strcmp(s[2], "ccc") && !s[3]);
	for (int i = 0; i < 4; i++)
		free(s[i]);
	for (size_t cut = 0; cut < p.length; cut++)
		CHECK(!request_decode(&r, p.at, cut));
	*bytes_extend(&p, 1) = 0;
	CHECK(!request_decode(&r, p.at, p.length));
	p.at[2] = WIRE_MAX_ARGS + 1;
	CHECK(!request_decode(&r, p.at, p.length));
	bytes_free(&p);
}

struct reply run(struct exec *x, uint16_t op, const int64_t *args, uint16_t argc,
			const void *blob, uint32_t blob_length)
{
	static struct reply reply;
	struct bytes p = { 0 };
	struct request r;

	reply_reset(&reply);
	request_payload(&p, op, args, argc, blob, blob_length);
	CHECK(request_decode(&r, p.at, p.length));
	CHECK(exec_run(x, &r, &reply));
	bytes_free(&p);
	return reply;
}

static void signals_are_outcomes(void)
{
	char path[] = "/dev/shm/pmem4j-test-XXXXXX";
	long page = sysconf(_SC_PAGESIZE);
	struct exec x;
	struct reply a;
	struct sigaction before, after;

	int fd = mkstemp(path);

	CHECK(fd >= 0);
	close(fd);
	sigaction(SIGBUS, NULL, &before);
	exec_init(&x);
	CHECK(RUN(&x, WIRE_OP_OPEN, path, (uint32_t)strlen(path), 3, O_RDWR, 0).result == 0);
	CHECK(RUN(&x, WIRE_OP_OPEN, path, (uint32_t)strlen(path), 3, O_RDWR, 0).status == WIRE_STATUS_BAD_ARGUMENTS);
	CHECK(RUN(&x, WIRE_OP_FTRUNCATE, NULL, 0, 3, page).result == 0);
	a = RUN(&x, WIRE_OP_MMAP, NULL, 0, 5, 3, 0, 2 * page, PROT_READ | PROT_WRITE, MAP_SHARED, 0);
	CHECK(a.result > 0 && a.status == 0);
	uint64_t at = (uint64_t)a.result;

	CHECK(RUN(&x, WIRE_OP_STORE, "hello", 5, 5, 100).result == 5);
	a = RUN(&x, WIRE_OP_PREAD, NULL, 0, 3, 100, 5);
	CHECK(a.result == 5 && a.data.length == 5 && !memcmp(a.data.at, "hello", 5));

	/* Beyond the end: the first byte that could not be stored, exactly. */
	a = RUN(&x, WIRE_OP_STORE, "hello", 5, 5, page + 7);
	CHECK(a.result == -1 && a.error == 0 && a.signo == SIGBUS && a.sicode == BUS_ADRERR);
	CHECK(a.fault_address == at + (uint64_t)page + 7);
	a = RUN(&x, WIRE_OP_STORE, "hello", 5, 5, page - 2);
	CHECK(a.signo == SIGBUS && a.fault_address == at + (uint64_t)page);
	a = RUN(&x, WIRE_OP_PREAD, NULL, 0, 3, page - 2, 5);
	CHECK(a.result == 2 && !memcmp(a.data.at, "he", 2));
	a = RUN(&x, WIRE_OP_LOAD, NULL, 0, 5, page - 1, 2);
	CHECK(a.signo == SIGBUS && a.fault_address == at + (uint64_t)page && a.data.length == 0);

	/* Truncated away under the mapping. */
	CHECK(RUN(&x, WIRE_OP_FTRUNCATE, NULL, 0, 3, 0).result == 0);
	a = RUN(&x, WIRE_OP_LOAD, NULL, 0, 5, 0, 1);
	CHECK(a.signo == SIGBUS && a.fault_address == at);

	CHECK(!mprotect((void *)(uintptr_t)at, (size_t)page, PROT_NONE));
	a = RUN(&x, WIRE_OP_STORE, "x", 1, 5, 33);
	CHECK(a.signo == SIGSEGV && a.sicode == SEGV_ACCERR && a.fault_address == at + 33);

	/* At a multiple of what was asked for, as often as asked, alone up to the next one. */
	for (int slot = 6; slot < 14; slot++) {
		a = RUN(&x, WIRE_OP_MMAP, NULL, 0, slot, 3, 0, page + 1, PROT_READ, MAP_SHARED, 1 << 21);
		CHECK(a.result > 0 && a.result % (1 << 21) == 0);
		unsigned char there;
		uint64_t behind = (uint64_t)a.result + 2 * (uint64_t)page;

		CHECK(mincore((void *)(uintptr_t)behind, (size_t)page, &there) == 0 && !(there & 1));
		if (slot % 2) {
			CHECK(RUN(&x, WIRE_OP_MUNMAP, NULL, 0, slot).result == 0);
			CHECK(mincore((void *)(uintptr_t)behind, (size_t)page, &there) < 0);
		}
	}
	CHECK(RUN(&x, WIRE_OP_MMAP, NULL, 0, 20, 3, 0, page, PROT_READ, MAP_SHARED, 3 * page).status ==
	      WIRE_STATUS_BAD_ARGUMENTS);
	CHECK(RUN(&x, WIRE_OP_MMAP, NULL, 0, 20, 3, 0, 0, PROT_READ, MAP_SHARED, 1 << 21).error == EINVAL);
	CHECK(RUN(&x, WIRE_OP_MMAP, NULL, 0, 20, 3, 1, page, PROT_READ, MAP_SHARED, 1 << 21).error == EINVAL);

	CHECK(RUN(&x, WIRE_OP_LOAD, NULL, 0, 5, 0, 2 * page + 1).status == WIRE_STATUS_BAD_ARGUMENTS);
	CHECK(RUN(&x, WIRE_OP_LOAD, NULL, 0, 5, -1, 1).status == WIRE_STATUS_BAD_ARGUMENTS);
	CHECK(RUN(&x, WIRE_OP_LOAD, NULL, 0, 64, 0, 1).status == WIRE_STATUS_BAD_ARGUMENTS);
	CHECK(RUN(&x, WIRE_OP_LOAD, NULL, 0, 5, 0).status == WIRE_STATUS_BAD_ARGUMENTS);
	CHECK(RUN(&x, WIRE_OP_MSYNC, NULL, 0, 5, 1, 1, MS_SYNC).error == EINVAL);
	CHECK(RUN(&x, WIRE_OP_FSTAT, NULL, 0, 3).data.length == WIRE_STAT_BYTES);
	CHECK(RUN(&x, WIRE_OP_FSTAT, NULL, 0, 4).error == EBADF);
	CHECK(RUN(&x, WIRE_OP_FSTAT, NULL, 0, 64).status == WIRE_STATUS_BAD_ARGUMENTS);
	CHECK(RUN(&x, WIRE_OP_MUNMAP, NULL, 0, 5).result == 0);
	CHECK(RUN(&x, WIRE_OP_MUNMAP, NULL, 0, 5).status == WIRE_STATUS_BAD_ARGUMENTS);
	exec_release(&x);

	sigaction(SIGBUS, NULL, &after);
	CHECK(before.sa_handler == after.sa_handler);
	unlink(path);
}

static volatile sig_atomic_t elsewhere;

static void on_segv(int signo, siginfo_t *info, void *machine)
{
	(void)signo, (void)machine;
	elsewhere++;
	mprotect((void *)((uintptr_t)info->si_addr & ~(uintptr_t)4095), 4096, PROT_READ | PROT_WRITE);
}

static void *fault_unguarded(void *page)
{
	for (int i = 0; i < 200; i++) {
		mprotect(page, 4096, PROT_NONE);
		*(volatile char *)page = 1;
	}
	return NULL;
}

/* A JVM lives on faults of its own: they must reach its handler meanwhile. */
static void other_threads_keep_their_handler(void)
{
	struct sigaction theirs = { .sa_sigaction = on_segv, .sa_flags = SA_SIGINFO }, before;
	char *pages = mmap(NULL, 8192, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct fault fault;
	pthread_t other;
	int caught = 0;

	sigaction(SIGSEGV, &theirs, &before);
	CHECK(!pthread_create(&other, NULL, fault_unguarded, pages));
	for (int i = 0; i < 2000; i++) {
		char c = 1;

		if (!guarded_store(pages + 4096, &c, 1, &fault) && fault.signo == SIGSEGV &&
		    fault.address == (uintptr_t)pages + 4096)
			caught++;
	}
	pthread_join(other, NULL);
	CHECK(caught == 2000);
	CHECK(elsewhere == 200);
	sigaction(SIGSEGV, &before, NULL);
	munmap(pages, 8192);
}

static void trace_lines_of_one_task(void)
{
	static const char text[] =
		"           <...>-23      [000] ....     1.0: dax_pte_fault: mine\n"
		"        executor-231     [000] ....     1.1: dax_pte_fault: longer pid\n"
		"    kworker-23:1-9       [001] ....     1.2: dax_writeback_one: other task\n"
		"CPU:1 [LOST 7 EVENTS]\n"
		"        executor-23      [001] ....     1.3: dax_pte_fault_done: mine, no newline";
	struct bytes lines = { 0 };

	trace_filter(text, sizeof(text) - 1, 23, &lines);
	*bytes_extend(&lines, 1) = 0;
	const char *got = (const char *)lines.at;

	CHECK(strstr(got, "1.0: dax_pte_fault: mine\n") && strstr(got, "1.3:") && strstr(got, "LOST 7"));
	CHECK(!strstr(got, "longer pid") && !strstr(got, "other task"));
	bytes_free(&lines);
}

static void of_a_flood_of_lines_the_rest_is_said_to_be_lost(void)
{
	static const char line[] = "        executor-23      [000] ....     1.0: dax_pte_fault: again\n";
	static const char lost[] = " EVENTS]\n";
	struct bytes lines = { 0 };
	size_t kept;

	for (int i = 0; i < TRACE_FLOOD / 60; i++)
		trace_filter(line, sizeof(line) - 1, 23, &lines);
	kept = lines.length;
	CHECK(kept > TRACE_FLOOD && kept < TRACE_FLOOD + 200);
	CHECK(!memcmp(lines.at + kept - strlen(lost), lost, strlen(lost)));
	trace_filter(line, sizeof(line) - 1, 23, &lines);
	CHECK(lines.length == kept);
	bytes_free(&lines);
}

int main(void)
{
	crc_is_zlibs();
	frame_survives_the_wire();
	damage_costs_one_frame();
	truncated_frames_are_waited_for();
	garbage_is_skipped();
	requests_have_one_shape();
	signals_are_outcomes();
	other_threads_keep_their_handler();
	trace_lines_of_one_task();
	of_a_flood_of_lines_the_rest_is_said_to_be_lost();
	test_tasks();
	test_batch();
	test_operations();
	printf("host_test: %d checks, %d failures\n", checks, failures);
	return failures != 0;
}
