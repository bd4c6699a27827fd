// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.cli;

import io.pmem4j.ext2.DirectoryEntry;
import io.pmem4j.ext2.Errno;
import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.FileSystemUse;
import io.pmem4j.ext2.OpenFile;
import io.pmem4j.ext2.PathOperations;
import io.pmem4j.ext2.Stat;
import io.pmem4j.ext2.tool.ImageFiles;
import io.pmem4j.ext2.tool.ImagePath;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The verbs that read and change the files of an image, but for {@link CpCommand}. */
final class ImageVerbs {
  private static final int CHUNK = 1 << 20;

  private ImageVerbs() {}

  private static final class Names {
    /** By the upper four bits of a mode. */
    private static final String TYPES = "?pc?d?b?-?l?s???";

    private static final String RIGHTS = "rwxrwxrwx";
  }

  /** Returns a mode as ls has it. */
  static String mode(int mode) {
    StringBuilder text = new StringBuilder().append(Names.TYPES.charAt((mode >> 12) & 15));
    for (int i = 0; i < Names.RIGHTS.length(); i++) {
      boolean set = ((mode >> (8 - i)) & 1) != 0;
      boolean special = i % 3 == 2 && ((mode >> (11 - i / 3)) & 1) != 0;
      char letter = i == 8 ? 't' : 's';
      char plain = set ? Names.RIGHTS.charAt(i) : '-';
      text.append(special ? (set ? letter : Character.toUpperCase(letter)) : plain);
    }
    return text.toString();
  }

  private static String arrow(ImageFiles files, Stat stat) throws Ext2Exception {
    return ImageFiles.isSymlink(stat)
        ? " -> " + ImagePath.text(files.operations().readlink(stat.ino()))
        : "";
  }

  @Command(
      name = "ls",
      description = {"Lists a directory of an ext2 image that is not mounted.", ImageVerb.EXITS})
  static final class Ls extends ImageVerb {
    @Parameters(index = "1", arity = "0..1", paramLabel = "PATH", description = "default: the root")
    private String path = "/";

    @Option(names = "-l", description = "with mode, links, owner, size and time of change")
    private boolean details;

    Ls() {
      super(true);
    }

    @Override
    void run(ImageFiles files, PrintWriter out) throws IOException {
      Stat stat = files.find(path);
      if (!ImageFiles.isDirectory(stat)) {
        line(files, stat, path, out);
        return;
      }
      for (DirectoryEntry each : files.list(stat.ino())) {
        Stat entry = files.operations().lookup(stat.ino(), each.nameBytes());
        line(files, entry, ImagePath.text(each.nameBytes()), out);
      }
    }

    private void line(ImageFiles files, Stat stat, String name, PrintWriter out)
        throws IOException {
      if (!details) {
        out.println(name);
        return;
      }
      out.printf(
          "%s %4d %5d %5d %10d %s %s%s%n",
          mode(stat.mode()),
          stat.nlink(),
          stat.uid(),
          stat.gid(),
          stat.size(),
          Instant.ofEpochSecond(stat.mtime()),
          name,
          arrow(files, stat));
    }
  }

  @Command(
      name = "cat",
      description = {"Prints files of an ext2 image that is not mounted.", ImageVerb.EXITS})
  static final class Cat extends ImageVerb {
    @Parameters(index = "1..*", arity = "1..*", paramLabel = "PATH", description = "regular files")
    private List<String> paths = new ArrayList<>();

    Cat() {
      super(true);
    }

    @Override
    void run(ImageFiles files, PrintWriter out) throws IOException {
      for (String path : paths) {
        Stat stat = files.find(path);
        if (!ImageFiles.isRegular(stat)) {
          throw new Ext2Exception(Errno.EINVAL, path + ": no regular file");
        }
        byte[] bytes = new byte[CHUNK];
        try (OpenFile file = files.operations().open(stat.ino(), 0)) {
          long at = 0;
          for (long read = file.pread(at, bytes); read > 0; read = file.pread(at, bytes)) {
            System.out.write(bytes, 0, (int) read);
            at += read;
          }
        }
      }
      System.out.flush();
    }
  }

