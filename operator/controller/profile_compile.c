/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/controller/profile_compile.h"

#include "compiler/artefacts.h"
#include "compiler/base/cleanup.h"
#include "compiler/base/formatted.h"
#include "compiler/compile.h"
#include "compiler/cover_capabilities.h"
#include "operator/controller/status_text.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#define FILE_NAME_MAX 255

struct compiling {
	const char *name;
	char *main;
	struct memory_file files[PROFILE_FILES_MAX];
	uint32_t n_files;
	json_t *outcome;
};

static void compiling_release(struct compiling *c)
{
	free(c->main);
	json_decref(c->outcome);
}

static void conclude(struct compiling *c, const char *reason, const char *message)
{
	json_object_set_new(c->outcome, "reason", json_string(reason));
	json_object_set_new(c->outcome, "message", status_text(message));
}

/* false, so that a failing path is one `return`. */
__attribute__((format(printf, 3, 4))) static bool refuse(
	struct compiling *c, const char *reason, const char *format, ...)
{
	_cleanup_free_ char *message = FORMATTED(format);

	conclude(c, reason, message);
	return false;
}

/* ---- the spec, as far as the schema does not hold it */

static bool is_paleds_own(const char *name)
{
	return !strcmp(name, "pale-runc.pale") || !strcmp(name, "pale-crun.pale");
}

/* What the nodes' paled takes. */
static bool check_file_name(struct compiling *c, const char *name)
{
	size_t len = strlen(name), suffix = strlen(".pale");

	if (len > FILE_NAME_MAX)
		return refuse(c, "SpecInvalid", "spec.files: a name has more than %d bytes",
			FILE_NAME_MAX);
	if (!source_name_is_portable(name) || len <= suffix ||
		strcmp(name + len - suffix, ".pale") != 0)
		return refuse(c, "SpecInvalid",
			"spec.files: '%s' is no name of a policy's file: it is relative, has no "
			"component that begins with a dot and ends in .pale",
			name);
	if (!strcmp(name, c->main))
		return refuse(c, "SpecInvalid",
			"spec.files: '%s' is the name that spec.source has itself", name);
	if (is_paleds_own(name))
		return refuse(c, "SpecInvalid", "spec.files: '%s' is a name that paled itself uses",
			name);
	return true;
}

static bool take_files(struct compiling *c, const json_t *files, size_t *bytes)
{
	const char *name;
	json_t *text;

	if (files && !json_is_null(files) && !json_is_object(files))
		return refuse(c, "SpecInvalid", "spec.files is no object of texts");
	json_object_foreach ((json_t *)files, name, text) {
		if (c->n_files == PROFILE_FILES_MAX)
			return refuse(c, "SpecInvalid", "spec.files has more than %d files",
				PROFILE_FILES_MAX);
		if (!check_file_name(c, name))
			return false;
		if (!json_is_string(text))
			return refuse(c, "SpecInvalid", "spec.files: '%s' is no text", name);
		*bytes += json_string_length(text);
		c->files[c->n_files++] = (struct memory_file){ .name = name,
			.bytes = json_string_value(text),
			.len = json_string_length(text) };
	}
	return true;
}

static bool check_names(struct compiling *c, const json_t *spec)
{
	const json_t *profile = json_object_get(spec, "profile");

	if (strlen(c->name) > PROFILE_NAME_MAX)
		return refuse(c, "SpecInvalid", "the object's name has more than %d bytes",
			PROFILE_NAME_MAX);
	if (is_paleds_own(c->main))
		return refuse(c, "SpecInvalid", "'%s' is a name that paled itself uses", c->name);
	if (json_is_string(profile) && *json_string_value(profile) &&
		strcmp(json_string_value(profile), c->name) != 0)
		return refuse(c, "ProfileNameMismatch",
			"spec.profile is '%s', and containers ask for a profile by its object's "
			"name, '%s': the two are the same",
			json_string_value(profile), c->name);
	return true;
}

