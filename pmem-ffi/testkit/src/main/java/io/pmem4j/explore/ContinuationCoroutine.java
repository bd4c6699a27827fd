// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.explore;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import org.jspecify.annotations.Nullable;

/**
 * A coroutine on the explorer's own thread, as virtual threads have it. A switch copies a few stack
 * frames. It needs {@code --add-exports java.base/jdk.internal.vm=ALL-UNNAMED} (or this module's
 * name), because the class is not part of Java's API. Without that flag the explorer uses threads,
 * and logs the flag.
 */
final class ContinuationCoroutine implements Coroutine {
  private static final @Nullable Handles HANDLES = Handles.find();

  /** True if this JVM exports the class. */
  static final boolean AVAILABLE = HANDLES != null;

  private static final MethodHandle MAKE = AVAILABLE ? handles().make : unusable();
  private static final MethodHandle RUN = AVAILABLE ? handles().run : unusable();
  private static final MethodHandle DONE = AVAILABLE ? handles().done : unusable();
  private static final MethodHandle YIELD = AVAILABLE ? handles().yield : unusable();

  /** The methods of the class, with types erased to Object, because it cannot be named here. */
  private record Handles(
      MethodHandle make, MethodHandle run, MethodHandle done, MethodHandle yield) {
    static @Nullable Handles find() {
      try {
        MethodHandles.Lookup lookup = MethodHandles.lookup();
        Class<?> scopeType = Class.forName("jdk.internal.vm.ContinuationScope");
        Class<?> type = Class.forName("jdk.internal.vm.Continuation");
        Object scope =
            lookup
                .findConstructor(scopeType, MethodType.methodType(void.class, String.class))
                .invoke("explore");
        return new Handles(
            MethodHandles.insertArguments(
                    lookup.findConstructor(
                        type, MethodType.methodType(void.class, scopeType, Runnable.class)),
                    0,
                    scope)
                .asType(MethodType.methodType(Object.class, Runnable.class)),
            lookup
                .findVirtual(type, "run", MethodType.methodType(void.class))
                .asType(MethodType.methodType(void.class, Object.class)),
            lookup
                .findVirtual(type, "isDone", MethodType.methodType(boolean.class))
                .asType(MethodType.methodType(boolean.class, Object.class)),
            MethodHandles.insertArguments(
                lookup.findStatic(type, "yield", MethodType.methodType(boolean.class, scopeType)),
                0,
                scope));
      } catch (Throwable e) {
        // Not exported, or another Java: the explorer uses threads.
        warn(e);
        return null;
      }
    }
  }

  /** Logs once what the explorer lacks, and the flag that gives it. */
  private static void warn(Throwable reason) {
    Module module = ContinuationCoroutine.class.getModule();
    String next =
        reason instanceof IllegalAccessException
            ? "start the JVM with --add-exports java.base/jdk.internal.vm="
                + (module.isNamed() ? module.getName() : "ALL-UNNAMED")
            : "this Java has no jdk.internal.vm.Continuation as JDK 25 has it (" + reason + ")";
    System.getLogger(Explorer.class.getName())
        .log(
            System.Logger.Level.WARNING,
            "tasks are threads, which find the same and are slower; for continuations: " + next);
  }

  private final Object continuation;

  ContinuationCoroutine(Runnable body) {
    try {
      continuation = (Object) MAKE.invokeExact(body);
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }

  private static Handles handles() {
    return java.util.Objects.requireNonNull(HANDLES);
  }

  private static MethodHandle unusable() {
    return MethodHandles.throwException(void.class, IllegalStateException.class);
  }

  @Override
  public void resume() {
    try {
      RUN.invokeExact(continuation);
    } catch (Throwable e) {
      throw new IllegalStateException("a task let an exception through", e);
    }
  }

  @Override
  public boolean isDone() {
    try {
      return (boolean) DONE.invokeExact(continuation);
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void pause() {
    try {
      // False means that a monitor or a native frame pins it: then it did not stop.
      if (!(boolean) YIELD.invokeExact()) {
        throw new IllegalStateException("a point is reached inside a monitor or native code");
      }
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void abandon() {
    // An unreachable continuation is garbage, stack and all.
  }
}
