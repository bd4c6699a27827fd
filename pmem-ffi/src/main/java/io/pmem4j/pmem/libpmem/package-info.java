// SPDX-License-Identifier: Apache-2.0

/**
 * The binding of libpmem by jextract: all that {@code libpmem.so.1} exports at version LIBPMEM_1.0.
 * The package is not exported. Apart from this file it is jextract's output and never edited by
 * hand: see {@code src/main/jextract/README.md}; a test compares checksums. Checks and knowledge
 * about calls belong in {@code io.pmem4j.pmem}.
 *
 * <p>Without the library, initialising {@code LibPmem} throws {@link ExceptionInInitializerError}:
 * probe first.
 */
package io.pmem4j.pmem.libpmem;