static bool check_json(struct compiling *c, const json_t *v, const char *what)
{
	size_t bytes = json_dumpb(v, NULL, 0, JSON_COMPACT);

	return bytes <= PROFILE_JSON_MAX ||
	       refuse(c, "SpecInvalid", "%s %zu bytes as JSON, and %zu are the most", what, bytes,
		       PROFILE_JSON_MAX);
}

static bool check_spec(struct compiling *c, const json_t *spec, const json_t **ret_source)
{
	const json_t *source = json_object_get(spec, "source");
	size_t bytes;

	if (!check_names(c, spec))
		return false;
	if (!json_is_string(source) || !json_string_length(source))
		return refuse(c, "SpecInvalid", "spec.source has no policy");
	bytes = json_string_length(source);
	if (!take_files(c, json_object_get(spec, "files"), &bytes))
		return false;
	if (bytes > PROFILE_SOURCES_MAX)
		return refuse(c, "SpecInvalid",
			"spec.source and spec.files have %zu bytes together, and %zu are the most",
			bytes, PROFILE_SOURCES_MAX);
	*ret_source = source;
	return check_json(c, spec, "the spec is");
}

/* ---- diagnostics */

static const char *const severity_words[] = {
	[SEVERITY_ERROR] = "error",
	[SEVERITY_WARNING] = "warning",
};

static json_t *diagnostic(const struct compilation *from, const struct diag *d)
{
	json_t *o = json_pack("{s:s}", "severity", severity_words[d->severity]);

	if (d->placed) {
		const struct source *s = from->sources.v[d->at.source];
		uint32_t line, column;

		source_position(s, d->at.offset, &line, &column);
		if (!s->own)
			json_object_set_new(o, "file", status_text(s->portable_name));
		json_object_set_new(o, "line", json_integer(line));
		json_object_set_new(o, "column", json_integer(column));
	}
	json_object_set_new(o, "message", status_text(d->text));
	if (d->hint)
		json_object_set_new(o, "hint", status_text(d->hint));
	return o;
}

static void put_diagnostics(struct compiling *c, const struct compilation *from)
{
	json_t *all = json_array();

	for (int severity = SEVERITY_ERROR; severity <= SEVERITY_WARNING; severity++) {
		for (uint32_t i = 0; i < from->diags.n; i++) {
			const struct diag *d = from->diags.v[i];

			if ((int)d->severity == severity &&
				json_array_size(all) < PROFILE_DIAGNOSTICS_MAX)
				json_array_append_new(all, diagnostic(from, d));
		}
	}
	json_object_set_new(c->outcome, "diagnostics", all);
}

static bool wrong(struct compiling *c, struct compilation *from)
{
	_cleanup_(pale_err_freep) struct pale_err *first = NULL;
	uint32_t more = from->diags.n_errors - 1;

	diag_sort(&from->diags);
	put_diagnostics(c, from);
	diag_first_error(&from->diags, true, &first);
	if (!more)
		return refuse(c, "SourceInvalid", "%s", pale_err_text(first));
	return refuse(c, "SourceInvalid", "%s, and %u more error%s", pale_err_text(first), more,
		more > 1 ? "s" : "");
}

/* ---- what it comes to */

/* CAP_NET_ADMIN is NET_ADMIN to Kubernetes. */
static json_t *dropped_capabilities(const struct policy *p)
{
	uint64_t kept = capabilities_kept(p);
	json_t *all = json_array();

	if (p->audit)
		return all;
	if (!kept) {
		json_array_append_new(all, json_string("ALL"));
		return all;
	}
	for (int cap = 0; vocab_capability_name(cap); cap++) {
		char word[64] = "";
		const char *name = vocab_capability_name(cap);

		for (size_t i = 0; i < sizeof(word) - 1 && name[i]; i++)
			word[i] = (char)toupper((unsigned char)name[i]);
		if (!(kept >> cap & 1))
			json_array_append_new(all, json_string(word));
	}
	return all;
}

static json_t *pod_of(const struct compiling *c, const struct policy *p)
{
	json_t *pod = json_object();

	json_object_set_new(
		pod, "seccompProfile", json_sprintf("pale/%s-%.12s.json", c->name, p->digest));
	json_object_set_new(pod, "dropCapabilities", dropped_capabilities(p));
	if (policy_implies_no_new_privs(p))
		json_object_set_new(pod, "allowPrivilegeEscalation", json_false());
	return pod;
}

