// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.campaign.journal;

import java.io.IOException;

/** A journal that is open for more records. Thread-safe. */
public interface Journal extends AutoCloseable {
  /** Appends records; they are durable, or on another machine, when this returns. */
  void append(JournalRecord... records) throws IOException;

  @Override
  void close() throws IOException;
}
