/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/daemon/node_policy.h"

#include "compiler/base/cleanup.h"
#include "compiler/cover_capabilities.h"
#include "compiler/emit_oci.h"
#include "compiler/base/base64.h"
#include "enforcer/file_tree.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME_BYTES_MAX 255

/* Of the file beside a policy that extends it, make_seccomp(). */
static void put_extended_name(struct text *t, enum oci_runtime runtime)
{
	text_printf(t, "pale-%s.pale", oci_runtime_names[runtime]);
}

static int check_name(const char *name, struct pale_err **err)
{
	size_t len = strlen(name), suffix = strlen(".pale");

	if (len > NAME_BYTES_MAX)
		return pale_err_plain(
			err, EINVAL, "the name of a file has more than %d bytes", NAME_BYTES_MAX);
	if (len <= suffix || strcmp(name + len - suffix, ".pale") != 0)
		return pale_err_plain(err, EINVAL, "'%s' does not end in .pale", name);
	for (const char *s = name; s; s = strchr(s, '/') ? strchr(s, '/') + 1 : NULL) {
		size_t n = strcspn(s, "/");

		for (size_t i = 0; i < n; i++) {
			if ((unsigned char)s[i] < ' ' || s[i] == 0x7f)
				return pale_err_plain(
					err, EINVAL, "the name of a file has a control character");
		}
		/* A leading dot would be hidden, or lead out. */
		if (n == 0 || s[0] == '.')
			return pale_err_plain(
				err, EINVAL, "'%s' is no name of a file below a folder", name);
	}
	for (int i = 0; i < OCI_RUNTIME_COUNT; i++) {
		_cleanup_(text_release) struct text own = TEXT_INIT;

		put_extended_name(&own, (enum oci_runtime)i);
		if (strcmp(name, text_str(&own)) == 0)
			return pale_err_plain(
				err, EINVAL, "'%s' is a name that paled itself uses", name);
	}
	return 0;
}

static int write_source(int dir, const struct node_source *s, struct pale_err **err)
{
	int r = check_name(s->name, err);

	return r < 0 ? r : file_tree_write(dir, s->name, s->bytes, s->len, err);
}

int node_policy_store(const char *store, const struct node_source *sources, size_t n, char **ret,
	struct pale_err **err)
{
	_cleanup_(text_release) struct text path = TEXT_INIT;
	_cleanup_close_ int dir = -1;
	int r = 0;

	text_printf(&path, "%s/XXXXXX", store);
	if (!mkdtemp(path.s))
		return pale_err_set(err, errno, "make a folder in %s", store);
	dir = open(text_str(&path), O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		r = pale_err_set(err, errno, "open %s", text_str(&path));
	for (size_t i = 0; i < n && r >= 0; i++)
		r = write_source(dir, &sources[i], err);
	if (r < 0) {
		file_tree_remove(text_str(&path));
		return r;
	}
	*ret = text_take(&path);
	return 0;
}

/* The first error says enough for a log; all of them are in the diagnostics. */
static int wrong(struct compilation *c, json_t **ret_diagnostics, struct pale_err **err)
{
	diag_sort(&c->diags);
	if (ret_diagnostics)
		*ret_diagnostics = diag_json(&c->diags);
	return diag_first_error(&c->diags, true, err);
}

/*
 * With the folder as the working directory, so that files are called by their portable names in
 * whatever is reported. The daemon uses no other relative path.
 */
static int compile_in(struct compilation *c, const char *dir, const char *main,
	const struct compile_exception *exceptions, uint32_t n_exceptions, struct pale_err **err)
{
	/* What files of its folders use is there, too: the library's own must not come between. */
	static const char *const dirs[] = { "." };
	const struct compile_options options = {
		.include_dirs = dirs,
		.n_include_dirs = 1,
		.exceptions = exceptions,
		.n_exceptions = n_exceptions,
	};
	_cleanup_close_ int before = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (before < 0 || chdir(dir) < 0) {
		compile_bytes(c, main, "", 0, NULL);
		return pale_err_set(err, errno, "enter %s", dir);
	}
	compile_file(c, main, &options);
	if (fchdir(before) < 0)
		return pale_err_set(err, errno, "leave %s", dir);
	return 0;
}

static int compile(struct node_policy *p, const char *profile,
	const struct compile_exception *exceptions, uint32_t n_exceptions, json_t **ret_diagnostics,
	struct pale_err **err)
{
	int r = compile_in(&p->compilation, p->dir, p->main, exceptions, n_exceptions, err);

