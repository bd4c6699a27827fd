// SPDX-License-Identifier: Apache-2.0
/**
 * The constants by which tools recognise what a file system announces to its scheduler: kinds of
 * shared state, and what a step found or did. Uses no other room. Words for people do not belong
 * here; the tool that prints them has them.
 */
@NullMarked
package io.pmem4j.ext2.observe;

import org.jspecify.annotations.NullMarked;
