// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.explore;

/** A program that explores twice and prints the kind of its tasks and the number of findings. */
final class LostUpdateMain {
  private LostUpdateMain() {}

  public static void main(String[] arguments) {
    Explorer explorer = Explorer.bounded(1);
    int findings = explorer.explore(Programs.lostUpdate()).findings().size();
    findings += explorer.explore(Programs.lostUpdate()).findings().size();
    System.out.println("continuations " + Explorer.usesContinuations() + ", findings " + findings);
  }
}
