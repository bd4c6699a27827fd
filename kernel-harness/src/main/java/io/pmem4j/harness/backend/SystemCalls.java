// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.backend;

import io.pmem4j.ext2.Errno;
import io.pmem4j.harness.guest.Op;
import io.pmem4j.harness.guest.Request;
import io.pmem4j.harness.guest.Response;
import io.pmem4j.harness.guest.Wire;
import io.pmem4j.harness.program.Operation;
import io.pmem4j.harness.program.Outcome;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The operations of one program as system calls of a real kernel: the requests to the operation
 * core, wherever it runs, and its answers as outcomes. Keeps the slots that the program's names
 * stand for.
 */
final class SystemCalls {
  static final long PAGE_BYTES = 4096;

  /** What depends on where the program runs. */
  interface Place {
    /** The path that the kernel is given for a path of the program. */
    String path(String programPath);

    /** Where a mapping is put that may lie anywhere: at a multiple of this, or 0 for anywhere. */
    default long alignment() {
      return 0;
    }

    /** A pagemap entry in words. */
    String page(long entry);

    /** A time stamp, seconds since the epoch, relative to the program's start. */
    String time(long seconds);
  }

  /** A mapping as the host knows it. */
  private record Mapped(long base, long length, long offset) {
    boolean contains(long address) {
      return address >= base && address < base + length;
    }
  }

  private final Place place;

  /** Requests are made before the answers to those before them are known. */
  private final Slots files = new Slots("file");

  private final Slots mappingSlots = new Slots("mapping");

  /** As the answers so far have it. */
  private final Map<String, Mapped> mappings = new HashMap<>();

  SystemCalls(Place place) {
    this.place = place;
  }

  /** The request that an operation is; the clock is left alone. */
  Request request(Operation operation) {
    return switch (operation) {
      case Operation.Open open ->
          Request.of(Op.OPEN, files.take(open.file()), open.flags(), open.mode())
              .withStrings(place.path(open.path()));
      case Operation.Close close -> Request.of(Op.CLOSE, files.release(close.file()));
      case Operation.Pwrite write ->
          Request.of(Op.PWRITE, file(write.file()), write.offset())
              .withBlob(write.data().toArray());
      case Operation.Pread read ->
          Request.of(Op.PREAD, file(read.file()), read.offset(), read.length());
      case Operation.Ftruncate truncate ->
          Request.of(Op.FTRUNCATE, file(truncate.file()), truncate.size());
      case Operation.Fsync sync -> Request.of(Op.FSYNC, file(sync.file()));
      case Operation.Fstat stat -> Request.of(Op.FSTAT, file(stat.file()));
      case Operation.Fiemap fiemap -> Request.of(Op.FIEMAP, file(fiemap.file()));
      case Operation.Mmap map ->
          Request.of(
              Op.MMAP,
              mappingSlots.take(map.mapping()),
              file(map.file()),
              map.offset(),
              map.length(),
              map.prot(),
              map.flags(),
              map.align() == 0 ? place.alignment() : map.align());
      case Operation.Munmap unmap -> Request.of(Op.MUNMAP, mappingSlots.release(unmap.mapping()));
      case Operation.Load load ->
          Request.of(Op.LOAD, mappingSlots.of(load.mapping()), load.offset(), load.length());
      case Operation.Store store ->
          Request.of(Op.STORE, mappingSlots.of(store.mapping()), store.offset())
              .withBlob(store.data().toArray());
      case Operation.Msync sync ->
          Request.of(
              Op.MSYNC,
              mappingSlots.of(sync.mapping()),
              sync.offset(),
              sync.length(),
              sync.flags());
      case Operation.Pagemap pagemap ->
          Request.of(Op.PAGEMAP, mappingSlots.of(pagemap.mapping()), pagemap.offset());
      case Operation.Sync _ -> Request.of(Op.SYNC);
      case Operation.Clock _ -> throw new IllegalArgumentException("the clock is the host's");
    };
  }

