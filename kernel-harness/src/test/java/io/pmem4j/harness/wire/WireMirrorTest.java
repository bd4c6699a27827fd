// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.harness.wire;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.harness.kernel.GuestFiles;
import io.pmem4j.harness.program.Syscall;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The Java mirror of wire.h and wire.h itself say the same. */
class WireMirrorTest {
  private static final Pattern DEFINE =
      Pattern.compile(
          "(?m)^#define (WIRE_\\w+) (0x[0-9A-F]+|\\d+|\"[^\"]*\")\\s*(?:/\\*(.*)\\*/)?$");

  /** A row of the operations: name, in the core's list a function, number, count of arguments. */
  private static final Pattern ROW =
      Pattern.compile("(?m)^\\tX\\((\\w+)(?:, ([a-z_]+))?, (\\d+), (\\d+)[,)]");

  private record Define(String value, String comment) {
    long number() {
      return Long.decode(value);
    }
  }

  private static String source(String name) throws IOException {
    return Files.readString(GuestFiles.home().resolve("kernel-harness/src/main/c").resolve(name));
  }

  private static Map<String, Define> defines() throws IOException {
    Map<String, Define> defines = new TreeMap<>();
    Matcher matcher = DEFINE.matcher(source("wire.h"));
    while (matcher.find()) {
      String comment = matcher.group(3) == null ? "" : matcher.group(3).strip();
      defines.put(matcher.group(1), new Define(matcher.group(2), comment));
    }
    return defines;
  }

  private static List<WireCode> codes() {
    return Stream.<WireCode>concat(Stream.of(WireOp.values()), Stream.of(Syscall.values()))
        .toList();
  }

  @Test
  void everyOperationHasItsCodeAndItsArguments() throws IOException {
    Map<String, List<Integer>> c = new TreeMap<>();
    Matcher row = ROW.matcher(source("wire.h"));
    while (row.find()) {
      String name = row.group(1);
      List<Integer> values = List.of(Integer.decode(row.group(3)), Integer.decode(row.group(4)));
      assertThat(c.put(name, values)).as("rows of %s before", name).isNull();
      if (row.group(2) != null) {
        assertThat(row.group(2)).isEqualTo(name.toLowerCase(Locale.ROOT));
      }
    }
    assertThat(
            codes().stream()
                .collect(
                    Collectors.toMap(WireCode::name, op -> List.of(op.code(), op.argumentCount()))))
        .isEqualTo(c);
  }

  @Test
  void noRowIsSkipped() throws IOException {
    // The pattern reads every row: a skipped one would not be compared.
    long all = source("wire.h").lines().filter(line -> line.startsWith("\tX(")).count();
    assertThat(all).isEqualTo(codes().size());
  }

  @Test
  void sizesLimitsAndKindsAreTheSame() throws IOException {
    Map<String, Define> defines = defines();
    Map<String, Long> java =
        Map.ofEntries(
            Map.entry("WIRE_PROTOCOL_VERSION", (long) FrameCodec.PROTOCOL_VERSION),
            Map.entry("WIRE_MAGIC", (long) FrameCodec.MAGIC),
            Map.entry("WIRE_HEADER_BYTES", (long) FrameCodec.HEADER_BYTES),
            Map.entry("WIRE_TRAILER_BYTES", (long) FrameCodec.TRAILER_BYTES),
            Map.entry("WIRE_MAX_PAYLOAD", (long) FrameCodec.MAX_PAYLOAD),
            Map.entry("WIRE_REQUEST", (long) Frame.REQUEST),
            Map.entry("WIRE_RESPONSE", (long) Frame.RESPONSE),
            Map.entry("WIRE_EVENT", (long) Frame.EVENT),
            Map.entry("WIRE_REQUEST_FIXED_BYTES", (long) Request.FIXED_BYTES),
            Map.entry("WIRE_MAX_ARGS", (long) Request.MAX_ARGS),
            Map.entry("WIRE_RESPONSE_FIXED_BYTES", (long) Response.FIXED_BYTES),
            Map.entry("WIRE_STATUS_OK", (long) Response.STATUS_OK),
            Map.entry("WIRE_STATUS_UNKNOWN_OP", (long) Response.STATUS_UNKNOWN_OP),
            Map.entry("WIRE_STATUS_BAD_ARGUMENTS", (long) Response.STATUS_BAD_ARGUMENTS),
            Map.entry("WIRE_STATUS_LATE", (long) Response.STATUS_LATE),
            Map.entry("WIRE_EVENT_AGENT_READY", (long) Frame.EVENT_AGENT_READY),
            Map.entry("WIRE_EVENT_EXECUTOR_DIED", (long) Frame.EVENT_EXECUTOR_DIED),
            Map.entry("WIRE_EVENT_BAD_FRAME", (long) Frame.EVENT_BAD_FRAME),
            Map.entry("WIRE_SLOTS", (long) Wire.SLOTS),
            Map.entry("WIRE_TASKS", (long) Wire.TASKS),
            Map.entry("WIRE_BATCH_RESERVE", (long) Wire.BATCH_RESERVE),
            Map.entry("WIRE_EXEC_MAX_OUTPUT", (long) Wire.EXEC_MAX_OUTPUT),
            Map.entry("WIRE_TIME_NOW", Wire.TIME_NOW),
            Map.entry("WIRE_TIME_OMIT", Wire.TIME_OMIT),
            Map.entry("WIRE_PAGEMAP_ANON_BIT", (long) Wire.PAGEMAP_ANON_BIT),
            Map.entry("WIRE_PAGEMAP_ZERO_BIT", (long) Wire.PAGEMAP_ZERO_BIT),
            Map.entry("WIRE_ENTRY_FIXED_BYTES", (long) Wire.ENTRY_FIXED_BYTES),
            Map.entry("WIRE_STAT_BYTES", (long) Wire.STAT_BYTES),
            Map.entry("WIRE_EXTENT_BYTES", (long) Wire.EXTENT_BYTES));
    Map<String, Long> c =
        defines.entrySet().stream()
            .filter(define -> !define.getKey().equals("WIRE_PORT_NAME"))
            .collect(Collectors.toMap(Map.Entry::getKey, define -> define.getValue().number()));
    assertThat(java).isEqualTo(c);
  }

  @Test
  void noDefineIsSkipped() throws IOException {
    // The pattern reads every define: a skipped one would not be compared.
    long all =
        source("wire.h").lines().filter(line -> line.matches("#define WIRE_\\w+ .*")).count();
    assertThat(defines()).hasSize((int) all);
  }

  @Test
  void qemusPortIsTheAgents() throws IOException {
    String name = defines().get("WIRE_PORT_NAME").value().replace("\"", "");
    assertThat(Files.readString(GuestFiles.boot(), StandardCharsets.UTF_8))
        .contains("name=" + name);
  }

  @Test
  void theArgumentLimitHoldsForEveryOperation() {
    assertThat(codes().stream().map(WireCode::argumentCount))
        .allMatch(count -> count <= Request.MAX_ARGS);
    assertThat(codes().stream().collect(Collectors.toMap(WireCode::code, Function.identity())))
        .hasSize(codes().size());
  }
}
