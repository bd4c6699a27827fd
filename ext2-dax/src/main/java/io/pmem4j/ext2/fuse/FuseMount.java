// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.fuse;

import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.InodeOperations;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A file system at a directory of this machine, served by threads of this JVM. Thread-safe.
 *
 * <p>A thread that waits for the mounted directory waits for these threads. They never touch it
 * themselves, so that every other thread may.
 *
 * <p>Requests come over io_uring where the kernel offers it, to workers on the CPU of the program
 * that waits: Linux 6.14 with {@code fuse.enable_uring=1}. Elsewhere workers read them.
 */
public final class FuseMount {
  /** The type that /proc/mounts shows. */
  public static final String TYPE = "fuse.pmem4j";

  private final String directory;
  private final int device;
  private final InodeOperations inodes;
  private final FileHandles handles = new FileHandles();
  private final List<Thread> workers = new ArrayList<>();
  private final FuseService service;
  private final PeriodicSync sync;
  private final FuseSession session;
  private final FuseRings rings;

  private FuseMount(
      String directory,
      int device,
      InodeOperations inodes,
      FuseService service,
      FuseOptions options) {
    this.directory = directory;
    this.device = device;
    this.inodes = inodes;
    this.service = service;
    this.sync = new PeriodicSync(service);
    this.rings = options.ioUring() ? FuseRings.open(device) : FuseRings.NONE;
    this.session = new FuseSession(inodes.xattrs().hasAcls(), !rings.isEmpty());
  }

  /**
   * Mounts a file system at a directory.
   *
   * @param source the name of the image in /proc/mounts
   * @param directory exists
   * @throws IOException if /dev/fuse cannot be opened, or the mount is refused
   */
  public static FuseMount mount(
      FuseService service, String source, Path directory, FuseOptions options) throws IOException {
    String target = directory.toRealPath().toString();
    InodeOperations inodes = service.fs().inodes();
    int device =
        KernelCalls.check(
            KernelCalls.open("/dev/fuse", KernelCalls.O_RDWR | KernelCalls.O_CLOEXEC), "/dev/fuse");
    boolean done = false;
    try {
      String data =
          "fd=%d,rootmode=%o,user_id=0,group_id=0,default_permissions,allow_other"
              .formatted(device, inodes.stat(InodeOperations.ROOT).mode());
      KernelCalls.check(
          KernelCalls.mount(source, target, TYPE, options.flags(), data), "mount on " + target);
      done = true;
    } finally {
      if (!done) {
        KernelCalls.close(device);
      }
    }
    FuseMount mount = new FuseMount(target, device, inodes, service, options);
    mount.start();
    return mount;
  }

  private void start() {
    FuseDispatcher dispatcher =
        new FuseDispatcher(
            new NameRequests(inodes, handles),
            new FileRequests(service, inodes, handles),
            new XattrRequests(inodes.xattrs(), session),
            sync,
            service.log());
    InFlight inFlight = new InFlight();
    ClientCpu client = new ClientCpu(WorkerCpu::ofThread, System::nanoTime);
    int blockBytes = service.fs().use().blockBytes();
    for (int i = 0; i < service.workers(); i++) {
      add(
          "fuse-" + i,
          new FuseWorker(device, dispatcher, inFlight, session, client, blockBytes, service.log()));
    }
    rings.forEach((name, ring, home) ->
        add(
            name,
            new RingWorker(ring, dispatcher, inFlight, session, home, blockBytes, service.log())));
    workers.forEach(Thread::start);
    Thread.ofPlatform().daemon().name("fuse-sync").start(sync);
  }

  private void add(String name, Runnable worker) {
    workers.add(Thread.ofPlatform().daemon().name(name).unstarted(worker));
  }

  /**
   * Waits until the kernel and the server have agreed on how requests come.
   *
   * @return true if they come over io_uring, false if they are read from {@code /dev/fuse}
   */
  public boolean awaitOverIoUring() {
    return session.awaitsRings();
  }

  /** Returns the directory. */
  public String directory() {
    return directory;
  }

  /**
   * Waits until the file system is unmounted, by {@link #unmount} or by umount(8), and every file
   * is closed and everything is durable. The file system itself can be unmounted then.
   *
   * @throws InterruptedException if the thread is interrupted while it waits
   */
  public void awaitUnmount() throws InterruptedException, Ext2Exception {
    for (Thread worker : workers) {
      worker.join();
    }
    KernelCalls.close(device);
    sync.end();
    handles.closeAll();
    inodes.forgetAll();
    service.sync();
  }

  /**
   * Takes the file system from its directory, also while it is in use: what was written arrives
   * first, then files that are open answer ENOTCONN. Does nothing when it is unmounted already.
   */
  public void unmount() {
    if (workers.stream().noneMatch(Thread::isAlive)) {
      return;
    }
    if (KernelCalls.umount(directory, 0) != -KernelCalls.EBUSY) {
      return;
    }
    int written = KernelCalls.syncfs(directory);
    if (written < 0) {
      service.log().accept("sync of " + directory + ": " + KernelCalls.words(-written));
    }
    // The force ends the connection, and the workers with it; the mount itself stays while in use.
    KernelCalls.umount(directory, KernelCalls.MNT_FORCE);
    KernelCalls.umount(directory, KernelCalls.MNT_DETACH);
  }

  /**
   * Removes a mount whose server has died, which answers ENOTCONN to everything.
   *
   * @return true if there was one
   * @throws IOException if it could not be removed
   */
  public static boolean removeDead(Path directory) throws IOException {
    String path = directory.toAbsolutePath().normalize().toString();
    boolean found = false;
    // access(2) may answer from the attributes that the kernel has kept.
    while (KernelCalls.statfs(path) == -KernelCalls.ENOTCONN) {
      KernelCalls.check(
          KernelCalls.umount(path, KernelCalls.MNT_DETACH), "the dead mount on " + path);
      found = true;
    }
    return found;
  }
}
