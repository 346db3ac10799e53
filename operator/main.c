/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/commands.h"

int main(int argc, char **argv)
{
	return program_main(&pale_operator, argc, argv);
}
