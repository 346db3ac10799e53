/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/base/cleanup.h"
#include "compiler/base/text.h"
#include "compiler/command_input.h"
#include "enforcer/check_symlinks.h"
#include "enforcer/commands.h"
#include "enforcer/partial.h"
#include "enforcer/run.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#define STATUS_CANNOT_EXECUTE 126 /* as shells have it */
#define STATUS_NOT_FOUND      127

enum {
	OPT_POLICY,
	OPT_AUDIT,
	OPT_ALLOW_PARTIAL,
	OPT_MECHANISMS,
	OPT_REPORT,
	OPT_CONTAINER,
	OPT_VERBOSE,
	OPT_INCLUDE,
};

/* What a user may choose among. */
static const enum mechanism choosable[] = {
	MECHANISM_SECCOMP,
	MECHANISM_LANDLOCK,
	MECHANISM_APPARMOR,
	MECHANISM_BPF_LSM,
	MECHANISM_CGROUP,
};

#define N_CHOOSABLE (sizeof(choosable) / sizeof(*choosable))

static const char *choosable_name(size_t i)
{
	return i < N_CHOOSABLE ? mechanism_names[choosable[i]] : NULL;
}

static const struct argument_kind mechanism_list = {
	.form = ARGUMENT_WORD,
	.noun = "mechanism",
	.word = choosable_name,
	.list = true,
};

static const struct option_spec options[] = {
	[OPT_POLICY] = { "policy", 'p', "FILE[:PROFILE]", .required = true,
		.help = "the policy, and which of its profiles; the first one otherwise",
		.kind = &argument_policy },
	[OPT_AUDIT] = { "audit", .help = "refuse nothing; report what would have been refused" },
	[OPT_ALLOW_PARTIAL] = { "allow-partial", 0, "ID,…", .argument_optional = true,
		.help = "start although some rules cannot be enforced exactly on this host: all of "
			"them, or those named" },
	[OPT_MECHANISMS] = { "mechanisms", 'm', "LIST",
		.help = "use only these, separated by commas", .kind = &mechanism_list },
	[OPT_REPORT] = { "report", 'r', "FILE", .help = "write violations to FILE, as JSON lines" },
	[OPT_CONTAINER] = { "container", 0, "NAME", .help = "call it so in reports" },
	[OPT_VERBOSE] = { "verbose", 'v',
		.help = "tell also which paths are not there, so that Landlock grants nothing of "
			"them" },
	[OPT_INCLUDE] = OPTION_INCLUDE,
	OPTIONS_END,
};

static const struct operand_spec operands[] = { { "COMMAND", &argument_command }, OPERANDS_END };

static void complain(const struct pale_err *err)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;

	text_escaped(&t, pale_err_text(err), strlen(pale_err_text(err)));
	fprintf(stderr, "pale run: %s\n", text_str(&t));
	if (pale_err_hint_text(err))
		fprintf(stderr, "hint: %s\n", pale_err_hint_text(err));
}

/* STATUS_OK, or how to exit. */
static int parse_mechanisms(const struct invocation *in, const char *list, mechanisms *ret)
{
	*ret = 1u << MECHANISM_CAPABILITIES;
	for (const char *s = list; s; s = *s ? s + 1 : NULL) {
		_cleanup_(text_release) struct text word = TEXT_INIT;
		size_t i;

		text_add(&word, s, strcspn(s, ","));
		s += word.len;
		for (i = 0; i < N_CHOOSABLE && strcmp(text_str(&word), choosable_name(i)); i++)
			;
		if (i == N_CHOOSABLE)
			return unknown_word(in, &mechanism_list, text_str(&word));
		*ret |= 1u << choosable[i];
	}
	return STATUS_OK;
}

