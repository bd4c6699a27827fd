// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem.contract;

import io.pmem4j.pmem.Backend;

class JdkChannelTest extends ChannelContract {

  @Override
  Backend backend() {
    return Backend.JDK;
  }
}
