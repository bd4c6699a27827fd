// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.harness.wire;

/**
 * One frame of the agent's channel.
 *
 * @param seq of the request, and of the response to it; 0 for events
 * @param type one of the constants here
 * @param payload at most {@link FrameCodec#MAX_PAYLOAD} bytes
 */
@SuppressWarnings("ArrayRecordComponent")
public record Frame(int seq, int type, byte[] payload) {
  public static final int REQUEST = 1;
  public static final int RESPONSE = 2;
  public static final int EVENT = 3;

  /** Kinds of events. */
  public static final int EVENT_AGENT_READY = 1;

  public static final int EVENT_EXECUTOR_DIED = 2;
  public static final int EVENT_BAD_FRAME = 3;
}
