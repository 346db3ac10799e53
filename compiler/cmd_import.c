/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/base/cleanup.h"
#include "compiler/command_input.h"
#include "compiler/commands.h"
#include "compiler/import.h"
#include "compiler/policy_text.h"

#include <string.h>

enum { OPT_ABI, OPT_APPARMOR_DIR, OPT_CAPABILITIES, OPT_KERNEL, OPT_OUTPUT, OPT_PROFILE, OPT_RUNC };

static const struct option_spec options[] = {
	[OPT_ABI] = { "abi", 0, "LIST",
		.help = "the ABIs whose calls pass, the machine's own first; without it those "
			"that the file lists, or the native one",
		.kind = &argument_abis },
	[OPT_APPARMOR_DIR] = { "apparmor-dir", 0, "DIR",
		.help = "where the files lie that an AppArmor profile includes; without it "
			"/etc/apparmor.d" },
	[OPT_CAPABILITIES] = { "capabilities", 0, "LIST",
		.help = "what the process is left, separated by commas; '' for none; without it "
			"what the file says, or Docker's default of fourteen",
		.kind = &argument_capabilities },
	[OPT_KERNEL] = { "kernel", 0, "X.Y",
		.help = "the kernel's version, for parts that begin or end with one; without it "
			"newer than any" },
	[OPT_OUTPUT] = { "output", 'o', "FILE", .help = "write the policy there" },
	[OPT_PROFILE] = { "profile", 0, "NAME",
		.help = "the profile's name; without it made from the file's" },
	[OPT_RUNC] = { "runc",
		.help = "as runc, answer ENOSYS to calls that are newer than all that the file "
			"names" },
	OPTIONS_END,
};

static const struct operand_spec operands[] = { { "FILE", &argument_file }, OPERANDS_END };

/* Calls @each with the words of a list that commas separate. */
static int each_word(const struct invocation *in, const char *list,
	int (*each)(const struct invocation *in, const char *word, void *ctx), void *ctx)
{
	int status = STATUS_OK;

	while (status == STATUS_OK && *list) {
		size_t len = strcspn(list, ",");
		_cleanup_free_ char *word = strndup(list, len);

		if (!word)
			abort();
		status = each(in, word, ctx);
		list += len;
		list += *list == ',';
	}
	return status;
}

static int add_capability(const struct invocation *in, const char *word, void *ctx)
{
	struct import_options *o = ctx;
	int capability = vocab_capability_find(word);

	if (capability < 0)
		return unknown_word(in, &argument_capabilities, word);
	o->capabilities |= (uint64_t)1 << capability;
	return STATUS_OK;
}

struct abi_list {
	enum abi v[ABI_COUNT];
	uint32_t n;
};

static int add_abi(const struct invocation *in, const char *word, void *ctx)
{
	struct abi_list *list = ctx;
	int abi = vocab_abi_find(word);

	if (abi < 0)
		return unknown_word(in, &argument_abis, word);
	for (uint32_t i = 0; i < list->n; i++) {
		if (list->v[i] == (enum abi)abi)
			return usage_error(in, "the ABI '%s' stands twice", word);
	}
	list->v[list->n++] = (enum abi)abi;
	return STATUS_OK;
}

static int read_options(
	const struct invocation *in, struct import_options *o, struct abi_list *abis)
{
	const char *abi = option_argument(in, OPT_ABI);
	const char *capabilities = option_argument(in, OPT_CAPABILITIES);
	const char *kernel = option_argument(in, OPT_KERNEL);
	int status = STATUS_OK, end = 0;

	o->reads_includes = true;
	o->apparmor_dir = option_argument(in, OPT_APPARMOR_DIR);
	if (!o->apparmor_dir)
		o->apparmor_dir = "/etc/apparmor.d";
	o->runc = option_given(in, OPT_RUNC);
	o->profile = option_argument(in, OPT_PROFILE);
	if (o->profile && !policy_text_is_name(o->profile))
		return usage_error(in, "'%s' cannot name a profile", o->profile);
	if (abi) {
		status = each_word(in, abi, add_abi, abis);
		if (status == STATUS_OK && !abis->n)
			status = usage_error(in, "--abi needs a name");
		o->abis = abis->v;
		o->n_abis = abis->n;
	}
	if (capabilities && status == STATUS_OK) {
		o->has_capabilities = true;
		status = each_word(in, capabilities, add_capability, o);
	}
	if (kernel && status == STATUS_OK) {
		o->has_kernel = true;
		if (strspn(kernel, "0123456789.") != strlen(kernel) || strlen(kernel) > 12 ||
			sscanf(kernel, "%u.%u%n", &o->kernel_major, &o->kernel_minor, &end) != 2 ||
			kernel[end])
			status = usage_error(in, "'%s' is no version such as 6.1", kernel);
	}
	return status;
}

static int import(const struct invocation *in)
{
	const char *output = option_argument(in, OPT_OUTPUT);
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	_cleanup_(text_release) struct text made = TEXT_INIT;
	struct import_options o = { 0 };
	struct abi_list abis = { .n = 0 };
	struct source_set sources;
	struct diag_list diags;
	struct source *s;
	int status = read_options(in, &o, &abis);

	if (status != STATUS_OK)
		return status;
	source_set_init(&sources, arena);
	diag_list_init(&diags, &sources);
	if (source_read(&sources, in->operands[0], in->operands[0], &s, &err) < 0) {
		input_failure(in, err);
		return STATUS_POLICY;
	}
	if (!import_policy(s, &o, &diags, &made))
		status = STATUS_POLICY;
	diag_sort(&diags);
	diag_print(&diags, stderr, colour_wanted(stderr));
	if (status != STATUS_OK)
		return status;
	return output_text(in, output, &made);
}

const struct command cmd_import = {
	.name = "import",
	.summary = "make a policy from another tool's file",
	.usage = "[OPTION…] FILE",
	.description =
		"Reads a seccomp profile in JSON, of the OCI runtime specification (linux.seccomp, "
		"alone or in a config.json) or in the form of Docker and Podman, and prints a "
		"policy that gives the same answer, errno included, to each system call; or an "
		"AppArmor profile; or KubeArmor policies in YAML. Which it is, the content "
		"tells.\n\n"
		"Of AppArmor and KubeArmor, what a policy cannot say is left out, stands in it as "
		"a "
		"comment with its line and the reason, and is counted in a warning.\n\n"
		"Of seccomp, parts that hang on capabilities, the machine or the kernel are "
		"decided by the "
		"options; those that do not apply stand as comments in the policy. What a policy "
		"cannot say is an error there.\n\n"
		"Exits with 1, and writes nothing, when the file is wrong.",
	.example = "pale import seccomp.json -o web.pale\n"
		   "pale import --capabilities chown,setuid,sys_admin default.json\n"
		   "pale import --abi x86_64,x86 --kernel 6.1 config.json\n"
		   "pale import /etc/apparmor.d/usr.bin.man -o man.pale\n"
		   "pale import block-shells.yaml -o shop.pale",
	.options = options,
	.operands = operands,
	.operands_min = 1,
	.operands_max = 1,
	.run = import,
};
