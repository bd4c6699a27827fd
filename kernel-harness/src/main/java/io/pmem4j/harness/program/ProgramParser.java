// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.program;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Reads the text form of a program.
 *
 * <pre>
 * # a comment
 * id    G2
 * title the first store to a hole allocates its block
 * rows  C.1:zero-page/ZERO/write
 * scope ext2
 *
 * open      f /a rw creat
 * ftruncate f 4P
 * mmap      m f 0 4P rw shared
 * load      m 0 4            =&gt; data=00000000
 * store     m 0 x41          =&gt; event:dax_insert_mapping
 * fstat     f                =&gt; blocks=8
 * </pre>
 *
 * <p>Header lines come first. After {@code =>} stand the tokens that {@link Outcome#satisfies}
 * explains. Names are checked: an operation cannot use a file or a mapping that no line before
 * made, nor make one whose name is taken.
 */
public final class ProgramParser {
  private static final Set<String> HEADERS =
      Set.of("id", "title", "rows", "scope", "pid", "image", "setup", "mount", "kernels");

  /** The agent's slots of each kind, {@code WIRE_SLOTS} of wire.h. */
  public static final int MAX_NAMES = 64;

  private final String name;
  private String id = "";
  private String title = "";
  private List<String> rows = List.of();
  private Scope scope = Scope.EXT2;
  private int pid = Program.DEFAULT_PID;
  private ImageShape image = ImageShape.DEFAULT;
  private final List<ImageSetup> setup = new ArrayList<>();
  private ProgramMount mount = ProgramMount.DEFAULT;
  private List<String> kernels = List.of();
  private final List<ProgramStep> steps = new ArrayList<>();
  private final Set<String> files = new HashSet<>();
  private final Set<String> mappings = new HashSet<>();
  private final Set<String> children = new HashSet<>();

  /** The operations that children have begun, until they are awaited. */
  private final Map<String, Operation> begun = new HashMap<>();

  private ProgramParser(String source) {
    String file = source.substring(source.lastIndexOf('/') + 1);
    this.name =
        file.endsWith(Program.SUFFIX)
            ? file.substring(0, file.length() - Program.SUFFIX.length())
            : file;
  }

  /**
   * Reads a program.
   *
   * @param source where the text comes from, for messages; its last part names the program
   * @throws ProgramSyntaxException naming the line
   */
  public static Program parse(String source, String text) throws ProgramSyntaxException {
    ProgramParser parser = new ProgramParser(source);
    int number = 0;
    for (String line : text.lines().toList()) {
      number++;
      try {
        parser.line(number, line);
      } catch (IllegalArgumentException | ArithmeticException e) {
        throw new ProgramSyntaxException(source, number, String.valueOf(e.getMessage()));
      }
    }
    if (parser.steps.isEmpty()) {
      throw new ProgramSyntaxException(source, number, "a program needs at least one operation");
    }
    return new Program(
        parser.name,
        parser.id,
        parser.title,
        parser.rows,
        parser.scope,
        parser.pid,
        parser.image.withSetup(parser.setup),
        parser.mount,
        parser.kernels,
        parser.steps);
  }

  private void line(int number, String raw) {
    String line = raw.replaceFirst("(^|\\s)#.*", "").trim();
    if (line.isEmpty()) {
      return;
    }
    String verb = line.split("\\s+", 2)[0];
    if (steps.isEmpty() && HEADERS.contains(verb)) {
      header(verb, line.substring(verb.length()).trim());
      return;
    }
    int arrow = line.indexOf("=>");
    String text = arrow < 0 ? line : line.substring(0, arrow).trim();
    List<String> expected =
        arrow < 0 ? List.of() : Arrays.asList(line.substring(arrow + 2).trim().split("\\s+", -1));
    Outcome.requireTokens(expected);
    LineScanner words = new LineScanner(text);
    words.word("operation");
    Operation operation = operation(verb, words);
    words.end();
    steps.add(new ProgramStep(number, text.replaceAll("\\s+", " "), operation, expected));
  }

  private void header(String key, String value) {
    switch (key) {
      case "id" -> id = value;
      case "title" -> title = value;
      case "rows" -> rows = Arrays.asList(value.split("\\s+", -1));
      case "scope" -> scope = Scope.parse(value);
      case "pid" -> pid = Math.toIntExact(new LineScanner(value).number("pid"));
      case "kernels" -> kernels = Arrays.asList(value.split("\\s+", -1));
      case "setup" -> setup.add(ImageSetup.parse(value));
      case "mount" -> mount = ProgramMount.parse(value);
      case "image" -> image = ImageShape.parse(value);
      default -> throw new IllegalArgumentException("unknown header '" + key + "'");
    }
  }

  private Operation operation(String verb, LineScanner words) {
    return switch (verb) {
      case "clock" -> new Operation.Clock(words.number("seconds"));
      case "fork" -> new Operation.Fork(made(children, words));
      case "in" -> {
        String child = idle(words);
        yield new Operation.In(child, operation(words.word("operation"), words));
      }
      case "park" -> new Operation.Park(child(words), Points.known(words.word("point")));
      case "begin" -> {
        String child = idle(words);
        Operation operation = operation(words.word("operation"), words);
        begun.put(child, operation);
        yield new Operation.Begin(child, operation);
      }
      case "arrive" -> new Operation.Arrive(child(words), Points.known(words.word("point")));
      case "release" -> new Operation.Release(child(words), Points.known(words.word("point")));
      case "blocked" -> new Operation.Blocked(child(words));
      case "await" -> {
        String child = child(words);
        Operation operation = begun.remove(child);
        if (operation == null) {
          throw new IllegalArgumentException("the child '" + child + "' has begun nothing");
        }
        yield new Operation.Await(child, operation);
      }
      case "exit" -> {
        String child = child(words);
        begun.remove(child);
        yield new Operation.Exit(gone(children, child));
      }
      case "remount" -> new Operation.Remount(words.word("options"));
      case "mounted" -> new Operation.Mounted();
      case "lockdep" -> new Operation.Lockdep(words.word("outer class"), words.word("inner class"));
      case "power-cut" -> {
        cutOff();
        yield new Operation.PowerCut();
      }
      case "cut" -> {
        String kind = words.word("kind");
        if (!kind.equals("lossy")) {
          throw new IllegalArgumentException("cut " + kind + ", expected cut lossy SEED");
        }
        cutOff();
        yield new Operation.LossyCut(words.number("seed"));
      }
      default ->
          call(
              Syscall.of(verb)
                  .orElseThrow(
                      () -> new IllegalArgumentException("unknown operation '" + verb + "'")),
              words);
    };
  }

  /** Takes the names of all that a power cut takes. */
  private void cutOff() {
    if (mount.atime() != AtimeOption.NOATIME) {
      throw new IllegalArgumentException(
          "mount is " + mount + ", expected noatime in a program that cuts the power");
    }
    files.clear();
    mappings.clear();
    children.clear();
    begun.clear();
  }

  private Operation call(Syscall verb, LineScanner words) {
    List<Parameter.Value> arguments = new ArrayList<>();
    for (Parameter parameter : verb.parameters()) {
      arguments.add(
          switch (parameter.kind()) {
            case PATH -> new Parameter.Name(words.path());
            case ROOT -> new Parameter.Name("/");
            case WORD -> new Parameter.Name(words.word(parameter.what()));
            case FILE -> new Parameter.Name(file(words));
            case NEW_FILE -> new Parameter.Name(made(files, words));
            case GONE_FILE -> new Parameter.Name(gone(files, file(words)));
            case MAPPING -> new Parameter.Name(mapping(words));
            case NEW_MAPPING -> new Parameter.Name(made(mappings, words));
            case GONE_MAPPING -> new Parameter.Name(gone(mappings, mapping(words)));
            case NUMBER -> new Parameter.Integer64(words.number(parameter.what()));
            case LENGTH -> new Parameter.Integer64(words.length(parameter.what()));
            case MODE -> new Parameter.Integer64(Integer.parseInt(words.word("mode"), 8));
            case OPEN_MODE -> new Parameter.Integer64(words.mode());
            case OPEN_FLAGS -> new Parameter.Integer64(words.openFlags());
            case ALIGNMENT -> new Parameter.Integer64(words.alignment());
            case TIME -> new Parameter.Integer64(words.time(parameter.what()));
            case DATA -> new Parameter.Data(words.data());
            case CHOICE ->
                new Parameter.Integer64(words.known(parameter.words(), parameter.what()));
            case WORDS -> new Parameter.Integer64(words.flags(parameter.words(), parameter.what()));
            case OPTIONS ->
                new Parameter.Integer64(
                    words.hasMore() ? words.flags(parameter.words(), parameter.what()) : 0);
          });
    }
    return new Operation.Call(verb, arguments);
  }

  private static String made(Set<String> names, LineScanner words) {
    String made = words.word("name");
    if (!names.add(made)) {
      throw new IllegalArgumentException("the name '" + made + "' is taken");
    }
    if (names.size() > MAX_NAMES) {
      throw new IllegalArgumentException(
          "'"
              + made
              + "' is one too many: "
              + MAX_NAMES
              + " files, mappings or children at a time");
    }
    return made;
  }

  private static String gone(Set<String> names, String name) {
    names.remove(name);
    return name;
  }

  private String child(LineScanner words) {
    return known(children, words.word("child"), "child");
  }

  private String idle(LineScanner words) {
    String child = child(words);
    if (begun.containsKey(child)) {
      throw new IllegalArgumentException(
          "the child '" + child + "' has begun something that is not awaited");
    }
    return child;
  }

  private String file(LineScanner words) {
    return known(files, words.word("file"), "file");
  }

  private String mapping(LineScanner words) {
    return known(mappings, words.word("mapping"), "mapping");
  }

  private static String known(Set<String> names, String used, String what) {
    if (!names.contains(used)) {
      throw new IllegalArgumentException("no " + what + " named '" + used + "' at this point");
    }
    return used;
  }
}
