/* SPDX-License-Identifier: Apache-2.0 */
#include "docs/docs.h"
#include "enforcer/commands.h"

int main(int argc, char **argv)
{
	return docs_main(&pale, argc, argv);
}