	if (r < 0)
		return r;
	if (p->compilation.diags.n_errors)
		return wrong(&p->compilation, ret_diagnostics, err);
	p->policy = compilation_policy(&p->compilation, profile);
	if (!p->policy)
		return wrong(&p->compilation, ret_diagnostics, err);
	p->policy->audit |= p->audit;
	p->audit = p->policy->audit;
	p->profile = strdup(p->policy->name);
	memcpy(p->digest, p->policy->digest, sizeof(p->digest));
	p->capabilities = p->audit ? UINT64_MAX : capabilities_kept(p->policy);
	if (!p->audit)
		p->limits = limits_of(p->policy);
	return artefacts_make(p->policy, NULL, &p->artefacts, err);
}

static int make(const char *dir, const char *main, const char *profile, bool audit,
	const struct compile_exception *exceptions, uint32_t n_exceptions, struct node_policy **ret,
	json_t **ret_diagnostics, struct pale_err **err)
{
	_cleanup_(node_policy_unrefp) struct node_policy *p = calloc(1, sizeof(*p));
	int r;

	if (!p)
		abort();
	p->references = 1;
	p->audit = audit;
	p->dir = strdup(dir);
	p->main = strdup(main);
	r = compile(p, profile, exceptions, n_exceptions, ret_diagnostics, err);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(p);
	return 0;
}

int node_policy_compile(const char *dir, const char *main, const char *profile, bool audit,
	struct node_policy **ret, json_t **ret_diagnostics, struct pale_err **err)
{
	return make(dir, main, profile, audit, NULL, 0, ret, ret_diagnostics, err);
}

int node_policy_derive(const struct node_policy *own, const struct compile_exception *exceptions,
	uint32_t n, struct node_policy **ret, struct pale_err **err)
{
	return make(own->dir, own->main, own->profile, own->audit, exceptions, n, ret, NULL, err);
}

struct node_policy *node_policy_ref(struct node_policy *p)
{
	p->references++;
	return p;
}

static void release_filter(struct node_filter *f)
{
	if (!f->oci)
		return;
	json_decref(f->oci);
	free(f->bytes);
	compilation_release(&f->compilation);
	*f = (struct node_filter){ 0 };
}

void node_policy_unref(struct node_policy *p)
{
	if (!p || --p->references)
		return;
	for (int i = 0; i < OCI_RUNTIME_COUNT; i++)
		release_filter(&p->seccomp[i]);
	json_decref(p->exceptions);
	artefacts_release(&p->artefacts);
	compilation_release(&p->compilation);
	free(p->profile);
	free(p->main);
	free(p->dir);
	free(p);
}

void node_policy_unrefp(struct node_policy **p)
{
	node_policy_unref(*p);
}

/* A policy of which this one is extended, that no other part of the program sees. */
static void put_extended(struct text *t, const struct node_policy *p, enum oci_runtime runtime)
{
	const char *name = oci_runtime_names[runtime];
	int stem = (int)(strlen(p->main) - strlen(".pale"));

	text_printf(t, "use base/%s, %.*s\n", name, stem, p->main);
	text_printf(t, "profile pale-%s extends %s {\n\tinclude %s-privileged\n}\n", name,
		p->profile, name);
}

static int compile_extended(struct node_policy *p, enum oci_runtime runtime, struct node_filter *f,
	struct pale_err **err)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;
	_cleanup_(text_release) struct text name = TEXT_INIT;
	int r;

	put_extended(&t, p, runtime);
	put_extended_name(&name, runtime);
	r = file_tree_replace(p->dir, text_str(&name), text_str(&t), t.len, err);
	if (r < 0) {
		compile_bytes(&f->compilation, "none", "", 0, NULL);
		return r;
	}
	r = compile_in(&f->compilation, p->dir, text_str(&name), NULL, 0, err);
	if (r < 0)
		return r;
	if (f->compilation.diags.n_errors)
		return wrong(&f->compilation, NULL, err);
	f->policy = compilation_policy(&f->compilation, NULL);
	f->policy->audit = p->audit;
	return 0;
}

static int make_seccomp(struct node_policy *p, enum oci_runtime runtime, struct node_filter *f,
	struct pale_err **err)
{
	_cleanup_(artefacts_release) struct artefacts a = { 0 };
	json_error_t e;
	int r = compile_extended(p, runtime, f, err);

	if (r >= 0)
		r = artefacts_make(f->policy, NULL, &a, err);
	if (r < 0)
		return r;
	f->oci = json_loads(text_str(&a.v[ARTEFACT_OCI]), JSON_REJECT_DUPLICATES, &e);
	if (!f->oci)
		return pale_err_plain(err, EBADMSG, "internal error: linux.seccomp: %s", e.text);
	if (runtime == OCI_RUNTIME_CRUN)
		f->bytes =
			base64_encode(text_str(&a.v[ARTEFACT_SECCOMP]), a.v[ARTEFACT_SECCOMP].len);
	else
		f->left_out = oci_filter_new(f->compilation.arena, f->policy)->left_out;
	return 0;
}

int node_policy_seccomp(struct node_policy *p, enum oci_runtime runtime,
	const struct node_filter **ret, struct pale_err **err)
{
	struct node_filter *f = &p->seccomp[runtime];

	if (!f->oci) {
		int r = make_seccomp(p, runtime, f, err);

		if (r < 0) {
			compilation_release(&f->compilation);
			*f = (struct node_filter){ 0 };
			return pale_err_wrap(
				err, "with what %s calls itself", oci_runtime_names[runtime]);
		}
	}
	*ret = f;
	return 0;
}

bool node_policy_implies_no_new_privs(const struct node_policy *p)
{
	return policy_implies_no_new_privs(p->policy);
}