  @Command(
      name = "rm",
      description = {"Removes files of an ext2 image that is not mounted.", ImageVerb.EXITS})
  static final class Rm extends ImageVerb {
    @Parameters(index = "1..*", arity = "1..*", paramLabel = "PATH", description = "what to remove")
    private List<String> paths = new ArrayList<>();

    @Option(names = "-r", description = "directories too, with all that is below them")
    private boolean recursive;

    Rm() {
      super(false);
    }

    @Override
    void run(ImageFiles files, PrintWriter out) throws IOException {
      for (String path : paths) {
        files.find(path);
        files.remove(files.place(path), recursive);
      }
    }
  }

  @Command(
      name = "mkdir",
      description = {"Makes directories in an ext2 image that is not mounted.", ImageVerb.EXITS})
  static final class Mkdir extends ImageVerb {
    private static final int MODE = 0755;

    @Parameters(index = "1..*", arity = "1..*", paramLabel = "PATH", description = "what to make")
    private List<String> paths = new ArrayList<>();

    @Option(names = "-p", description = "those above too; one that is there is no error")
    private boolean parents;

    Mkdir() {
      super(false);
    }

    @Override
    void run(ImageFiles files, PrintWriter out) throws IOException {
      for (String path : paths) {
        if (!parents) {
          ImageFiles.Place place = files.place(path);
          files.operations().mkdir(place.directory(), place.name(), MODE);
          continue;
        }
        int directory = files.find("/").ino();
        for (byte[] each : ImagePath.names(path)) {
          directory = below(files, directory, each).ino();
        }
      }
    }

    private static Stat below(ImageFiles files, int directory, byte[] name) throws IOException {
      Stat stat = files.existing(directory, name);
      if (stat == null) {
        return files.operations().mkdir(directory, name, MODE);
      }
      if (!ImageFiles.isDirectory(stat)) {
        throw new Ext2Exception(Errno.ENOTDIR, ImagePath.text(name));
      }
      return stat;
    }
  }

  @Command(
      name = "mv",
      description = {"Renames within an ext2 image that is not mounted.", ImageVerb.EXITS})
  static final class Mv extends ImageVerb {
    @Parameters(index = "1", paramLabel = "FROM", description = "what to rename")
    private String from = "";

    @Parameters(index = "2", paramLabel = "TO", description = "its new path, or a directory for it")
    private String to = "";

    @Option(names = "-n", description = "replace nothing")
    private boolean keeps;

    Mv() {
      super(false);
    }

    @Override
    void run(ImageFiles files, PrintWriter out) throws IOException {
      files.find(from);
      ImageFiles.Place source = files.place(from);
      ImageFiles.Place target = target(files, to, source.name());
      files
          .operations()
          .rename(
              source.directory(),
              source.name(),
              target.directory(),
              target.name(),
              keeps ? PathOperations.RENAME_NO_REPLACE : 0);
    }
  }

  /** Returns the place that a path means for a file: in it, if it is a directory. */
  static ImageFiles.Place target(ImageFiles files, String path, byte[] name) throws IOException {
    try {
      Stat stat = files.find(path);
      if (ImageFiles.isDirectory(stat)) {
        return new ImageFiles.Place(stat.ino(), name);
      }
    } catch (Ext2Exception e) {
      if (e.errno() != Errno.ENOENT) {
        throw e;
      }
    }
    return files.place(path);
  }

  @Command(
      name = "ln",
      description = {"Links files in an ext2 image that is not mounted.", ImageVerb.EXITS})
  static final class Ln extends ImageVerb {
    @Parameters(index = "1", paramLabel = "TARGET", description = "a path; with -s any text")
    private String target = "";

    @Parameters(index = "2", paramLabel = "PATH", description = "the new name")
    private String path = "";

    @Option(names = "-s", description = "a symbolic link")
    private boolean symbolic;

