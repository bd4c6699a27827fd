// SPDX-License-Identifier: Apache-2.0
/**
 * The face of the file system: mount, open, sync, unmount, and the vocabulary of results and
 * errors.
 *
 * <p>Two kinds of classes live here. The vocabulary ({@link io.pmem4j.ext2.Errno}, the exceptions,
 * {@link io.pmem4j.ext2.MountOptions}, {@link io.pmem4j.ext2.Instrumentation}, {@link
 * io.pmem4j.ext2.Stat}, {@link io.pmem4j.ext2.Extent}) knows no other room and may be used by all
 * of them. The facade ({@link io.pmem4j.ext2.Ext2FileSystem}, {@link io.pmem4j.ext2.OpenFile}) uses
 * the rooms and is used by none. No file system logic belongs here. Kernel twin: the system call
 * layer above fs/ext2.
 */
@NullMarked
package io.pmem4j.ext2;

import org.jspecify.annotations.NullMarked;
