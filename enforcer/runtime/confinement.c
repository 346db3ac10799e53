/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/runtime/confinement.h"

#include <errno.h>
#include <string.h>

static const char *const limit_names[CONFINE_LIMITS] = {
	[CONFINE_PROCESSES] = "processes",
	[CONFINE_MEMORY] = "memory",
	[CONFINE_CPU] = "cpu",
	[CONFINE_OPEN_FILES] = "open_files",
	[CONFINE_FILE_SIZE] = "file_size",
};

const char *confinement_limit_name(enum confinement_limit limit)
{
	return limit_names[limit];
}

static int wrong(const char *member, struct pale_err **err)
{
	return pale_err_plain(err, EPROTO, "paled's answer: '%s' is missing or wrong", member);
}

static int read_string(const json_t *answer, const char *member, bool needed, const char **ret,
	struct pale_err **err)
{
	const json_t *v = json_object_get(answer, member);

	*ret = json_string_value(v);
	if (v ? !*ret || !**ret : needed)
		return wrong(member, err);
	return 0;
}

static int read_truth(const json_t *answer, const char *member, bool *ret, struct pale_err **err)
{
	const json_t *v = json_object_get(answer, member);

	*ret = json_is_true(v);
	return v && !json_is_boolean(v) ? wrong(member, err) : 0;
}

static bool all_strings(const json_t *array)
{
	for (size_t i = 0; i < json_array_size(array); i++)
		if (!json_is_string(json_array_get(array, i)))
			return false;
	return json_is_array(array);
}

static int read_limits(const json_t *answer, struct confinement *c, struct pale_err **err)
{
	const json_t *limits = json_object_get(answer, "limits");
	const char *name;
	json_t *v;

	if (!limits)
		return 0;
	if (!json_is_object(limits))
		return wrong("limits", err);
	json_object_foreach ((json_t *)limits, name, v) {
		int i = 0;

		while (i < CONFINE_LIMITS && strcmp(limit_names[i], name) != 0)
			i++;
		/* One that is not known here would not be set. */
		if (i == CONFINE_LIMITS)
			return pale_err_plain(
				err, EPROTO, "paled's answer: an unknown limit, '%s'", name);
		if (!json_is_integer(v) || json_integer_value(v) < 0)
			return wrong(name, err);
		c->limits[i].set = true;
		c->limits[i].value = (uint64_t)json_integer_value(v);
	}
	return 0;
}

static int read_mechanisms(const json_t *answer, struct confinement *c, struct pale_err **err)
{
	const json_t *v = json_object_get(answer, "mechanisms");

	if (!all_strings(v))
		return wrong("mechanisms", err);
	for (size_t i = 0; i < json_array_size(v); i++)
		c->bpf_lsm |= !strcmp(json_string_value(json_array_get(v, i)), "bpf-lsm");
	return 0;
}

static int read_wait(const json_t *answer, struct confinement *c, struct pale_err **err)
{
	const json_t *v = json_object_get(answer, "wait_ms");

	c->wait_ms = CONFINE_WAIT_MS;
	if (!v)
		return 0;
	if (!json_is_integer(v) || json_integer_value(v) < 0 ||
		json_integer_value(v) > CONFINE_WAIT_MAX_MS)
		return wrong("wait_ms", err);
	c->wait_ms = (int)json_integer_value(v);
	return 0;
}

static int read_members(const json_t *answer, struct confinement *c, struct pale_err **err)
{
	const struct {
		const char *member;
		bool needed;
		const char **to;
	} strings[] = {
		{ "digest", true, &c->digest },
		{ "mode", true, &c->mode },
		{ "apparmor", false, &c->apparmor },
		{ "seccomp_bpf", false, &c->seccomp_bpf },
	};
	int r;

	for (size_t i = 0; i < sizeof(strings) / sizeof(*strings); i++) {
		r = read_string(answer, strings[i].member, strings[i].needed, strings[i].to, err);
		if (r < 0)
			return r;
	}
	c->seccomp = json_object_get(answer, "seccomp");
	if (c->seccomp && !json_is_object(c->seccomp))
		return wrong("seccomp", err);
	c->capabilities = json_object_get(answer, "capabilities");
	if (c->capabilities && !all_strings(c->capabilities))
		return wrong("capabilities", err);
	r = read_truth(answer, "no_new_privileges", &c->no_new_privileges, err);
	if (r < 0)
		return r;
	r = read_mechanisms(answer, c, err);
	if (r < 0)
		return r;
	r = read_limits(answer, c, err);
	return r < 0 ? r : read_wait(answer, c, err);
}

static int read_recording(const json_t *answer, struct confinement *c, struct pale_err **err)
{
	int r = read_string(answer, "recording", false, &c->recording, err);

	return r < 0 || !c->recording ? r : read_wait(answer, c, err);
}

int confinement_read(json_t *answer, struct confinement *ret, struct pale_err **err)
{
	int r;

	*ret = (struct confinement){ .answer = answer };
	r = read_truth(answer, "unconfined", &ret->unconfined, err);
	if (r == 0 && !ret->unconfined)
		r = read_members(answer, ret, err);
	else if (r == 0)
		r = read_recording(answer, ret, err);
	if (r < 0)
		confinement_release(ret);
	return r;
}

void confinement_release(struct confinement *c)
{
	json_decref(c->answer);
	*c = (struct confinement){ 0 };
}

bool confinement_allows_capability(const struct confinement *c, const char *name)
{
	if (!c->capabilities)
		return true;
	for (size_t i = 0; i < json_array_size(c->capabilities); i++)
		if (!strcmp(json_string_value(json_array_get(c->capabilities, i)), name))
			return true;
	return false;
}
