// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.campaign;

import io.pmem4j.harness.campaign.work.LaneKind;
import io.pmem4j.harness.campaign.work.LaneSpec;
import io.pmem4j.harness.device.DeviceNumber;
import io.pmem4j.harness.device.MountPoint;
import io.pmem4j.harness.device.PmemDevice;
import io.pmem4j.pmem.FileLockedException;
import io.pmem4j.pmem.MapSpec;
import io.pmem4j.pmem.Pmem;
import io.pmem4j.pmem.PmemRegion;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A path under test: a folder, in which a folder of the campaign's own is made, or a DAX device.
 *
 * @param path as the user gave it, absolute
 * @param onDevice true for a DAX device
 * @param number of the device that holds the content
 * @param fileSystem the type of the file system, empty for a device
 */
record TestedPlace(Path path, boolean onDevice, DeviceNumber number, String fileSystem) {
  /** The folder of the campaign's own. */
  static final String FOLDER = "pmem4j-crash-device";

  private static final String CAMPAIGN = "campaign";
  private static final String MAGIC = "pmem4j campaign ";
  private static final int NAME_BYTES = 64;

  /**
   * Looks at a path.
   *
   * @throws CampaignException if it is neither a folder nor a DAX device
   */
  static TestedPlace of(Path given) throws IOException {
    if (Files.notExists(given)) {
      throw new CampaignException(
          given + " is not there: mount the file system, or make the DAX namespace");
    }
    Path path = given.toRealPath();
    if (Files.isDirectory(path)) {
      MountPoint mount = MountPoint.of(path);
      return new TestedPlace(
          path, false, new DeviceNumber(PmemDevice.Numbers.BLOCK, mount.device()), mount.type());
    }
    if (!Files.isRegularFile(path)) {
      DeviceNumber number = DeviceNumber.of(path);
      if (number.table() == PmemDevice.Numbers.CHARACTER) {
        return new TestedPlace(path, true, number, "");
      }
    }
    throw new CampaignException(
        path + " is neither a folder nor a DAX character device; name the folder of its mount");
  }

  /** Returns the lanes of this place. */
  List<LaneSpec> lanes(int workers, long seed, boolean deep) {
    List<LaneSpec> lanes = new ArrayList<>();
    // A device is exclusive to one worker.
    for (int worker = 0; worker < (onDevice ? 1 : workers); worker++) {
      for (LaneKind kind : LaneKind.values()) {
        if (onDevice && kind.needsFolder()) {
          continue;
        }
        String name = "worker" + worker + "-" + kind.word() + (kind.needsFolder() ? "" : ".pmem");
        lanes.add(
            new LaneSpec(
                worker,
                kind,
                onDevice ? path : folder().resolve(name),
                onDevice ? (lanes.size() + 1) * LaneSpec.BYTES : -1,
                seed + 31L * lanes.size() + path.hashCode(),
                deep));
      }
    }
    return lanes;
  }

  Path folder() {
    return path.resolve(FOLDER);
  }

  /** Returns the length of the part of a device that lanes use. */
  private static long deviceBytes() {
    return (LaneKind.values().length + 1) * LaneSpec.BYTES;
  }

  /**
   * Takes the place for this process.
   *
   * @return its lock; null for a device, which its worker takes, and for a folder that is mounted
   *     read-only, in which nothing changes
   * @throws CampaignException if another process has it
   */
  @Nullable FileLock lock() throws IOException {
    if (onDevice || isReadOnly()) {
      return null;
    }
    FileChannel channel = openLock();
    FileLock lock = null;
    try {
      lock = channel.tryLock();
    } catch (OverlappingFileLockException ours) {
      lock = null;
    } finally {
      if (lock == null) {
        channel.close();
      }
    }
    if (lock == null) {
      throw new CampaignException(path + " is in use by another campaign: wait for its end");
    }
    return lock;
  }

  /**
   * Returns true if a folder is mounted read-only, as the kernel does it over an unarmed module.
   */
  private boolean isReadOnly() throws IOException {
    return !onDevice && MountPoint.of(path).options().contains("ro");
  }

  /**
   * Requires a place that can be written to. The hardware is judged before: it may be the reason.
   *
   * @throws CampaignException if it is mounted read-only
   */
  void requireWritable() throws IOException {
    if (isReadOnly()) {
      throw new CampaignException(
          path
              + " is mounted read-only, and its modules do not say why: mount -o remount,rw "
              + path);
    }
  }

