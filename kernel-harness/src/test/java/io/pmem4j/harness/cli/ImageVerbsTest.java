// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.pmem4j.pmem.MapSpec;
import io.pmem4j.pmem.Pmem;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The verbs on files of an image; debugfs, e2fsck and rsync judge what they leave. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ImageVerbsTest {
  @TempDir private Path folder;
  private Path image;

  @BeforeEach
  void make() {
    image = folder.resolve("image");
    assertThat(Ran.run("mkfs", image.toString(), "16M", "-b", "4096", "-N", "512").status())
        .isZero();
  }

  private static String command(int status, String... command) throws Exception {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).as("%s: %s", List.of(command), output).isEqualTo(status);
    return output;
  }

  private void assertSound() throws Exception {
    command(0, "e2fsck", "-fn", image.toString());
    assertThat(Ran.run("fsck", image.toString()).status()).isZero();
  }

  private String debugfs(String request) throws Exception {
    return command(0, "debugfs", "-R", request, image.toString());
  }

  private Ran ran(String verb, String... arguments) {
    String[] all = new String[arguments.length + 2];
    all[0] = verb;
    all[1] = image.toString();
    System.arraycopy(arguments, 0, all, 2, arguments.length);
    return Ran.run(all);
  }

  private String done(String verb, String... arguments) {
    Ran ran = ran(verb, arguments);
    assertThat(ran.err()).isEmpty();
    assertThat(ran.status()).isZero();
    return ran.out();
  }

  private void refused(int status, String words, String verb, String... arguments)
      throws Exception {
    Ran ran = ran(verb, arguments);
    assertThat(ran.status()).as(ran.err()).isEqualTo(status);
    assertThat(ran.err()).startsWith("pmem4j: ").contains(words).hasLineCount(1);
  }

  /** A tree with every kind of file; times have whole seconds, as ext2 keeps them. */
  private Path tree() throws Exception {
    Path tree = Files.createDirectory(folder.resolve("tree"));
    String script =
        """
        set -e; cd "$1"; umask 022
        mkdir -p d/e 'with space'; echo content > d/e/file
        head -c 3000000 /dev/urandom > large; ln large d/second
        truncate -s 5000000 sparse; printf x | dd of=sparse bs=1 seek=2000000 conv=notrunc status=none
        ln -s d/e/file short; ln -s "$(printf 'x%.0s' $(seq 200))" long
        touch "$(printf 'caf\\351')" 'back\\slash'; mkfifo pipe; : > empty; chmod 1777 d
        setfattr -n user.name -v value large; setfattr -n trusted.t -v u d
        [ "$(id -u)" != 0 ] || { mknod device b 8 300; chown 1000:70000 d/e/file; chown -h 5:6 short; }
        chmod 4711 d/e/file
        find . -exec touch -h -d '2001-02-03 04:05:06' {} +
        """;
    command(0, "bash", "-c", script, "bash", tree.toString());
    return tree;
  }

  /** The sectors of the sparse file: those of a page of the host, and the blocks of pointers. */
  @ParameterizedTest
  @CsvSource({"4096, 16", "1024, 12"})
  void aTreeComesBackAsItWas(String block, String sectors) throws Exception {
    assumeTrue(Files.isExecutable(Path.of("/usr/bin/rsync")), "needs rsync");
    assumeTrue("root".equals(System.getProperty("user.name")), "needs root for owners");
    done("mkfs", "16M", "-b", block, "-N", "512", "--force");
    Path tree = tree();
    done("cp", "-r", tree.toString(), ":/copy");
    assertSound();
    assertThat(debugfs("stat /copy/d/e/file")).contains("User:  1000", "Group: 70000");
    assertThat(done("stat", "/copy/d/e/file")).contains("mode    -rws--x--x 4711");
    assertThat(debugfs("stat /copy/sparse")).contains("Blockcount: " + sectors);
    assertThat(debugfs("ea_list /copy/large")).contains("user.name (5) = \"value\"");
    assertThat(done("ls", "/copy")).contains("caf\\xe9\n", "back\\x5cslash\n");
    Path back = folder.resolve("back");
    done("cp", "-r", ":/copy", back.toString());
    String difference =
        command(0, "rsync", "-naHXi", "--delete", "--checksum", tree + "/", back + "/");
    assertThat(difference).isEmpty();
    Path file = folder.resolve("latin");
    done("cp", ":/copy/caf\\xe9", file.toString());
    assertThat(file).isEmptyFile();
    done("rm", "-r", "/copy");
    assertSound();
    assertThat(done("tree")).isEqualTo("/\n  lost+found/\n");
  }

  @Test
  void filesAreMadeMovedLinkedAndRemoved() throws Exception {
    Path file = Files.writeString(folder.resolve("file"), "content\n");
    done("mkdir", "/a");
    done("mkdir", "-p", "/a/b/c", "/a/b");
    done("cp", file.toString(), ":/a");
    done("mv", "/a/file", "/a/b/c");
    done("ln", "/a/b/c/file", "/hard");
    done("ln", "-s", "a/b/c/file", "/soft");
    assertThat(done("tree"))
        .isEqualTo(
            """
            /
              a/
                b/
                  c/
                    file
              hard
              lost+found/
              soft -> a/b/c/file
            """);
    assertThat(done("stat", "/hard")).contains("links   2\n", "size    8\n");
    assertThat(done("ls", "-l", "/soft")).startsWith("lrwxrwxrwx ").endsWith(" -> a/b/c/file\n");
    assertThat(done("df")).contains("inodes            512");
    assertThat(debugfs("cat /a/b/c/file")).contains("content");
    assertSound();
    refused(2, "ENOENT: /nothing", "cat", "/nothing");
    refused(2, "EISDIR", "rm", "/a");
    refused(2, "EEXIST", "mkdir", "/a");
    refused(2, "-r copies it", "cp", folder.toString(), ":/");
    refused(2, "those in the image begin with ':'", "cp", "x", "y");
    done("rm", "/hard", "/soft");
    done("rm", "-r", "/a");
    assertSound();
  }

  @Test
  void aFullImageKeepsWhatWasCopiedAndStaysSound() throws Exception {
    Path tree = Files.createDirectory(folder.resolve("much"));
    for (int i = 0; i < 30; i++) {
      Files.write(tree.resolve("f" + i), filled(1 << 20));
    }
    refused(3, "ENOSPC", "cp", "-r", tree.toString(), ":/");
    assertSound();
    int copied = (int) done("ls", "/much").lines().count();
    assertThat(copied).isBetween(10, 16);
    for (String name : done("ls", "/much").lines().toList()) {
      assertThat(done("stat", "/much/" + name)).contains("size    1048576\n");
    }
    done("rm", "-r", "/much");
    assertSound();
  }

  private static byte[] filled(int length) {
    byte[] bytes = new byte[length];
    java.util.Arrays.fill(bytes, (byte) 9);
    return bytes;
  }

  private static void patch(Path file, long offset, int value) throws IOException {
    try (RandomAccessFile open = new RandomAccessFile(file.toFile(), "rw")) {
      open.seek(offset);
      open.write(value);
    }
  }

  @Test
  void foreignDamagedAndMountedImagesAreRefused() throws Exception {
    try (Arena arena = Arena.ofShared()) {
      Pmem.map(image, MapSpec.existing().exclusive(), arena);
      refused(2, "in use", "ls");
      refused(2, image.toString(), "mkdir", "/d");
    }
    String stat = debugfs("blocks /");
    int root = Integer.parseInt(stat.strip().lines().toList().getLast().strip());
    patch(image, root * 4096L + 4, 3);
    refused(1, "ls: " + image + ": ", "ls");
    patch(image, 1024 + 56, 0);
    refused(2, "s_magic", "ls");
    image = folder.resolve("missing");
    refused(2, "no such file", "tree");
  }
}
