/* SPDX-License-Identifier: Apache-2.0 */

/* One getpriority(2), whatever the shell would make of it. */

#include <sys/resource.h>

int main(void)
{
	return getpriority(PRIO_PROCESS, 0) < 0;
}
