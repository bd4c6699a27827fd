// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.namei;

import io.pmem4j.ext2.Capability;
import io.pmem4j.ext2.Credentials;
import io.pmem4j.ext2.Errno;
import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.FileMode;
import io.pmem4j.ext2.acl.AclFormat;
import io.pmem4j.ext2.acl.AclReading;
import io.pmem4j.ext2.acl.PosixAcl;
import io.pmem4j.ext2.inode.Ext2Inode;
import io.pmem4j.ext2.lock.LockClass;
import io.pmem4j.ext2.volume.Volume;
import io.pmem4j.ext2.xattr.AttributeBlocks;
import io.pmem4j.ext2.xattr.AttributeNamespace;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * System calls on extended attributes: setxattr(2), getxattr(2), listxattr(2), removexattr(2). The
 * part of fs/xattr.c above ext2, and its handlers. Thread-safe.
 */
public final class AttributeCalls {
  private static final int MOST_VALUE_BYTES = 65536;
  private static final int CAPS_HEADER_REVISION = 0xff000000;
  private static final int CAPS_REVISION_2 = 0x02000000;
  private static final int CAPS_REVISION_3 = 0x03000000;
  private static final int CAPS_BYTES_2 = 20;
  private static final int CAPS_BYTES_3 = 24;

  private final NameSpace space;
  private final Volume volume;
  private final Credentials who;

  /** The calls of a caller. */
  public AttributeCalls(NameSpace space) {
    this.space = space;
    this.volume = space.volume();
    this.who = space.who();
  }

  /** A name, resolved: the name space, and what is behind the prefix, a byte a character. */
  private record Resolved(AttributeNamespace in, String rest) {
    boolean isCapability() {
      return in == AttributeNamespace.SECURITY && rest.equals("capability");
    }
  }

  /**
   * Sets an attribute.
   *
   * @param flags {@link AttributeBlocks#CREATE}, {@link AttributeBlocks#REPLACE}
   * @throws Ext2Exception EROFS, EINVAL, ERANGE, E2BIG, EPERM, EACCES, EOPNOTSUPP, EEXIST, ENODATA,
   *     ENOSPC, EIO
   */
  public void set(Ext2Inode inode, byte[] name, byte[] value, int flags) throws Ext2Exception {
    try (var _ = volume.freezeGate().startWrite()) {
      volume.requireWritable();
      userCopy();
      if ((flags & ~(AttributeBlocks.CREATE | AttributeBlocks.REPLACE)) != 0) {
        throw new Ext2Exception(Errno.EINVAL, "setxattr with flags " + flags);
      }
      requireName(name);
      if (value.length > MOST_VALUE_BYTES) {
        throw new Ext2Exception(Errno.E2BIG, "a value of " + value.length + " bytes");
      }
      if (value.length > 0 && isCapability(name)) {
        requireFileCapabilities(value);
      }
      if (isAcl(name) && aclReading().isFirst()) {
        AclFormat.fromCall(value);
      }
      try (var _ = inode.iRwsem().exclusive()) {
        permit(inode, name, Permission.WRITE);
        if (!isCapability(name)) {
          requireAdministratorOfSecurity(name);
        }
        change(inode, resolve(name), value, flags);
      }
    }
  }

  /**
   * Removes an attribute.
   *
   * @throws Ext2Exception EROFS, ERANGE, EPERM, EACCES, EOPNOTSUPP, ENODATA, ENOSPC, EIO
   */
  public void remove(Ext2Inode inode, byte[] name) throws Ext2Exception {
    try (var _ = volume.freezeGate().startWrite()) {
      volume.requireWritable();
      userCopy();
      requireName(name);
      try (var _ = inode.iRwsem().exclusive()) {
        permit(inode, name, Permission.WRITE);
        if (!isCapability(name)) {
          requireAdministratorOfSecurity(name);
        } else if (!who.has(Capability.SETFCAP)) {
          throw new Ext2Exception(Errno.EPERM, "CAP_SETFCAP is needed");
        }
        change(inode, resolve(name), null, AttributeBlocks.REPLACE);
      }
    }
  }

  /**
   * Returns the value of an attribute.
   *
   * @throws Ext2Exception ENODATA, ERANGE, EPERM, EACCES, EOPNOTSUPP, EIO
   */
  public byte[] get(Ext2Inode inode, byte[] name) throws Ext2Exception {
    requireName(name);
    permit(inode, name, Permission.READ);
    Resolved resolved = resolve(name);
    if (resolved.in().isAcl()) {
      return acl(inode, resolved.in());
    }
    requireSupported(resolved);
    byte[] value = inode.attributes().get(resolved.in(), resolved.rest());
    if (value == null) {
      throw new Ext2Exception(Errno.ENODATA, inode + " has no " + text(name));
    }
    return value;
  }

