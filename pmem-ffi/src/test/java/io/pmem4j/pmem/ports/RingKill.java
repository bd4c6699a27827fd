// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem.ports;

import io.pmem4j.pmem.MapSpec;
import io.pmem4j.pmem.Pmem;
import io.pmem4j.pmem.PmemRegion;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.concurrent.ringbuffer.ManyToOneRingBuffer;
import org.agrona.concurrent.ringbuffer.RingBufferDescriptor;

/**
 * Sends numbers through agrona's ring buffer until it is killed, and reads them back late. The
 * argument is the file. A run first reads what the one before has left and prints {@code recovered
 * FIRST LAST}, then {@code acknowledged N} after number N is durable in the ring.
 */
final class RingKill {
  private static final int RING_BYTES = 1 << 16;
  private static final int KEPT = 500;

  private final PmemRegion region;
  private final ManyToOneRingBuffer ring;
  private final UnsafeBuffer message = new UnsafeBuffer(new byte[16]);
  private long first;
  private long last;
  private int kept;

  private RingKill(PmemRegion region) {
    this.region = region;
    this.ring = new ManyToOneRingBuffer(new UnsafeBuffer(region.writable().asByteBuffer()));
  }

  @SuppressWarnings("InfiniteLoopStatement") // it is killed
  public static void main(String[] arguments) throws IOException {
    MapSpec spec = MapSpec.openOrCreate(RING_BYTES + RingBufferDescriptor.TRAILER_LENGTH);
    PmemRegion region = Pmem.map(Path.of(arguments[0]), spec.exclusive(), Arena.global());
    RingKill ring = new RingKill(region);
    ring.receiveAll();
    System.out.println("recovered " + ring.first + " " + ring.last);
    for (long n = ring.last + 1; ; n++) {
      ring.send(n);
      System.out.println("acknowledged " + n);
    }
  }

  private void send(long number) {
    message.putLong(0, number);
    message.putLong(8, ~number);
    while (!ring.write(1, message, 0, 16)) {
      receive(KEPT);
    }
    region.persist(0, region.byteSize());
    if (++kept > 2 * KEPT) {
      receive(KEPT);
    }
  }

  /** Reads all that is there; a message that a kill left unfinished is skipped by agrona. */
  private void receiveAll() {
    while (receive(Integer.MAX_VALUE) > 0 || ring.unblock()) {
      Thread.onSpinWait();
    }
  }

  private int receive(int most) {
    int read = ring.read((type, buffer, index, length) -> check(buffer, index), most);
    kept -= read;
    return read;
  }

  private void check(org.agrona.MutableDirectBuffer buffer, int index) {
    long number = buffer.getLong(index);
    if (number != ~buffer.getLong(index + 8) || (last != 0 && number != last + 1)) {
      throw new IllegalStateException("number " + number + " follows " + last);
    }
    first = first == 0 ? number : first;
    last = number;
  }
}
