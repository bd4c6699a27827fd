// SPDX-License-Identifier: Apache-2.0
/** A program on the class path that counts its own starts, and a test of its races. */
package com.example.counter;
