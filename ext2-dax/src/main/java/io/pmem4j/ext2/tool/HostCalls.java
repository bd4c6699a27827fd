// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.tool;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * The calls on files of the host that the JDK has not, or has for text only: names as bytes,
 * attributes of all name spaces, special files.
 */
final class HostCalls {
  private static final Linker LINKER = Linker.nativeLinker();
  private static final Linker.Option ERRNO = Linker.Option.captureCallState("errno");
  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
  private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;
  private static final MemoryLayout POINTER = ValueLayout.ADDRESS;

  private static final MethodHandle SYMLINK = handle("symlink", INT, POINTER, POINTER);
  private static final MethodHandle READLINK = handle("readlink", LONG, POINTER, POINTER, LONG);
  private static final MethodHandle MKNOD = handle("mknod", INT, POINTER, INT, LONG);
  private static final MethodHandle LIST = handle("llistxattr", LONG, POINTER, POINTER, LONG);
  private static final MethodHandle GET =
      handle("lgetxattr", LONG, POINTER, POINTER, POINTER, LONG);
  private static final MethodHandle SET =
      handle("lsetxattr", INT, POINTER, POINTER, POINTER, LONG, INT);

  private static final MethodHandle TIMES = handle("utimensat", INT, INT, POINTER, POINTER, INT);

  private static final int AT_FDCWD = -100;
  private static final int AT_SYMLINK_NOFOLLOW = 0x100;
  private static final int MOST = 1 << 16;
  private static final int NOT_SUPPORTED = 95;

  private HostCalls() {}

  @SuppressWarnings("restricted")
  private static MethodHandle handle(String name, MemoryLayout result, MemoryLayout... arguments) {
    return LINKER.downcallHandle(
        LINKER.defaultLookup().findOrThrow(name), FunctionDescriptor.of(result, arguments), ERRNO);
  }

  private interface Call {
    long with(Arena arena, MemorySegment state) throws Throwable;
  }

