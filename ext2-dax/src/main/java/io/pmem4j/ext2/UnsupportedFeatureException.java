// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2;

/**
 * An image that is well formed but uses what this file system does not: a feature bit of {@code
 * s_feature_incompat} or {@code s_feature_ro_compat}, or a mount option not built yet.
 */
public final class UnsupportedFeatureException extends Ext2Exception {
  private static final long serialVersionUID = 1L;

  private final String features;

  /** EINVAL with the names or bits of what is not supported. */
  public UnsupportedFeatureException(String features, String message) {
    super(Errno.EINVAL, message);
    this.features = features;
  }

  /** The features, as names of {@code mke2fs -O} where they have one. */
  public String features() {
    return features;
  }
}
