// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.campaign.work;

/** An acknowledged operation is not there, or not whole. */
public final class LostException extends Exception {
  private static final long serialVersionUID = 1;

  /** With the record, what was read, and where. */
  public LostException(String message) {
    super(message);
  }
}
