// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.campaign;

import java.io.IOException;

/** A campaign cannot be run, or not judged, on this machine as it is. */
public final class CampaignException extends IOException {
  private static final long serialVersionUID = 1;

  /** With the reason and the next step. */
  public CampaignException(String message) {
    super(message);
  }
}
