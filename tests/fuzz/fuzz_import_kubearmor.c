/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz_import_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	import_text("kind: KubeArmorPolicy\n", data, size);
	return 0;
}
