// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.mm;

/**
 * An access through a mapping that would have killed the process: which signal, why, and the exact
 * address. Unchecked, because like the signal it can come from every access.
 */
public final class SignalException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** The signal of an access without memory behind it, SIGBUS. */
  public static final int SIGBUS = 7;

  /** The signal of an access that no mapping allows, SIGSEGV. */
  public static final int SIGSEGV = 11;

  /** {@code si_code} of SIGBUS: nothing behind the address. */
  public static final int BUS_ADRERR = 2;

  /** {@code si_code} of SIGSEGV: no mapping at the address. */
  public static final int SEGV_MAPERR = 1;

  /** {@code si_code} of SIGSEGV: the mapping forbids the access. */
  public static final int SEGV_ACCERR = 2;

  private final int signo;
  private final int code;
  private final long address;

  SignalException(int signo, int code, long address) {
    super(
        (signo == SIGBUS ? "SIGBUS" : "SIGSEGV")
            + " code "
            + code
            + " at 0x"
            + Long.toHexString(address));
    this.signo = signo;
    this.code = code;
    this.address = address;
  }

  /** {@link #SIGBUS} or {@link #SIGSEGV}. */
  public int signo() {
    return signo;
  }

  /** Returns the reason of the signal, {@code si_code}. */
  public int code() {
    return code;
  }

  /** {@code si_addr}: the first byte that could not be accessed. */
  public long address() {
    return address;
  }
}
