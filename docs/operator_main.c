/* SPDX-License-Identifier: Apache-2.0 */
#include "docs/docs.h"
#include "operator/commands.h"

int main(int argc, char **argv)
{
	return docs_main(&pale_operator, argc, argv);
}
