// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.harness.guest.qemu;

import io.pmem4j.harness.device.PersistenceDomain;

/**
 * The emulated hardware of a guest, as far as machines with NVDIMMs differ in it.
 *
 * @param domain the statement of the guest's firmware about its persistence domain
 * @param armed false if the NVDIMMs report that they could not save their content at a power
 *     failure; the kernel makes their regions read-only
 * @param cxl true for a memory device behind CXL in the place of the first NVDIMM, with a size of
 *     multiples of 256 MiB
 */
public record GuestMachine(PersistenceDomain domain, boolean armed, boolean cxl) {
  /** A firmware without a statement, and armed NVDIMMs: QEMU's own default. */
  public static final GuestMachine DEFAULT =
      new GuestMachine(PersistenceDomain.UNSTATED, true, false);

  private static final GuestMachine BEHIND_CXL =
      new GuestMachine(PersistenceDomain.UNSTATED, true, true);

  private static final String DOMAIN = "domain=";
  private static final String UNARMED = "unarmed";
  private static final String CXL = "cxl";

  /**
   * Returns the machine of a row such as {@code domain=cpu,unarmed}.
   *
   * @throws IllegalArgumentException naming the word that is unknown or there twice, and the words
   *     that there are
   */
  public static GuestMachine parse(String row) {
    if (row.equals(CXL)) {
      return BEHIND_CXL;
    }
    GuestMachine machine = DEFAULT;
    boolean hasDomain = false;
    for (String word : row.split(",", -1)) {
      boolean again;
      if (word.startsWith(DOMAIN)) {
        again = hasDomain;
        hasDomain = true;
        machine = new GuestMachine(domain(row, word), machine.armed, false);
      } else if (word.equals(UNARMED)) {
        again = !machine.armed;
        machine = new GuestMachine(machine.domain, false, false);
      } else {
        throw unknown(row, word);
      }
      if (again) {
        throw new IllegalArgumentException(
            "machine '" + row + "': '" + word + "' follows another word of its kind");
      }
    }
    return machine;
  }

  private static PersistenceDomain domain(String row, String word) {
    for (PersistenceDomain domain : PersistenceDomain.values()) {
      if (word.equals(DOMAIN + domain.word())) {
        return domain;
      }
    }
    throw unknown(row, word);
  }

  private static IllegalArgumentException unknown(String row, String word) {
    return new IllegalArgumentException(
        "machine '"
            + row
            + "': unknown word '"
            + word
            + "', expected domain=cpu, domain=memory, domain=none, unarmed or cxl alone");
  }

  /** Returns the row that {@link #parse} reads. */
  @Override
  public String toString() {
    return cxl ? CXL : DOMAIN + domain.word() + (armed ? "" : "," + UNARMED);
  }
}
