// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness;

import io.pmem4j.harness.kernel.GuestFiles;
import io.pmem4j.harness.mutant.Mutant;
import io.pmem4j.harness.mutant.MutantCatalog;
import io.pmem4j.harness.mutant.MutantCompiler;
import io.pmem4j.harness.mutant.MutantLoader;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.List;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.InvocationInterceptor;
import org.junit.jupiter.api.extension.ReflectiveInvocationContext;

/**
 * Runs a test method without parameters on a mutant: its class is loaded anew by the loader of the
 * mutant. Methods before and after it run as usual, on the real classes.
 */
@Target(ElementType.METHOD)
@Retention(RetentionPolicy.RUNTIME)
@ExtendWith(OnMutant.Interceptor.class)
public @interface OnMutant {
  /** The name of the mutant. */
  String value();

  /** Puts the method of the class that was loaded anew in the place of the real one. */
  final class Interceptor implements InvocationInterceptor {
    /** One for all methods: a new one reads the index of each jar of the class path again. */
    private static final MutantCompiler COMPILER = new MutantCompiler();

    @Override
    public void interceptTestMethod(
        Invocation<Void> invocation,
        ReflectiveInvocationContext<Method> context,
        ExtensionContext extension)
        throws Throwable {
      invocation.skip();
      Method real = context.getExecutable();
      String name = real.getAnnotation(OnMutant.class).value();
      Mutant mutant = MutantCatalog.of(GuestFiles.home()).named(name);
      try (MutantLoader loader = MutantLoader.of(mutant, COMPILER.compile(mutant), List.of())) {
        Class<?> type = loader.loadClass(real.getDeclaringClass().getName());
        Constructor<?> make = type.getDeclaredConstructor();
        make.setAccessible(true);
        Method method = type.getDeclaredMethod(real.getName());
        method.setAccessible(true);
        method.invoke(make.newInstance());
      } catch (InvocationTargetException e) {
        throw e.getCause();
      }
    }
  }
}
