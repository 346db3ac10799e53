/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of a learnt policy: some of what was seen is allowed, and what attackers try is not. */
#include "compiler/learn_internal.h"

#include "compiler/base/cleanup.h"
#include "compiler/expect.h"
#include "compiler/policy_text.h"

#include <string.h>

/* Of each operation. */
#define SAMPLES 3

/* As questions have them. What a program was seen to do is left out, and told. */
static const char *const attacks[] = {
	"write /etc/passwd",
	"read /etc/shadow",
	"write /etc/shadow",
	"create /etc/cron.d/job",
	"create /etc/ld.so.preload",
	"write /root/.ssh/authorized_keys",
	"read /root/.ssh/id_ed25519",
	"read /run/secrets/kubernetes.io/serviceaccount/token",
	"read /proc/1/mem",
	"read /proc/1/environ",
	"write /proc/sys/kernel/core_pattern",
	"write /sys/fs/cgroup/release_agent",
	"read /dev/mem",
	"write /usr/bin/env",
	"exec /bin/sh",
	"exec /usr/bin/dash",
	"exec /usr/bin/bash",
	"exec /usr/bin/busybox",
	"exec /usr/bin/perl",
	"exec /usr/bin/curl",
	"exec /usr/bin/nsenter",
	"exec drift /tmp/dropped",
	"exec anonymous",
	"map drift /tmp/dropped.so",
	"connect tcp 203.0.113.7:4444",
	"connect tcp 169.254.169.254:80",
	"connect udp 203.0.113.7:53",
	"connect unix /run/docker.sock",
	"connect unix /run/containerd/containerd.sock",
	"listen tcp 0.0.0.0:4444",
	"socket packet",
	"socket raw",
	"ptrace any",
	"signal KILL to any",
	"userns",
	"mount proc on /mnt",
	"bind / on /mnt",
	"pivot",
	"syscall ptrace",
	"syscall mount",
	"syscall init_module",
	"syscall finit_module",
	"syscall bpf",
	"syscall kexec_load",
	"syscall io_uring_setup",
	"syscall perf_event_open",
	"syscall open_by_handle_at",
	"syscall process_vm_writev",
	"syscall unshare unshare_flags=CLONE_NEWUSER",
	"capability sys_admin",
	"capability sys_module",
	"capability sys_ptrace",
	"capability dac_read_search",
};

#define WORDS_MAX 8

static bool ask(struct compilation *c, const struct policy *p, uint32_t domain,
	const char *question, struct decision *ret)
{
	_cleanup_free_ char *copy = strdup(question);
	char *words[WORDS_MAX], *save = NULL;
	struct question q;
	int n = 0;

	if (!copy)
		abort();
	for (char *s = strtok_r(copy, " ", &save); s && n < WORDS_MAX;
		s = strtok_r(NULL, " ", &save))
		words[n++] = s;
	if (!question_parse(c, p, domain, n, words, &q))
		return false;
	*ret = decide(p, domain, &q.request);
	return true;
}

static void begin(struct text *to, const struct domain *d, const char *title, bool first)
{
	if (!first)
		text_putc(to, '\n');
	policy_text_line(to, 0, "test \"%s\" for %s {", title, d->name);
}

static bool is_allowed(struct learn_work *w, const struct policy *p, uint32_t domain,
	const struct learn_item *item)
{
	struct decision v = learn_decide(p, domain, item);

	return !item->o.folded && v.verdict == VERDICT_ALLOW && !v.depends;
}

/* The n-th of @of, spread over all of them. */
static bool is_sample(uint32_t n, uint32_t of)
{
	for (uint32_t i = 0; i < SAMPLES; i++) {
		if (n == (of > 1 ? i * (of - 1) / (SAMPLES - 1) : 0))
			return true;
	}
	return false;
}

static void write_seen(struct learn_work *w, const struct learn_domain *d, const struct policy *p,
	uint32_t domain, bool first, struct text *to)
{
	begin(to, p->domains[domain], "what was seen", first);
	for (int op = 0; op < OP_COUNT; op++) {
		uint32_t n = 0, of = 0;
		const char *before = "";

		for (uint32_t i = 0; i < d->n_items; i++) {
			const struct learn_item *item = &w->items[d->items[i].item];

			of += item->o.operation == (enum operation)op &&
			      is_allowed(w, p, domain, item);
		}
		for (uint32_t i = 0; i < d->n_items; i++) {
			_cleanup_(text_release) struct text t = TEXT_INIT;
			const struct learn_item *item = &w->items[d->items[i].item];

			if (item->o.operation != (enum operation)op ||
				!is_allowed(w, p, domain, item) || !is_sample(n++, of))
				continue;
			learn_question(&t, &item->o);
			/* Of several executables. */
			if (strcmp(before, text_str(&t)) != 0)
				policy_text_line(to, POLICY_TEXT_INDENT, "allow %s", text_str(&t));
			before = arena_strdup(w->arena, text_str(&t));
		}
	}
	policy_text_line(to, 0, "}");
}

static void write_attacks(struct learn_work *w, struct compilation *c, const struct policy *p,
	uint32_t domain, struct text *to)
{
	begin(to, p->domains[domain], "what attackers try", false);
	for (size_t i = 0; i < sizeof(attacks) / sizeof(*attacks); i++) {
		struct decision v;

		if (!ask(c, p, domain, attacks[i], &v) || v.depends)
			continue;
		if (v.verdict == VERDICT_ALLOW)
			learn_note(w, LEARN_ATTACK, attacks[i],
				domain ? arena_printf(
						 w->arena, "%s allows it", p->domains[domain]->name)
				       : "the policy allows it");
		else
			policy_text_line(to, POLICY_TEXT_INDENT, "deny %s", attacks[i]);
	}
	policy_text_line(to, 0, "}");
}

void learn_tests_write(
	struct learn_work *w, struct compilation *c, const struct policy *p, struct text *to)
{
	for (uint32_t i = 0; i < w->n_domains; i++) {
		uint32_t domain = learn_domain_index(w, p, &w->domains[i]);

		if (w->domains[i].n_items)
			write_seen(w, &w->domains[i], p, domain, to->len == 0, to);
		if (i == 0 || w->domains[i].n_items)
			write_attacks(w, c, p, domain, to);
	}
}
