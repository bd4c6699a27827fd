// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.explore.scenario;

/** An oracle has found damage. */
public final class DamageError extends AssertionError {
  private static final long serialVersionUID = 1L;

  private final Damage damage;

  /** Creates an error whose message is the damage's text. */
  DamageError(Damage damage) {
    super(damage.text());
    this.damage = damage;
  }

  /**
   * Creates an error.
   *
   * @param place the page, the block or the bytes: the cause, because findings are told apart by
   *     the message
   */
  DamageError(Damage damage, String place) {
    super(damage.text(), new IllegalStateException(place));
    this.damage = damage;
  }

  private DamageError(String complaint) {
    super("e2fsck: " + complaint);
    this.damage = Damage.REFUSED_BY_E2FSCK;
  }

  /** Creates an error of an image that e2fsck complains of. */
  static DamageError ofE2fsck(String complaint) {
    return new DamageError(complaint);
  }

  /** Returns the kind of damage. */
  public Damage damage() {
    return damage;
  }
}
