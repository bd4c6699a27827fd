// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.backend.guest;

import io.pmem4j.harness.backend.PromisedFiles;
import io.pmem4j.harness.guest.Guest;
import io.pmem4j.harness.program.Syscall;
import io.pmem4j.harness.wire.GuestException;
import io.pmem4j.harness.wire.Request;
import io.pmem4j.harness.wire.Response;
import io.pmem4j.harness.wire.Wire;
import io.pmem4j.harness.wire.WireOp;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/** The regular files of the mounted file system, as the guest's kernel reads them. */
public final class MountedFiles {
  private static final int MS_RDONLY = 1;
  private static final int REGULAR = 8;
  private static final int DIRECTORY = 4;

  private MountedFiles() {}

  /**
   * Returns the content of each regular file, by its path in the file system. A file that cannot be
   * read is left out, as is a directory; damage is not this method's to judge.
   */
  public static Map<String, byte[]> of(Guest guest) throws GuestException {
    Map<String, byte[]> files = new TreeMap<>();
    List<String> directories = new ArrayList<>(List.of("/"));
    Set<Long> seen = new HashSet<>();
    for (int next = 0; next < directories.size(); next++) {
      String directory = directories.get(next);
      Response list =
          guest.request(Request.of(Syscall.LIST).withStrings(GuestBackend.inGuest(directory), ""));
      if (list.errno() != 0 || list.signo() != 0) {
        continue;
      }
      List<String> regular = new ArrayList<>();
      for (Entry entry : entries(list)) {
        String path = (directory.equals("/") ? "" : directory) + "/" + entry.name();
        if (entry.type() == REGULAR) {
          regular.add(path);
        } else if (entry.type() == DIRECTORY && seen.add(entry.inode())) {
          directories.add(path);
        }
      }
      read(guest, regular, files);
    }
    return files;
  }

  /**
   * Mounts the guest's file system for reading, reads files, and unmounts.
   *
   * @return the content of those files that are there; empty if the kernel refuses to mount
   * @throws GuestException if the kernel fails or complains
   */
  public static Optional<Map<String, byte[]>> inNewMount(Guest guest, List<String> paths)
      throws GuestException {
    List<Request> requests = new ArrayList<>();
    requests.add(
        Request.of(WireOp.MOUNT, MS_RDONLY)
            .withStrings(guest.hello().device(), GuestBackend.inGuest(""), "ext2", "dax"));
    for (String path : paths) {
      requests.add(
          Request.of(WireOp.READ_FILE, PromisedFiles.MAX_BYTES)
              .withStrings(GuestBackend.inGuest(path)));
    }
    requests.add(Request.of(WireOp.UMOUNT, 0).withStrings(GuestBackend.inGuest("")));
    requests.add(Request.of(WireOp.KERNEL_LOG));
    List<Response> answers = GuestSession.ask(guest, requests);
    guest.grade(answers.getLast());
    if (answers.getFirst().errno() != 0) {
      return Optional.empty();
    }
    Map<String, byte[]> files = new TreeMap<>();
    for (int i = 0; i < paths.size(); i++) {
      keep(paths.get(i), answers.get(i + 1), files);
    }
    return Optional.of(files);
  }

  private static void keep(String path, Response content, Map<String, byte[]> files) {
    if (content.errno() == 0 && content.signo() == 0) {
      files.put(path, content.data());
    }
  }

  private static void read(Guest guest, List<String> paths, Map<String, byte[]> files)
      throws GuestException {
    List<Request> requests = new ArrayList<>();
    for (String path : paths) {
      requests.add(
          Request.of(WireOp.READ_FILE, PromisedFiles.MAX_BYTES)
              .withStrings(GuestBackend.inGuest(path)));
    }
    List<Response> contents = GuestSession.ask(guest, requests);
    for (int i = 0; i < paths.size(); i++) {
      keep(paths.get(i), contents.get(i), files);
    }
  }

  private record Entry(String name, int type, long inode) {}

  private static List<Entry> entries(Response list) {
    List<Entry> entries = new ArrayList<>();
    ByteBuffer data = ByteBuffer.wrap(list.data()).order(ByteOrder.LITTLE_ENDIAN);
    while (data.remaining() >= Wire.ENTRY_FIXED_BYTES) {
      long inode = data.getLong();
      int type = data.getInt();
      byte[] name = new byte[data.getInt()];
      data.get(name);
      String text = new String(name, StandardCharsets.ISO_8859_1);
      if (!text.equals(".") && !text.equals("..")) {
        entries.add(new Entry(text, type, inode));
      }
    }
    return entries;
  }
}
