// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

import java.nio.file.Path;
import jdk.jfr.Category;
import jdk.jfr.DataAmount;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.Threshold;

/** The events of JDK Flight Recorder. The class cannot be loaded without its module. */
final class FlightEvents {
  private FlightEvents() {}

  /** A part of a file. */
  @Category("pmem4j")
  abstract static class RangeEvent extends Event {
    @Label("Path")
    String path = "";

    @Label("Offset in the file")
    @DataAmount
    long offset;

    @Label("Length")
    @DataAmount
    long length;

    final void of(Path file, long at, long bytes) {
      path = file.toString();
      offset = at;
      length = bytes;
    }
  }

  @Name("pmem4j.Persist")
  @Label("Persist")
  @Description("A range was made durable")
  @Threshold("1 ms")
  static final class PersistEvent extends RangeEvent {}

  @Name("pmem4j.DeepPersist")
  @Label("Deep Persist")
  @Description("A range and the name of its file were made durable")
  @Threshold("1 ms")
  static final class DeepPersistEvent extends RangeEvent {}

  @Name("pmem4j.Extend")
  @Label("Extend")
  @Description("A file was made longer")
  static final class ExtendEvent extends RangeEvent {}

  @Name("pmem4j.Close")
  @Label("Close")
  @Description("A region was unmapped")
  static final class CloseEvent extends RangeEvent {}

  @Name("pmem4j.Fault")
  @Label("Media Fault")
  @Description("An access found no memory behind its address")
  static final class FaultEvent extends RangeEvent {}

  @Name("pmem4j.PersistFailed")
  @Label("Persist Failed")
  @Description("A write-back failed, and the file with it")
  static final class FailureEvent extends RangeEvent {
    @Label("Reason")
    String reason = "";
  }

  static boolean recordsPersists() {
    return new PersistEvent().isEnabled();
  }

  static void persist(Path path, long offset, long length, Runnable work) {
    record(new PersistEvent(), path, offset, length, work);
  }

  static void deepPersist(Path path, long offset, long length, Runnable work) {
    record(new DeepPersistEvent(), path, offset, length, work);
  }

  static void extended(Path path, long from, long length) {
    commit(new ExtendEvent(), path, from, length);
  }

  static void closed(Path path, long length) {
    commit(new CloseEvent(), path, 0, length);
  }

  static void fault(Path path, long offset, long length) {
    commit(new FaultEvent(), path, offset, length);
  }

  static void failed(PmemException reason) {
    FailureEvent event = new FailureEvent();
    event.reason = reason.detail();
    commit(event, reason.path(), reason.offset(), reason.length());
  }

  private static void record(RangeEvent event, Path path, long offset, long length, Runnable work) {
    event.begin();
    try {
      work.run();
    } finally {
      commit(event, path, offset, length);
    }
  }

  private static void commit(RangeEvent event, Path path, long offset, long length) {
    event.end();
    if (event.shouldCommit()) {
      event.of(path, offset, length);
      event.commit();
    }
  }
}