  /**
   * Returns the full names of the attributes that the caller may know of.
   *
   * @throws Ext2Exception EIO
   */
  public List<byte[]> list(Ext2Inode inode) throws Ext2Exception {
    List<byte[]> names = new ArrayList<>();
    for (AttributeBlocks.Name each : inode.attributes().list()) {
      AttributeNamespace in = AttributeNamespace.of(each.nameIndex());
      if (in != null && isListed(in)) {
        names.add((in.prefix() + each.rest()).getBytes(StandardCharsets.ISO_8859_1));
      }
    }
    return names;
  }

  private boolean isListed(AttributeNamespace in) {
    return isSupported(in) && (in != AttributeNamespace.TRUSTED || who.has(Capability.SYS_ADMIN));
  }

  /** Returns the value of a list: {@code posix_acl_xattr_get}. */
  private byte[] acl(Ext2Inode inode, AttributeNamespace kind) throws Ext2Exception {
    if (!volume.posixAcl() || inode.isSymlink()) {
      throw unsupported(kind.prefix());
    }
    boolean access = kind == AttributeNamespace.ACL_ACCESS;
    PosixAcl acl = access ? inode.acls().access() : inode.acls().inherited();
    if (acl == null) {
      throw new Ext2Exception(Errno.ENODATA, inode + " has no " + kind.prefix());
    }
    return AclFormat.toCall(acl);
  }

  /** {@code posix_acl_xattr_set} and {@code set_posix_acl}; flags do not count. */
  private void setAcl(Ext2Inode inode, AttributeNamespace kind, byte @Nullable [] value)
      throws Ext2Exception {
    PosixAcl acl = value == null ? null : AclFormat.fromCall(value);
    if (!volume.posixAcl() || inode.isSymlink()) {
      throw unsupported(kind.prefix());
    }
    if (kind == AttributeNamespace.ACL_DEFAULT && !inode.isDirectory()) {
      if (acl != null) {
        throw new Ext2Exception(Errno.EACCES, inode + " is no directory");
      }
      return;
    }
    if (!Permission.isOwner(who, inode)) {
      throw new Ext2Exception(Errno.EPERM, inode + " belongs to " + inode.uid());
    }
    if (acl != null) {
      acl.requireValid();
    }
    inode.acls().set(kind, acl, who);
  }

  private boolean isSupported(AttributeNamespace in) {
    return switch (in) {
      case USER -> volume.userAttributes();
      case TRUSTED, SECURITY -> true;
      case ACL_ACCESS, ACL_DEFAULT -> volume.posixAcl();
    };
  }

  private void requireSupported(Resolved name) throws Ext2Exception {
    if (!isSupported(name.in())) {
      throw unsupported(name.in().prefix());
    }
  }

  private static Ext2Exception unsupported(String name) {
    return new Ext2Exception(Errno.EOPNOTSUPP, name + " is not supported on this mount");
  }

  private void change(Ext2Inode inode, Resolved name, byte @Nullable [] value, int flags)
      throws Ext2Exception {
    if (name.in().isAcl()) {
      setAcl(inode, name.in(), value);
      return;
    }
    requireSupported(name);
    inode.attributes().set(name.in(), name.rest(), value, flags);
  }

  private static String text(byte[] name) {
    return new String(name, StandardCharsets.UTF_8);
  }

  private static boolean startsWith(byte[] name, AttributeNamespace in) {
    return startsWith(name, in.prefix());
  }

  private static boolean startsWith(byte[] name, String prefix) {
    byte[] bytes = prefix.getBytes(StandardCharsets.US_ASCII);
    return name.length >= bytes.length
        && Arrays.equals(name, 0, bytes.length, bytes, 0, bytes.length);
  }

  /** {@code might_fault}: name and value are the caller's. */
  private void userCopy() {
    volume.validator().mightAcquire(LockClass.MMAP_LOCK, "a fault on the caller's attribute");
  }

  /** The copy of a name from user space, which has room for 255 bytes with the prefix. */
  private static void requireName(byte[] name) throws Ext2Exception {
    if (name.length == 0 || name.length > AttributeBlocks.MOST_NAME_BYTES) {
      throw new Ext2Exception(Errno.ERANGE, "a name of " + name.length + " bytes");
    }
  }

