// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.harness.guest;

/**
 * One frame of the agent's channel.
 *
 * @param seq of the request, and of the response to it; 0 for events
 * @param type one of the constants here
 * @param payload at most {@link FrameCodec#MAX_PAYLOAD} bytes
 */
@SuppressWarnings("ArrayRecordComponent")
record Frame(int seq, int type, byte[] payload) {
  static final int REQUEST = 1;
  static final int RESPONSE = 2;
  static final int EVENT = 3;

  /** Kinds of events. */
  static final int EVENT_AGENT_READY = 1;

  static final int EVENT_EXECUTOR_DIED = 2;
  static final int EVENT_BAD_FRAME = 3;
}