static int choose_mechanisms(const struct invocation *in, const struct host *host,
	const struct policy *p, mechanisms *ret)
{
	const char *list = option_argument(in, OPT_MECHANISMS);
	int status = STATUS_OK;

	if (!list) {
		*ret = host_default(host, p);
		/* Without it nothing refuses a system call. */
		if (!(host->available & (1u << MECHANISM_SECCOMP))) {
			complain(host->why_not[MECHANISM_SECCOMP]);
			return STATUS_HOST;
		}
		return STATUS_OK;
	}
	status = parse_mechanisms(in, list, ret);
	for (size_t i = 0; status == STATUS_OK && i < N_CHOOSABLE; i++) {
		enum mechanism m = choosable[i];

		if (!(*ret & ~host->available & (1u << m)))
			continue;
		fprintf(stderr, "pale run: %s is not available here: ", mechanism_names[m]);
		fprintf(stderr, "%s\n",
			host->why_not[m] ? pale_err_text(host->why_not[m]) : "not supported");
		if (host->why_not[m] && pale_err_hint_text(host->why_not[m]))
			fprintf(stderr, "hint: %s\n", pale_err_hint_text(host->why_not[m]));
		status = STATUS_HOST;
	}
	return status;
}

/* Whether enforcement may start although it is not exact. */
static int accept_partial(const struct invocation *in, const struct enforcement *e, bool colour)
{
	struct partial p;
	int status;

	if (e->audit)
		return STATUS_OK; /* nothing is enforced */
	status = partial_init(&p, e->coverage, e->used, option_given(in, OPT_ALLOW_PARTIAL),
		option_argument(in, OPT_ALLOW_PARTIAL));
	if (status != STATUS_OK)
		return usage_error(in, "--allow-partial: %s", p.mistake);
	if (p.n_refused) {
		partial_print(&p, stderr, colour);
		return STATUS_HOST;
	}
	if (p.n_accepted)
		fprintf(stderr,
			"pale run: %u rule%s %s not enforced exactly here; "
			"'pale explain --host' tells which\n",
			p.n_accepted, p.n_accepted == 1 ? "" : "s",
			p.n_accepted == 1 ? "is" : "are");
	return STATUS_OK;
}

static int status_of(const struct invocation *in, const struct run_result *r)
{
	if (r->exec_errno) {
		fprintf(stderr, "pale run: %s: %s\n", in->operands[0], strerror(r->exec_errno));
		return r->exec_errno == ENOENT || r->exec_errno == ENOTDIR ? STATUS_NOT_FOUND
									   : STATUS_CANNOT_EXECUTE;
	}
	return WIFSIGNALED(r->wait_status) ? 128 + WTERMSIG(r->wait_status)
					   : WEXITSTATUS(r->wait_status);
}

static void tell_losses(const struct run_result *r, const struct report_sink *sink)
{
	uint64_t lost = r->lost + sink->lost;

	if (lost)
		fprintf(stderr, "pale run: %" PRIu64 " event%s lost\n", lost,
			lost == 1 ? " was" : "s were");
	if (r->lost_unknown)
		fputs("pale run: the kernel does not say how many AppArmor records it dropped: "
		      "more "
		      "events may be lost\n",
			stderr);
	if (r->unexamined)
		fprintf(stderr,
			"pale run: the objects of %" PRIu64 " call%s could not be told, so what "
			"was refused there is not reported\n",
			r->unexamined, r->unexamined == 1 ? "" : "s");
}

/* A rule that would deny through a symbolic link denies nothing: enforcement does not start. */
static int tell_symlinks(const struct invocation *in, const struct policy *p)
{
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	_cleanup_(symlink_findings_release) struct symlink_findings f = { 0 };
	_cleanup_close_ int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (root < 0)
		pale_err_set(&err, errno, "open the root directory");
	else
		check_symlinks(p, root, &f, &err);
	if (err) {
		complain(err);
		return STATUS_HOST;
	}
	for (uint32_t i = 0; i < f.n; i++) {
		_cleanup_(text_release) struct text t = TEXT_INIT;

		/* The library names every place that something may be in; what is a link here is no
		 * news. */
		if (!f.v[i].is_error && !f.v[i].rule->lines[0].own &&
			!option_given(in, OPT_VERBOSE))
			continue;
		symlink_finding_text(&f.v[i], &t);
		fprintf(stderr, "%s\n", text_str(&t));
	}
	return f.n_errors ? STATUS_HOST : STATUS_OK;
}

