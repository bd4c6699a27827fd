// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Programs of others that judge a file system, over the mount. After each the mount ends, and
 * e2fsck must find nothing. A program that is not installed skips its test.
 */
@Tag("slow")
@Tag("mount")
@Timeout(value = 170, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class MountSuitesTest {
  private static final long BYTES = 512L << 20;

  /** The class "filesystem" of stress-ng, as far as it ends in a second and ext2 has the calls. */
  private static final List<String> STRESSORS =
      List.of(
          "dentry",
          "dir",
          "dirdeep",
          "link",
          "symlink",
          "rename",
          "hdd",
          "seek",
          "fstat",
          "chmod",
          "chown",
          "utime",
          "getdent",
          "mknod",
          "dup",
          "flock",
          "lockofd",
          "access",
          "sync-file",
          "msync",
          "filename",
          "fiemap",
          "sendfile",
          "touch");

  private MountedVerb mounted;
  private Path work;

  @BeforeEach
  void mount() throws Exception {
    mounted = new MountedVerb(BYTES);
    mounted.start();
    work = Files.createDirectory(mounted.mount.resolve("work"));
  }

  @AfterEach
  void unmountAndJudge() throws Exception {
    if (mounted != null) {
      mounted.close();
    }
  }

  private static void needs(String program) {
    boolean there =
        Arrays.stream("/usr/bin:/bin:/usr/sbin".split(":", -1))
            .anyMatch(folder -> Files.isExecutable(Path.of(folder, program)));
    assumeTrue(there, "needs " + program + " (Debian package of that name)");
  }

  private String run(String... command) throws Exception {
    return MountedVerb.runIn(work, 0, command);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--direct=0 --ioengine=psync",
        "--direct=1 --ioengine=psync",
        "--direct=0 --ioengine=mmap"
      })
  void fioReadsWhatItWrote(String how) throws Exception {
    needs("fio");
    String output =
        run(
            "sh",
            "-c",
            "exec fio --name=verify --rw=randrw --bs=4k --size=12m --numjobs=2 --verify=crc32c "
                + "--verify_fatal=1 --group_reporting --fsync=64 "
                + how);
    assertThat(output).contains("err= 0").doesNotContain("verify failed");
  }

  @Test
  void stressNgFindsNoFault() throws Exception {
    needs("stress-ng");
    for (String stressor : STRESSORS) {
      run(
          "stress-ng",
          "--" + stressor,
          "2",
          "--timeout",
          "1",
          "--verify",
          "--temp-path",
          work.toString(),
          "--hdd-bytes",
          "16M",
          "--seek-size",
          "16M",
          "--sync-file-bytes",
          "16M",
          "--msync-bytes",
          "16M");
    }
  }

  @Test
  void sqliteKeepsItsIntegrityInBothJournals() throws Exception {
    needs("sqlite3");
    for (String journal : List.of("delete", "wal")) {
      String text =
          run(
              "sqlite3",
              journal + ".db",
              "pragma journal_mode="
                  + journal
                  + ";"
                  + "create table t(id integer primary key, v blob);"
                  + "with recursive n(i) as (select 1 union all select i+1 from n where i<20000)"
                  + " insert into t select i, randomblob(200) from n;"
                  + "create index i on t(v); update t set v=randomblob(300) where id%3=0;"
                  + "delete from t where id%7=0; vacuum; select count(*) from t;"
                  + "pragma integrity_check;");
      assertThat(text).contains("17143").endsWith("ok\n");
    }
  }

  @Test
  void gitCommitsClonesCollectsAndChecks() throws Exception {
    needs("git");
    run(
        "sh",
        "-ec",
        """
        git config --global user.name n; git config --global user.email e@x
        git config --global init.defaultBranch main; git config --global gc.auto 0
        git init -q a; cd a
        for round in 1 2 3; do
          for i in $(seq 60); do mkdir -p d$((i % 7)); seq $((i * round)) > d$((i % 7))/f$i; done
          git add -A; git commit -qm r$round
        done
        git mv d1 e1; git commit -qm moved
        cd ..; git clone -q a b; git clone -q --no-hardlinks a c
        cd b; git gc -q --aggressive; git fsck --strict; test -z "$(git status --porcelain)"
        cd ..; diff -r a/d2 c/d2; git -C c fsck --full
        """);
  }

  @Test
  void rsyncCopiesThereAndBackWithAllAttributes() throws Exception {
    needs("rsync");
    Path source = Files.createDirectory(mounted.directory.resolve("source"));
    Path back = Files.createDirectory(mounted.directory.resolve("back"));
    try {
      MountedVerb.runIn(
          source,
          0,
          "sh",
          "-ec",
          """
          mkdir -p a/b; seq 50000 > a/numbers; ln a/numbers a/b/linked; ln -s ../numbers a/b/soft
          mkfifo a/pipe; mknod a/null c 1 3; touch -d 2001-02-03T04:05:06 a/old; chmod 4711 a/old
          chown 12:34 a/b; chmod 2775 a/b; truncate -s 40M a/hole; printf x >> a/hole
          """);
      String flags = "-aHSc";
      run("rsync", flags, source + "/", work + "/");
      run("rsync", flags, work + "/", back + "/");
      for (String to : List.of(work.toString(), back.toString())) {
        assertThat(run("rsync", flags + "ni", "--delete", source + "/", to + "/"))
            .as("differences of " + to)
            .isEmpty();
      }
      assertThat(run("du", "-k", "a/hole")).as("holes stay holes").startsWith("1");
    } finally {
      delete(source);
      delete(back);
    }
  }

  @Test
  void rsyncCopiesExtendedAttributesAndAccessControlLists() throws Exception {
    needs("rsync");
    needs("setfattr");
    needs("setfacl");
    run(
        "sh",
        "-ec",
        """
        mkdir -p from/d; seq 9000 > from/file; ln -s file from/link; mkfifo from/pipe
        setfattr -n user.colour -v red from/file; setfattr -n user.colour -v red from/d
        setfattr -n trusted.t -v of-the-link -h from/link; setfattr -n trusted.t -v p from/pipe
        setfattr -n security.s -v s from/file
        setfacl -m u:77:rw,g:88:r from/file; setfacl -m d:u:77:rwx from/d; touch from/d/inherits
        for i in $(seq 60); do echo $i > from/d/$i; setfattr -n user.same -v value from/d/$i; done
        """);
    run("rsync", "-aAX", "from/", "to/");
    String dump = "cd %s; getfattr -Rhd -m - . | sort; find . ! -type l | sort | xargs getfacl -n";
    String copied = run("sh", "-ec", dump.formatted("to"));
    assertThat(copied).isEqualTo(run("sh", "-ec", dump.formatted("from")));
    assertThat(copied).contains("user.same", "trusted.t", "security.s", "user:77:rwx");
  }

  @ParameterizedTest
  @ValueSource(strings = {"nio", "mmap"})
  void luceneAcceptsTheDirectory(String kind) throws Exception {
    String output =
        run(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-ea",
            "-Dtests.seed=5EED",
            "-Djava.io.tmpdir=" + work,
            "-DtempDir=" + work,
            "-Dpmem4j.lucene=" + kind,
            "-cp",
            System.getProperty("java.class.path"),
            "org.junit.runner.JUnitCore",
            LuceneMountCases.class.getName());
    assertThat(output).containsPattern("OK \\([4-9][0-9] tests\\)");
  }

  private static void delete(Path folder) throws IOException {
    try (var tree = Files.walk(folder)) {
      for (Path path : tree.sorted(java.util.Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    }
  }
}
