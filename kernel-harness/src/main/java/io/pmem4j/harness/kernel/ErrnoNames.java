// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.kernel;

import io.pmem4j.ext2.Errno;
import java.util.Map;

/** The names of errnos in outcomes. */
public final class ErrnoNames {
  /** Errors that kernels answer and the model has no word for. */
  private static final Map<Integer, String> OTHER_ERRNOS =
      Map.ofEntries(
          Map.entry(4, "EINTR"),
          Map.entry(6, "ENXIO"),
          Map.entry(10, "ECHILD"),
          Map.entry(11, "EAGAIN"),
          Map.entry(12, "ENOMEM"),
          Map.entry(14, "EFAULT"),
          Map.entry(18, "EXDEV"),
          Map.entry(25, "ENOTTY"),
          Map.entry(26, "ETXTBSY"),
          Map.entry(29, "ESPIPE"),
          Map.entry(31, "EMLINK"),
          Map.entry(34, "ERANGE"),
          Map.entry(36, "ENAMETOOLONG"),
          Map.entry(38, "ENOSYS"),
          Map.entry(40, "ELOOP"),
          Map.entry(61, "ENODATA"),
          Map.entry(75, "EOVERFLOW"),
          Map.entry(95, "EOPNOTSUPP"),
          Map.entry(117, "EUCLEAN"));

  private ErrnoNames() {}

  /** Returns the name of an errno, or its number after {@code errno}. */
  public static String of(int number) {
    for (Errno errno : Errno.values()) {
      if (errno.number() == number) {
        return errno.name();
      }
    }
    return OTHER_ERRNOS.getOrDefault(number, "errno" + number);
  }
}
