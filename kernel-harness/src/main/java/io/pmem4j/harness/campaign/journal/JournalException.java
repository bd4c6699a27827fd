// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.campaign.journal;

import java.io.IOException;

/** A journal that cannot be used, with the next step in words. */
public final class JournalException extends IOException {
  private static final long serialVersionUID = 1;

  /** With the reason. */
  public JournalException(String message) {
    super(message);
  }
}
