// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.fuse;

import io.pmem4j.ext2.Ext2FileSystem;
import io.pmem4j.ext2.Instrumentation;
import io.pmem4j.pmem.Backend;
import io.pmem4j.pmem.MapSpec;
import io.pmem4j.pmem.Pmem;
import java.lang.foreign.Arena;
import java.nio.file.Path;

/**
 * A server in a JVM of its own: IMAGE DIR OPTIONS. Ends when it is unmounted, or its input ends.
 */
final class FuseServerMain {
  private FuseServerMain() {}

  public static void main(String[] arguments) throws Exception {
    FuseOptions options = FuseOptions.parse(arguments[2]);
    MapSpec spec = MapSpec.existing().backend(Backend.JDK);
    try (Arena arena = Arena.ofShared()) {
      WriteBackMemory memory =
          new WriteBackMemory(
              Pmem.map(
                  Path.of(arguments[0]),
                  options.readOnly() ? spec.readOnly() : spec.exclusive(),
                  arena));
      Ext2FileSystem fs =
          Ext2FileSystem.mount(
              memory,
              options.mount(),
              Instrumentation.production().withUmask(0).withIsolationChecks(true));
      FuseMount mount =
          FuseMount.mount(
              new FuseService(fs, memory::writeBack, 4, FuseServerMain::fail),
              arguments[0],
              Path.of(arguments[1]),
              options);
      Thread parent = new Thread(() -> awaitParent(mount), "parent");
      parent.setDaemon(true);
      parent.start();
      System.out.println(mount.awaitOverIoUring() ? "IO_URING" : "DEVICE");
      mount.awaitUnmount();
      fs.unmount();
      memory.writeBack();
      for (String error : fs.errors()) {
        fail(error);
      }
    }
  }

  private static void fail(String line) {
    System.out.println("FAILED: " + line);
  }

  private static void awaitParent(FuseMount mount) {
    try {
      while (System.in.read() >= 0) {
        // Nothing is expected.
      }
    } catch (java.io.IOException e) {
      fail(e.toString());
    }
    mount.unmount();
  }
}
