// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem.contract;

import io.pmem4j.pmem.Backend;
import org.junit.jupiter.api.BeforeAll;

class LibPmemFileTest extends FileContract {
  @BeforeAll
  static void libpmem() {
    Installed.assumeLibpmem();
  }

  @Override
  Backend backend() {
    return Backend.LIBPMEM;
  }
}
