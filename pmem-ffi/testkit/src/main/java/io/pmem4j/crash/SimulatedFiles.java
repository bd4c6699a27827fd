// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.crash;

import io.pmem4j.crash.FolderLists.Entry;
import io.pmem4j.pmem.Granularity;
import io.pmem4j.pmem.PersistentMemory;
import io.pmem4j.pmem.ProvidedFile;
import io.pmem4j.pmem.ProvidedFiles;
import io.pmem4j.pmem.RegionProvider;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The files of a medium: recorded ones during a run, and parts of a crash state during a check.
 *
 * <p>The length of a file is a word of the medium, and so is the list of names of a folder. They
 * are durable after a sync of the file or of the folder only. A file made by {@link
 * io.pmem4j.pmem.Pmem#map} is there at once, with its name. One that a check makes so is gone with
 * its state, and crashes inside recovery do not tear it.
 */
final class SimulatedFiles implements RegionProvider, ProvidedFiles, AutoCloseable {
  /** The room of a file during a run, unless it was made with more. */
  private static final long ROOM = 1 << 20;

  /** The room in which recovery can let a file grow, and the number of files that it can make. */
  private static final long SPARE_ROOM = 64 << 10;

  private static final int SPARE_FILES = 2;

  private final Path root;
  private final RecordedMemory recording;
  private final FolderLists lists = new FolderLists();
  private final List<MediumArea> areas = new ArrayList<>();
  private final List<SimulatedFile> files = new ArrayList<>();
  private final Map<Path, MediumArea> folders = new LinkedHashMap<>();
  private final List<MediumArea> spareFolders = new ArrayList<>();
  private final Map<Path, PersistentMemory> created = new HashMap<>();
  private Registration registration;

  /** The medium: the recording, or a crash state. */
  private ObservedMemory medium;

  private Acknowledgements acknowledgements = Acknowledgements.none();

  /** True once names or lengths have changed by calls of their own. */
  private boolean hasChanges;

  /** The files below this number were made by the run. */
  private int filesOfRun = Integer.MAX_VALUE;

  private long syncsUntilFailure = Long.MAX_VALUE;

  SimulatedFiles(Path folder, Granularity granularity) {
    this.root = folder;
    this.recording = RecordedMemory.ofFiles(granularity);
    this.medium = recording;
    this.registration = RegionProvider.register(folder, this);
  }

  RecordedMemory recording() {
    return recording;
  }

  Acknowledgements acknowledgements() {
    return acknowledgements;
  }

  /** Lets a sync fail, the first from now on if the number is 1. */
  void failSync(long number) {
    syncsUntilFailure = number;
  }

  /** Ends the run; returns its trace. */
  StoreTrace endRun() {
    filesOfRun = files.size();
    syncsUntilFailure = Long.MAX_VALUE;
    for (int i = 0; hasChanges && i < SPARE_FILES; i++) {
      files.add(new SimulatedFile(area(0, 0), area(Long.BYTES, Long.BYTES)));
      spareFolders.add(area(Long.BYTES, Long.BYTES));
    }
    long end = 0;
    for (MediumArea area : areas) {
      boolean grows = hasChanges && files.stream().anyMatch(file -> file.content == area);
      end = area.place(end, grows ? SPARE_ROOM : 0);
    }
    return recording.trace(areas.stream().mapToLong(MediumArea::base).toArray(), end);
  }

  /** Lets paths lead into a crash state, in which no file is open. */
  void enter(PersistentMemory crashed, Acknowledgements before) {
    medium = (ObservedMemory) crashed;
    acknowledgements = before;
    created.clear();
    files.forEach(file -> file.isMade = false);
    registration.close();
    registration = RegionProvider.register(root, this);
  }

  private boolean isInState() {
    return medium != recording;
  }

  private MediumArea area(long room, long used) {
    MediumArea area = new MediumArea(recording.addArea(room), used);
    areas.add(area);
    return area;
  }

  @Override
  public Optional<PersistentMemory> find(Path path) {
    return Optional.ofNullable(created.get(path));
  }

  @Override
  public PersistentMemory create(Path path, long bytes) throws IOException {
    if (bytes > Integer.MAX_VALUE) {
      throw new FileSystemException(
          path.toString(), null, bytes + " bytes are more than a simulated medium has (2^31 - 1)");
    }
    if (isInState()) {
      created.put(path, new HeapMemory(bytes, medium.granularity()));
      return created.get(path);
    }
    SimulatedFile file = newFile(bytes);
    file.content.used = bytes;
    file.length.in(medium).store("length", StoreOrder.DURABLE, 0, bytes);
    changeNames(path, StoreOrder.DURABLE, "create", names -> names.put(name(path), file.entry()));
    recording.created(path.toString());
    return file.memory();
  }

  private SimulatedFile newFile(long bytes) {
    SimulatedFile file =
        new SimulatedFile(area(Math.max(ROOM, bytes), 0), area(Long.BYTES, Long.BYTES));
    files.add(file);
    return file;
  }

  @Override
  public Optional<ProvidedFiles> files() {
    return Optional.of(this);
  }

  private static String name(Path path) {
    return Objects.requireNonNull(path.getFileName()).toString();
  }

  private static Path folder(Path path) {
    return Objects.requireNonNull(path.getParent());
  }

  private SortedMap<String, Entry> names(MediumArea folder) {
    return lists.list(folder.in(medium).getLong(0));
  }

  /** A change of a copy of a list. */
  private interface Change {
    void make(SortedMap<String, Entry> names);
  }

  private void changeNames(Path path, StoreOrder order, String call, Change change)
      throws FileSystemException {
    MediumArea folder = folders.get(folder(path));
    if (folder == null) {
      if (!isInState()) {
        folder = area(Long.BYTES, Long.BYTES);
      } else if (spareFolders.isEmpty()) {
        throw new FileSystemException(path.toString(), null, "no room for a folder of recovery");
      } else {
        folder = spareFolders.removeFirst();
        medium.exposing(); // later states find the folder: their reads tell nothing of this one
      }
      folders.put(folder(path), folder);
    }
    SortedMap<String, Entry> names = new TreeMap<>(names(folder));
    change.make(names);
    folder.in(medium).store(call, order, 0, lists.number(names));
  }

  private boolean isNamed(int file) {
    for (MediumArea folder : folders.values()) {
      if (names(folder).containsValue(new Entry(file, false))) {
        return true;
      }
    }
    return false;
  }

  @Override
  public Optional<ProvidedFile> open(Path path) {
    MediumArea folder = folders.get(folder(path));
    Entry entry = folder == null ? null : names(folder).get(name(path));
    return entry == null || (entry.moved() && isNamed(entry.file()))
        ? Optional.empty()
        : Optional.of(files.get(entry.file()));
  }

  @Override
  public ProvidedFile make(Path path) throws IOException {
    hasChanges = true;
    if (!isInState()) {
      return newFile(0);
    }
    for (int i = filesOfRun; i < files.size(); i++) {
      SimulatedFile spare = files.get(i);
      if (!spare.isMade && !isNamed(i)) {
        spare.isMade = true;
        spare.setLength(0);
        return spare;
      }
    }
    throw new FileSystemException(
        path.toString(), null, "recovery can make " + SPARE_FILES + " files, after a run that did");
  }

  @Override
  public void link(ProvidedFile file, Path path) throws IOException {
    refuseName(path);
    changeNames(
        path,
        StoreOrder.METADATA,
        "link " + name(path) + ", list",
        names -> names.put(name(path), ((SimulatedFile) file).entry()));
  }

  private void refuseName(Path path) throws IOException {
    hasChanges = true;
    if (open(path).isPresent() || created.containsKey(path)) {
      throw new FileAlreadyExistsException(path.toString());
    }
  }

  @Override
  public void move(Path from, Path to) throws IOException {
    SimulatedFile file =
        (SimulatedFile) open(from).orElseThrow(() -> new NoSuchFileException(from.toString()));
    refuseName(to);
    String call = "rename " + name(from) + " to " + name(to) + ", list";
    boolean inOneFolder = folder(from).equals(folder(to));
    changeNames(
        to,
        StoreOrder.METADATA,
        call,
        names -> {
          names.put(name(to), file.entry());
          if (inOneFolder) {
            names.remove(name(from));
          }
        });
    if (!inOneFolder) {
      changeNames(
          from,
          StoreOrder.METADATA,
          call,
          names -> names.put(name(from), new Entry(file.number(), true)));
    }
  }

  @Override
  public void unlink(Path path) throws IOException {
    if (open(path).isPresent()) {
      changeNames(
          path,
          StoreOrder.METADATA,
          "unlink " + name(path) + ", list",
          names -> names.remove(name(path)));
    }
  }

  private void countSync(String what) throws IOException {
    hasChanges = true;
    if (--syncsUntilFailure == 0) {
      throw new FileSystemException(what, null, "fsync: Input/output error, as planned");
    }
  }

  @Override
  public void syncFolder(Path path) throws IOException {
    countSync(path.toString());
    MediumArea folder = folders.get(path);
    if (folder == null) {
      return;
    }
    SortedMap<String, Entry> left = new TreeMap<>(names(folder));
    for (Map.Entry<String, Entry> each : names(folder).entrySet()) {
      int file = each.getValue().file();
      if (each.getValue().moved() && isNamed(file)) {
        syncNewNames(file);
        left.remove(each.getKey());
      } else {
        left.put(each.getKey(), new Entry(file, false)); // the crash took the move back
      }
    }
    if (!left.equals(names(folder))) {
      folder.in(medium).store("names, list", StoreOrder.METADATA, 0, lists.number(left));
    }
    folder.in(medium).sync(0, Long.BYTES);
  }

  /** Makes the names of a moved file durable, without which the old one cannot be gone. */
  private void syncNewNames(int file) {
    for (MediumArea folder : folders.values()) {
      if (names(folder).containsValue(new Entry(file, false))) {
        folder.in(medium).sync(0, Long.BYTES);
      }
    }
  }

  @Override
  public void close() {
    registration.close();
  }

  /** A file of the medium, the same object in all states. */
  private final class SimulatedFile implements ProvidedFile {
    final MediumArea content;
    final MediumArea length;

    /** True if the recovery in progress has made it, so that no other file takes its place. */
    boolean isMade;

    SimulatedFile(MediumArea content, MediumArea length) {
      this.content = content;
      this.length = length;
    }

    int number() {
      return files.indexOf(this);
    }

    Entry entry() {
      return new Entry(number(), false);
    }

    @Override
    public PersistentMemory memory() {
      return content.in(medium);
    }

    @Override
    public long length() {
      return length.in(medium).getLong(0);
    }

    @Override
    public void setLength(long bytes) throws IOException {
      hasChanges = true;
      long now = length();
      long room = content.room(isInState());
      if (bytes > room) {
        throw new FileSystemException(
            root.toString(), null, "no room: " + bytes + " bytes, a simulated file has " + room);
      }
      long garbage = Math.min(bytes, isInState() ? room : content.used);
      if (now < garbage) {
        content.in(medium).zero(now, garbage - now);
      }
      content.used = isInState() ? content.used : Math.max(content.used, bytes);
      if (bytes != now) {
        length.in(medium).store("length", StoreOrder.METADATA, 0, bytes);
      }
    }

    @Override
    public void sync() throws IOException {
      countSync(root.toString());
      content.in(medium).sync(0, isInState() ? content.room(true) : content.used);
      length.in(medium).sync(0, Long.BYTES);
    }
  }
}
