// SPDX-License-Identifier: Apache-2.0
/*
 * Several operations in one frame, because a frame's way to the host and back
 * costs more than most operations do.
 */
#ifndef PMEM4J_BATCH_H
#define PMEM4J_BATCH_H

#include "frame.h"

/*
 * Runs the requests in the blob of *r one after the other and gathers their
 * answers, each as it would have been alone, in reply->data. result is how many
 * were run; the rest was not, because the answers would not have fitted.
 *
 * one: runs one request into a reply that was reset.
 */
void batch_run(const struct request *r, struct reply *reply,
	       void (*one)(void *server, const struct request *r, struct reply *reply), void *server);

#endif
