/* SPDX-License-Identifier: Apache-2.0 */
/* Actions: their words, and the errno that goes with one of them. */
#include "compiler/import_oci_internal.h"

#include <errno.h>

enum action_word {
	ACTION_ALLOW,
	ACTION_LOG,
	ACTION_ERRNO,
	ACTION_KILL_PROCESS,
	ACTION_KILL_THREAD,
	ACTION_TRAP,
	ACTION_TRACE,
	ACTION_NOTIFY,
};

static const struct import_word actions[] = {
	{ "SCMP_ACT_ALLOW", ACTION_ALLOW },
	{ "SCMP_ACT_LOG", ACTION_LOG },
	{ "SCMP_ACT_ERRNO", ACTION_ERRNO },
	{ "SCMP_ACT_KILL_PROCESS", ACTION_KILL_PROCESS },
	/* Two names of one action: seccomp(2), SECCOMP_RET_KILL. */
	{ "SCMP_ACT_KILL", ACTION_KILL_THREAD },
	{ "SCMP_ACT_KILL_THREAD", ACTION_KILL_THREAD },
	{ "SCMP_ACT_TRAP", ACTION_TRAP },
	{ "SCMP_ACT_TRACE", ACTION_TRACE },
	{ "SCMP_ACT_NOTIFY", ACTION_NOTIFY },
	{ NULL, 0 },
};

static const char *const others_decide[] = {
	[ACTION_TRAP] = "the process itself decides in its handler of SIGSYS",
	[ACTION_TRACE] = "a tracer decides",
	[ACTION_NOTIFY] = "a supervisor decides",
};

/* @number_name and @text_name: "errnoRet", and "errno" of containers-common, which has both. */
static bool read_errno(struct import_reading *r, const struct json_path *path, const json_t *o,
	const char *number_name, const char *text_name, int *ret)
{
	struct json_path number_at = { path, number_name, 0 }, text_at = { path, text_name, 0 };
	const json_t *number = import_member(r, path, o, number_name, OF_NUMBER);
	const json_t *text = import_member(r, path, o, text_name, OF_STRING);
	uint64_t v = EPERM;
	int named;

	if (number && json_whole_number(&r->document, number, &v)) {
		if (v == 0) {
			struct diag *d = import_wrong(r, &number_at,
				"errno 0 lets the call succeed without doing it, which no rule "
				"says");

			diag_hint(r->diags, d, "refuse the call with an errno");
			return false;
		}
		if (v > 4095 || !vocab_errno_name((int)v)) {
			import_wrong(r, &number_at, "%llu is no errno", (unsigned long long)v);
			return false;
		}
	}
	*ret = (int)v;
	if (!text || !*json_text_value(text))
		return true;
	named = vocab_errno_find(json_text_value(text));
	if (named <= 0) {
		import_wrong(
			r, &text_at, "unknown errno '%s'", import_quoted(r, json_text_value(text)));
		return false;
	}
	if (number && named != *ret) {
		import_wrong(r, &text_at, "%s is %d, but %s is %d", vocab_errno_name(named), named,
			number_name, *ret);
		return false;
	}
	*ret = named;
	return true;
}

bool import_read_action(struct import_reading *r, const struct json_path *path, const json_t *o,
	const char *name, const char *number_name, const char *text_name, struct import_action *ret,
	const char **ret_other)
{
	struct json_path at = { .up = path, .member = name };
	struct json_path errno_at = { .up = path, .member = number_name };
	const json_t *text = import_member(r, path, o, name, OF_STRING);
	const json_t *given = json_object_get(o, number_name);
	int action;

	if (!text) {
		if (!json_object_get(o, name) || json_is_null(json_object_get(o, name)))
			import_wrong(r, path, "'%s' is missing", name);
		return false;
	}
	action = import_find_word(r, &at, "action", actions, json_text_value(text));
	*ret = (struct import_action){ .verdict = IMPORT_KILL };
	switch (action) {
	case ACTION_ALLOW:
		ret->verdict = IMPORT_ALLOW;
		break;
	case ACTION_LOG:
		ret->verdict = IMPORT_LOG;
		break;
	case ACTION_ERRNO:
		ret->verdict = IMPORT_ERRNO;
		return read_errno(r, path, o, number_name, text_name, &ret->errnum);
	case ACTION_KILL_PROCESS:
		break;
	case ACTION_KILL_THREAD:
		r->killed_threads = r->killed_threads || !ret_other;
		break;
	case ACTION_TRAP:
	case ACTION_TRACE:
	case ACTION_NOTIFY:
		if (!ret_other)
			import_wrong(r, &at, "a policy cannot say %s: %s", json_text_value(text),
				others_decide[action]);
		else
			*ret_other = arena_strdup(r->arena, json_text_value(text));
		return ret_other;
	default:
		return false;
	}
	if (given && !json_is_null(given)) {
		import_wrong(r, &errno_at, "goes with SCMP_ACT_ERRNO only");
		return false;
	}
	return true;
}
