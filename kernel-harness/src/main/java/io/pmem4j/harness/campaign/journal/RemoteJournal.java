// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.campaign.journal;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.function.Consumer;

/**
 * A journal that a {@link JournalReceiver} on another machine keeps. It sends bytes and waits until
 * the receiver has synced them.
 */
final class RemoteJournal implements Journal {
  private static final int CONNECT_MILLIS = 10_000;
  private static final int ANSWER_MILLIS = 60_000;

  private final Socket socket;
  private final DataInputStream in;
  private final DataOutputStream out;
  private final JournalLines lines = new JournalLines();

  private RemoteJournal(Socket socket) throws IOException {
    this.socket = socket;
    in = new DataInputStream(new BufferedInputStream(socket.getInputStream()));
    out = new DataOutputStream(new BufferedOutputStream(socket.getOutputStream()));
  }

  static RemoteJournal connect(String host, int port, boolean continues, Consumer<JournalRecord> to)
      throws IOException {
    Socket socket = new Socket();
    boolean open = false;
    try {
      socket.connect(new InetSocketAddress(host, port), CONNECT_MILLIS);
      socket.setSoTimeout(ANSWER_MILLIS);
      socket.setTcpNoDelay(true);
      RemoteJournal journal = new RemoteJournal(socket);
      journal.open(host + ":" + port, continues, to);
      open = true;
      return journal;
    } catch (JournalException known) {
      throw known;
    } catch (IOException unreachable) {
      throw new JournalException(
          "no receiver answers at %s:%d (%s): start ./pmem4j crash device --listen %d there"
              .formatted(host, port, unreachable.getMessage(), port));
    } finally {
      if (!open) {
        socket.close();
      }
    }
  }

  private void open(String receiver, boolean continues, Consumer<JournalRecord> to)
      throws IOException {
    out.writeByte(JournalReceiver.READ);
    out.flush();
    if (in.readByte() != JournalReceiver.OK) {
      throw new JournalException(receiver + " is no receiver of a campaign's journal");
    }
    byte[] content = new byte[in.readInt()];
    in.readFully(content);
    if (!continues && content.length > 0) {
      throw new JournalException(
          receiver + " has a campaign: continue it with --resume, or start a receiver of its own");
    }
    if (continues && content.length == 0) {
      throw new JournalException(
          "the journal at " + receiver + " is empty: begin a campaign without --resume");
    }
    lines.read(new ByteArrayInputStream(content), to);
    out.writeByte(JournalReceiver.TRUNCATE);
    out.writeInt((int) lines.whole());
    acknowledged();
  }

  private void acknowledged() throws IOException {
    out.flush();
    if (in.readByte() != JournalReceiver.OK) {
      throw new JournalException("the receiver could not write: see its output");
    }
  }

  @Override
  public synchronized void append(JournalRecord... records) throws IOException {
    byte[] bytes = lines.encode(records);
    out.writeByte(JournalReceiver.APPEND);
    out.writeInt(bytes.length);
    out.write(bytes);
    acknowledged();
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
