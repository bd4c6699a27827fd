// SPDX-License-Identifier: Apache-2.0
/** The ledger of the README, and its test for every crash state. */
package com.example.ledger;