  /**
   * Opens the lock of a folder. Nothing syncs it, so after a cut it is the file that a file system
   * without a journal has damaged.
   */
  private FileChannel openLock() throws IOException {
    Path lock = folder().resolve("lock");
    try {
      return FileChannel.open(lock, StandardOpenOption.WRITE, StandardOpenOption.CREATE);
    } catch (FileSystemException e) {
      throw new CampaignException(
          "%s: %s; after a cut %s is checked before it is mounted: %s, see docs/device-campaign.md"
              .formatted(
                  lock,
                  e.getReason(),
                  fileSystem,
                  fileSystem.equals("ext2") ? "umount, e2fsck -fy DEVICE, mount" : "fsck DEVICE"));
    }
  }

  /**
   * Requires the place to hold no campaign, and to be large enough.
   *
   * @param overwrite true if the content of a device may be lost
   * @throws CampaignException if a new campaign cannot begin here
   */
  void requireFree(boolean overwrite) throws IOException {
    if (!onDevice) {
      if (!isFree()) {
        throw new CampaignException(
            folder()
                + " has a campaign: continue it with --resume and its --journal, or remove it");
      }
      return;
    }
    if (!overwrite) {
      throw new CampaignException(
          "%s: its first %,d bytes are lost; allow it with --overwrite-device"
              .formatted(path, deviceBytes()));
    }
    try (Arena arena = Arena.ofConfined()) {
      PmemRegion region = Pmem.map(path, MapSpec.existing().exclusive(), arena);
      if (region.byteSize() < deviceBytes()) {
        throw new CampaignException(
            "%s has %d bytes, expected %d".formatted(path, region.byteSize(), deviceBytes()));
      }
      region.fill(0, NAME_BYTES, (byte) 0);
      region.persist(0, NAME_BYTES);
    } catch (FileLockedException busy) {
      throw new CampaignException(path + " is in use by another process: end it first");
    }
  }

  /** Returns true if the place holds no campaign. */
  boolean isFree() throws IOException {
    return found().isEmpty();
  }

  /** Writes the name of a new campaign. */
  void begin(String campaign) throws IOException {
    if (onDevice) {
      try (Arena arena = Arena.ofConfined()) {
        PmemRegion region = Pmem.map(path, MapSpec.existing().exclusive(), arena);
        region.fill(NAME_BYTES, deviceBytes() - NAME_BYTES, (byte) 0);
        region.persist(0, deviceBytes());
        byte[] name = (MAGIC + campaign).getBytes(StandardCharsets.US_ASCII);
        region.copy(0, name, 0, name.length);
        region.persist(0, name.length);
      }
      return;
    }
    Files.createDirectories(folder());
    Path fresh = folder().resolve("new");
    try (FileChannel file =
            FileChannel.open(fresh, StandardOpenOption.WRITE, StandardOpenOption.CREATE);
        FileChannel own = FileChannel.open(folder());
        FileChannel parent = FileChannel.open(path)) {
      file.write(ByteBuffer.wrap(campaign.getBytes(StandardCharsets.US_ASCII)));
      file.force(true);
      Files.move(fresh, folder().resolve(CAMPAIGN), StandardCopyOption.ATOMIC_MOVE);
      own.force(true);
      parent.force(true);
    }
  }

  /**
   * Requires the place to hold a campaign.
   *
   * @throws CampaignException if it holds another one or none
   */
  void require(String campaign) throws IOException {
    String found = found();
    if (!found.equals(campaign)) {
      throw new CampaignException(
          "%s holds %s, and the journal is of campaign %s: mount the file system of that campaign, or name its journal"
              .formatted(path, found.isEmpty() ? "no campaign" : "campaign " + found, campaign));
    }
  }

  private String found() throws IOException {
    if (onDevice) {
      byte[] name = new byte[NAME_BYTES];
      try (Arena arena = Arena.ofConfined()) {
        Pmem.map(path, MapSpec.existing().readOnly(), arena).read(0, name, 0, name.length);
      }
      String text = new String(name, StandardCharsets.US_ASCII);
      return text.startsWith(MAGIC) ? text.substring(MAGIC.length()).replace("\0", "") : "";
    }
    Path file = folder().resolve(CAMPAIGN);
    return Files.exists(file) ? Files.readString(file) : "";
  }
}
