/* SPDX-License-Identifier: Apache-2.0 */
/* Files of the container, and folders of the host's that it was given. */
#include "tests/attacks/range/action.h"

static int setuid_bit(char **args)
{
	return result(chmod(DATA "/tool", 04755));
}

static int cron(char **args)
{
	return write_file("/host/cron.d/job", O_CREAT, "* * * * * root /owned\n");
}

const struct action file_actions[] = {
	{ "setuid", setuid_bit, write_own },
	{ "cron", cron, write_own },
	{ 0 },
};
