// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.wire;

/** An operation of the agent, as {@code wire.h} names and numbers it. */
public interface WireCode {
  /** Returns the name of its row. */
  String name();

  /** Returns the number on the wire. */
  int code();

  /** Returns the number of arguments that the agent takes; any other number is status 2. */
  int argumentCount();
}
