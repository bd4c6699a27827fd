// SPDX-License-Identifier: Apache-2.0

/**
 * What persistent memory promises, as tests that go where the memory is: they run in the build, in
 * JVMs with other environments, and as {@code pmem-ffi-VERSION-contract.jar} in the guest. Nothing
 * here uses what is only in the build; what does is a package up.
 */
package io.pmem4j.pmem.contract;
