/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/command_input.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/text.h"
#include "compiler/file_set.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const struct argument_kind argument_policy = { .form = ARGUMENT_FILE, .suffix = ".pale" };

/* Those of the vocabulary but limits, of which nothing can be asked. */
static enum operation asked_operation(size_t i)
{
	enum operation op = 0;

	while (op < OP_COUNT && (vocab_operations[op].object == OBJECT_LIMIT || i-- > 0))
		op++;
	return op;
}

static const char *operation_name(size_t i)
{
	enum operation op = asked_operation(i);

	return op < OP_COUNT ? vocab_operations[op].name : NULL;
}

static const char *operation_summary(size_t i)
{
	return vocab_operations[asked_operation(i)].summary;
}

const struct argument_kind argument_operation = {
	.form = ARGUMENT_WORD,
	.noun = "operation",
	.word = operation_name,
	.summary = operation_summary,
};

static const char *capability_name(size_t i)
{
	return i < VOCAB_N_CAPABILITIES ? vocab_capability_name((int)i) : NULL;
}

const struct argument_kind argument_capabilities = {
	.form = ARGUMENT_WORD,
	.noun = "capability",
	.word = capability_name,
	.list = true,
};

static const char *abi_name(size_t i)
{
	return i < ABI_COUNT ? vocab_abi_name((enum abi)i) : NULL;
}

const struct argument_kind argument_abis = {
	.form = ARGUMENT_WORD,
	.noun = "ABI",
	.word = abi_name,
	.list = true,
};

bool colour_wanted(FILE *to)
{
	const char *no = getenv("NO_COLOR"), *terminal = getenv("TERM");

	return isatty(fileno(to)) && !(no && *no) && !(terminal && !strcmp(terminal, "dumb"));
}

const char **input_include_dirs(
	const struct invocation *in, size_t include, struct compile_options *to)
{
	const char **dirs = calloc(in->n_uses + 1, sizeof(*dirs));

	if (!dirs)
		abort();
	for (size_t i = 0; i < in->n_uses; i++) {
		if (in->uses[i].option == include)
			dirs[to->n_include_dirs++] = in->uses[i].argument;
	}
	to->include_dirs = dirs;
	return dirs;
}

void input_compile(
	struct compilation *c, const struct invocation *in, size_t include, const char *path)
{
	struct compile_options options = { 0 };
	const char **dirs = input_include_dirs(in, include, &options);

	compile_file(c, path, &options);
	/* The resolution keeps pointing at the options for later look-ups of the library; nothing
	 * looks after this. */
	free(dirs);
}

struct policy *input_profile(struct compilation *c, const struct invocation *in, size_t include,
	const char *argument, int32_t *ret_domain)
{
	_cleanup_free_ char *file = NULL;
	const char *profile;
	struct policy *p;

	compile_split_argument(argument, &file, &profile);
	input_compile(c, in, include, file);
	p = compilation_policy(c, profile);
	if (!p || c->diags.n_errors)
		return NULL;
	*ret_domain = profile ? policy_domain_find(p, profile) : -1;
	return p;
}

void input_failure(const struct invocation *in, const struct pale_err *err)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;
	const char *text = pale_err_text(err), *hint = pale_err_hint_text(err);

	text_printf(&t, "pale %s: ", in->command->name);
	text_escaped(&t, text, strlen(text));
	if (hint) {
		text_puts(&t, "\n  hint: ");
		text_escaped(&t, hint, strlen(hint));
	}
	fprintf(stderr, "%s\n", text_str(&t));
}

int output_text(const struct invocation *in, const char *path, const struct text *t)
{
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;

	if (!path) {
		fwrite(text_str(t), 1, t->len, stdout);
		return STATUS_OK;
	}
	if (file_set_write(path, text_str(t), t->len, &err) >= 0)
		return STATUS_OK;
	input_failure(in, err);
	return STATUS_POLICY;
}

void output_json(json_t *o, FILE *to)
{
	if (json_dumpf(o, to, JSON_INDENT(2) | JSON_PRESERVE_ORDER) < 0)
		abort();
	fputc('\n', to);
	json_decref(o);
}

void input_diagnose(const struct compilation *c, bool json)
{
	if (json)
		output_json(diag_json(&c->diags), stderr);
	else
		diag_print(&c->diags, stderr, colour_wanted(stderr));
}
