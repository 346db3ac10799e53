/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/attack_tests.h"

#include "compiler/base/cleanup.h"
#include "compiler/expect.h"
#include "compiler/policy_text.h"

#include <stdlib.h>
#include <string.h>

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
	"connect udp 203.0.113.7:4444",
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

void attack_tests_write(struct compilation *c, const struct policy *p, uint32_t domain,
	struct text *to, void (*allowed)(void *ctx, const char *attack), void *ctx)
{
	text_putc(to, '\n');
	policy_text_line(to, 0, "test \"what attackers try\" for %s {", p->domains[domain]->name);
	for (size_t i = 0; i < sizeof(attacks) / sizeof(*attacks); i++) {
		struct decision v;

		if (!ask(c, p, domain, attacks[i], &v) || v.depends)
			continue;
		if (v.verdict == VERDICT_ALLOW)
			allowed(ctx, attacks[i]);
		else
			policy_text_line(to, POLICY_TEXT_INDENT, "deny %s", attacks[i]);
	}
	policy_text_line(to, 0, "}");
}