static bool put_bundle(struct compiling *c, const struct compilation *from)
{
	json_t *files = json_object();
	size_t library = 0;

	json_object_set_new(
		c->outcome, "bundle", json_pack("{s:s, s:o}", "main", c->main, "files", files));
	for (uint32_t i = 0; i < from->sources.n; i++) {
		const struct source *s = from->sources.v[i];

		if (!s->in_memory)
			library += s->len;
		if (library > PROFILE_LIBRARY_MAX)
			return refuse(c, "SpecInvalid",
				"what it uses of the library has more than %zu bytes",
				PROFILE_LIBRARY_MAX);
		if (json_object_get(files, s->portable_name))
			return refuse(c, "SpecInvalid",
				"two files that it uses would both be '%s' on a node",
				s->portable_name);
		if (json_object_set_new(files, s->portable_name, json_stringn(s->bytes, s->len)) <
			0)
			return refuse(c, "SpecInvalid", "'%s' is no UTF-8", s->portable_name);
	}
	return check_json(c, files, "what it uses is");
}

static const struct {
	int errnum;
	const char *reason;
} artefact_reasons[] = {
	{ E2BIG, "TooComplex" },
	{ EBADMSG, "InternalError" },
};

static bool prove(struct compiling *c, const struct policy *p)
{
	_cleanup_(artefacts_release) struct artefacts a = { 0 };
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	const char *reason = "InternalError";
	int r = artefacts_make(p, NULL, &a, &err);

	if (r >= 0)
		return true;
	for (size_t i = 0; i < sizeof(artefact_reasons) / sizeof(*artefact_reasons); i++) {
		if (artefact_reasons[i].errnum == -r)
			reason = artefact_reasons[i].reason;
	}
	return refuse(c, reason, "%s", pale_err_text(err));
}

static bool check_profiles(struct compiling *c, struct compilation *from)
{
	const struct policy *p = compilation_policy(from, NULL);

	if (!p)
		return wrong(c, from);
	if (from->n_policies > 1)
		return refuse(c, "SeveralProfiles",
			"spec.source has the profiles '%s' and '%s': it holds one, '%s', and "
			"what that extends stands in spec.files",
			from->policies[0]->name, from->policies[1]->name, c->name);
	if (strcmp(p->name, c->name) != 0)
		return refuse(c, "ProfileNameMismatch",
			"spec.source has profile '%s', and containers ask for a profile by its "
			"object's name, '%s': the two are the same",
			p->name, c->name);
	return true;
}

static void compile_policy(struct compiling *c, struct compilation *from)
{
	const struct policy *p;

	if (from->diags.n_errors) {
		wrong(c, from);
		return;
	}
	put_diagnostics(c, from);
	if (!check_profiles(c, from))
		return;
	p = from->policies[0];
	if (!prove(c, p) || !put_bundle(c, from)) {
		json_object_del(c->outcome, "bundle");
		return;
	}
	json_object_set_new(c->outcome, "digest", json_string(p->digest));
	json_object_set_new(c->outcome, "pod", pod_of(c, p));
	conclude(c, "Compiled", "the policy is right");
}

json_t *profile_compile(const char *name, const json_t *spec)
{
	_cleanup_(compiling_release) struct compiling c = { .name = name };
	struct compile_options options = { .from_memory = true };
	_cleanup_(compilation_release) struct compilation from = { 0 };
	const json_t *source = NULL;

	if (asprintf(&c.main, "%s.pale", name) < 0)
		abort();
	c.outcome = json_pack("{s:[]}", "diagnostics");
	if (check_spec(&c, spec, &source)) {
		options.files = c.files;
		options.n_files = c.n_files;
		compile_bytes(&from, c.main, json_string_value(source), json_string_length(source),
			&options);
		compile_policy(&c, &from);
	}
	return TAKE_PTR(c.outcome);
}

json_t *profile_compile_work(const void *input)
{
	const struct profile_input *of = input;

	return profile_compile(of->name, of->spec);
}
