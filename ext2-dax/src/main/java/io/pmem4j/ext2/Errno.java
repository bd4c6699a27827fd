// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2;

/** The error numbers of Linux on x86-64 that this file system answers with. */
public enum Errno {
  EPERM(1),
  ENOENT(2),
  EIO(5),
  ENXIO(6),
  E2BIG(7),
  EBADF(9),
  EAGAIN(11),
  ENOMEM(12),
  EACCES(13),
  EFAULT(14),
  EBUSY(16),
  EEXIST(17),
  ENODEV(19),
  ENOTDIR(20),
  EISDIR(21),
  EINVAL(22),
  ENOTTY(25),
  EFBIG(27),
  ENOSPC(28),
  EROFS(30),
  EMLINK(31),
  ERANGE(34),
  ENAMETOOLONG(36),
  ENOTEMPTY(39),
  ELOOP(40),
  ENODATA(61),
  EOVERFLOW(75),
  EOPNOTSUPP(95),
  ESTALE(116),
  /** The kernel's name for this in file systems is EFSCORRUPTED. */
  EUCLEAN(117);

  private final int number;

  Errno(int number) {
    this.number = number;
  }

  /** The positive number as in {@code errno}. */
  public int number() {
    return number;
  }
}
