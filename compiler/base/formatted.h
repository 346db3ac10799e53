/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_FORMATTED_H
#define PALE_FORMATTED_H

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/*
 * In a function whose last named parameter is @format, with arguments as printf(3) has them behind
 * it: what they make; malloc-ed.
 */
#define FORMATTED(format)                                                                          \
	({                                                                                         \
		char *formatted__;                                                                 \
		va_list args__;                                                                    \
                                                                                                   \
		va_start(args__, format);                                                          \
		if (vasprintf(&formatted__, format, args__) < 0)                                   \
			abort();                                                                   \
		va_end(args__);                                                                    \
		formatted__;                                                                       \
	})

#endif
