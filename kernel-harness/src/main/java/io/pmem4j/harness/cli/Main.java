// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.cli;

import io.pmem4j.harness.backend.BackendException;
import io.pmem4j.harness.program.ProgramSyntaxException;
import io.pmem4j.harness.report.JsonLine;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.IParameterExceptionHandler;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/** {@code ./pmem4j VERB ...}. */
@Command(
    name = "./pmem4j",
    synopsisSubcommandLabel = "VERB",
    description = "Persistent memory for Java, proven against the real kernel.")
public final class Main implements Runnable {
  private static final long START = System.nanoTime();

  /** In the order of the usage text. */
  private static final List<Class<?>> VERBS =
      List.of(
          ConformCommand.class,
          RunCommand.class,
          KernelCommand.class,
          GuestCommand.class,
          DoctorCommand.class,
          ExploreCommand.class,
          CrashCommand.class,
          MountCommand.class,
          MkfsCommand.class,
          FsckCommand.class,
          ImageVerbs.Ls.class,
          ImageVerbs.Cat.class,
          CpCommand.class,
          ImageVerbs.Rm.class,
          ImageVerbs.Mkdir.class,
          ImageVerbs.Mv.class,
          ImageVerbs.Ln.class,
          ImageVerbs.Status.class,
          ImageVerbs.Tree.class,
          ImageVerbs.Df.class,
          ReportCommand.class);

  @CommandLine.Spec private CommandLine.Model.@Nullable CommandSpec spec;

  /** Runs the verb and exits with its status. */
  public static void main(String[] arguments) {
    int status;
    try {
      status = execute(arguments);
    } catch (Throwable e) {
      // picocli handles exceptions, not errors, and an error is no finding.
      status = unexpected(e, arguments);
    }
    System.exit(status);
  }

  /** One line for an error of the JVM. Allocates little: the heap may be full. */
  private static int unexpected(Throwable e, String[] arguments) {
    String message =
        switch (e) {
          case OutOfMemoryError _ ->
              "out of memory (" + e.getMessage() + "); give the JVM more: JAVA_TOOL_OPTIONS=-Xmx4g";
          case LinkageError _ -> "a part of pmem4j is missing: " + e + "; run ./pmem4j setup";
          default -> "this is a bug of pmem4j: " + e;
        };
    if (System.getenv("PMEM4J_TRACE") != null || !(e instanceof OutOfMemoryError)) {
      e.printStackTrace();
    }
    System.err.println("pmem4j: " + message);
    if (List.of(arguments).contains("--json")) {
      try {
        System.out.println(
            new JsonLine(arguments[0], "ERROR", (System.nanoTime() - START) / 1e9, Map.of())
                .with("message", message));
      } catch (LinkageError again) {
        System.err.println("pmem4j: no line of JSON: " + again);
      }
    }
    return ExitStatus.ENVIRONMENT;
  }

  /** Runs the verb; the status is one of {@link ExitStatus}. */
  static int execute(String... arguments) {
    return commandLine(arguments).execute(arguments);
  }

  /**
   * Returns the parser of these arguments. It knows their verb alone, if there is one: reading the
   * options of all takes a tenth of a second of processor time, and seconds on an emulated one.
   */
  static CommandLine commandLine(String... arguments) {
    CommandLine main = new CommandLine(new Main());
    List<Class<?>> meant =
        VERBS.stream()
            .filter(verb -> arguments.length > 0 && name(verb).equals(arguments[0]))
            .toList();
    (meant.isEmpty() ? VERBS : meant).forEach(main::addSubcommand);
    addHelp(main);
    return main.setExecutionExceptionHandler(failure())
        .setParameterExceptionHandler(usage())
        .setExitCodeExceptionMapper(e -> ExitStatus.ENVIRONMENT);
  }

  private static String name(Class<?> verb) {
    return verb.getAnnotation(Command.class).name();
  }

  /** Every verb explains itself. */
  private static void addHelp(CommandLine commandLine) {
    commandLine
        .getCommandSpec()
        .addOption(
            OptionSpec.builder("-h", "--help")
                .usageHelp(true)
                .description("show this text")
                .build());
    commandLine.getSubcommands().values().forEach(Main::addHelp);
  }