  private static long call(Path path, String what, Call call) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(Linker.Option.captureStateLayout());
      long result = call.with(arena, state);
      if (result < 0) {
        int errno = state.get(INT, 0);
        if (errno == NOT_SUPPORTED) {
          return -1;
        }
        throw new FileSystemException(path.toString(), null, what + ": errno " + errno);
      }
      return result;
    } catch (IOException | RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }

  /** Returns the bytes of an absolute path, which a URI has in full. */
  static byte[] bytes(Path path) {
    String raw = path.toAbsolutePath().toUri().getRawPath();
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (int i = 0; i < raw.length(); i++) {
      char each = raw.charAt(i);
      if (each == '%') {
        bytes.write(Integer.parseInt(raw.substring(i + 1, i + 3), 16));
        i += 2;
      } else {
        bytes.write(each);
      }
    }
    byte[] whole = bytes.toByteArray();
    boolean slash = whole.length > 1 && whole[whole.length - 1] == '/';
    return slash ? Arrays.copyOf(whole, whole.length - 1) : whole;
  }

  /** Returns the bytes of a path's last name. */
  static byte[] name(Path path) {
    byte[] whole = bytes(path);
    int slash = whole.length - 1;
    while (whole[slash] != '/') {
      slash--;
    }
    return Arrays.copyOfRange(whole, slash + 1, whole.length);
  }

  /** Returns the path of a name in a folder. */
  static Path child(Path folder, byte[] name) {
    StringBuilder uri = new StringBuilder("file://");
    for (byte each : bytes(folder)) {
      append(uri, each);
    }
    uri.append('/');
    for (byte each : name) {
      append(uri, each);
    }
    return Path.of(URI.create(uri.toString()));
  }

  private static void append(StringBuilder uri, byte each) {
    boolean plain =
        (each >= 'a' && each <= 'z')
            || (each >= 'A' && each <= 'Z')
            || (each >= '0' && each <= '9');
    if (plain || each == '/') {
      uri.append((char) each);
    } else {
      uri.append("%%%02x".formatted(each).toUpperCase(Locale.ROOT));
    }
  }

  private static MemorySegment text(Arena arena, byte[] bytes) {
    return arena.allocateFrom(ValueLayout.JAVA_BYTE, Arrays.copyOf(bytes, bytes.length + 1));
  }

  static void symlink(byte[] target, Path path) throws IOException {
    call(
        path,
        "symlink",
        (arena, state) ->
            (int) SYMLINK.invokeExact(state, text(arena, target), text(arena, bytes(path))));
  }

  static byte[] readlink(Path path) throws IOException {
    return buffer(
        path,
        "readlink",
        (arena, state, buffer) ->
            (long) READLINK.invokeExact(state, text(arena, bytes(path)), buffer, (long) MOST));
  }

  /** Returns the major number of a device whose number is as makedev(3) makes it. */
  static int major(long device) {
    return (int) (device >> 8) & 0xfff;
  }

  /** Returns the minor number of a device whose number is as makedev(3) makes it. */
  static int minor(long device) {
    return (int) ((device & 0xff) | ((device >> 12) & 0xfff00));
  }

  static void mknod(Path path, int mode, int major, int minor) throws IOException {
    long device = (minor & 0xff) | ((long) major << 8) | ((long) (minor & ~0xff) << 12);
    call(
        path,
        "mknod",
        (arena, state) -> (int) MKNOD.invokeExact(state, text(arena, bytes(path)), mode, device));
  }

  /** Sets times, seconds. The JDK opens the file for it, which waits on a pipe for a writer. */
  static void times(Path path, long atime, long mtime) throws IOException {
    call(
        path,
        "utimensat",
        (arena, state) ->
            (int)
                TIMES.invokeExact(
                    state,
                    AT_FDCWD,
                    text(arena, bytes(path)),
                    arena.allocateFrom(LONG, atime, 0, mtime, 0),
                    AT_SYMLINK_NOFOLLOW));
  }

  private interface Fill {
    long with(Arena arena, MemorySegment state, MemorySegment buffer) throws Throwable;
  }

  private static byte[] buffer(Path path, String what, Fill fill) throws IOException {
    byte[][] result = {new byte[0]};
    call(
        path,
        what,
        (arena, state) -> {
          MemorySegment buffer = arena.allocate(MOST);
          long length = fill.with(arena, state, buffer);
          if (length > 0) {
            result[0] = buffer.asSlice(0, length).toArray(ValueLayout.JAVA_BYTE);
          }
          return length;
        });
    return result[0];
  }

  /** Returns the names of the attributes, none on a file system without any. */
  static List<byte[]> xattrs(Path path) throws IOException {
    byte[] all =
        buffer(
            path,
            "llistxattr",
            (arena, state, buffer) ->
                (long) LIST.invokeExact(state, text(arena, bytes(path)), buffer, (long) MOST));
    List<byte[]> names = new ArrayList<>();
    for (String each : new String(all, StandardCharsets.ISO_8859_1).split("\0", -1)) {
      if (!each.isEmpty()) {
        names.add(each.getBytes(StandardCharsets.ISO_8859_1));
      }
    }
    return names;
  }

  static byte[] xattr(Path path, byte[] name) throws IOException {
    return buffer(
        path,
        "lgetxattr",
        (arena, state, buffer) ->
            (long)
                GET.invokeExact(
                    state, text(arena, bytes(path)), text(arena, name), buffer, (long) MOST));
  }

  /** Sets an attribute; returns false if the file system has none of this name space. */
  static boolean xattr(Path path, byte[] name, byte[] value) throws IOException {
    return call(
            path,
            "lsetxattr",
            (arena, state) ->
                (int)
                    SET.invokeExact(
                        state,
                        text(arena, bytes(path)),
                        text(arena, name),
                        text(arena, value),
                        (long) value.length,
                        0))
        >= 0;
  }
}
