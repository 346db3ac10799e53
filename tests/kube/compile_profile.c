/* SPDX-License-Identifier: Apache-2.0 */
/* compile_profile <OBJECT: what the controller puts into the status of a PaleProfile (JSON), for
 * tests that have no controller. */
#include "operator/controller/profile_compile.h"

#include <jansson.h>
#include <stdio.h>

int main(void)
{
	json_t *object = json_loadf(stdin, 0, NULL), *outcome;
	const char *name =
		json_string_value(json_object_get(json_object_get(object, "metadata"), "name"));

	if (!name)
		return 2;
	outcome = profile_compile(name, json_object_get(object, "spec"));
	json_object_del(outcome, "reason");
	json_object_del(outcome, "message");
	json_dumpf(outcome, stdout, JSON_COMPACT);
	putchar('\n');
	return json_object_get(outcome, "digest") ? 0 : 1;
}
