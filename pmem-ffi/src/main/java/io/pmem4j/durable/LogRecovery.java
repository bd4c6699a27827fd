// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.durable;

/**
 * The result of opening a {@link DurableLog}.
 *
 * @param records the number of records found
 * @param head the position of the first record
 * @param end the position after the last record
 * @param headerRepaired true if one of the two copies of the header was damaged and written anew
 */
public record LogRecovery(long records, long head, long end, boolean headerRepaired) {}
