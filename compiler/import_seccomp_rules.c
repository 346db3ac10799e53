/* SPDX-License-Identifier: Apache-2.0 */
/* From what each call gets to rules: one list for each effect and errno. */
#include "compiler/import_seccomp_internal.h"

#include "compiler/base/cleanup.h"

#include <errno.h>
#include <stdlib.h>

static struct import_bucket *bucket(struct import_writing *w, struct import_action action)
{
	for (uint32_t i = 0; i < w->n_buckets; i++) {
		if (import_same_action(w->buckets[i].action, action))
			return &w->buckets[i];
	}
	ARENA_PUSH(w->arena, w->buckets, w->n_buckets, w->cap_buckets,
		(struct import_bucket){ .action = action });
	return &w->buckets[w->n_buckets - 1];
}

const char *const import_effects[] = {
	[IMPORT_ALLOW] = "only",
	[IMPORT_LOG] = "audit",
	[IMPORT_ERRNO] = "deny",
	[IMPORT_KILL] = "kill",
};

const char *import_tail(struct import_writing *w, struct import_action action)
{
	if (action.verdict != IMPORT_ERRNO || action.errnum == EPERM)
		return NULL;
	return arena_printf(w->arena, "errno %s", vocab_errno_name(action.errnum));
}

static void add_rule(struct import_writing *w, struct import_action action, const char *head,
	const struct policy_words *words)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;
	struct import_bucket *b = bucket(w, action);

	policy_text_list(&t, IMPORT_RULE_INDENT, head, words, import_tail(w, action));
	import_push(w, &b->rules, arena_strdup(w->arena, text_str(&t)));
}

/* What the policy itself does with calls that no rule speaks of. */
static struct import_action policy_default(const struct import_writing *w)
{
	if (w->model->default_action.verdict == IMPORT_KILL)
		return w->model->default_action;
	return (struct import_action){ .verdict = IMPORT_ERRNO, .errnum = EPERM };
}

/* The arguments that no alternative matches. */
static void write_rest(struct import_writing *w, const char *name, const struct import_call *call)
{
	struct import_action action = w->model->default_action;
	struct policy_words except = { 0 };

	if (import_same_action(action, policy_default(w)))
		return;
	/* Allows give way to the alternatives; others would go before them. */
	if (action.verdict != IMPORT_ALLOW)
		except = import_alternatives_text(w, call, name, NULL);
	if (except.n)
		add_rule(w, action,
			arena_printf(
				w->arena, "%s %s except", import_effects[action.verdict], name),
			&except);
	else
		import_push(w, &bucket(w, action)->whole, name);
}

/* runc: a profile that permits by default, or answers ENOSYS anyway, has no stub. */
static bool beyond_the_last(const struct import_writing *w, uint32_t syscall)
{
	struct import_action action = w->model->default_action;

	if (!w->model->runc || action.verdict == IMPORT_ALLOW || action.verdict == IMPORT_LOG ||
		(action.verdict == IMPORT_ERRNO && action.errnum == ENOSYS))
		return false;
	for (int abi = 0; abi < ABI_COUNT; abi++) {
		int32_t number = vocab_syscalls[syscall].number[abi];

		if (w->model->abis & 1u << abi && number >= 0)
			return number > w->last[abi];
	}
	return false;
}

static void write_call(struct import_writing *w, uint32_t syscall)
{
	const struct import_call *call = &w->calls[syscall];
	const char *name = vocab_syscalls[syscall].name;

	if (call->whole) {
		import_push(w, &bucket(w, call->whole->action)->whole, name);
		return;
	}
	if (beyond_the_last(w, syscall)) {
		struct import_action newer = { .verdict = IMPORT_ERRNO, .errnum = ENOSYS };

		import_push(w, &bucket(w, newer)->whole, name);
		return;
	}
	for (uint32_t i = 0; i < call->n; i++) {
		struct import_action action = call->v[i].action;
		struct policy_words words;
		bool told = false;

		for (uint32_t k = 0; k < i && !told; k++)
			told = import_same_action(call->v[k].action, action);
		if (told)
			continue;
		words = import_alternatives_text(w, call, name, &action);
		add_rule(w, action, import_effects[action.verdict], &words);
	}
	if (import_has_call(w, syscall) && import_has_rest(call))
		write_rest(w, name, call);
}

/* Beside a comparison of clone's flags a policy answers ENOSYS to a clone3 of which no rule speaks.
 */
static void write_clone3(struct import_writing *w)
{
	int clone = vocab_syscall_find("clone"), clone3 = vocab_syscall_find("clone3");

	if (clone < 0 || clone3 < 0 || !w->calls[clone].n || w->calls[clone3].whole ||
		!import_has_call(w, (uint32_t)clone3) || beyond_the_last(w, (uint32_t)clone3) ||
		!import_same_action(w->model->default_action, policy_default(w)))
		return;
	import_push(w, &bucket(w, policy_default(w))->whole, "clone3");
}

/* Allows first, then by severity; a plain deny before those with an errno. */
static int compare_buckets(const void *a, const void *b)
{
	const struct import_bucket *x = a, *y = b;

	if (x->action.verdict != y->action.verdict)
		return x->action.verdict < y->action.verdict ? -1 : 1;
	return x->action.errnum < y->action.errnum ? -1 : x->action.errnum > y->action.errnum;
}

/* `only` drops the calls that other rules would bring; there must be one. */
static bool check_only(struct import_writing *w)
{
	struct diag *d;

	for (uint32_t i = 0; i < w->n_buckets; i++) {
		if (w->buckets[i].action.verdict == IMPORT_ALLOW)
			return true;
	}
	for (uint32_t i = 0; i < w->n_buckets; i++) {
		struct import_bucket *b = &w->buckets[i];

		if (b->action.verdict == IMPORT_LOG && b->whole.n) {
			struct import_action allow = { .verdict = IMPORT_ALLOW };
			const char *first = b->whole.v[0];

			import_push(w, &bucket(w, allow)->whole, first);
			return true;
		}
	}
	d = diag_error(w->diags, import_place(w, w->model->default_path),
		"this profile allows no call: a process under it could not even end");
	diag_hint(w->diags, d,
		"entries whose conditions do not hold here (--capabilities, --abi, "
		"--kernel) are left out");
	return false;
}

bool import_rules(struct import_writing *w)
{
	for (uint32_t i = 0; i < vocab_n_syscalls; i++)
		write_call(w, i);
	write_clone3(w);
	if (!check_only(w))
		return false;
	qsort(w->buckets, w->n_buckets, sizeof(*w->buckets), compare_buckets);
	return true;
}
