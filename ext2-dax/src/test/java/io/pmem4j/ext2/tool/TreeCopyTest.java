// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.tool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.InodeOperations;
import io.pmem4j.ext2.Stat;
import io.pmem4j.pmem.Backend;
import io.pmem4j.pmem.MapSpec;
import io.pmem4j.pmem.Pmem;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Copies into an image and out of it; e2fsck judges the image at the end of each test. */
class TreeCopyTest {
  private static final int BLOCKS = 512;
  private static final int P = 4096;

  @TempDir Path folder;
  private Path file;
  private Arena arena;
  private ImageFiles image;

  @BeforeEach
  @SuppressWarnings("MustBeClosedChecker") // by judge
  void open() throws Exception {
    for (String tool : List.of("/sbin/mke2fs", "/sbin/e2fsck")) {
      assumeTrue(Files.isExecutable(Path.of(tool)), tool + " is needed");
    }
    file = folder.resolve("image");
    String[] make = {
      "/sbin/mke2fs", "-q", "-F", "-t", "ext2", "-b", "4096", "-m", "0", "-N", "512"
    };
    run(join(make, file.toString(), String.valueOf(BLOCKS)));
    arena = Arena.ofShared();
    image = ImageFiles.open(Pmem.map(file, MapSpec.existing().backend(Backend.JDK), arena), false);
  }

  @AfterEach
  void judge() throws Exception {
    if (arena != null) {
      image.close();
      arena.close();
      run("/sbin/e2fsck", "-fn", file.toString());
    }
  }

  private static String[] join(String[] first, String... more) {
    String[] all = Arrays.copyOf(first, first.length + more.length);
    System.arraycopy(more, 0, all, first.length, more.length);
    return all;
  }

  private static void run(String... command) throws Exception {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(output).isZero();
  }

  private static byte[] name(String name) {
    return name.getBytes(StandardCharsets.UTF_8);
  }

  private static ImageFiles.Place inRoot(String name) {
    return new ImageFiles.Place(InodeOperations.ROOT, name(name));
  }

  private TreeCopy copy() {
    return new TreeCopy(image, true, false);
  }

  private Stat copied(Path source) throws IOException {
    copy().in(source, inRoot("copy"));
    return image.find("/copy");
  }

  @Test
  void holesStayHolesBothWays() throws Exception {
    Path source = folder.resolve("sparse");
    byte[] content = new byte[5 * P];
    content[P] = 1;
    Files.write(source, content);
    Stat stat = copied(source);
    assertThat(stat.size()).isEqualTo(5 * P);
    assertThat(stat.blocks512()).isEqualTo(8);
    Path back = folder.resolve("back");
    copy().out(stat, back);
    assertThat(back).hasBinaryContent(content);
  }

  @Test
  void namesOfOneFileStayOneFile() throws Exception {
    Path tree = Files.createDirectory(folder.resolve("tree"));
    Files.writeString(tree.resolve("a"), "content");
    Files.createLink(tree.resolve("b"), tree.resolve("a"));
    copied(tree);
    assertThat(image.find("/copy/a").ino()).isEqualTo(image.find("/copy/b").ino());
    assertThat(image.find("/copy/a").nlink()).isEqualTo(2);
    Path back = folder.resolve("back");
    copy().out(image.find("/copy"), back);
    assertThat(Files.isSameFile(back.resolve("a"), back.resolve("b"))).isTrue();
  }

  @Test
  void modesAndTimesAreKept() throws Exception {
    Path source = Files.writeString(folder.resolve("file"), "content");
    Files.setAttribute(source, "unix:mode", 04751);
    Files.setLastModifiedTime(source, FileTime.fromMillis(981_173_106_000L));
    Stat stat = copied(source);
    assertThat(stat.mode() & 07777).isEqualTo(04751);
    assertThat(stat.mtime()).isEqualTo(981_173_106L);
    Path back = folder.resolve("back");
    copy().out(stat, back);
    assertThat((int) Files.getAttribute(back, "unix:mode") & 07777).isEqualTo(04751);
    assertThat(Files.getLastModifiedTime(back).toMillis()).isEqualTo(981_173_106_000L);
  }

  @Test
  void aFileThatDoesNotFitIsRemoved() throws Exception {
    Path tree = Files.createDirectory(folder.resolve("tree"));
    byte[] content = new byte[(BLOCKS / 2) * P];
    Arrays.fill(content, (byte) 1);
    Files.write(tree.resolve("a"), content);
    Files.write(tree.resolve("b"), content);
    assertThatThrownBy(() -> copied(tree)).hasMessageContaining("ENOSPC");
    assertThat(image.find("/copy/a").size()).isEqualTo(content.length);
    assertThatThrownBy(() -> image.find("/copy/b"))
        .isInstanceOf(Ext2Exception.class)
        .hasMessageContaining("ENOENT");
  }

  @Test
  void aDirectoryOfManyNamesIsListedAndRemovedWhole() throws Exception {
    int names = 400;
    int directory = image.operations().mkdir(InodeOperations.ROOT, name("d"), 0755).ino();
    for (int i = 0; i < names; i++) {
      image.operations().mknod(directory, name("n" + i), 010644, 0, 0);
    }
    assertThat(image.list(directory)).hasSize(names);
    assertThatThrownBy(() -> image.remove(inRoot("d"), false)).hasMessageContaining("EISDIR");
    image.remove(inRoot("d"), true);
    assertThat(image.list(InodeOperations.ROOT)).hasSize(1);
  }

  @Test
  void aFileIsReplacedAndADirectoryMerged() throws Exception {
    Path tree = Files.createDirectory(folder.resolve("tree"));
    Path inside = Files.writeString(tree.resolve("a"), "first");
    copied(tree);
    Files.delete(inside);
    Files.writeString(tree.resolve("b"), "second");
    Path other = Files.writeString(folder.resolve("other"), "x");
    copy().in(other, new ImageFiles.Place(image.find("/copy").ino(), name("a")));
    copied(tree);
    assertThat(image.find("/copy/a").size()).isEqualTo(1);
    assertThat(image.find("/copy/b").size()).isEqualTo(6);
    assertThatThrownBy(() -> copy().in(other, inRoot("copy"))).hasMessageContaining("EISDIR");
  }
}
