// SPDX-License-Identifier: Apache-2.0
/** A named module that uses pmem-ffi and ext2-dax. */
module com.example.inventory {
  requires io.pmem4j.ext2; // carries io.pmem4j.pmem with it
}
