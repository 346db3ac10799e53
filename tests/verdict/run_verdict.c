/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Verdict tables: NAME.verdict says what NAME.pale means, question by question, as a reader of the
 * policy would have it. Every line is asked of decide(), and of the artefacts that the mechanisms
 * load, interpreted without a kernel. Prints TAP.
 *
 *	[web/thumbnailer]		whom the lines below are about
 *	deny EACCES  read /etc/shadow	verdict (allow audit deny kill quiet depends), errno if it
 * matters, question
 */
#include "compiler/base/cleanup.h"
#include "compiler/cbpf.h"
#include "compiler/emit_lsm.h"
#include "compiler/emit_seccomp.h"
#include "compiler/expect.h"
#include "compiler/lsm_interpret.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#define WORDS_MAX 32

struct table {
	struct compilation c;
	const struct policy *policy;
	uint32_t domain;
	const char *name;
	struct seccomp_program *filter;
	struct text lsm_bytes;
	struct lsm_blob lsm;
};

static unsigned int count, failures;

static void result(const struct table *t, const char *question, const char *what, const char *wrong)
{
	if (!wrong) {
		printf("ok %u - %s: %s (%s)\n", ++count, t->name, question, what);
		return;
	}
	failures++;
	printf("not ok %u - %s: %s (%s)\n# %s\n", ++count, t->name, question, what, wrong);
}

static const char *verdict_of(const struct decision *d)
{
	if (d->depends)
		return "depends";
	switch (d->verdict) {
	case VERDICT_ALLOW:
		return d->reported ? "audit" : "allow";
	case VERDICT_DENY:
		return d->reported ? "deny" : "quiet";
	case VERDICT_KILL:
		return "kill";
	}
	return "?";
}

static void ask_filter(
	struct table *t, const struct question *q, const char *question, const struct decision *d)
{
	struct seccomp_data data = { .nr = (int)q->request.number,
		.arch = vocab_abi_audit_arch(q->request.abi) };
	uint32_t got, want;
	const char *wrong = NULL;

	memcpy(data.args, q->request.arguments, sizeof(data.args));
	got = cbpf_run(t->filter->v, t->filter->n, &data, NULL);
	switch (d->verdict) {
	case VERDICT_ALLOW:
		want = d->reported ? SECCOMP_RET_LOG : SECCOMP_RET_ALLOW;
		break;
	case VERDICT_DENY:
		want = SECCOMP_RET_ERRNO | (uint32_t)d->errnum;
		break;
	default:
		want = SECCOMP_RET_KILL_PROCESS;
	}
	if (got != want)
		wrong = arena_printf(
			t->c.arena, "the filter answers 0x%x, the table wants 0x%x", got, want);
	result(t, question, "seccomp program", wrong);
}

static const char *answer_text(const struct lsm_answer *a)
{
	switch (a->effect) {
	case LSM_ALLOW:
		return a->reported ? "audit" : "allow";
	case LSM_DENY:
		return a->reported ? "deny" : "quiet";
	case LSM_KILL:
		return "kill";
	}
	return "?";
}

static void ask_lsm(struct table *t, const struct question *q, const char *question,
	const char *want, int want_errno)
{
	struct lsm_answer got;
	const char *wrong = NULL;

	if (!lsm_interpret(&t->lsm, t->domain, &q->request, &got))
		return;
	if (strcmp(answer_text(&got), want) != 0)
		wrong = arena_printf(t->c.arena, "the tables say %s by rule %d", answer_text(&got),
			(int)got.rule);
	else if (want_errno && got.errnum != want_errno)
		wrong = arena_printf(t->c.arena, "the tables give errno %d", got.errnum);
	result(t, question, "bpf-lsm tables", wrong);
}

static void line(struct table *t, char *text, unsigned int number)
{
	char *words[WORDS_MAX], *save = NULL, *question;
	const char *wrong = NULL, *got;
	struct decision d;
	struct question q;
	int n = 0, want_errno = 0, first = 1;

	question = arena_strdup(t->c.arena, text);
	for (char *w = strtok_r(text, " \t\n", &save); w && n < WORDS_MAX;
		w = strtok_r(NULL, " \t\n", &save))
		words[n++] = w;
	if (n > 1 && isupper((unsigned char)words[1][0])) {
		want_errno = vocab_errno_find(words[1]);
		first = 2;
	}
	if (n <= first ||
		!question_parse(&t->c, t->policy, t->domain, n - first, words + first, &q)) {
		diag_print(&t->c.diags, stdout, false);
		result(t, question, arena_printf(t->c.arena, "line %u", number),
			"it cannot be understood");
		return;
	}
	d = decide(t->policy, t->domain, &q.request);
	got = verdict_of(&d);
	if (strcmp(got, words[0]) != 0)
		wrong = arena_printf(t->c.arena, "decide() says %s by: %s", got, d.rule->text);
	else if (want_errno && d.errnum != want_errno)
		wrong = arena_printf(t->c.arena, "decide() gives errno %d", d.errnum);
	result(t, question, "decide", wrong);
	if (q.request.operation == OP_SYSCALL && t->policy->n_domains == 1 && !d.depends)
		ask_filter(t, &q, question, &d);
	ask_lsm(t, &q, question, words[0], want_errno);
}

static int run(const char *path)
{
	_cleanup_fclose_ FILE *f = fopen(path, "re");
	_cleanup_free_ char *text = NULL, *policy = strdup(path);
	struct seccomp_options options = { .refusals = SECCOMP_RETURN_ERRNO };
	const char *slash = strrchr(path, '/'), *why = NULL;
	struct table t = { .name = slash ? slash + 1 : path };
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	unsigned int number = 0;
	size_t cap = 0;

	if (!f || !policy)
		return -errno;
	strcpy(strrchr(policy, '.'), ".pale");
	compile_file(&t.c, policy, NULL);
	t.policy = compilation_policy(&t.c, NULL);
	if (t.c.diags.n_errors || !t.policy) {
		diag_print(&t.c.diags, stderr, false);
		return -EINVAL;
	}
	t.filter = emit_seccomp(t.c.arena, t.policy, &options, NULL, &why);
	if (!t.filter) {
		fprintf(stderr, "%s: %s\n", policy, why);
		return -EINVAL;
	}
	if (emit_lsm(t.policy, coverage_new(t.policy), &t.lsm_bytes, &err) < 0 ||
		lsm_blob_open(&t.lsm, t.lsm_bytes.s, t.lsm_bytes.len, &err) < 0) {
		fprintf(stderr, "%s: %s\n", policy, pale_err_text(err));
		return -EINVAL;
	}
	while (getline(&text, &cap, f) > 0) {
		char *s = text + strspn(text, " \t\n");

		number++;
		if (!*s || *s == '#')
			continue;
		if (*s == '[') {
			s[strcspn(s, "]")] = 0;
			t.domain = (uint32_t)policy_domain_find(t.policy, s + 1);
			if (t.domain == UINT32_MAX) {
				fprintf(stderr, "%s:%u: no profile '%s'\n", path, number, s + 1);
				return -EINVAL;
			}
			continue;
		}
		s[strcspn(s, "\n")] = 0;
		line(&t, s, number);
	}
	text_release(&t.lsm_bytes);
	compilation_release(&t.c);
	return 0;
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (run(argv[i]) < 0) {
			printf("not ok %u - %s cannot be read\n", ++count, argv[i]);
			failures++;
		}
	}
	printf("1..%u\n", count);
	return failures != 0;
}