  /** Finds the handler of a name: {@code xattr_resolve_name}. */
  private static Resolved resolve(byte[] name) throws Ext2Exception {
    for (AttributeNamespace each : AttributeNamespace.values()) {
      if (!startsWith(name, each)) {
        continue;
      }
      int prefix = each.prefix().length();
      String rest = new String(name, prefix, name.length - prefix, StandardCharsets.ISO_8859_1);
      if (each.isWholeName() == rest.isEmpty()) {
        return new Resolved(each, rest);
      }
      if (rest.isEmpty()) {
        throw new Ext2Exception(Errno.EINVAL, text(name) + " has nothing behind its prefix");
      }
    }
    throw unsupported(text(name));
  }

  private AclReading aclReading() {
    return volume.instrumentation().variation().part(AclReading.class, AclReading.LINUX_5_10);
  }

  /** Tells the two lists from other attributes: {@code is_posix_acl_xattr}. */
  private static boolean isAcl(byte[] name) {
    return text(name).equals(AttributeNamespace.ACL_ACCESS.prefix())
        || text(name).equals(AttributeNamespace.ACL_DEFAULT.prefix());
  }

  private static boolean isCapability(byte[] name) throws Ext2Exception {
    return startsWith(name, AttributeNamespace.SECURITY)
        && name.length > AttributeNamespace.SECURITY.prefix().length()
        && resolve(name).isCapability();
  }

  /** {@code cap_inode_setxattr}, {@code cap_inode_removexattr}. */
  private void requireAdministratorOfSecurity(byte[] name) throws Ext2Exception {
    if (startsWith(name, AttributeNamespace.SECURITY) && !who.has(Capability.SYS_ADMIN)) {
      throw new Ext2Exception(Errno.EPERM, "CAP_SYS_ADMIN is needed for " + text(name));
    }
  }

  /** {@code cap_convert_nscap}: a program's capabilities have one of two formats. */
  private void requireFileCapabilities(byte[] value) throws Ext2Exception {
    int revision =
        value.length < Integer.BYTES
            ? 0
            : (value[0] & 0xff) | (value[1] & 0xff) << 8 | (value[2] & 0xff) << 16 | value[3] << 24;
    boolean valid =
        switch (revision & CAPS_HEADER_REVISION) {
          case CAPS_REVISION_2 -> value.length == CAPS_BYTES_2 && isFlagAlone(revision);
          case CAPS_REVISION_3 -> value.length == CAPS_BYTES_3 && isFlagAlone(revision);
          default -> false;
        };
    if (!valid) {
      throw new Ext2Exception(Errno.EINVAL, "security.capability has another format");
    }
    if (!who.has(Capability.SETFCAP)) {
      throw new Ext2Exception(Errno.EPERM, "CAP_SETFCAP is needed for security.capability");
    }
  }

  /** Returns true if no flag but VFS_CAP_FLAGS_EFFECTIVE is set. */
  private static boolean isFlagAlone(int revision) {
    return (revision & ~CAPS_HEADER_REVISION & ~1) == 0;
  }

  /** Checks the rules of the name space: {@code xattr_permission}. */
  private void permit(Ext2Inode inode, byte[] name, int mask) throws Ext2Exception {
    boolean writes = mask == Permission.WRITE;
    if (writes && (inode.isImmutable() || inode.isAppendOnly())) {
      throw new Ext2Exception(Errno.EPERM, inode + " is immutable or append-only");
    }
    if (startsWith(name, AttributeNamespace.SECURITY) || startsWith(name, "system.")) {
      return;
    }
    if (startsWith(name, AttributeNamespace.TRUSTED)) {
      if (!who.has(Capability.SYS_ADMIN)) {
        throw new Ext2Exception(
            writes ? Errno.EPERM : Errno.ENODATA, "CAP_SYS_ADMIN is needed for " + text(name));
      }
      return;
    }
    if (startsWith(name, AttributeNamespace.USER)) {
      if (!inode.isRegular() && !inode.isDirectory()) {
        throw new Ext2Exception(
            writes ? Errno.EPERM : Errno.ENODATA, inode + " is neither a file nor a directory");
      }
      if (writes
          && inode.isDirectory()
          && (inode.mode() & FileMode.STICKY) != 0
          && !Permission.isOwner(who, inode)) {
        throw new Ext2Exception(Errno.EPERM, inode + ": another's sticky directory");
      }
    }
    Permission.require(volume, space.who(), inode, mask);
  }
}
