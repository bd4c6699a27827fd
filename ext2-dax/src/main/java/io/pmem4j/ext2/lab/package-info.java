// SPDX-License-Identifier: Apache-2.0
/**
 * Experiments: lock orders other than the merged one, the fault handlers of the series of 2015 and
 * of Linux 4.4, and the pages of holes of that time. {@link io.pmem4j.ext2.lab.Lab} puts them into
 * mount options.
 *
 * <p>No other room uses this one, and the module does not export it: harness and tests reach it on
 * the class path. Kernel twins: fs/ext2/file.c and fs/dax.c of the kernels named at each class.
 */
@NullMarked
package io.pmem4j.ext2.lab;

import org.jspecify.annotations.NullMarked;
