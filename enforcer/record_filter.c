/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/record_filter.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/text.h"
#include "compiler/compile.h"
#include "compiler/emit_seccomp.h"
#include "compiler/verify_seccomp.h"
#include "enforcer/observer.h"
#include "enforcer/supervise_seccomp.h"

#include <string.h>

/*
 * What an empty profile allows, less what an observer has to see of it. A system call that is
 * audited is stopped as one that is refused.
 */
static const char told[] =
	"profile recorded {\n"
	"    syscall {\n"
	"        audit mmap(prot & PROT_EXEC == PROT_EXEC and flags & MAP_ANONYMOUS == 0)\n"
	"        audit mprotect(prot & PROT_EXEC == PROT_EXEC)\n"
	"        audit pkey_mprotect\n"
	"        audit fcntl(cmd in {F_SETLK, F_SETLKW, F_OFD_SETLK, F_OFD_SETLKW})\n"
	"        audit ioctl(cmd in {TCSETS, TCSETSW, TCSETSF, TIOCSPGRP})\n"
	"        audit clone, fork, vfork\n";

static int wrong(struct pale_err **err, const char *what)
{
	return pale_err_set(err, 0, "internal error: the observer's filter: %s", what);
}

/* Without a rule it is refused without a report (needs.csv), and so would pass unseen. */
static void notify_clone3(uint64_t *bits)
{
	int call = vocab_syscall_find("clone3");

	if (call >= 0)
		bits[call / 64] |= (uint64_t)1 << (call % 64);
}

static int make(
	struct arena *a, const struct policy *p, struct sock_fprog *ret, struct pale_err **err)
{
	uint64_t *notify =
		arena_array(a, SUPERVISE_NOTIFY_WORDS(vocab_n_syscalls), sizeof(*notify));
	struct seccomp_options options = {
		.refusals = SECCOMP_RETURN_NOTIFY,
		.audit = true,
		.notify = notify,
		.notify_unknown = true,
	};
	struct seccomp_program *program;
	const char *why = NULL;

	supervise_notify_set(notify);
	notify_clone3(notify);
	program = emit_seccomp(a, p, &options, NULL, &why);
	if (!program)
		return wrong(err, why);
	why = verify_seccomp(a, p, &options, program);
	if (why)
		return wrong(err, why);
	*ret = (struct sock_fprog){
		.len = (unsigned short)program->n,
		.filter = program->v,
	};
	return 0;
}

static void add_counted(struct text *to)
{
	for (uint32_t i = 0; i < vocab_n_syscalls; i++)
		if (vocab_syscalls[i].number[vocab_abi_native()] >= 0 && !observer_looks_at((int)i))
			text_printf(to, "        allow %s\n", vocab_syscalls[i].name);
}

int record_filter(struct arena *a, bool counted, struct sock_fprog *ret, struct pale_err **err)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;
	struct compile_options options = { 0 };
	struct compilation c;
	struct policy *p = NULL;
	int r;

	text_puts(&t, told);
	if (counted)
		add_counted(&t);
	text_puts(&t, "    }\n}\n");
	compile_bytes(&c, "recorded", text_str(&t), t.len, &options);
	if (!c.diags.n_errors)
		p = compilation_policy(&c, NULL);
	r = p ? make(a, p, ret, err)
	      : wrong(err, c.diags.n ? c.diags.v[0]->text : "it does not compile");
	compilation_release(&c);
	return r;
}
