// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.fuse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pmem4j.crash.HeapMemory;
import io.pmem4j.pmem.PersistentMemory;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Flushes wait for the write-back, which makes them one; a failed one is not forgotten. */
class WriteBackMemoryTest {
  private final List<String> calls = new ArrayList<>();
  private final PersistentMemory heap = new HeapMemory(8192);
  private boolean fails;

  private final PersistentMemory below =
      (PersistentMemory)
          Proxy.newProxyInstance(
              getClass().getClassLoader(),
              new Class<?>[] {PersistentMemory.class},
              (_, method, arguments) -> {
                calls.add(method.getName() + (arguments == null ? "" : List.of(arguments)));
                if (fails) {
                  throw new IllegalStateException("failed");
                }
                try {
                  return method.invoke(heap, arguments);
                } catch (InvocationTargetException e) {
                  throw e.getCause();
                }
              });

  private final WriteBackMemory memory = new WriteBackMemory(below);

  @Test
  void flushesWaitAndBecomeOneRange() {
    memory.putInt(4096, 5);
    memory.flush(4096, 4);
    memory.flush(8, 16);
    memory.drain();
    assertThat(calls).containsExactly("putInt[4096, 5]");
    memory.writeBack();
    memory.writeBack();
    assertThat(calls).containsExactly("putInt[4096, 5]", "persist[8, 4092]");
  }

  @Test
  void nothingFlushedIsNothingToWriteBack() {
    memory.flush(100, 0);
    memory.writeBack();
    assertThat(calls).isEmpty();
  }

  @Test
  void whatCouldNotBeWrittenBackIsTriedAgain() {
    memory.flush(64, 64);
    fails = true;
    assertThatThrownBy(memory::writeBack).isInstanceOf(IllegalStateException.class);
    fails = false;
    memory.flush(256, 8);
    memory.writeBack();
    assertThat(calls).containsExactly("persist[64, 64]", "persist[64, 200]");
  }

  @Test
  void loadsAndStoresPassThrough() {
    memory.putLong(0, 7);
    memory.putShort(16, (short) 3);
    memory.putByte(20, (byte) 4);
    memory.copy(24, new byte[] {1, 2}, 0, 2);
    memory.fill(32, 8, (byte) 9);
    byte[] read = new byte[2];
    memory.read(24, read, 0, 2);
    assertThat(read).containsExactly(1, 2);
    assertThat(memory.getLong(0)).isEqualTo(7);
    assertThat(memory.getLong(32)).isEqualTo(0x0909090909090909L);
    assertThat(memory.byteSize()).isEqualTo(8192);
  }
}
