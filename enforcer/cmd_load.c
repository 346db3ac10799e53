/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/base/cleanup.h"
#include "compiler/command_input.h"
#include "enforcer/commands.h"
#include "enforcer/daemon_command.h"

#include <string.h>

enum { OPT_RUN, OPT_INCLUDE, OPT_REPLACE, OPT_JSON };

static const struct option_spec options[] = {
	[OPT_RUN] = OPTION_RUN,
	[OPT_INCLUDE] = OPTION_INCLUDE,
	[OPT_REPLACE] = { "replace",
		.help = "in place of profiles of these names that were loaded before; containers "
			"that run keep what they have" },
	[OPT_JSON] = OPTION_JSON,
	OPTIONS_END,
};

/* The policy with all that it uses: the daemon has no folder to look in. NULL: a file is no text.
 */
static json_t *arguments_of(const struct compilation *c, bool replace)
{
	json_t *files = json_array();

	for (uint32_t i = 0; i < c->sources.n; i++) {
		const struct source *s = c->sources.v[i];
		json_t *text = json_stringn(s->bytes, s->len);

		if (!text) {
			json_decref(files);
			return NULL;
		}
		json_array_append_new(
			files, json_pack("{s:s, s:o}", "name", s->portable_name, "text", text));
	}
	return json_pack("{s:o, s:s, s:b}", "files", files, "main", c->sources.v[0]->portable_name,
		"replace", replace);
}

static void print(const json_t *profiles)
{
	const json_t *p;
	size_t i;

	json_array_foreach ((json_t *)profiles, i, p)
		printf("%s: digest %.12s\n", daemon_command_text(p, "profile"),
			daemon_command_text(p, "digest"));
}

static int load_file(const struct invocation *in, struct paled *p, const char *file)
{
	_cleanup_(compilation_release) struct compilation c;
	json_t *arguments, *answer = NULL;
	int status;

	/* Diagnostics with their lines are to be had here. */
	input_compile(&c, in, OPT_INCLUDE, file);
	if (c.diags.n)
		input_diagnose(&c, option_given(in, OPT_JSON));
	if (c.diags.n_errors)
		return STATUS_POLICY;
	arguments = arguments_of(&c, option_given(in, OPT_REPLACE));
	if (!arguments)
		return usage_error(in, "%s: not UTF-8", file);
	status = daemon_command_call(in, p, "load", arguments, &answer);
	json_decref(arguments);
	if (status != STATUS_OK)
		return status;
	if (option_given(in, OPT_JSON))
		output_json(json_incref(json_object_get(answer, "profiles")), stdout);
	else
		print(json_object_get(answer, "profiles"));
	json_decref(answer);
	return STATUS_OK;
}

static int load(const struct invocation *in)
{
	_cleanup_(paled_closep) struct paled *p = NULL;
	int status = daemon_command_connect(in, OPT_RUN, "control", &p);

	for (size_t i = 0; i < in->n_operands && status == STATUS_OK; i++)
		status = load_file(in, p, in->operands[i]);
	return status;
}

/* Asks @method of each profile that the operands name. @show (may be NULL) prints its answer. */
static int each_profile(
	const struct invocation *in, const char *method, void (*show)(const json_t *answer))
{
	_cleanup_(paled_closep) struct paled *p = NULL;
	int status = daemon_command_connect(in, OPT_RUN, "control", &p);

	for (size_t i = 0; i < in->n_operands && status == STATUS_OK; i++) {
		json_t *arguments = json_pack("{s:s}", "profile", in->operands[i]), *answer = NULL;

		if (!arguments)
			return usage_error(in, "'%s' is no profile's name", in->operands[i]);
		status = daemon_command_call(in, p, method, arguments, &answer);
		json_decref(arguments);
		if (status == STATUS_OK && show)
			show(answer);
		json_decref(answer);
	}
	return status;
}

static int unload(const struct invocation *in)
{
	return each_profile(in, "unload", NULL);
}

const struct command cmd_load = {
	.name = "load",
	.summary = "give this node a policy for new containers",
	.usage = "[OPTION…] FILE…",
	.description = "Hands a policy with all that it uses to paled, which compiles it, proves "
		       "what it compiled, and keeps it until it is unloaded or the machine "
		       "restarts. For good it belongs into paled's folder of policies.",
	.example = "pale load --replace web.pale",
	.options = options,
	.operands_min = 1,
	.operands_max = OPERANDS_ANY,
	.run = load,
};

static const struct option_spec profile_options[] = {
	[OPT_RUN] = OPTION_RUN,
	OPTIONS_END,
};

static const struct operand_spec profile_operands[] = { { "PROFILE", &argument_free },
	OPERANDS_END };

const struct command cmd_unload = {
	.name = "unload",
	.summary = "take back what load gave",
	.usage = "[--run DIR] PROFILE…",
	.description = "Containers that run under the profile keep it; none that starts later gets "
		       "it. What is in paled's folder of policies is removed there.",
	.example = "pale unload web",
	.options = profile_options,
	.operands = profile_operands,
	.operands_min = 1,
	.operands_max = OPERANDS_ANY,
	.run = unload,
};

static void print_update(const json_t *answer)
{
	const json_t *one;
	size_t i;

	json_array_foreach (json_object_get(answer, "updated"), i, one)
		printf("%s: updated\n", json_string_value(one));
	json_array_foreach (json_object_get(answer, "left"), i, one)
		printf("%s: needs a restart: %s\n", daemon_command_text(one, "id"),
			daemon_command_text(one, "why"));
}

static int update(const struct invocation *in)
{
	return each_profile(in, "update", print_update);
}

const struct command cmd_update = {
	.name = "update",
	.summary = "put running containers under their profile's new policy",
	.usage = "[--run DIR] PROFILE…",
	.description =
		"A container keeps the policy that it was started with. Where a newer one of "
		"its profile differs only in what BPF-LSM decides, this exchanges it while "
		"the container runs, without a moment in between; it names the others, which "
		"need a restart, and why.",
	.example = "pale load --replace web.pale && pale update web",
	.options = profile_options,
	.operands = profile_operands,
	.operands_min = 1,
	.operands_max = OPERANDS_ANY,
	.run = update,
};
