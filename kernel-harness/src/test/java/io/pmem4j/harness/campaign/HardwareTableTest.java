// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.campaign;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.harness.kernel.GuestFiles;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The table of the hardware in docs/device-campaign.md names a test of each row. */
class HardwareTableTest {
  private static final Pattern TEST = Pattern.compile("`(\\w+)`");

  @Test
  void eachRowHasATestAndEachTestIsThere() throws Exception {
    List<String> lines = Files.readAllLines(GuestFiles.home().resolve("docs/device-campaign.md"));
    int head = lines.indexOf("| attribute | refused | after a cut | tests |");
    assertThat(head).isPositive();
    List<String> there =
        Arrays.stream(HardwareRowsIT.class.getDeclaredMethods())
            .filter(method -> method.isAnnotationPresent(Test.class))
            .map(Method::getName)
            .toList();
    List<String> rows = lines.subList(head + 2, head + 2 + rows(lines, head + 2));
    assertThat(rows).hasSizeGreaterThan(10);
    for (String row : rows) {
      String[] cells = row.split(" \\| ", -1);
      List<String> named = new ArrayList<>();
      Matcher matcher = TEST.matcher(cells[cells.length - 1]);
      while (matcher.find()) {
        named.add(matcher.group(1));
      }
      assertThat(named).as(row).isNotEmpty().isSubsetOf(there);
    }
  }

  private static int rows(List<String> lines, int from) {
    int end = from;
    while (lines.get(end).startsWith("|")) {
      end++;
    }
    return end - from;
  }
}
