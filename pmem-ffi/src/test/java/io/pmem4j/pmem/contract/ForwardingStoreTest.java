// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem.contract;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.pmem.ForwardingMemory;
import io.pmem4j.pmem.Granularity;
import io.pmem4j.pmem.PersistentMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A memory that forwards is a memory, and hands every call on that no other one is made of. */
class ForwardingStoreTest extends StoreContract {
  private static final class Forwarding extends ForwardingMemory {
    Forwarding(PersistentMemory target) {
      super(target);
    }

    @Override
    public PersistentMemory slice(long offset, long length) {
      return new Forwarding(target.slice(offset, length));
    }
  }

  @Override
  PersistentMemory memory(Arena arena) {
    return new Forwarding(new ArrayMemory(Granularity.CACHE_LINE, SIZE, 8));
  }

  @Test
  void everyAbstractMethodAndLoadIsHandedOn() throws Exception {
    List<Method> called = new ArrayList<>();
    PersistentMemory target =
        (PersistentMemory)
            Proxy.newProxyInstance(
                PersistentMemory.class.getClassLoader(),
                new Class<?>[] {PersistentMemory.class},
                (_, method, _) -> {
                  called.add(method);
                  return value(method.getReturnType());
                });
    List<Method> methods =
        Arrays.stream(PersistentMemory.class.getMethods())
            .filter(method -> Modifier.isAbstract(method.getModifiers()))
            .toList();
    PersistentMemory forwarding = new Forwarding(target);
    for (Method method : methods) {
      method.invoke(
          forwarding,
          Arrays.stream(method.getParameterTypes()).map(ForwardingStoreTest::value).toArray());
    }
    assertThat(methods).hasSizeGreaterThan(15);
    assertThat(called).containsExactlyElementsOf(methods);
    called.clear();
    for (Class<?> type : List.of(byte.class, short.class, int.class, long.class)) {
      String name = type.getName();
      String call = "get" + Character.toUpperCase(name.charAt(0)) + name.substring(1);
      PersistentMemory.class.getMethod(call, long.class).invoke(forwarding, 0L);
    }
    forwarding.read(0, new byte[1], 0, 1);
    forwarding.read(0, MemorySegment.ofArray(new byte[1]), 0, 1);
    assertThat(called)
        .extracting(Method::getName)
        .containsExactly("getByte", "getShort", "getInt", "getLong", "read", "read");
  }

  private static Object value(Class<?> type) {
    if (type == long.class) {
      return 0L;
    }
    if (type == int.class) {
      return 0;
    }
    if (type == short.class) {
      return (short) 0;
    }
    if (type == byte.class) {
      return (byte) 0;
    }
    if (type == boolean.class) {
      return true;
    }
    if (type == byte[].class) {
      return new byte[1];
    }
    if (type == MemorySegment.class) {
      return MemorySegment.ofArray(new byte[1]);
    }
    return type == Granularity.class ? Granularity.BYTE : null;
  }
}
