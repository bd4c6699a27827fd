// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2;

/**
 * A set of replacement parts, with which experiments run this file system in ways that no product
 * needs. A mounted file system asks for each part once, when it makes the object that uses it.
 * Thread-safe.
 */
public class Variation {
  /** The variation that replaces nothing. */
  public static final Variation NONE = new Variation();

  /** Makes a variation that replaces nothing; subclasses override {@link #part}. */
  protected Variation() {}

  /**
   * Returns the part of a type.
   *
   * @param standard the part of the file system without a variation
   */
  public <T> T part(Class<T> type, T standard) {
    return standard;
  }
}
