/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/plugin/commands.h"

int main(int argc, char **argv)
{
	return program_main(&kubectl_pale, argc, argv);
}
