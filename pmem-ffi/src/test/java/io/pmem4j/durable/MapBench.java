// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.durable;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.h2.mvstore.MVMap;
import org.h2.mvstore.MVStore;
import org.lmdbjava.Dbi;
import org.lmdbjava.DbiFlags;
import org.lmdbjava.Env;
import org.lmdbjava.PutFlags;
import org.lmdbjava.Txn;

/**
 * A get and a durable put of 64 bytes in 100,000 keys, beside H2's MVStore and LMDB, in turns.
 * Arguments: a folder, and the number of puts a round. LMDB needs {@code --add-opens} of {@code
 * java.nio} and {@code sun.nio.ch}. Prints nanoseconds: the tenth percentile of rounds, which other
 * load disturbs least, and the median; then the same of the thread's processor time.
 */
final class MapBench {
  private static final int KEYS = 100_000;
  private static final int ROUNDS = 24;
  private static final int GETS = 100_000;
  private static final int SCANS = 3;

  private MapBench() {}

  /** A store that is measured. */
  private interface Peer extends AutoCloseable {
    byte[] get(byte[] key);

    void put(byte[] key, byte[] value);

    void fill(List<byte[]> keys, byte[] value);

    @Override
    void close();
  }

  public static void main(String[] arguments) throws IOException {
    Path folder = Files.createTempDirectory(Path.of(arguments[0]), "bench");
    int puts = Integer.parseInt(arguments[1]);
    SplittableRandom random = new SplittableRandom(1);
    List<byte[]> keys = new ArrayList<>();
    for (int i = 0; i < KEYS; i++) {
      keys.add(ByteBuffer.allocate(8).putLong(random.nextLong()).array());
    }
    List<String> names = List.of("DurableMap", "MVStore", "LMDB");
    double[][] gets = new double[names.size()][ROUNDS];
    double[][] commits = new double[names.size()][ROUNDS];
    double[][] cpuGets = new double[names.size()][ROUNDS];
    double[][] cpuCommits = new double[names.size()][ROUNDS];
    double[] scans = new double[ROUNDS];
    try (Ours ours = new Ours(folder.resolve("map"));
        H2 h2 = new H2(folder.resolve("h2"));
        Lmdb lmdb = new Lmdb(folder.resolve("lmdb"))) {
      List<Peer> peers = List.of(ours, h2, lmdb);
      byte[] value = new byte[64];
      for (Peer peer : peers) {
        peer.fill(keys, value);
      }
      long sum = 0;
      for (int round = 0; round < ROUNDS; round++) {
        for (int p = 0; p < peers.size(); p++) {
          Peer peer = peers.get(p);
          int[] order = random.ints(GETS, 0, KEYS).toArray();
          long cpu = processorTime();
          long begin = System.nanoTime();
          for (int i : order) {
            sum += peer.get(keys.get(i)).length;
          }
          gets[p][round] = (double) (System.nanoTime() - begin) / GETS;
          cpuGets[p][round] = (double) (processorTime() - cpu) / GETS;
          cpu = processorTime();
          begin = System.nanoTime();
          for (int i = 0; i < puts; i++) {
            value[0]++;
            peer.put(keys.get(order[i]), value);
          }
          commits[p][round] = (double) (System.nanoTime() - begin) / puts;
          cpuCommits[p][round] = (double) (processorTime() - cpu) / puts;
        }
        scans[round] = ours.scan();
      }
      if (sum != 64L * GETS * ROUNDS * peers.size()) {
        throw new IllegalStateException("read " + sum + " bytes");
      }
    } finally {
      try (Stream<Path> all = Files.walk(folder)) {
        for (Path each : all.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(each);
        }
      }
    }
    for (int p = 0; p < names.size(); p++) {
      System.out.printf(
          "%s: get %s ns, put and commit %s ns; processor time %s and %s ns%n",
          names.get(p), text(gets[p]), text(commits[p]), text(cpuGets[p]), text(cpuCommits[p]));
    }
    System.out.printf("DurableMap: scan %s ns an entry%n", text(scans));
  }

