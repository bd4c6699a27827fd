// SPDX-License-Identifier: Apache-2.0
/**
 * A face for tools: files of an image by path, without a mount of the kernel, and copies of trees
 * between an image and the file systems of the host. It uses the facade alone. What must not live
 * here: command lines and their output.
 */
@NullMarked
package io.pmem4j.ext2.tool;

import org.jspecify.annotations.NullMarked;
