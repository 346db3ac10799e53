/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/posture/profile_set.h"

#include "compiler/base/cleanup.h"
#include "compiler/compile.h"
#include "operator/memory.h"
#include "operator/webhook/pod.h"

#include <string.h>

struct compiled {
	const char *name;
	bool tried;
	struct compilation compilation;
	const struct policy *policy; /* NULL: nothing to ask */
};

struct profile_set {
	const json_t *profiles;
	struct compiled *v;
	size_t n;
};

struct profile_set *profile_set_new(const json_t *profiles)
{
	struct profile_set *s = memory_new(sizeof(*s));

	s->profiles = profiles;
	s->n = json_array_size(profiles);
	s->v = memory_new((s->n + 1) * sizeof(*s->v));
	for (size_t i = 0; i < s->n; i++)
		s->v[i].name = json_member_text(
			json_object_get(json_array_get(profiles, i), "metadata"), "name");
	return s;
}

void profile_set_free(struct profile_set *s)
{
	for (size_t i = 0; i < s->n; i++)
		compilation_release(&s->v[i].compilation);
	free(s->v);
	free(s);
}

/* What nodes are told, where the rollout says nothing else. */
static bool is_audited(const json_t *profile)
{
	const char *now = json_member_text(json_object_get(profile, "status"), "mode");

	if (!now)
		now = json_member_text(json_object_get(profile, "spec"), "mode");
	return now && strcmp(now, "enforce") != 0;
}

/* All that the compiler read is in the bundle, the library's files too. */
static void compile(struct compiled *c, const json_t *profile)
{
	const json_t *bundle = json_object_get(json_object_get(profile, "status"), "bundle");
	const char *main = json_member_text(bundle, "main"), *name;
	json_t *files = json_object_get(bundle, "files"), *text;
	const json_t *source = main ? json_object_get(files, main) : NULL;
	_cleanup_free_ struct memory_file *v =
		memory_new((json_object_size(files) + 1) * sizeof(*v));
	struct compile_options options = { .from_memory = true, .files = v };

	if (!json_is_string(source) || is_audited(profile))
		return;
	json_object_foreach (files, name, text) {
		if (json_is_string(text))
			v[options.n_files++] = (struct memory_file){ name, json_string_value(text),
				json_string_length(text) };
	}
	compile_bytes(&c->compilation, main, json_string_value(source), json_string_length(source),
		&options);
	if (!c->compilation.diags.n_errors)
		c->policy = compilation_policy(&c->compilation, c->name);
}

const struct policy *profile_set_enforced(struct profile_set *s, const char *name)
{
	for (size_t i = 0; i < s->n; i++) {
		struct compiled *c = &s->v[i];

		if (!c->name || strcmp(c->name, name) != 0)
			continue;
		if (!c->tried)
			compile(c, json_array_get(s->profiles, i));
		c->tried = true;
		return c->policy;
	}
	return NULL;
}