  /** Returns the nanoseconds for which this thread has run, to a tick. */
  static long processorTime() throws IOException {
    String times = Files.readString(Path.of("/proc/thread-self/schedstat"));
    return Long.parseLong(times.substring(0, times.indexOf(' ')));
  }

  private static String text(double[] rounds) {
    double[] late = Arrays.copyOfRange(rounds, ROUNDS / 3, ROUNDS);
    Arrays.sort(late);
    return "%.1f (median %.1f)".formatted(late[late.length / 10], late[late.length / 2]);
  }

  private static final class Ours implements Peer {
    private final DurableMap map;

    Ours(Path path) throws IOException {
      map = DurableMap.openOrCreate(path, 64 << 20);
    }

    @Override
    public byte[] get(byte[] key) {
      return map.get(key);
    }

    @Override
    public void put(byte[] key, byte[] value) {
      map.put(key, value);
    }

    @Override
    public void fill(List<byte[]> keys, byte[] value) {
      try (MapTransaction transaction = map.begin()) {
        keys.forEach(key -> transaction.put(key, value));
        transaction.commit();
      }
    }

    double scan() {
      long found = 0;
      long begin = System.nanoTime();
      for (int i = 0; i < SCANS; i++) {
        try (MapSnapshot snapshot = map.snapshot()) {
          MapCursor cursor = snapshot.ascending();
          while (cursor.next()) {
            found += cursor.key().length;
          }
        }
      }
      return 8.0 * (System.nanoTime() - begin) / found;
    }

    @Override
    public void close() {
      map.close();
    }
  }

  private static final class H2 implements Peer {
    private final MVStore store;
    private final MVMap<byte[], byte[]> map;

    H2(Path path) {
      store = new MVStore.Builder().fileName(path.toString()).autoCommitDisabled().open();
      map = store.openMap("map");
    }

    @Override
    public byte[] get(byte[] key) {
      return map.get(key);
    }

    @Override
    public void put(byte[] key, byte[] value) {
      map.put(key, value.clone());
      store.commit();
      store.sync();
    }

    @Override
    public void fill(List<byte[]> keys, byte[] value) {
      keys.forEach(key -> map.put(key, value.clone()));
      store.commit();
    }

    @Override
    public void close() {
      store.close();
    }
  }

  private static final class Lmdb implements Peer {
    private final Env<ByteBuffer> env;
    private final Dbi<ByteBuffer> dbi;
    private final ByteBuffer key = ByteBuffer.allocateDirect(8);
    private final ByteBuffer value = ByteBuffer.allocateDirect(64);

    Lmdb(Path folder) throws IOException {
      Files.createDirectory(folder);
      env = Env.create().setMapSize(256 << 20).setMaxDbs(1).open(folder.toFile());
      dbi = env.openDbi("map", DbiFlags.MDB_CREATE);
    }

    @Override
    public byte[] get(byte[] wanted) {
      try (Txn<ByteBuffer> txn = env.txnRead()) {
        key.clear().put(wanted).flip();
        ByteBuffer found = dbi.get(txn, key);
        byte[] copy = new byte[found.remaining()];
        found.get(copy);
        return copy;
      }
    }

    private void put(Txn<ByteBuffer> txn, byte[] to, byte[] content) {
      key.clear().put(to).flip();
      value.clear().put(content).flip();
      dbi.put(txn, key, value, new PutFlags[0]);
    }

    @Override
    public void put(byte[] to, byte[] content) {
      try (Txn<ByteBuffer> txn = env.txnWrite()) {
        put(txn, to, content);
        txn.commit();
      }
    }

    @Override
    public void fill(List<byte[]> keys, byte[] content) {
      try (Txn<ByteBuffer> txn = env.txnWrite()) {
        keys.forEach(each -> put(txn, each, content));
        txn.commit();
      }
    }

    @Override
    public void close() {
      env.close();
    }
  }
}
