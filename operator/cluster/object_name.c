/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/cluster/object_name.h"

#include "operator/memory.h"

#include <errno.h>

int object_name_read(
	const json_t *object, bool namespaced, struct object_head *ret, struct pale_err **err)
{
	const json_t *metadata = json_object_get(object, "metadata");
	const char *name = json_string_value(json_object_get(metadata, "name"));
	const char *namespace =
		namespaced ? json_string_value(json_object_get(metadata, "namespace")) : "";

	if (!name || !*name)
		return pale_err_plain(err, EINVAL, "an object without metadata.name");
	if (!namespace || (namespaced && !*namespace))
		return pale_err_plain(err, EINVAL, "'%s' has no metadata.namespace", name);
	ret->name = memory_string(name);
	ret->namespace = memory_string(namespace);
	return 0;
}

void object_name_release(struct object_head *head)
{
	free(head->name);
	free(head->namespace);
}
