// SPDX-License-Identifier: Apache-2.0
/*
 * The operation core as a JNI library, and the parent's end of host_agent. The
 * Java side is io.pmem4j.harness.jni; it hands over encoded requests and takes
 * encoded replies, so that a field added to wire.h is added nowhere here.
 */
#define _GNU_SOURCE
#include "exec.h"
#include "message.h"

#include <errno.h>
#include <fcntl.h>
#include <jni.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* Where the child finds its socket. */
#define CHILD_CHANNEL 3

extern char **environ;

static void throw_io(JNIEnv *env, const char *what, int error)
{
	char text[256], words[128];
	jclass io = (*env)->FindClass(env, "java/io/IOException");

	snprintf(text, sizeof(text), "%s: %s", what, strerror_r(error, words, sizeof(words)));
	if (io)
		(*env)->ThrowNew(env, io, text);
}

static jbyteArray to_java(JNIEnv *env, const struct bytes *b)
{
	jbyteArray array = (*env)->NewByteArray(env, (jsize)b->length);

	if (array)
		(*env)->SetByteArrayRegion(env, array, 0, (jsize)b->length, (const jbyte *)b->at);
	return array;
}

/* A copy: the collector is not held up for as long as a system call takes. */
static void from_java(JNIEnv *env, jbyteArray array, struct bytes *b)
{
	jsize length = (*env)->GetArrayLength(env, array);

	(*env)->GetByteArrayRegion(env, array, 0, length, (jbyte *)bytes_extend(b, (size_t)length));
}

JNIEXPORT jlong JNICALL Java_io_pmem4j_harness_jni_NativeCore_create(JNIEnv *env, jclass type)
{
	struct exec *x = malloc(sizeof(*x));

	(void)type;
	if (!x) {
		throw_io(env, "operation core", ENOMEM);
		return 0;
	}
	exec_init(x);
	return (jlong)(uintptr_t)x;
}

JNIEXPORT void JNICALL Java_io_pmem4j_harness_jni_NativeCore_destroy(JNIEnv *env, jclass type,
								     jlong core)
{
	struct exec *x = (struct exec *)(uintptr_t)core;

	(void)env, (void)type;
	exec_release(x);
	free(x);
}

JNIEXPORT jbyteArray JNICALL Java_io_pmem4j_harness_jni_NativeCore_run(JNIEnv *env, jclass type,
								       jlong core, jbyteArray payload)
{
	struct exec *x = (struct exec *)(uintptr_t)core;
	struct bytes in = { 0 }, out = { 0 };
	struct reply reply = { 0 };
	struct request r;

	(void)type;
	from_java(env, payload, &in);
	/* The clock of this machine is not ours to set. */
	if (!request_decode(&r, in.at, in.length) || r.clock) {
		reply_bad_arguments(&reply);
	} else if (!exec_run(x, &r, &reply)) {
		reply.result = -1;
		reply.status = WIRE_STATUS_UNKNOWN_OP;
	}
	reply_encode(&out, &reply);
	jbyteArray answer = to_java(env, &out);

	bytes_free(&in);
	bytes_free(&out);
	bytes_free(&reply.data);
	bytes_free(&reply.events);
	return answer;
}

/* Starts host_agent: its pid in the upper, our end of the socket in the lower half. */
JNIEXPORT jlong JNICALL Java_io_pmem4j_harness_jni_NativeCore_spawn(JNIEnv *env, jclass type,
								    jstring path)
{
	const char *executable = (*env)->GetStringUTFChars(env, path, NULL);
	posix_spawn_file_actions_t actions;
	char channel[12];
	int ends[2];
	pid_t child;

	(void)type;
	if (!executable)
		return -1;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0) {
		throw_io(env, "socketpair", errno);
		(*env)->ReleaseStringUTFChars(env, path, executable);
		return -1;
	}
	snprintf(channel, sizeof(channel), "%d", CHILD_CHANNEL);
	char *argv[] = { (char *)executable, channel, NULL };

	posix_spawn_file_actions_init(&actions);
	/* dup2 onto itself clears FD_CLOEXEC as well. */
	posix_spawn_file_actions_adddup2(&actions, ends[1], CHILD_CHANNEL);
	int error = posix_spawn(&child, executable, &actions, NULL, argv, environ);

	posix_spawn_file_actions_destroy(&actions);
	close(ends[1]);
	if (error) {
		close(ends[0]);
		throw_io(env, executable, error);
	}
	(*env)->ReleaseStringUTFChars(env, path, executable);
	return error ? -1 : (jlong)child << 32 | ends[0];
}

/* The reply, or null when none came in time. */
JNIEXPORT jbyteArray JNICALL Java_io_pmem4j_harness_jni_NativeCore_exchange(
	JNIEnv *env, jclass type, jint channel, jbyteArray payload, jlong millis)
{
	struct bytes in = { 0 }, out = { 0 };
	jbyteArray answer = NULL;

	(void)type;
	from_java(env, payload, &out);
	if (!message_send(channel, out.at, out.length))
		throw_io(env, "host_agent", errno);
	else if (!message_awaits(channel, millis))
		answer = NULL;
	else if (!message_receive(channel, &in))
		throw_io(env, "host_agent", EPIPE);
	else
		answer = to_java(env, &in);
	bytes_free(&in);
	bytes_free(&out);
	return answer;
}

/*
 * Closes our end, after which the child ends by itself, and reaps it; one that
 * has not gone in time, or that is not to be waited for, is killed. The wait
 * status.
 */
JNIEXPORT jint JNICALL Java_io_pmem4j_harness_jni_NativeCore_end(JNIEnv *env, jclass type, jint pid,
								 jint channel, jlong millis)
{
	int status = 0;

	(void)env, (void)type;
	shutdown(channel, SHUT_WR);
	/* The child's exit closes its end: that is what is awaited. */
	if (millis <= 0 || !message_awaits(channel, millis))
		kill(pid, SIGKILL);
	close(channel);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}