  /** What the answer to the last request says, without events. */
  Outcome.Builder outcome(Operation operation, Response response) {
    if (response.status() != Response.STATUS_OK) {
      if (usesMissingMapping(operation)) {
        return new Outcome.Builder().value("result", "none");
      }
      throw new IllegalArgumentException("the core did not understand " + operation);
    }
    if (response.signo() != 0) {
      return new Outcome.Builder().value("result", -1).value("signal", signal(operation, response));
    }
    if (response.errno() != 0) {
      return Texts.failed(errno(response.errno()));
    }
    Outcome.Builder plain = new Outcome.Builder().value("result", response.result());
    Outcome.Builder zero = new Outcome.Builder().value("result", 0);
    ByteBuffer data = ByteBuffer.wrap(response.data()).order(ByteOrder.LITTLE_ENDIAN);
    return switch (operation) {
      case Operation.Pread _, Operation.Load _ -> plain.value("data", Texts.data(response.data()));
      case Operation.Fstat _ -> stat(data);
      case Operation.Fiemap _ -> plain.value("extents", extents(data));
      case Operation.Mmap map -> {
        mappings.put(
            map.mapping(), new Mapped(response.result(), roundUp(map.length()), map.offset()));
        yield zero;
      }
      case Operation.Munmap unmap -> {
        mappings.remove(unmap.mapping());
        yield zero;
      }
      case Operation.Pagemap _ -> zero.value("page", place.page(response.result()));
      default -> plain;
    };
  }

  /** Elsewhere mmap(2) may refuse what it grants on ext2: the rest of the program still runs. */
  private boolean usesMissingMapping(Operation operation) {
    return switch (operation) {
      case Operation.Munmap unmap -> !mappings.containsKey(unmap.mapping());
      case Operation.Load load -> !mappings.containsKey(load.mapping());
      case Operation.Store store -> !mappings.containsKey(store.mapping());
      case Operation.Msync sync -> !mappings.containsKey(sync.mapping());
      case Operation.Pagemap pagemap -> !mappings.containsKey(pagemap.mapping());
      default -> false;
    };
  }

  private String signal(Operation operation, Response response) {
    String name =
        switch (operation) {
          case Operation.Load load -> load.mapping();
          case Operation.Store store -> store.mapping();
          default -> throw new IllegalArgumentException("a signal from " + operation);
        };
    return Texts.signal(
        response.signo(), response.sicode(), name, response.faultAddress() - mapping(name).base());
  }

  private Outcome.Builder stat(ByteBuffer data) {
    long ino = data.getLong();
    return new Outcome.Builder()
        .value("result", 0)
        .value("ino", ino)
        .value("mode", Integer.toOctalString(data.getInt()))
        .value("nlink", data.getInt())
        .value("uid", data.getInt())
        .value("gid", data.getInt())
        .value("size", data.getLong())
        .value("blocks", data.getLong())
        .value("atime", place.time(data.getLong()))
        .value("mtime", place.time(data.getLong()))
        .value("ctime", place.time(data.getLong()))
        .value("generation", Integer.toUnsignedString(data.getInt()));
  }

  private static String extents(ByteBuffer data) {
    List<String> extents = new ArrayList<>();
    while (data.remaining() >= Wire.EXTENT_BYTES) {
      extents.add(Texts.extent(data.getLong(), data.getLong(), data.getLong(), data.getInt()));
      data.getInt();
    }
    return String.join(",", extents);
  }

  /** The page of the file that is mapped at an address. */
  long pageIndex(long address) {
    for (Mapped mapped : mappings.values()) {
      if (mapped.contains(address)) {
        return (address - mapped.base() + mapped.offset()) / PAGE_BYTES;
      }
    }
    throw new IllegalArgumentException("a trace event outside of every mapping");
  }

  private static String errno(int number) {
    for (Errno errno : Errno.values()) {
      if (errno.number() == number) {
        return errno.name();
      }
    }
    return "errno" + number;
  }

  private static long roundUp(long length) {
    return (length + PAGE_BYTES - 1) & -PAGE_BYTES;
  }

  /** The slot of an open file. */
  int file(String name) {
    return files.of(name);
  }

  private Mapped mapping(String name) {
    Mapped mapped = mappings.get(name);
    if (mapped == null) {
      throw new IllegalArgumentException("the mapping " + name + " could not be made");
    }
    return mapped;
  }
}
