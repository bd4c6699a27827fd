// SPDX-License-Identifier: Apache-2.0
/**
 * Crash states of the model under programs: a program runs on ext2-dax with its stores recorded,
 * and the states in which a power cut may leave the memory are mounted by ext2-dax again.
 *
 * <p>What must not live here: promises and their judgement, which are those of {@code
 * crash.kernel}.
 */
@NullMarked
package io.pmem4j.harness.crash.model;

import org.jspecify.annotations.NullMarked;
