// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.util.Optional;

/**
 * A probe for libpmem that does not bind it. Without the library, initialising the binding is an
 * error that cannot be undone.
 */
final class LibPmemProbe {
  private static final Optional<String> ABSENCE = probe("libpmem.so.1");

  private LibPmemProbe() {}

  /** Returns the reason if libpmem cannot be used in this JVM, or empty if it can. */
  static Optional<String> absence() {
    return ABSENCE;
  }

  static Optional<String> probe(String name) {
    if (ValueLayout.ADDRESS.byteSize() != Long.BYTES) {
      return Optional.of("libpmem is for 64-bit platforms");
    }
    try {
      SymbolLookup library = SymbolLookup.libraryLookup(name, Arena.global());
      return library.find("pmem_map_file").isPresent()
          ? Optional.empty()
          : Optional.of(name + " is there, but does not export pmem_map_file");
    } catch (IllegalArgumentException missing) {
      return Optional.of(name + " cannot be loaded (Debian, Ubuntu: package libpmem1)");
    } catch (IllegalCallerException denied) {
      return Optional.of(NativeAccess.denial(LibPmemProbe.class.getModule()));
    }
  }
}
