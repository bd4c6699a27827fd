// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.fuse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.UserDefinedFileAttributeView;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.Timeout;

/**
 * Extended attributes and access control lists of a mounted image, by attr(5)'s and acl(5)'s tools.
 */
@Timeout(value = 100, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class FuseXattrTest {
  private static MountedImage mounted;
  private Path here;

  @BeforeAll
  static void mount() throws Exception {
    for (String tool : List.of("setfattr", "getfattr", "setfacl", "getfacl", "setpriv")) {
      assumeTrue(Files.isExecutable(Path.of("/usr/bin", tool)), () -> "no " + tool);
    }
    mounted = new MountedImage(Transport.newest(), 64L << 20);
  }

  @AfterAll
  static void unmount() throws Exception {
    if (mounted != null) {
      mounted.close();
    }
  }

  @BeforeEach
  void directory(TestInfo test) throws IOException {
    here = Files.createDirectory(mounted.path(test.getTestMethod().orElseThrow().getName()));
  }

  private String run(int status, String... command) throws Exception {
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    Process process = builder.directory(here.toFile()).start();
    process.getOutputStream().close();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(String.join(" ", command) + "\n" + output).isEqualTo(status);
    return output;
  }

  private static int mode(Path path) throws IOException {
    return (Integer) Files.getAttribute(path, "unix:mode", LinkOption.NOFOLLOW_LINKS) & 07777;
  }

  @Test
  void attributesAreSetReadListedAndRemoved() throws Exception {
    Path file = Files.createFile(here.resolve("a"));
    run(0, "setfattr", "-n", "user.colour", "-v", "red", "a");
    run(0, "setfattr", "-n", "trusted.t", "-v", "0x00ff", "a");
    run(0, "setfattr", "-n", "user.empty", "a");
    assertThat(run(0, "getfattr", "-d", "-m", "-", "a"))
        .contains("user.colour=\"red\"")
        .contains("trusted.t=0sAP8=")
        .contains("user.empty=\"\"");
    run(0, "setfattr", "-x", "user.colour", "a");
    assertThat(run(1, "getfattr", "-n", "user.colour", "a")).contains("No such attribute");
    assertThat(run(1, "setfattr", "-n", "user.x", "-v", "y".repeat(5000), "a"))
        .contains("Numerical result out of range");
    UserDefinedFileAttributeView view =
        Files.getFileAttributeView(file, UserDefinedFileAttributeView.class);
    view.write("java", ByteBuffer.wrap(new byte[] {1, 2, 3}));
    assertThat(view.list()).containsExactlyInAnyOrder("empty", "java");
    assertThat(view.size("java")).isEqualTo(3);
    assertThat(
            run(0, "setpriv", "--reuid=1000", "--clear-groups", "getfattr", "-d", "-m", "-", "a"))
        .contains("user.java")
        .doesNotContain("trusted");
  }

  @Test
  void listsGiveAndTakePermissions() throws Exception {
    Path file = Files.writeString(here.resolve("a"), "text");
    run(0, "chmod", "600", "a");
    run(0, "setfacl", "-m", "u:1000:rw,g:2000:r", "a");
    assertThat(run(0, "getfacl", "-cn", "a"))
        .isEqualTo(
            "user::rw-\nuser:1000:rw-\ngroup::---\ngroup:2000:r--\nmask::rw-\nother::---\n\n");
    assertThat(mode(file)).isEqualTo(0660);
    String[] asUser = {"setpriv", "--reuid=1000", "--regid=1000", "--clear-groups"};
    run(0, asUser[0], asUser[1], asUser[2], asUser[3], "sh", "-c", "echo more >> a");
    run(0, "chmod", "640", "a");
    run(2, asUser[0], asUser[1], asUser[2], asUser[3], "sh", "-c", "echo more >> a");
    assertThat(run(0, "getfacl", "-cn", "a")).contains("mask::r--");
    run(0, "setpriv", "--reuid=5", "--regid=5", "--groups=2000", "cat", "a");
    run(1, "setpriv", "--reuid=5", "--regid=5", "--clear-groups", "cat", "a");
    run(0, "setfacl", "-b", "a");
    assertThat(run(0, "getfacl", "-cn", "a")).isEqualTo("user::rw-\ngroup::---\nother::---\n\n");
  }

  @Test
  void whatIsMadeInADirectoryInherits() throws Exception {
    run(0, "setfacl", "-d", "-m", "u:1000:rwx,o::-", ".");
    run(0, "sh", "-c", "umask 077; mkdir d; echo > d/f");
    assertThat(run(0, "getfacl", "-cn", "d/f"))
        .contains("user:1000:rwx\t#effective:rw-")
        .contains("mask::rw-")
        .contains("other::---");
    assertThat(run(0, "getfacl", "-cn", "-d", "d")).contains("user:1000:rwx");
    Path plain = Files.createDirectory(mounted.path("plain"));
    run(0, "sh", "-c", "umask 027; mkdir " + plain + "/d; echo > " + plain + "/f");
    assertThat(mode(plain.resolve("d"))).isEqualTo(0750);
    assertThat(mode(plain.resolve("f"))).isEqualTo(0640);
  }

  @Test
  void aWriteTakesCapabilitiesAndSetIdBits() throws Exception {
    Path file = Files.writeString(here.resolve("a"), "text");
    run(
        0,
        "setfattr",
        "-n",
        "security.capability",
        "-v",
        "0x0100000200040000000000000000000000000000",
        "a");
    run(0, "chmod", "4777", "a");
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.write(ByteBuffer.wrap(new byte[] {'T'}));
    }
    assertThat(run(0, "getfattr", "-d", "-m", "-", "a")).doesNotContain("capability");
    run(0, "setpriv", "--reuid=1000", "--regid=1000", "--clear-groups", "sh", "-c", "echo x >> a");
    assertThat(mode(file)).isEqualTo(0777);
    run(0, "chmod", "4755", "a");
    run(0, "chown", "1000", "a");
    assertThat(mode(file)).isEqualTo(0755);
  }
}
