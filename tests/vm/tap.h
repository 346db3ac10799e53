/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_TESTS_TAP_H
#define PALE_TESTS_TAP_H

/* Results as TAP, one at a time. */

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int tests, failures;

static void result(bool good, const char *format, ...)
{
	va_list args;

	printf("%sok %d - ", good ? "" : "not ", ++tests);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
	failures += !good;
	fflush(stdout);
}

/* What a test needs in order to be one. */
static void must(bool good, const char *what)
{
	if (good)
		return;
	printf("Bail out! %s: %s\n", what, strerror(errno));
	exit(1);
}

#endif
