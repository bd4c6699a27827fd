// SPDX-License-Identifier: Apache-2.0

/**
 * The promises of persistent memory as tests that run beside the memory: in the build, in JVMs with
 * other environments, and as {@code pmem-ffi-VERSION-contract.jar} in the guest. Nothing here needs
 * the build; tests that do are a package up.
 */
package io.pmem4j.pmem.contract;
