/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/commands.h"

int main(int argc, char **argv)
{
	return program_main(&pale, argc, argv);
}
