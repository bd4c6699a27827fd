// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.crash.junit;

import io.pmem4j.crash.CrashMedium;
import io.pmem4j.crash.CrashMediums;
import io.pmem4j.crash.CrashMode;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.Extension;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;
import org.junit.jupiter.api.extension.TestTemplateInvocationContext;
import org.junit.jupiter.api.extension.TestTemplateInvocationContextProvider;

/**
 * The extension behind {@link CrashTest}. It resolves parameters of {@link CrashMedium}, in other
 * kinds of tests too. Thread-safe.
 */
public final class CrashTestExtension
    implements TestTemplateInvocationContextProvider, ParameterResolver {

  /** Makes the extension, for JUnit. */
  public CrashTestExtension() {}

  @Override
  public boolean supportsTestTemplate(ExtensionContext context) {
    return context.getRequiredTestMethod().isAnnotationPresent(CrashTest.class);
  }

  @Override
  public Stream<TestTemplateInvocationContext> provideTestTemplateInvocationContexts(
      ExtensionContext context) {
    CrashTest parameters = context.getRequiredTestMethod().getAnnotation(CrashTest.class);
    return Stream.of(parameters.mode()).map(mode -> invocation(parameters, mode));
  }

  private static TestTemplateInvocationContext invocation(CrashTest parameters, CrashMode mode) {
    return new TestTemplateInvocationContext() {
      @Override
      public String getDisplayName(int index) {
        return mode.toString().toLowerCase(Locale.ROOT).replace('_', ' ');
      }

      @Override
      public List<Extension> getAdditionalExtensions() {
        return List.of(new OneMode(parameters, mode));
      }
    };
  }

  /** Resolves the medium of one invocation. */
  private record OneMode(CrashTest parameters, CrashMode mode) implements ParameterResolver {
    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
      return parameter.getParameter().getType() == CrashMedium.class;
    }

    @Override
    public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
      return medium(
          context, List.of(mode), parameters.atMost(), parameters.seed(), parameters.complete());
    }
  }

  @Override
  public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
    return parameter.getParameter().getType() == CrashMedium.class
        && !context.getRequiredTestMethod().isAnnotationPresent(CrashTest.class);
  }

  @Override
  public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
    return medium(context, List.of(CrashMode.X86, CrashMode.JAVA), 65_536, 1, false);
  }

  private static CrashMedium medium(
      ExtensionContext context, List<CrashMode> modes, long atMost, long seed, boolean complete) {
    String type = context.getRequiredTestClass().getSimpleName();
    String method = context.getRequiredTestMethod().getName();
    return CrashMediums.ofTest(
        type,
        method,
        modes,
        atMost,
        seed,
        complete,
        line -> context.publishReportEntry("crash states", line));
  }
}
