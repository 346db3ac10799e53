/* SPDX-License-Identifier: Apache-2.0 */
#include "docs/docs.h"
#include "operator/plugin/commands.h"

int main(int argc, char **argv)
{
	return docs_main(&kubectl_pale, argc, argv);
}
