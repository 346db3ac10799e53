/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a file of runs, and as the policy that they are merged into (behind the first NUL):
 * no crash, an exact error or runs that come back as they were, and a policy that is right,
 * formatted where it is new, and the same when it is merged again.
 */
#include "compiler/base/cleanup.h"
#include "compiler/compile.h"
#include "compiler/expect.h"
#include "compiler/learn.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int holds)
{
	if (!holds)
		abort();
}

static bool make(struct learn_runs *runs, const char *hand, size_t len, struct text *to)
{
	static const struct learn_options options;
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct learn_result result;
	struct source_set sources;
	struct diag_list diags;
	bool ok;

	source_set_init(&sources, a);
	diag_list_init(&diags, &sources);
	ok = learn_policy(runs, hand ? source_add(&sources, "learned.pale", hand, len) : NULL,
		&options, &diags, &result);
	/* A new policy can be made of any run; what people wrote may be wrong. */
	must(ok || hand);
	must(ok == !diags.n_errors);
	if (ok)
		text_add(to, result.policy.s, result.policy.len);
	learn_result_release(&result);
	return ok;
}

static void is_right(const struct text *t)
{
	struct compilation c;

	compile_bytes(&c, "learned.pale", t->s, t->len, NULL);
	expectations_check(&c);
	must(!c.diags.n_errors);
	compilation_release(&c);
}

static void come_back(struct learn_runs *runs)
{
	_cleanup_(learn_runs_release) struct learn_runs again = { 0 };
	_cleanup_(text_release) struct text a = TEXT_INIT, b = TEXT_INIT;

	for (uint32_t i = 0; i < runs->n; i++)
		learn_run_write(runs->v[i], &a);
	must(learn_runs_read(&again, "again", a.s, a.len, NULL) == 0);
	for (uint32_t i = 0; i < again.n; i++)
		learn_run_write(again.v[i], &b);
	must(a.len == b.len && !memcmp(a.s, b.s, a.len));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(learn_runs_release) struct learn_runs runs = { 0 };
	_cleanup_(text_release) struct text policy = TEXT_INIT, again = TEXT_INIT;
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	const char *text = (const char *)data;
	const char *nul = memchr(text, 0, size), *hand = nul ? nul + 1 : NULL;
	size_t len = nul ? (size_t)(nul - text) : size;

	if (learn_runs_read(&runs, "fuzz", text, len, &err) < 0) {
		must(!strncmp(pale_err_text(err), "fuzz:", 5));
		return 0;
	}
	come_back(&runs);
	if (!make(&runs, hand, hand ? size - len - 1 : 0, &policy))
		return 0;
	is_right(&policy);
	must(make(&runs, text_str(&policy), policy.len, &again));
	/* A file may have had marks in places of its own. */
	must(hand || (policy.len == again.len && !memcmp(policy.s, again.s, policy.len)));
	return 0;
}