    Ln() {
      super(false);
    }

    @Override
    void run(ImageFiles files, PrintWriter out) throws IOException {
      ImageFiles.Place place = files.place(path);
      if (symbolic) {
        byte[] text = target.getBytes(StandardCharsets.UTF_8);
        files.operations().symlink(place.directory(), place.name(), text);
      } else {
        int ino = files.find(target).ino();
        files.operations().link(ino, place.directory(), place.name());
      }
    }
  }

  @Command(
      name = "stat",
      description = {"Prints an inode of an ext2 image that is not mounted.", ImageVerb.EXITS})
  static final class Status extends ImageVerb {
    @Parameters(index = "1", paramLabel = "PATH", description = "a file; links are not followed")
    private String path = "/";

    Status() {
      super(true);
    }

    @Override
    void run(ImageFiles files, PrintWriter out) throws IOException {
      Stat stat = files.find(path);
      out.printf("path    %s%s%n", path, arrow(files, stat));
      out.printf("inode   %d%n", stat.ino());
      out.printf("mode    %s %04o%n", mode(stat.mode()), stat.mode() & 07777);
      out.printf("links   %d%n", stat.nlink());
      out.printf("owner   %d:%d%n", stat.uid(), stat.gid());
      out.printf("size    %d%n", stat.size());
      out.printf("sectors %d%n", stat.blocks512());
      out.printf("atime   %s%n", Instant.ofEpochSecond(stat.atime()));
      out.printf("mtime   %s%n", Instant.ofEpochSecond(stat.mtime()));
      out.printf("ctime   %s%n", Instant.ofEpochSecond(stat.ctime()));
      for (byte[] name : files.operations().xattrs().list(stat.ino(), true)) {
        byte[] value = files.operations().xattrs().get(stat.ino(), name);
        out.printf("xattr   %s=%s%n", ImagePath.text(name), ImagePath.text(value));
      }
    }
  }

  @Command(
      name = "tree",
      description = {"Prints a tree of an ext2 image that is not mounted.", ImageVerb.EXITS})
  static final class Tree extends ImageVerb {
    @Parameters(index = "1", arity = "0..1", paramLabel = "PATH", description = "default: the root")
    private String path = "/";

    Tree() {
      super(true);
    }

    @Override
    void run(ImageFiles files, PrintWriter out) throws IOException {
      Stat stat = files.find(path);
      out.println(path);
      if (ImageFiles.isDirectory(stat)) {
        below(files, stat.ino(), "  ", out);
      }
    }

    private static void below(ImageFiles files, int directory, String indent, PrintWriter out)
        throws IOException {
      for (DirectoryEntry each : files.list(directory)) {
        Stat stat = files.operations().lookup(directory, each.nameBytes());
        boolean folder = ImageFiles.isDirectory(stat);
        String name = ImagePath.text(each.nameBytes());
        out.println(indent + name + (folder ? "/" : "") + arrow(files, stat));
        if (folder) {
          below(files, stat.ino(), indent + "  ", out);
        }
      }
    }
  }

  @Command(
      name = "df",
      description = {"Prints the space of an ext2 image that is not mounted.", ImageVerb.EXITS})
  static final class Df extends ImageVerb {
    Df() {
      super(true);
    }

    @Override
    void run(ImageFiles files, PrintWriter out) throws IOException {
      FileSystemUse use = files.use();
      long used = use.blocks() - use.freeBlocks();
      out.printf(Locale.ROOT, "%-8s %12s %12s %12s%n", "", "all", "used", "available");
      int kib = use.blockBytes() / 1024;
      row(out, "KiB", use.blocks() * kib, used * kib, use.availableBlocks() * kib);
      row(out, "inodes", use.files(), use.files() - use.freeFiles(), use.freeFiles());
    }

    private static void row(PrintWriter out, String name, long all, long used, long available) {
      out.printf(Locale.ROOT, "%-8s %12d %12d %12d%n", name, all, used, available);
    }
  }
}
