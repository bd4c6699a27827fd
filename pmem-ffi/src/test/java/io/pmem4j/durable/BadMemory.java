// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.durable;

import io.pmem4j.pmem.Granularity;
import io.pmem4j.pmem.PmemException;
import io.pmem4j.pmem.PmemMediaException;
import io.pmem4j.pmem.contract.ArrayMemory;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;

/** Memory with a poisoned range, or with syncs that fail. */
final class BadMemory extends ArrayMemory {
  private static final Path PATH = Path.of("bad memory");

  private long poisonAt = -1;
  private long poisonBytes;
  private boolean syncsFail;

  BadMemory(Granularity granularity, int size) {
    super(granularity, size, 0);
  }

  void poison(long offset, long length) {
    poisonAt = offset;
    poisonBytes = length;
  }

  void failSyncs() {
    syncsFail = true;
  }

  void heal() {
    poisonAt = -1;
    poisonBytes = 0;
    syncsFail = false;
  }

  private void access(String call, long offset, long length) {
    if (poisonAt < offset + length && offset < poisonAt + poisonBytes) {
      throw PmemMediaException.at(call, PATH, offset, length, new InternalError("as planned"));
    }
  }

  @Override
  public long getLong(long offset) {
    access("load", offset, Long.BYTES);
    return super.getLong(offset);
  }

  @Override
  public int getInt(long offset) {
    access("load", offset, Integer.BYTES);
    return super.getInt(offset);
  }

  @Override
  public void read(long offset, byte[] target, int targetOffset, int length) {
    access("read", offset, length);
    super.read(offset, target, targetOffset, length);
  }

  @Override
  public void putLong(long offset, long value) {
    access("store", offset, Long.BYTES);
    super.putLong(offset, value);
  }

  @Override
  public void copy(long offset, MemorySegment source, long sourceOffset, long length) {
    access("copy", offset, length);
    super.copy(offset, source, sourceOffset, length);
  }

  @Override
  public void copy(long offset, byte[] source, int sourceOffset, int length) {
    access("copy", offset, length);
    super.copy(offset, source, sourceOffset, length);
  }

  @Override
  public void publishLong(long offset, long value) {
    access("publish", offset, Long.BYTES);
    super.publishLong(offset, value);
  }

  @Override
  public void flush(long offset, long length) {
    if (syncsFail) {
      throw new FailedSync(offset, length);
    }
    super.flush(offset, length);
  }

  private static final class FailedSync extends PmemException {
    private static final long serialVersionUID = 1;

    FailedSync(long offset, long length) {
      super("flush", 5, "Input/output error, as planned", PATH, offset, length);
    }
  }
}
