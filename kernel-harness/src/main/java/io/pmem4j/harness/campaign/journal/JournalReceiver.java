// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.campaign.journal;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/**
 * Keeps the journal of one campaign for another machine: it appends what it receives, syncs it, and
 * answers. It knows nothing of records. A new connection takes the place of the one before it.
 */
public final class JournalReceiver implements AutoCloseable {
  /** Sends the content: its length, then its bytes. */
  static final int READ = 'R';

  /** Cuts off what lies after a length. */
  static final int TRUNCATE = 'T';

  /** Appends bytes: their length, then the bytes. */
  static final int APPEND = 'A';

  /** The answer to what was done and synced. */
  static final int OK = 1;

  private static final int MOST_BYTES = 1 << 20;

  private final FileChannel file;
  private final ServerSocket server;
  private volatile @Nullable Socket served;

  /** Counts connections; guarded by this. */
  private long turns;

  /**
   * Listens on a port of this machine.
   *
   * @param port 0 for any
   * @param path the journal's file
   */
  public JournalReceiver(int port, Path path) throws IOException {
    file =
        FileChannel.open(
            path, StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.CREATE);
    server = new ServerSocket();
    server.setReuseAddress(true);
    try {
      if (file.tryLock() == null) {
        throw new JournalException(path + " is in use by another receiver");
      }
      server.bind(new InetSocketAddress(port));
    } catch (IOException e) {
      close();
      throw e;
    }
  }

  /** Returns the port it listens on. */
  public int port() {
    return server.getLocalPort();
  }

  /** Serves campaigns until {@link #close}. */
  public void serve() throws IOException {
    while (!server.isClosed()) {
      try {
        Socket socket = server.accept();
        Thread.ofPlatform().daemon().name("pmem4j-receiver").start(() -> serve(socket));
      } catch (SocketException closed) {
        if (!server.isClosed()) {
          throw closed;
        }
      }
    }
  }

  private synchronized long takeOver(Socket socket) throws IOException {
    Socket before = served;
    served = socket;
    if (before != null) {
      before.close();
    }
    return ++turns;
  }

  private void serve(Socket socket) {
    try (socket;
        DataInputStream in = new DataInputStream(new BufferedInputStream(socket.getInputStream()));
        DataOutputStream out =
            new DataOutputStream(new BufferedOutputStream(socket.getOutputStream()))) {
      socket.setKeepAlive(true);
      socket.setTcpNoDelay(true);
      // A machine that was cut off does not end its connection: the newest one is served.
      long turn = takeOver(socket);
      while (true) {
        int request = in.readByte();
        synchronized (this) {
          if (turns != turn) {
            return;
          }
          answer(request, in, out);
        }
        out.flush();
      }
    } catch (EOFException | SocketException gone) {
      // The campaign has ended, or its machine.
    } catch (IOException e) {
      System.err.println("pmem4j: the receiver: " + e.getMessage());
    }
  }

  private void answer(int request, DataInputStream in, DataOutputStream out) throws IOException {
    switch (request) {
      case READ -> {
        ByteBuffer content = ByteBuffer.allocate(Math.toIntExact(file.size()));
        file.position(0);
        while (content.hasRemaining() && file.read(content) >= 0) {}
        out.writeByte(OK);
        out.writeInt(content.position());
        out.write(content.array(), 0, content.position());
      }
      case TRUNCATE -> {
        file.truncate(in.readInt());
        file.position(file.size());
        file.force(true);
        out.writeByte(OK);
      }
      case APPEND -> {
        int length = in.readInt();
        if (length < 0 || length > MOST_BYTES) {
          throw new IOException("a request to append " + length + " bytes");
        }
        ByteBuffer bytes = ByteBuffer.wrap(in.readNBytes(length));
        if (bytes.remaining() < length) {
          throw new EOFException();
        }
        while (bytes.hasRemaining()) {
          file.write(bytes);
        }
        file.force(false);
        out.writeByte(OK);
      }
      default -> throw new IOException("unknown request " + request);
    }
  }

  @Override
  public void close() throws IOException {
    server.close();
    Socket open = served;
    if (open != null) {
      open.close();
    }
    file.close();
  }
}
