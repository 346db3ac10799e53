/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/artefacts.h"

#include "compiler/bundle.h"
#include "compiler/cover_capabilities.h"
#include "compiler/cover_limits.h"
#include "compiler/cover_seccomp.h"
#include "compiler/emit_apparmor.h"
#include "compiler/emit_landlock.h"
#include "compiler/emit_lsm.h"
#include "compiler/emit_oci.h"
#include "compiler/emit_seccomp.h"
#include "compiler/verify_seccomp.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void put_json(struct text *t, json_t *o)
{
	char *s = json_dumps(o, JSON_INDENT(2) | JSON_PRESERVE_ORDER);

	if (!s)
		abort();
	text_puts(t, s);
	text_putc(t, '\n');
	free(s);
	json_decref(o);
}

static int make_seccomp(const struct policy *p, const struct weights *weights,
	struct artefacts *ret, struct pale_err **err)
{
	struct seccomp_options options = { .refusals = SECCOMP_RETURN_ERRNO };
	const char *why = NULL;
	struct seccomp_program *program = emit_seccomp(p->arena, p, &options, weights, &why);

	if (!program)
		return pale_err_plain(err, E2BIG, "seccomp: %s", why);
	why = verify_seccomp(p->arena, p, &options, program);
	if (why)
		return pale_err_plain(err, EBADMSG,
			"internal error: the seccomp program does not mean the policy: %s", why);
	seccomp_program_bytes(program, &ret->v[ARTEFACT_SECCOMP]);
	snprintf(ret->suffix[ARTEFACT_SECCOMP], sizeof(ret->suffix[0]), ".%s.bpf",
		vocab_abi_name((enum abi)__builtin_ctz(p->abis)));
	return 0;
}

static void make_bundle(const struct policy *p, struct artefacts *ret)
{
	struct text policy = TEXT_INIT, coverage = TEXT_INIT;
	struct bundle b = { 0 };
	char seccomp[40];

	put_json(&policy, policy_json(p));
	put_json(&coverage, coverage_json(ret->coverage));
	snprintf(seccomp, sizeof(seccomp), "seccomp%s", ret->suffix[ARTEFACT_SECCOMP]);
	bundle_add(&b, "policy.json", text_str(&policy), policy.len);
	bundle_add(&b, "coverage.json", text_str(&coverage), coverage.len);
	bundle_add(&b, "seccomp.json", text_str(&ret->v[ARTEFACT_OCI]), ret->v[ARTEFACT_OCI].len);
	bundle_add(&b, seccomp, text_str(&ret->v[ARTEFACT_SECCOMP]), ret->v[ARTEFACT_SECCOMP].len);
	bundle_add(&b, "apparmor", text_str(&ret->v[ARTEFACT_APPARMOR]),
		ret->v[ARTEFACT_APPARMOR].len);
	bundle_add(&b, "lsm", text_str(&ret->v[ARTEFACT_LSM]), ret->v[ARTEFACT_LSM].len);
	bundle_write(&b, &ret->v[ARTEFACT_BUNDLE]);
	text_release(&policy);
	text_release(&coverage);
}

static int make(const struct policy *p, const struct weights *weights, struct artefacts *ret,
	struct pale_err **err)
{
	static const char *const suffixes[ARTEFACT_COUNT] = {
		[ARTEFACT_OCI] = ".seccomp.json",
		[ARTEFACT_SECCOMP] = ".bpf",
		[ARTEFACT_APPARMOR] = ".apparmor",
		[ARTEFACT_LSM] = ".lsm",
		[ARTEFACT_BUNDLE] = ".bundle",
	};
	struct text *blob = &ret->v[ARTEFACT_LSM];
	struct landlock_rules *landlock;
	struct oci_filter *oci;
	int r;

	*ret = (struct artefacts){ .coverage = coverage_new(p) };
	for (int i = 0; i < ARTEFACT_COUNT; i++)
		strcpy(ret->suffix[i], suffixes[i]);
	r = make_seccomp(p, weights, ret, err);
	if (r < 0)
		return r;
	oci = oci_filter_new(p->arena, p);
	put_json(&ret->v[ARTEFACT_OCI], oci_filter_json(oci));
	cover_seccomp(p, ret->coverage);
	cover_oci(oci, ret->coverage);
	/* Both can only refuse, which `mode audit` does not. */
	if (!p->audit) {
		cover_capabilities(p, ret->coverage);
		cover_limits(p, LIMITS_OF_CGROUP, ret->coverage);
	}
	r = emit_landlock(p, LANDLOCK_ABI_MAX, ret->coverage, &landlock, err);
	if (r < 0)
		return pale_err_wrap(err, "landlock");
	r = emit_apparmor(p, ret->coverage, &ret->v[ARTEFACT_APPARMOR], err);
	if (r < 0)
		return pale_err_wrap(err, r == -EBADMSG ? "internal error: apparmor" : "apparmor");
	r = emit_lsm(p, ret->coverage, blob, err);
	if (r >= 0)
		r = verify_lsm(p, text_str(blob), blob->len, err);
	if (r < 0)
		return r;
	make_bundle(p, ret);
	return 0;
}

int artefacts_make(const struct policy *p, const struct weights *weights, struct artefacts *ret,
	struct pale_err **err)
{
	int r = make(p, weights, ret, err);

	if (r == -EBADMSG)
		pale_err_hint(err, "this is a fault of the compiler, not of the policy");
	return r < 0 ? pale_err_wrap(err, "profile '%s'", p->name) : 0;
}

void artefacts_release(struct artefacts *a)
{
	for (int i = 0; i < ARTEFACT_COUNT; i++)
		text_release(&a->v[i]);
}
