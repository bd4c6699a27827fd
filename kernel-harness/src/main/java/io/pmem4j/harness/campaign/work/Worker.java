// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.campaign.work;

import java.io.BufferedReader;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * A process that checks its lanes and then works on them until it is killed. It reads its orders
 * from stdin and tells on stdout what it does; it ends when its stdin does.
 */
public final class Worker implements KillPoint.Listener {
  /** Of the order to work on a lane. */
  public static final String LANE = "lane";

  /** Of the order to wait at a point. */
  public static final String ARM = "arm";

  /** Of the order to check the lanes and to end. */
  public static final String VERIFY = "verify";

  /** Of the order to check the lanes and to work on them. */
  public static final String RUN = "run";

  private static final int LOST_STATUS = 1;

  private final LaneFactory factory;
  private final BufferedReader orders;
  private final PrintStream out;
  private final List<Work> works = new ArrayList<>();
  private @Nullable KillPoint armed;
  private long passes;
  private long operationsBefore;
  private long operations;
  private boolean working;

  /** A lane with its operations. */
  private static final class Work {
    private final int id;
    private final LaneSpec spec;
    private final long promised;
    private final long intended;
    private @Nullable Lane lane;
    private long last;

    private Work(List<String> words) {
      id = Integer.parseInt(words.get(1));
      promised = Long.parseLong(words.get(2));
      intended = Long.parseLong(words.get(3));
      spec = LaneSpec.of(words.subList(4, words.size()));
    }

    private Lane opened() {
      if (lane == null) {
        throw new IllegalStateException(spec + " was not checked");
      }
      return lane;
    }
  }

  private Worker(LaneFactory factory, BufferedReader orders, PrintStream out) {
    this.factory = factory;
    this.orders = orders;
    this.out = out;
  }

  /** Runs a worker on stdin and stdout. */
  public static void main(String[] arguments) {
    run(new LaneFactory());
  }

  /** Runs a worker with these lanes. */
  public static void run(LaneFactory factory) {
    PrintStream out = System.out;
    System.setOut(System.err); // nothing else may come in between
    BufferedReader in =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    Worker worker = new Worker(factory, in, out);
    int status = 0;
    try {
      worker.obey();
    } catch (EOFException end) {
      status = 0; // the campaign has ended
    } catch (LostException lost) {
      worker.say("lost", String.valueOf(lost.getMessage()));
      status = LOST_STATUS;
    } catch (IOException | RuntimeException e) {
      worker.say("refused", e.toString());
      status = LOST_STATUS;
    }
    Runtime.getRuntime().halt(status);
  }

  private void obey() throws IOException, LostException {
    while (true) {
      List<String> words = read();
      switch (words.getFirst()) {
        case LANE -> works.add(new Work(words));
        case ARM -> {
          armed = KillPoint.valueOf(words.get(1));
          passes = Long.parseLong(words.get(2));
          operationsBefore = Long.parseLong(words.get(3));
        }
        case VERIFY -> {
          check();
          say("ready");
          for (Work work : works) {
            work.opened().close();
          }
          return;
        }
        case RUN -> {
          check();
          say("ready");
          work(new SplittableRandom(Long.parseLong(words.get(1))));
        }
        default -> throw new IllegalArgumentException("unknown order " + words);
      }
    }
  }

  private void check() throws IOException, LostException {
    for (Work work : works) {
      try {
        Lane lane = factory.open(work.spec, work.promised, this);
        work.lane = lane;
        work.last = lane.recover(work.promised);
      } catch (LostException lost) {
        throw new LostException(
            "%s: %s; operation %d was acknowledged"
                .formatted(work.spec.describe(), lost.getMessage(), work.promised));
      }
      if (work.last < work.promised) {
        throw new LostException(
            "%s: operation %d was acknowledged, the last one there is %d"
                .formatted(work.spec.describe(), work.promised, work.last));
      }
      if (work.last > work.intended) {
        throw new IOException(
            "%s: operation %d is there, and %d is the last that the journal knows; it was cut short"
                .formatted(work.spec.describe(), work.last, work.intended));
      }
      say("found", String.valueOf(work.id), String.valueOf(work.last));
    }
  }

  private void work(SplittableRandom random) throws IOException {
    Work work = works.get(random.nextInt(works.size()));
    tell("intends", String.valueOf(work.id), String.valueOf(work.last + 1));
    while (true) {
      working = true;
      work.opened().perform(work.last + 1);
      reached(KillPoint.BEFORE_ACKNOWLEDGEMENT);
      working = false;
      work.last++;
      Work next = works.get(random.nextInt(works.size()));
      // The acknowledgement and the next intention leave this process together.
      tell(
          "done",
          String.valueOf(work.id),
          String.valueOf(work.last),
          String.valueOf(next.id),
          String.valueOf(next.last + 1));
      operations++;
      work = next;
    }
  }

  /** Tells the campaign, and waits until its journal has it. */
  private void tell(String... words) throws IOException {
    say(words);
    if (!read().getFirst().equals("ok")) {
      throw new IOException("the journal does not take " + Arrays.toString(words));
    }
  }

  @Override
  public void reached(KillPoint point) {
    if (working && operations >= operationsBefore && point == armed && passes-- <= 0) {
      say("at", point.name());
      try {
        read(); // until the end of the campaign
      } catch (IOException end) {
        Runtime.getRuntime().halt(0);
      }
    }
  }

  private void say(String... words) {
    out.print(Words.line(List.of(words)) + "\n");
    out.flush();
  }

  private List<String> read() throws IOException {
    String line = orders.readLine();
    if (line == null) {
      throw new EOFException();
    }
    return Words.of(line);
  }
}