  @Override
  public void run() {
    CommandLine.Model.CommandSpec known = java.util.Objects.requireNonNull(spec);
    throw new ParameterException(known.commandLine(), "a verb is missing");
  }

  /** Prints one clear line for a failure; PMEM4J_TRACE adds the stack trace. */
  private static IExecutionExceptionHandler failure() {
    return (exception, commandLine, parsed) -> {
      PrintWriter err = commandLine.getErr();
      if (System.getenv("PMEM4J_TRACE") != null) {
        exception.printStackTrace(err);
      }
      int own = commandLine.getCommandSpec().exitCodeOnExecutionException();
      int status = failure(exception, err);
      status = own == CommandLine.ExitCode.SOFTWARE ? status : own;
      json(commandLine, parsed.originalArgs(), status, exception.getMessage());
      return status;
    };
  }

  private static int failure(Exception exception, PrintWriter err) {
    return switch (exception) {
      case ProgramSyntaxException e -> say(err, e.getMessage(), ExitStatus.USAGE);
      case FileSystemException e ->
          say(err, "cannot use " + e.getFile() + ": " + reason(e), ExitStatus.USAGE);
      case BackendException e ->
          say(err, e.getMessage(), e.isFinding() ? ExitStatus.FINDING : ExitStatus.ENVIRONMENT);
      case IOException e -> say(err, e.getMessage(), ExitStatus.ENVIRONMENT);
      case IllegalArgumentException e -> say(err, e.getMessage(), ExitStatus.USAGE);
      default -> {
        exception.printStackTrace(err);
        yield say(err, "this is a bug of pmem4j: " + exception, ExitStatus.ENVIRONMENT);
      }
    };
  }

  /** Why a file cannot be used, in words: the JDK has classes for the most frequent reasons. */
  static String reason(FileSystemException e) {
    return switch (e) {
      case AccessDeniedException _ -> "permission denied";
      case NoSuchFileException _ -> "no such file";
      case FileAlreadyExistsException _ -> "exists already";
      case NotDirectoryException _ -> "is not a folder";
      default -> e.getReason() == null ? e.toString() : e.getReason();
    };
  }

  private static IParameterExceptionHandler usage() {
    return (exception, arguments) -> {
      CommandLine commandLine = exception.getCommandLine();
      PrintWriter err = commandLine.getErr();
      int status = commandLine.getCommandSpec().exitCodeOnInvalidInput();
      boolean verb =
          commandLine.getParent() == null && exception instanceof UnmatchedArgumentException;
      say(
          err,
          verb
              ? "unknown verb '"
                  + ((UnmatchedArgumentException) exception).getUnmatched().getFirst()
                  + "'"
              : exception.getMessage(),
          status);
      if (commandLine.getParent() == null) {
        err.println(
            "verbs: setup, test, bench, "
                + VERBS.stream().map(Main::name).collect(Collectors.joining(", ")));
      } else {
        err.println("see: ./pmem4j " + verb(commandLine) + " --help");
      }
      err.flush();
      json(commandLine, List.of(arguments), status, exception.getMessage());
      return status;
    };
  }

  /** Prints the JSON line that a reader of the last line expects in any case. */
  private static void json(
      CommandLine commandLine, List<String> arguments, int status, @Nullable String message) {
    if (arguments.contains("--json")) {
      String verdict = status == ExitStatus.FINDING ? "FAIL" : "ERROR";
      String verb = commandLine.getParent() == null ? arguments.getFirst() : verb(commandLine);
      double seconds = (System.nanoTime() - START) / 1e9;
      PrintWriter out = commandLine.getOut();
      out.println(new JsonLine(verb, verdict, seconds, Map.of()).with("message", message));
      out.flush();
    }
  }

  /** Returns the words of a command, {@code crash device}. */
  private static String verb(CommandLine commandLine) {
    CommandLine above = commandLine.getParent();
    String name = commandLine.getCommandName();
    return above == null || above.getParent() == null ? name : verb(above) + " " + name;
  }

  private static int say(PrintWriter err, @Nullable String message, int status) {
    err.println("pmem4j: " + message);
    err.flush();
    return status;
  }
}
