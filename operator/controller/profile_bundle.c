/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/controller/profile_bundle.h"

#include <errno.h>
#include <string.h>

static const char *text_of(const json_t *o, const char *member)
{
	const char *s = json_string_value(json_object_get(o, member));

	return s ? s : "";
}

static const char *name_of(const json_t *object)
{
	return text_of(json_object_get(object, "metadata"), "name");
}

int profile_bundle_request(const json_t *object, json_t **ret, struct pale_err **err)
{
	const json_t *status = json_object_get(object, "status");
	const json_t *bundle = json_object_get(status, "bundle");
	const char *main = text_of(bundle, "main"), *name;
	json_t *files = json_object_get(bundle, "files"), *all, *text;

	if (!*text_of(status, "digest") || !bundle)
		return pale_err_plain(err, ENOENT,
			"PaleProfile '%s' has not been compiled by the controller",
			name_of(object));
	if (!json_is_string(json_object_get(files, main)))
		return pale_err_plain(err, EBADMSG, "PaleProfile '%s': status.bundle is damaged",
			name_of(object));
	all = json_array();
	json_object_foreach (files, name, text)
		json_array_append_new(all, json_pack("{s:s, s:O}", "name", name, "text", text));
	*ret = json_pack("{s:i, s:s, s:o, s:s, s:b}", "version", 1, "method", "load", "files", all,
		"main", main, "replace", 1);
	return *ret ? 0
		    : pale_err_plain(err, EBADMSG, "PaleProfile '%s': status.bundle is damaged",
			      name_of(object));
}

int profile_bundle_check(const json_t *object, const json_t *answer, struct pale_err **err)
{
	const char *want = text_of(json_object_get(object, "status"), "digest");
	const char *name = name_of(object);
	json_t *p;
	size_t i;

	if (!*want)
		return pale_err_plain(
			err, EBADMSG, "PaleProfile '%s' says no digest to compare with", name);
	if (!json_is_true(json_object_get(answer, "ok")))
		return pale_err_plain(err, EINVAL, "paled: %s", text_of(answer, "error"));
	json_array_foreach (json_object_get(answer, "profiles"), i, p) {
		if (strcmp(text_of(p, "profile"), name) != 0)
			continue;
		if (!strcmp(text_of(p, "digest"), want))
			return 0;
		return pale_err_plain(err, EBADMSG,
			"profile '%s' has digest %.12s here, and %.12s where the controller "
			"compiled it: another version of Pale",
			name, text_of(p, "digest"), want);
	}
	return pale_err_plain(err, EBADMSG, "paled loaded no profile '%s'", name);
}
