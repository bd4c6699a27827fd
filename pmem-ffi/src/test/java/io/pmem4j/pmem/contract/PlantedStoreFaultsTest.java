// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import io.pmem4j.pmem.Caching;
import io.pmem4j.pmem.Granularity;
import io.pmem4j.pmem.PersistentMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;
import org.junit.platform.launcher.listeners.SummaryGeneratingListener;

/** Memory with one fault each: the store contract finds every one, in the test meant for it. */
class PlantedStoreFaultsTest {
  /** The fault, and the test that has to see it. */
  private record Planted(String test, Supplier<PersistentMemory> memory) {}

  private static final Map<String, Planted> FAULTS = faults();

  private static class Faulty extends ArrayMemory {
    Faulty() {
      super(Granularity.CACHE_LINE, StoreContract.SIZE, 0);
    }
  }

  private static Map<String, Planted> faults() {
    Map<String, Planted> faults = new LinkedHashMap<>();
    faults.put("array write one byte short", new Planted("writesFromArrays", ShortWrite::new));
    faults.put(
        "segment write ignores the source's offset",
        new Planted("writesFromNativeAndHeapSegments", NoSourceOffset::new));
    faults.put(
        "pieces in ascending order although they overlap",
        new Planted("writesFromItselfAsACopyWould", OverlapBlind::new));
    faults.put("fill runs over the end", new Planted("writeFills", LongFill::new));
    faults.put(
        "sum of offset and length overflows",
        new Planted("bulkStoresOutsideChangeNothing", Overflowing::new));
    faults.put("stores even where unexpected", new Planted("comparedAndPublished", Blind::new));
    faults.put("compares, then stores", new Planted("compareAndPublishIsOneStep", TwoSteps::new));
    faults.put("the commit word before its payload", new Planted("publishedAfter", Early::new));
    return faults;
  }

  private static final class ShortWrite extends Faulty {
    @Override
    public void write(long offset, byte[] source, int sourceOffset, int length, Caching how) {
      super.write(offset, source, sourceOffset, Math.max(length - 1, Math.min(length, 0)), how);
    }
  }

  private static final class NoSourceOffset extends Faulty {
    @Override
    public void write(long offset, MemorySegment source, long from, long length, Caching how) {
      super.write(offset, source, 0, length, how);
    }
  }

  private static final class OverlapBlind extends Faulty {
    @Override
    public void write(long offset, MemorySegment source, long from, long length, Caching how) {
      for (long done = 0; done < length; done += 4096) {
        super.write(offset + done, source, from + done, Math.min(4096, length - done), how);
      }
    }
  }

  private static final class LongFill extends Faulty {
    @Override
    public void writeFill(long offset, long length, byte value, Caching how) {
      long more = offset + length < byteSize() ? 1 : 0;
      super.writeFill(offset, length + more, value, how);
    }
  }

  private static final class Overflowing extends Faulty {
    @Override
    public void deepPersist(long offset, long length) {
      if (offset < 0 || length < 0 || offset + length > byteSize()) {
        throw new IndexOutOfBoundsException();
      }
    }
  }

  private static final class Blind extends Faulty {
    @Override
    public boolean compareAndPublish(long offset, long expected, long value) {
      boolean equal = getLongAcquire(offset) == expected;
      publishLong(offset, value);
      return equal;
    }
  }

  /** The first two threads that come compare before either stores. */
  private static final class TwoSteps extends Faulty {
    private final CountDownLatch compared = new CountDownLatch(2);

    @Override
    public boolean compareAndPublish(long offset, long expected, long value) {
      if (getLongAcquire(offset) != expected) {
        return false;
      }
      compared.countDown();
      awaitOther(compared);
      publishLong(offset, value);
      return true;
    }
  }

  /** A store kept back until the word that commits it is out, and has been seen by a reader. */
  private static final class Early extends Faulty {
    private final CountDownLatch seen = new CountDownLatch(1);
    private final AtomicLong reader = new AtomicLong();
    private long keptOffset = -1;
    private long kept;

    @Override
    public void putLong(long offset, long value) {
      if (offset == 4096) {
        keptOffset = offset;
        kept = value;
      } else {
        super.putLong(offset, value);
      }
    }

    @Override
    public void publishLong(long offset, long value) {
      super.publishLong(offset, value);
      if (keptOffset >= 0) {
        awaitOther(seen);
        super.putLong(keptOffset, kept);
      }
    }

    @Override
    public long getLongAcquire(long offset) {
      long value = super.getLongAcquire(offset);
      if (offset == 8192 && value > 0) {
        reader.set(Thread.currentThread().threadId());
      } else if (reader.get() == Thread.currentThread().threadId()) {
        seen.countDown();
      }
      return value;
    }
  }

  /** Bounded, for tests with one thread. */
  private static void awaitOther(CountDownLatch latch) {
    try {
      latch.await(2, TimeUnit.SECONDS);
    } catch (InterruptedException interrupted) {
      throw new AssertionError(interrupted);
    }
  }

  /** The contract over the memory that is being tried. */
  static final class OverPlanted extends StoreContract {
    @Override
    PersistentMemory memory(Arena arena) {
      return Objects.requireNonNull(FAULTS.get(System.getProperty("planted"))).memory().get();
    }
  }

  static List<String> names() {
    return List.copyOf(FAULTS.keySet());
  }

  @ParameterizedTest
  @MethodSource("names")
  void found(String name) {
    System.setProperty("planted", name);
    try {
      SummaryGeneratingListener listener = new SummaryGeneratingListener();
      LauncherFactory.create()
          .execute(
              LauncherDiscoveryRequestBuilder.request()
                  .selectors(selectClass(OverPlanted.class))
                  .build(),
              listener);
      assertThat(listener.getSummary().getFailures())
          .extracting(failure -> failure.getTestIdentifier().getDisplayName())
          .anyMatch(test -> test.startsWith(FAULTS.get(name).test()));
    } finally {
      System.clearProperty("planted");
    }
  }
}
