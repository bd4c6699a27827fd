// SPDX-License-Identifier: Apache-2.0
/* The guest's clock, which a program sets before each operation. */
#ifndef PMEM4J_CLOCK_H
#define PMEM4J_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

/* Sets the clock to the start of a second; false with errno. */
bool clock_set(int64_t second);

bool clock_stands_at(int64_t second);

#endif
