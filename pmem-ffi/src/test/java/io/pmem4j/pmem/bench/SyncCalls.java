// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem.bench;

import io.mashona.logwriting.AppendOnlyLogImpl;
import io.pmem4j.durable.DurableCell;
import io.pmem4j.durable.DurableLog;
import io.pmem4j.durable.SlotStore;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.apache.lucene.document.Document;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.index.IndexWriterConfig;
import org.apache.lucene.store.FSDirectory;
import org.h2.mvstore.MVMap;
import org.h2.mvstore.MVStore;

/**
 * Makes a number of operations of 64 bytes that their library calls durable, for a trace of system
 * calls; {@code docs/durability.md} has the command. Arguments: product, folder, number.
 */
final class SyncCalls {
  private static final byte[] RECORD = new byte[64];
  private static final int BYTES = 1 << 20;

  private SyncCalls() {}

  public static void main(String[] arguments) throws Exception {
    Path path = Path.of(arguments[1]).resolve(arguments[0]);
    int operations = Integer.parseInt(arguments[2]);
    switch (arguments[0]) {
      case "DurableLog" -> {
        try (DurableLog log = DurableLog.openOrCreate(path, BYTES)) {
          repeat(operations, n -> log.append(RECORD));
        }
      }
      case "DurableCell" -> {
        try (DurableCell cell = DurableCell.openOrCreate(path, 1024)) {
          repeat(operations, n -> cell.set(RECORD));
        }
      }
      case "SlotStore" -> {
        try (SlotStore store = SlotStore.openOrCreate(path, 64, 10_000)) {
          repeat(operations, n -> store.write(RECORD));
        }
      }
      case "FileChannel" -> {
        try (FileChannel channel = open(path)) {
          repeat(
              operations,
              n -> {
                channel.write(ByteBuffer.wrap(RECORD));
                channel.force(false);
              });
        }
      }
      case "MappedByteBuffer" -> {
        try (FileChannel channel = open(path)) {
          MappedByteBuffer mapped = channel.map(FileChannel.MapMode.READ_WRITE, 0, BYTES);
          repeat(
              operations,
              n -> {
                mapped.put(64 * n, RECORD);
                mapped.force(64 * n, 64);
              });
        }
      }
      case "mashona" -> {
        try (FileChannel channel = open(path)) {
          MappedByteBuffer mapped = channel.map(FileChannel.MapMode.READ_WRITE, 0, BYTES);
          AppendOnlyLogImpl log = new AppendOnlyLogImpl(mapped, 0, BYTES, false, true);
          repeat(operations, n -> log.put(RECORD));
        }
      }
      case "MVStore" -> {
        try (MVStore store =
            new MVStore.Builder().fileName(path.toString()).autoCommitDisabled().open()) {
          MVMap<Integer, byte[]> map = store.openMap("map");
          repeat(
              operations,
              n -> {
                map.put(n, RECORD);
                store.commit();
                store.sync();
              });
        }
      }
      case "Lucene" -> {
        try (IndexWriter writer =
            new IndexWriter(FSDirectory.open(path), new IndexWriterConfig())) {
          repeat(
              operations,
              n -> {
                writer.addDocument(new Document());
                writer.commit();
              });
        }
      }
      default -> throw new IllegalArgumentException("unknown product " + arguments[0]);
    }
  }

  private interface Operation {
    void run(int number) throws IOException;
  }

  private static void repeat(int operations, Operation operation) throws IOException {
    for (int n = 0; n < operations; n++) {
      operation.run(n);
    }
  }

  private static FileChannel open(Path path) throws IOException {
    return FileChannel.open(
        path, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
  }
}
