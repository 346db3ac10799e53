/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/controller/recording_spec.h"

#include "operator/memory.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define RECORDING_ANNOTATION "pale.dev/recording"
#define NAME_MAX_BYTES	     63

static const char *text_of(const json_t *o, const char *member)
{
	const char *s = json_string_value(json_object_get(o, member));

	return s ? s : "";
}

static int read_duration(struct recording_spec *s, const json_t *v, struct pale_err **err)
{
	json_int_t n = v ? json_integer_value(v) : RECORDING_SECONDS;

	if (n < 1 || n > RECORDING_SECONDS_MAX)
		return pale_err_plain(err, EINVAL, "spec.durationSeconds is no number from 1 to %d",
			RECORDING_SECONDS_MAX);
	s->duration = n;
	return 0;
}

/* A policy's profile is named as its object, and the draft is another object. */
static int refuse_merge(const json_t *v, struct pale_err **err)
{
	if (!v)
		return 0;
	return pale_err_plain(err, EINVAL,
		"spec.merge: a draft is a new policy; `pale learn --merge` puts runs into one that "
		"is there");
}

/* Names of objects and of policies' profiles have this in common. */
static int read_profile(struct recording_spec *s, const json_t *v, struct pale_err **err)
{
	const char *word = v ? json_string_value(v) : s->name;

	if (!word || !*word || strlen(word) > NAME_MAX_BYTES || *word < 'a' || *word > 'z' ||
		word[strspn(word, "abcdefghijklmnopqrstuvwxyz0123456789-")])
		return pale_err_plain(err, EINVAL,
			"%s is no name of a profile: up to %d small letters, digits and hyphens, a "
			"letter first",
			v ? "spec.profile" : "its own name", NAME_MAX_BYTES);
	s->profile = memory_string(word);
	return 0;
}

int recording_spec_read(const json_t *object, struct recording_spec *ret, struct pale_err **err)
{
	const json_t *spec = json_object_get(object, "spec");
	const json_t *metadata = json_object_get(object, "metadata");
	int r;

	*ret = (struct recording_spec){
		.namespace = memory_string(text_of(metadata, "namespace")),
		.name = memory_string(text_of(metadata, "name")),
	};
	r = label_selector_read(json_object_get(spec, "selector"), &ret->selector, err);
	if (r < 0)
		return pale_err_wrap(err, "spec.selector");
	r = string_list_read(
		json_object_get(spec, "containers"), "spec.containers", &ret->containers, err);
	if (r == 0)
		r = read_duration(ret, json_object_get(spec, "durationSeconds"), err);
	if (r == 0)
		r = refuse_merge(json_object_get(spec, "merge"), err);
	return r < 0 ? r : read_profile(ret, json_object_get(spec, "profile"), err);
}

void recording_spec_release(struct recording_spec *s)
{
	label_selector_release(&s->selector);
	string_list_release(&s->containers);
	free(s->namespace);
	free(s->name);
	free(s->profile);
	*s = (struct recording_spec){ 0 };
}

static bool is_named(const struct recording_spec *s, const char *value)
{
	size_t len = strlen(s->namespace);

	return !strncmp(value, s->namespace, len) && value[len] == '/' &&
	       !strcmp(value + len + 1, s->name);
}

bool recording_selects(const struct recording_spec *s, const json_t *pod)
{
	const json_t *metadata = json_object_get(pod, "metadata");

	return !strcmp(text_of(metadata, "namespace"), s->namespace) &&
	       is_named(s,
		       text_of(json_object_get(metadata, "annotations"), RECORDING_ANNOTATION)) &&
	       label_selector_matches(&s->selector, json_object_get(metadata, "labels"));
}

bool recording_names(const struct recording_spec *s, const char *container)
{
	return string_list_names(&s->containers, container);
}
