// SPDX-License-Identifier: Apache-2.0
/** An inventory in a file of an ext2 image, by a named module, and a test of its races. */
package com.example.inventory;
