/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/artefacts.h"
#include "compiler/base/cleanup.h"
#include "compiler/command_input.h"
#include "compiler/commands.h"
#include "compiler/emit_apparmor.h"
#include "compiler/expect.h"
#include "compiler/file_set.h"

enum { OPT_INCLUDE, OPT_OUTPUT, OPT_WEIGHTS };

static const struct option_spec options[] = {
	[OPT_INCLUDE] = OPTION_INCLUDE,
	[OPT_OUTPUT] = { "output", 'o', "DIR", .required = true,
		.help = "write the artefacts there; made if it is missing" },
	[OPT_WEIGHTS] = { "weights", 0, "FILE",
		.help = "how often each call is made, lines of 'SYSCALL COUNT': the filter decides "
			"the frequent ones first" },
	OPTIONS_END,
};

/* And what engines without pale-runtime are told, which otherwise nobody finds. */
static void print_summary(const struct policy *p, const struct artefacts *a, const char *dir)
{
	printf("%s: digest %.12s\n", p->name, p->digest);
	for (int i = 0; i < ARTEFACT_COUNT; i++)
		printf("  %s%-18s %8zu bytes\n", p->name, a->suffix[i], a->v[i].len);
	printf("without pale-runtime, once the policy includes runc-privileged (base/runc):\n"
	       "  apparmor_parser -r %s/%s.apparmor\n"
	       "  docker run --security-opt seccomp=%s/%s.seccomp.json "
	       "--security-opt apparmor=%s IMAGE\n",
		dir, p->name, dir, p->name, apparmor_profile_name(p, 0));
}

static int add_all(struct file_set *files, struct compilation *c, const struct artefacts *made,
	struct pale_err **err)
{
	_cleanup_(text_release) struct text name = TEXT_INIT;
	_cleanup_(json_decrefp) json_t *all = json_object();
	_cleanup_free_ char *coverage = NULL;

	for (uint32_t i = 0; i < c->n_policies; i++) {
		for (int k = 0; k < ARTEFACT_COUNT; k++) {
			const struct text *t = &made[i].v[k];
			int r;

			text_clear(&name);
			text_printf(&name, "%s%s", c->policies[i]->name, made[i].suffix[k]);
			r = file_set_add(files, text_str(&name), text_str(t), t->len, err);
			if (r < 0)
				return r;
		}
		json_object_set_new(all, c->policies[i]->name, coverage_json(made[i].coverage));
	}
	coverage = json_dumps(all, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
	if (!coverage)
		abort();
	text_clear(&name);
	text_printf(&name, "%s\n", coverage);
	return file_set_add(files, "coverage.json", text_str(&name), name.len, err);
}

static int write_all(
	struct compilation *c, const struct artefacts *made, const char *dir, struct pale_err **err)
{
	_cleanup_(file_set_release) struct file_set files = FILE_SET_INIT;
	int r = file_set_open(&files, dir, err);

	if (r >= 0)
		r = add_all(&files, c, made, err);
	return r < 0 ? r : file_set_commit(&files, err);
}

static int build(const struct invocation *in)
{
	const char *dir = option_argument(in, OPT_OUTPUT);
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	const struct weights *weights = NULL;
	struct artefacts *made;
	struct compilation c;
	int status = STATUS_POLICY;

	input_compile(&c, in, OPT_INCLUDE, in->operands[0]);
	if (!c.diags.n_errors)
		expectations_check(&c);
	if (!c.diags.n_errors && !c.n_policies)
		diag_error_unplaced(&c.diags, "%s: no profile to build", in->operands[0]);
	if (option_given(in, OPT_WEIGHTS))
		weights = weights_read(&c.diags, option_argument(in, OPT_WEIGHTS));
	if (c.diags.n)
		input_diagnose(&c, false);
	if (c.diags.n_errors) {
		compilation_release(&c);
		return STATUS_POLICY;
	}
	made = arena_array(c.arena, c.n_policies, sizeof(*made));
	for (uint32_t i = 0; i < c.n_policies && !err; i++)
		artefacts_make(c.policies[i], weights, &made[i], &err);
	/* Nothing is written before everything was proved. */
	if (!err && write_all(&c, made, dir, &err) >= 0)
		status = STATUS_OK;
	for (uint32_t i = 0; i < c.n_policies; i++) {
		if (status == STATUS_OK)
			print_summary(c.policies[i], &made[i], dir);
		artefacts_release(&made[i]);
	}
	if (err)
		input_failure(in, err);
	compilation_release(&c);
	return status;
}

const struct command cmd_build = {
	.name = "build",
	.summary = "compile a policy for every mechanism",
	.usage = "[OPTION…] FILE -o DIR",
	.description = "For each profile of the file writes NAME.seccomp.json (for OCI runtimes), "
		       "NAME.<arch>.bpf (the same as raw instructions), "
		       "NAME.apparmor, NAME.lsm (tables for BPF-LSM) and NAME.bundle (all of them, "
		       "with the rules and their lines); and coverage.json: what each "
		       "mechanism makes of each rule.\n\n"
		       "What was emitted is read back and compared with the policy first; nothing "
		       "is written when anything is wrong. Equal policies (and weights) "
		       "give equal bytes.\n\n"
		       "An engine that starts containers without pale-runtime takes the first and "
		       "the third, as is printed. Its runtime then makes some calls of its own "
		       "under the filter: the policy has to include what base/runc or base/crun "
		       "has of them, or no container starts.",
	.example = "pale build web.pale -o out/",
	.options = options,
	.operands_min = 1,
	.operands_max = 1,
	.run = build,
};
