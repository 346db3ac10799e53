/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz_import_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	import_text("abi <abi/3.0>,\n", data, size);
	return 0;
}
