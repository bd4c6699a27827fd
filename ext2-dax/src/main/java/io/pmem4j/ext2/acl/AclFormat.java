// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.acl;

import io.pmem4j.ext2.Errno;
import io.pmem4j.ext2.Ext2Exception;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The two formats of an access control list. System calls have version 2: each entry has tag,
 * permissions and an id. The medium has version 1: only users and groups have an id.
 */
public final class AclFormat {
  private static final int CALL_VERSION = 2;
  private static final int DISK_VERSION = 1;
  private static final int HEADER_BYTES = 4;
  private static final int SHORT_BYTES = 4;
  private static final int ENTRY_BYTES = 8;

  /** The first four entries of the medium count as short ones, whatever they are. */
  private static final int SHORT_ENTRIES = 4;

  private AclFormat() {}

  private static ByteBuffer little(byte[] bytes) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  private static Ext2Exception invalid(String what) {
    return new Ext2Exception(Errno.EINVAL, "access control list: " + what);
  }

  private static AclEntry entry(ByteBuffer from, boolean withId) throws Ext2Exception {
    int tag = Short.toUnsignedInt(from.getShort());
    AclEntry entry = new AclEntry(tag, Short.toUnsignedInt(from.getShort()), AclEntry.NO_ID);
    if (!entry.isKnown()) {
      throw invalid("tag " + tag);
    }
    if (!withId && !entry.hasId()) {
      return entry;
    }
    if (from.remaining() < Integer.BYTES) {
      throw invalid("the last entry is cut off");
    }
    int id = from.getInt();
    return entry.hasId() ? new AclEntry(tag, entry.permissions(), id) : entry;
  }

  /**
   * Reads the value of setxattr(2): {@code posix_acl_from_xattr}.
   *
   * @return null for a list without entries, which stands for none
   * @throws Ext2Exception EINVAL, EOPNOTSUPP for another version
   */
  public static @Nullable PosixAcl fromCall(byte[] value) throws Ext2Exception {
    if (value.length < HEADER_BYTES) {
      throw invalid(value.length + " bytes");
    }
    ByteBuffer from = little(value);
    int version = from.getInt();
    if (version != CALL_VERSION) {
      throw new Ext2Exception(Errno.EOPNOTSUPP, "access control list of version " + version);
    }
    if (from.remaining() % ENTRY_BYTES != 0) {
      throw invalid(value.length + " bytes");
    }
    if (!from.hasRemaining()) {
      return null;
    }
    List<AclEntry> entries = new ArrayList<>();
    while (from.hasRemaining()) {
      AclEntry entry = entry(from, true);
      if (entry.hasId() && entry.id() == AclEntry.NO_ID) {
        throw invalid("no id");
      }
      entries.add(entry);
    }
    return new PosixAcl(entries);
  }

  /** Returns the value of getxattr(2): {@code posix_acl_to_xattr}. */
  public static byte[] toCall(PosixAcl acl) {
    byte[] bytes = new byte[HEADER_BYTES + ENTRY_BYTES * acl.entries().size()];
    ByteBuffer value = little(bytes);
    value.putInt(CALL_VERSION);
    for (AclEntry each : acl.entries()) {
      value.putShort((short) each.tag()).putShort((short) each.permissions()).putInt(each.id());
    }
    return bytes;
  }

  /**
   * Reads the value on the medium: {@code ext2_acl_from_disk}.
   *
   * @return null for a list without entries
   * @throws Ext2Exception EINVAL
   */
  public static @Nullable PosixAcl fromDisk(byte[] value) throws Ext2Exception {
    if (value.length < HEADER_BYTES) {
      throw invalid(value.length + " bytes on the medium");
    }
    ByteBuffer from = little(value);
    if (from.getInt() != DISK_VERSION) {
      throw invalid("version " + from.getInt(0) + " on the medium");
    }
    int count = count(from.remaining());
    if (count == 0) {
      return null;
    }
    List<AclEntry> entries = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      if (from.remaining() < SHORT_BYTES) {
        throw invalid("an entry is cut off on the medium");
      }
      entries.add(entry(from, false));
    }
    if (from.hasRemaining()) {
      throw invalid("bytes behind the last entry on the medium");
    }
    return new PosixAcl(entries);
  }

  /** {@code ext2_acl_count}: the number of entries that a size stands for. */
  private static int count(int bytes) throws Ext2Exception {
    int rest = bytes - SHORT_ENTRIES * SHORT_BYTES;
    int unit = rest < 0 ? SHORT_BYTES : ENTRY_BYTES;
    if ((rest < 0 ? bytes : rest) % unit != 0) {
      throw invalid(bytes + " bytes of entries on the medium");
    }
    return rest < 0 ? bytes / SHORT_BYTES : rest / ENTRY_BYTES + SHORT_ENTRIES;
  }

  /**
   * Returns the value for the medium: {@code ext2_acl_to_disk}. As in the kernel its size follows
   * from the number of entries, which is right for valid lists.
   */
  public static byte[] toDisk(PosixAcl acl) {
    int count = acl.entries().size();
    int entryBytes =
        count <= SHORT_ENTRIES
            ? count * SHORT_BYTES
            : SHORT_ENTRIES * SHORT_BYTES + (count - SHORT_ENTRIES) * ENTRY_BYTES;
    byte[] bytes = new byte[HEADER_BYTES + entryBytes];
    ByteBuffer value = little(bytes);
    value.putInt(DISK_VERSION);
    for (AclEntry each : acl.entries()) {
      value.putShort((short) each.tag()).putShort((short) each.permissions());
      if (each.hasId()) {
        value.putInt(each.id());
      }
    }
    return bytes;
  }
}
