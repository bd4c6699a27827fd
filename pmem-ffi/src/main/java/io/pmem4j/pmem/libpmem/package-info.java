// SPDX-License-Identifier: Apache-2.0

/**
 * libpmem as jextract binds it: all that {@code libpmem.so.1} exports at version LIBPMEM_1.0. Not
 * exported. Apart from this file the package is jextract's output, never edited by hand ({@code
 * src/main/jextract/README.md} says how it is made, and a test compares checksums); what is to be
 * known about a call, and every check, belongs into {@code io.pmem4j.pmem}.
 *
 * <p>Touching {@code LibPmem} where the library is missing is an {@link
 * ExceptionInInitializerError}: probe first.
 */
package io.pmem4j.pmem.libpmem;
