// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2;

/**
 * The options of a mount, as {@code mount -o} takes them. Immutable.
 *
 * @param dax regular files are mapped and accessed without a page cache
 * @param oldalloc directories are placed by the old rule instead of Orlov's
 * @param accessTimes when reading changes the access time
 * @param noreservation blocks are allocated without reservation windows
 * @param errors the reaction to an error found on the medium
 * @param ordered the stores of an operation become durable in an order in which a crash damages no
 *     structure, see {@code docs/crash-consistency.md}. Linux has no such option
 * @param userAttributes whether attributes of the name space user are there
 * @param acl whether access control lists are there, and count
 * @param readOnly nothing is stored, so that the memory may be mapped for loads only
 * @param sync each change is durable when its call returns, as far as Linux has it so
 * @param dirsync the same for changes of directories
 */
public record MountOptions(
    boolean dax,
    boolean oldalloc,
    AccessTimes accessTimes,
    boolean noreservation,
    ErrorPolicy errors,
    boolean ordered,
    AttributeSupport userAttributes,
    AttributeSupport acl,
    boolean readOnly,
    boolean sync,
    boolean dirsync) {

  private static final MountOptions DEFAULTS =
      new MountOptions(
          false,
          false,
          AccessTimes.RELATIME,
          false,
          ErrorPolicy.SUPERBLOCK,
          false,
          AttributeSupport.SUPERBLOCK,
          AttributeSupport.SUPERBLOCK,
          false,
          false,
          false);

  /**
   * Reads the text that {@code mount -o} takes.
   *
   * @throws Ext2Exception EINVAL for an option that is not known
   */
  public static MountOptions parse(String text) throws Ext2Exception {
    MountOptions options = DEFAULTS;
    for (String option : text.split(",", -1)) {
      options =
          switch (option) {
            case "" -> options;
            case "dax" -> options.withDax(true);
            case "oldalloc" -> options.withOldalloc(true);
            case "orlov" -> options.withOldalloc(false);
            case "relatime", "atime" -> options.withAccessTimes(AccessTimes.RELATIME);
            case "strictatime" -> options.withAccessTimes(AccessTimes.STRICTATIME);
            case "noatime" -> options.withAccessTimes(AccessTimes.NOATIME);
            case "noreservation" -> options.withNoreservation(true);
            case "reservation" -> options.withNoreservation(false);
            case "ordered" -> options.withOrdered(true);
            case "unordered" -> options.withOrdered(false);
            case "user_xattr" -> options.withUserAttributes(AttributeSupport.ON);
            case "nouser_xattr" -> options.withUserAttributes(AttributeSupport.OFF);
            case "acl" -> options.withAcl(AttributeSupport.ON);
            case "noacl" -> options.withAcl(AttributeSupport.OFF);
            case "ro" -> options.withReadOnly(true);
            case "rw" -> options.withReadOnly(false);
            case "sync" -> options.withSync(true);
            case "async" -> options.withSync(false);
            case "dirsync" -> options.withDirsync(true);
            case "errors=continue" -> options.withErrors(ErrorPolicy.CONTINUE);
            case "errors=remount-ro" -> options.withErrors(ErrorPolicy.REMOUNT_RO);
            default -> throw new Ext2Exception(Errno.EINVAL, "unknown mount option " + option);
          };
    }
    return options;
  }

  /** These options with another {@link #dax}. */
  public MountOptions withDax(boolean value) {
    return new MountOptions(
        value,
        oldalloc,
        accessTimes,
        noreservation,
        errors,
        ordered,
        userAttributes,
        acl,
        readOnly,
        sync,
        dirsync);
  }

  /** These options with another {@link #oldalloc}. */
  public MountOptions withOldalloc(boolean value) {
    return new MountOptions(
        dax,
        value,
        accessTimes,
        noreservation,
        errors,
        ordered,
        userAttributes,
        acl,
        readOnly,
        sync,
        dirsync);
  }

  /** These options with another {@link #accessTimes}. */
  public MountOptions withAccessTimes(AccessTimes value) {
    return new MountOptions(
        dax,
        oldalloc,
        value,
        noreservation,
        errors,
        ordered,
        userAttributes,
        acl,
        readOnly,
        sync,
        dirsync);
  }

  /** These options with another {@link #noreservation}. */
  public MountOptions withNoreservation(boolean value) {
    return new MountOptions(
        dax,
        oldalloc,
        accessTimes,
        value,
        errors,
        ordered,
        userAttributes,
        acl,
        readOnly,
        sync,
        dirsync);
  }

  /** These options with another {@link #errors}. */
  public MountOptions withErrors(ErrorPolicy value) {
    return new MountOptions(
        dax,
        oldalloc,
        accessTimes,
        noreservation,
        value,
        ordered,
        userAttributes,
        acl,
        readOnly,
        sync,
        dirsync);
  }

  /** These options with another {@link #ordered}. */
  public MountOptions withOrdered(boolean value) {
    return new MountOptions(
        dax,
        oldalloc,
        accessTimes,
        noreservation,
        errors,
        value,
        userAttributes,
        acl,
        readOnly,
        sync,
        dirsync);
  }

  /** These options with another {@link #userAttributes}. */
  public MountOptions withUserAttributes(AttributeSupport value) {
    return new MountOptions(
        dax,
        oldalloc,
        accessTimes,
        noreservation,
        errors,
        ordered,
        value,
        acl,
        readOnly,
        sync,
        dirsync);
  }

  /** These options with another {@link #acl}. */
  public MountOptions withAcl(AttributeSupport value) {
    return new MountOptions(
        dax,
        oldalloc,
        accessTimes,
        noreservation,
        errors,
        ordered,
        userAttributes,
        value,
        readOnly,
        sync,
        dirsync);
  }

  /** These options with another {@link #readOnly}. */
  public MountOptions withReadOnly(boolean value) {
    return new MountOptions(
        dax,
        oldalloc,
        accessTimes,
        noreservation,
        errors,
        ordered,
        userAttributes,
        acl,
        value,
        sync,
        dirsync);
  }

  /** These options with another {@link #sync}. */
  public MountOptions withSync(boolean value) {
    return new MountOptions(
        dax,
        oldalloc,
        accessTimes,
        noreservation,
        errors,
        ordered,
        userAttributes,
        acl,
        readOnly,
        value,
        dirsync);
  }

  /** These options with another {@link #dirsync}. */
  public MountOptions withDirsync(boolean value) {
    return new MountOptions(
        dax,
        oldalloc,
        accessTimes,
        noreservation,
        errors,
        ordered,
        userAttributes,
        acl,
        readOnly,
        sync,
        value);
  }
}
