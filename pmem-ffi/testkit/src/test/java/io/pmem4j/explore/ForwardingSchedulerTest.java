// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.explore;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.sched.Scheduler;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;

/** A scheduler between the code and the explorer hands on every call. */
class ForwardingSchedulerTest {
  @Test
  void everyMethodOfTheInterfaceIsHandedOn() throws Exception {
    List<Method> called = new ArrayList<>();
    Scheduler target =
        (Scheduler)
            Proxy.newProxyInstance(
                Scheduler.class.getClassLoader(),
                new Class<?>[] {Scheduler.class},
                (_, method, _) -> {
                  called.add(method);
                  return method.getReturnType() == boolean.class ? (Object) true : "a task";
                });
    Scheduler forwarding = new ForwardingScheduler(target);
    List<Method> methods =
        Arrays.stream(Scheduler.class.getMethods())
            .filter(method -> !Modifier.isStatic(method.getModifiers()))
            .toList();
    for (Method method : methods) {
      method.invoke(
          forwarding,
          Arrays.stream(method.getParameterTypes())
              .map(ForwardingSchedulerTest::argument)
              .toArray());
    }
    assertThat(methods).hasSizeGreaterThanOrEqualTo(5);
    assertThat(called).containsExactlyElementsOf(methods);
  }

  private static Object argument(Class<?> type) {
    if (type == long.class) {
      return 0L;
    }
    if (type == BooleanSupplier.class) {
      return (BooleanSupplier) () -> true;
    }
    return type == Object.class || type == Enum.class || type == Scheduler.Point.class
        ? Scheduler.Point.STEP
        : "unknown";
  }
}
