// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.harness.wire;

import io.pmem4j.harness.guest.Guest;
import java.io.IOException;

/** A failure of the channel; {@link Guest} knows the process and the console, and refines it. */
public final class ChannelFault extends IOException {
  private static final long serialVersionUID = 1L;

  private final GuestOutcome outcome;

  public ChannelFault(GuestOutcome outcome, String message) {
    super(message);
    this.outcome = outcome;
  }

  public GuestOutcome outcome() {
    return outcome;
  }
}