/* What is not there when Landlock is loaded gets no rights, even if it is made later. */
static void tell_omissions(const struct invocation *in, const struct landlock_omissions *o)
{
	for (uint32_t i = 0; option_given(in, OPT_VERBOSE) && i < o->missing.n; i++)
		fprintf(stderr, "pale run: %s\n", o->missing.v[i]);
	for (uint32_t i = 0; option_given(in, OPT_VERBOSE) && i < o->linked.n; i++)
		fprintf(stderr, "pale run: %s\n", o->linked.v[i]);
}

static int run_enforced(const struct invocation *in, struct enforcement *e)
{
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	_cleanup_free_ char *path = NULL;
	struct report_sink sink;
	struct run_result result;
	struct run r = {
		.enforcement = e,
		.sink = &sink,
		.container = option_argument(in, OPT_CONTAINER),
		.argv = in->operands,
	};
	int n, status;

	n = launch_find(in->operands[0], getenv("PATH"), &path);
	if (n < 0) {
		fprintf(stderr, "pale run: %s: %s\n", in->operands[0],
			n == -ENOENT ? "command not found" : strerror(-n));
		return n == -ENOENT ? STATUS_NOT_FOUND : STATUS_CANNOT_EXECUTE;
	}
	r.path = path;
	if (report_sink_open(&sink, stderr, colour_wanted(stderr), option_argument(in, OPT_REPORT),
		    &err) < 0 ||
		enforcement_load(e, &err) < 0) {
		complain(err);
		return STATUS_HOST;
	}
	tell_omissions(in, &e->omissions);
	if (run(&r, &result, &err) < 0) {
		complain(err);
		status = STATUS_HOST;
	} else {
		status = status_of(in, &result);
	}
	report_sink_close(&sink);
	tell_losses(&result, &sink);
	return status;
}

static int run_policy(const struct invocation *in, struct policy *p)
{
	_cleanup_(host_release) struct host host = { 0 };
	_cleanup_(enforcement_freep) struct enforcement *e = NULL;
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	mechanisms used;
	int status;

	p->audit |= option_given(in, OPT_AUDIT);
	status = tell_symlinks(in, p);
	if (status != STATUS_OK)
		return status;
	host_probe(&host);
	status = choose_mechanisms(in, &host, p, &used);
	if (status != STATUS_OK)
		return status;
	if (enforcement_new(p, &host, used, &e, &err) < 0) {
		complain(err);
		return STATUS_HOST;
	}
	if ((used & (1u << MECHANISM_LANDLOCK)) && !(used & (1u << MECHANISM_SECCOMP)))
		fputs("pale run: without seccomp nobody tells what Landlock refuses\n", stderr);
	status = accept_partial(in, e, colour_wanted(stderr));
	return status == STATUS_OK ? run_enforced(in, e) : status;
}

static int run_command(const struct invocation *in)
{
	_cleanup_(compilation_release) struct compilation c;
	struct policy *p;
	int32_t domain;

	p = input_profile(&c, in, OPT_INCLUDE, option_argument(in, OPT_POLICY), &domain);
	if (c.diags.n)
		input_diagnose(&c, false);
	return p ? run_policy(in, p) : STATUS_POLICY;
}

const struct command cmd_run = {
	.name = "run",
	.summary = "run a command confined by a policy",
	.usage = "-p FILE[:PROFILE] [OPTION…] -- COMMAND [ARGUMENT…]",
	.description =
		"Confines COMMAND and everything that it starts, without a daemon. As root on a "
		"kernel that has them it uses BPF-LSM, in a cgroup of its own, and AppArmor; "
		"otherwise Landlock; seccomp and limits always. Every violation is printed with "
		"the line of the policy that decided.\n\n"
		"It refuses to start when a rule cannot be enforced exactly here, and names each "
		"such rule, unless --allow-partial accepts it.",
	.exit_status =
		"Ends when the last process is gone, with the command's own status: 128 and the "
		"signal's number when it was killed, 127 when it was not found, 126 when it could "
		"not be executed. 1: the policy is wrong; 2: usage; 3: this host cannot enforce "
		"it, and nothing was started.",
	.example = "pale run -p web.pale --report violations.json -- nginx -g 'daemon off;'",
	.options = options,
	.operands = operands,
	.operands_min = 1,
	.operands_max = OPERANDS_ANY,
	.operands_end_options = true,
	.run = run_command,
};
