/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/daemon/request_members.h"

#include <errno.h>

int request_text(const json_t *body, const char *name, const char **ret, struct pale_err **err)
{
	const json_t *v = json_object_get(body, name);

	*ret = json_string_value(v);
	return v && !*ret ? pale_err_plain(err, EINVAL, "'%s' must be a text", name) : 0;
}

int request_flag(const json_t *body, const char *name, bool *ret, struct pale_err **err)
{
	const json_t *v = json_object_get(body, name);

	*ret = json_is_true(v);
	return v && !json_is_boolean(v)
		       ? pale_err_plain(err, EINVAL, "'%s' must be true or false", name)
		       : 0;
}

int request_object(const json_t *body, const char *name, const json_t **ret, struct pale_err **err)
{
	*ret = json_object_get(body, name);
	return *ret && !json_is_object(*ret)
		       ? pale_err_plain(err, EINVAL, "'%s' must be an object", name)
		       : 0;
}

int request_texts(const json_t *body, const char *name, const json_t **ret, struct pale_err **err)
{
	int r = request_object(body, name, ret, err);
	const char *key;
	json_t *v;

	if (r < 0)
		return r;
	json_object_foreach ((json_t *)*ret, key, v) {
		if (!json_is_string(v))
			return pale_err_plain(err, EINVAL, "'%s' must be an object of texts", name);
	}
	return 0;
}
