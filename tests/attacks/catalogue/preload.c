/* SPDX-License-Identifier: Apache-2.0 */
/* A library that runs in whatever loads it. */
#include <unistd.h>

__attribute__((constructor)) static void loaded(void)
{
	if (write(5, "preloaded\n", 10) < 0)
		_exit(253);
}
