// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.crash;

import java.math.BigInteger;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The name of a crash state, as {@code x86:17:b4:1f2e3d4c}: mode, event that the crash preceded,
 * pending words on the medium as bits from the first store on, fingerprint of the trace.
 */
record StateName(CrashMode mode, int event, BigInteger chosen, int fingerprint) {
  private static final Pattern FORM =
      Pattern.compile("(x86|java|auto_flush|page):(\\d{1,9}):([0-9a-f]+):([0-9a-f]{1,8})");

  StateName(CrashMode mode, int event, boolean[] chosen, int fingerprint) {
    this(mode, event, bits(chosen), fingerprint);
  }

  private static BigInteger bits(boolean[] chosen) {
    BigInteger bits = BigInteger.ZERO;
    for (int i = 0; i < chosen.length; i++) {
      bits = chosen[i] ? bits.setBit(i) : bits;
    }
    return bits;
  }

  static StateName parse(String text) {
    Matcher form = FORM.matcher(text.strip());
    if (!form.matches()) {
      throw new IllegalArgumentException(
          "not the name of a crash state: '" + text + "', expected mode:event:words:trace");
    }
    return new StateName(
        CrashMode.valueOf(form.group(1).toUpperCase(Locale.ROOT)),
        Integer.parseInt(form.group(2)),
        new BigInteger(form.group(3), 16),
        Integer.parseUnsignedInt(form.group(4), 16));
  }

  /** Runs a check on the state; returns its failure, or null. */
  @Nullable Throwable run(CrashStates states, CrashCheck check) {
    StoreTrace trace = states.trace();
    if (trace.fingerprint() != fingerprint) {
      throw new IllegalArgumentException(
          "the run differs from the one that "
              + this
              + " names: its trace is "
              + Integer.toHexString(trace.fingerprint()));
    }
    long[] image = trace.initial();
    StateJudge judge =
        new StateJudge(mode, mode.granularity(), image, trace.byteSize(), check, true);
    Verdict[] verdict = new Verdict[1];
    states
        .mode(mode)
        .visitPoints(
            image,
            (at, pending, acknowledged) -> {
              if (at == event) {
                choose(pending.atoms(), image);
                verdict[0] = judge.run(acknowledged);
              }
              return at < event;
            });
    if (verdict[0] == null) {
      throw new IllegalArgumentException("no crash is tried before event " + event);
    }
    return verdict[0].failure();
  }

  private void choose(List<Atom> atoms, long[] image) {
    for (int i = 0; i < atoms.size(); i++) {
      Atom atom = atoms.get(i);
      atom.chosen = chosen.testBit(i);
      image[atom.word.index] = atom.word.value();
    }
  }

  @Override
  public String toString() {
    return mode.toString().toLowerCase(Locale.ROOT)
        + ":"
        + event
        + ":"
        + chosen.toString(16)
        + ":"
        + Integer.toHexString(fingerprint);
  }
}
