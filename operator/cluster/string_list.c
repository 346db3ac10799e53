/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/cluster/string_list.h"

#include "operator/memory.h"

#include <errno.h>

void string_list_add(struct string_list *l, const char *s)
{
	l->v = memory_resize(l->v, l->n + 1, sizeof(*l->v));
	l->v[l->n++] = memory_string(s);
}

int string_list_read(
	const json_t *list, const char *what, struct string_list *ret, struct pale_err **err)
{
	json_t *v;
	size_t i;

	if (list && !json_is_array(list))
		return pale_err_plain(err, EINVAL, "%s is no list", what);
	json_array_foreach (list, i, v) {
		if (!json_is_string(v))
			return pale_err_plain(err, EINVAL, "%s has one that is no string", what);
		string_list_add(ret, json_string_value(v));
	}
	return 0;
}

bool string_list_has(const struct string_list *l, const char *s)
{
	for (size_t i = 0; i < l->n; i++) {
		if (strcmp(l->v[i], s) == 0)
			return true;
	}
	return false;
}

bool string_list_names(const struct string_list *l, const char *s)
{
	return l->n == 0 || string_list_has(l, s);
}

void string_list_release(struct string_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->v[i]);
	free(l->v);
	*l = (struct string_list){ 0 };
}
