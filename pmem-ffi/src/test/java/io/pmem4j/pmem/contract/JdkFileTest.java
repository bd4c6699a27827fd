// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem.contract;

import io.pmem4j.pmem.Backend;

class JdkFileTest extends FileContract {

  @Override
  Backend backend() {
    return Backend.JDK;
  }
}
