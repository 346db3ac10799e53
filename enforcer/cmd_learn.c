/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/base/cleanup.h"
#include "compiler/base/json_text.h"
#include "compiler/command_input.h"
#include "compiler/file_set.h"
#include "compiler/learn.h"
#include "compiler/policy_text.h"
#include "enforcer/bpf/count_calls_map.h"
#include "enforcer/commands.h"
#include "enforcer/daemon_command.h"
#include "enforcer/live_groups.h"
#include "enforcer/live_runs.h"
#include "enforcer/time_argument.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	OPT_CGROUP,
	OPT_CONTAINER,
	OPT_FOR,
	OPT_FROM,
	OPT_INCLUDE,
	OPT_JSON,
	OPT_MERGE,
	OPT_OUTPUT,
	OPT_PROFILE,
	OPT_READY,
	OPT_RUN,
	OPT_RUNS,
	OPT_SUB_PROFILES,
	OPT_UNPRIVILEGED,
	OPT_WEIGHTS,
};

static const struct option_spec options[] = {
	[OPT_CGROUP] = { "cgroup", 0, "DIR",
		.help = "record what runs in this cgroup and below it; may be given several "
			"times" },
	[OPT_CONTAINER] = { "container", 0, "ID",
		.help = "record this container: its id, the beginning of one, or a name; may be "
			"given several times, once for each replica" },
	[OPT_FOR] = { "for", 0, "DURATION",
		.help = "record for so long (90s, 15m, 1h, 2d), if they do not end before that" },
	[OPT_FROM] = { "from", 0, "FILE",
		.help = "recorded runs, as many as the file has; may be given several times" },
	[OPT_INCLUDE] = OPTION_INCLUDE,
	[OPT_JSON] = { "json", .help = "print readiness and notes as JSON, on stdout; with the "
				       "policy in it where no file gets that" },
	[OPT_MERGE] = { "merge", 0, "FILE",
		.help = "add the runs to those that this policy was learned from (FILE.runs), and "
			"write its learned parts anew",
		.kind = &argument_policy },
	[OPT_OUTPUT] = { "output", 'o', "FILE",
		.help = "write the policy there, and the runs to FILE.runs beside it",
		.kind = &argument_policy },
	[OPT_PROFILE] = { "profile", 0, "NAME",
		.help = "the profile that is learned; without it named by the program, with "
			"--merge the first of the file" },
	[OPT_READY] = { "ready", .help = "exit with 1 when the policy is not ready" },
	[OPT_RUN] = OPTION_RUN,
	[OPT_RUNS] = { "runs", 0, "N",
		.help = "run COMMAND so many times, one after another, instead of once" },
	[OPT_SUB_PROFILES] = { "sub-profiles",
		.help = "write a sub-profile for each program that does other things than the "
			"main one, where without it they are proposed" },
	[OPT_UNPRIVILEGED] = { "unprivileged",
		.help = "watch COMMAND as who may load no BPF program does" },
	[OPT_WEIGHTS] = { "weights", 0, "FILE",
		.help = "write there how often each call was made, for pale build --weights" },
	OPTIONS_END,
};

static const struct operand_spec operands[] = { { "COMMAND", &argument_command }, OPERANDS_END };

struct session {
	const struct invocation *in;
	struct source_set sources;
	struct diag_list diags;
	struct learn_runs runs;
	const struct source *hand;
	const char *output; /* NULL: stdout */
	uint32_t n_live;    /* how often COMMAND is to be run */
	struct live_group groups[COUNT_GROUPS];
	uint32_t n_groups;
	int64_t duration_ms; /* 0: until they end */
};

#define LIVE_RUNS_MAX 1000

static int add_runs(struct session *s, const char *path, struct pale_err **err)
{
	struct source *file;
	int r = source_read(&s->sources, path, path, &file, err);

	return r < 0 ? r : learn_runs_read(&s->runs, path, file->bytes, file->len, err);
}

static const char *runs_of(struct session *s, const char *policy)
{
	return arena_printf(s->sources.arena, "%s.runs", policy);
}

/* What was learned from them would be gone, too. */
static int runs_are_gone(struct session *s, const char *merge, struct pale_err **err)
{
	int r = pale_err_set(err, ENOENT,
		"%s has learned rules, but not the runs that they are of: %s", merge,
		runs_of(s, merge));

	pale_err_hint(err, "put that file back, give its runs with --from and the policy without "
			   "its learned rules, or begin anew without them");
	return r;
}

/* The policy that is merged into, and its runs. */
static int read_merged(struct session *s, struct pale_err **err)
{
	const char *merge = option_argument(s->in, OPT_MERGE);
	struct source *hand;
	int r;

	if (!merge)
		return 0;
	r = source_read(&s->sources, merge, merge, &hand, err);
	if (r < 0)
		return r;
	s->hand = hand;
	if (access(runs_of(s, merge), F_OK) == 0)
		return add_runs(s, runs_of(s, merge), err);
	return learn_has_rules(hand) ? runs_are_gone(s, merge, err) : 0;
}

static int read_all(struct session *s, struct pale_err **err)
{
	int r = read_merged(s, err);

	for (size_t i = 0; i < s->in->n_uses && r >= 0; i++) {
		if (s->in->uses[i].option == OPT_FROM)
			r = add_runs(s, s->in->uses[i].argument, err);
	}
	return r;
}

/* The policy and its runs together, or neither. */
static int write_policy(struct session *s, const struct learn_result *result, struct pale_err **err)
{
	_cleanup_(file_set_release) struct file_set files = FILE_SET_INIT;
	_cleanup_(text_release) struct text runs = TEXT_INIT;
	int r;

	/* It was not, before the command ran. */
	if (!s->hand && access(s->output, F_OK) == 0)
		return pale_err_set(
			err, 0, "%s is there by now: it is not written over", s->output);
	r = file_set_open_of(&files, s->output, err);
	for (uint32_t i = 0; i < s->runs.n; i++)
		learn_run_write(s->runs.v[i], &runs);
	if (r >= 0)
		r = file_set_put(
			&files, s->output, text_str(&result->policy), result->policy.len, err);
	if (r >= 0)
		r = file_set_put(&files, runs_of(s, s->output), text_str(&runs), runs.len, err);
	return r < 0 ? r : file_set_commit(&files, err);
}

static void tell(const struct session *s, const struct learn_result *result)
{
	json_t *o;

	if (!option_given(s->in, OPT_JSON)) {
		if (!s->output)
			fwrite(result->policy.s, 1, result->policy.len, stdout);
		fflush(stdout);
		learn_result_print(result, stderr);
		return;
	}
	o = learn_result_json(result);
	if (!s->output)
		json_object_set_new(o, "policy", json_text(text_str(&result->policy)));
	output_json(o, stdout);
}

/* ---- runs of COMMAND, recorded now */

/* Those that no policy was made of yet, whatever becomes of this process. */
static const char *recording_of(struct session *s)
{
	return arena_printf(s->sources.arena, "%s.recording", s->output);
}

static int record_command(struct session *s, struct pale_err **err)
{
	struct live_runs live = {
		.argv = s->in->operands,
		.n = s->n_live,
		.unprivileged = option_given(s->in, OPT_UNPRIVILEGED),
		.command = s->in->command->name,
		.recording = recording_of(s),
		.runs = &s->runs,
	};

	return live_runs_record(&live, err);
}

static int record_groups(struct session *s, struct pale_err **err)
{
	const char *run = option_argument(s->in, OPT_RUN);
	struct live_groups live = {
		.v = s->groups,
		.n = s->n_groups,
		.run_dir = run ? run : PALED_RUN_DIR,
		.duration_ns = (uint64_t)s->duration_ms * 1000000,
		.command = s->in->command->name,
		.recording = recording_of(s),
		.runs = &s->runs,
	};

	return live_groups_record(&live, err);
}

static bool is_live(const struct session *s)
{
	return s->n_live || s->n_groups;
}

static int record_live(struct session *s, struct pale_err **err)
{
	const char *recording = recording_of(s), *hint;
	int r;

	if (access(recording, F_OK) == 0) {
		r = pale_err_set(
			err, EEXIST, "%s is of runs that no policy was made of", recording);
		hint = arena_printf(s->sources.arena,
			"learn from it, with --from %s, or remove it: then record anew", recording);
		pale_err_hint(err, "%s", hint);
		return r;
	}
	return s->n_groups ? record_groups(s, err) : record_command(s, err);
}

static int make(struct session *s)
{
	struct compile_options compile = { 0 };
	_cleanup_free_ const char **dirs = input_include_dirs(s->in, OPT_INCLUDE, &compile);
	struct learn_options o = { .profile = option_argument(s->in, OPT_PROFILE),
		.sub_profiles = option_given(s->in, OPT_SUB_PROFILES),
		.include_dirs = compile.include_dirs,
		.n_include_dirs = compile.n_include_dirs };
	_cleanup_(learn_result_release) struct learn_result result = { 0 };
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	const char *weights = option_argument(s->in, OPT_WEIGHTS);
	int r = 0;

	if (!learn_policy(&s->runs, s->hand, &o, &s->diags, &result)) {
		diag_sort(&s->diags);
		diag_print(&s->diags, stderr, colour_wanted(stderr));
		return STATUS_POLICY;
	}
	if (s->output)
		r = write_policy(s, &result, &err);
	if (r >= 0 && is_live(s))
		unlink(recording_of(s));
	if (r >= 0 && weights)
		r = file_set_write(weights, text_str(&result.weights), result.weights.len, &err);
	if (r < 0) {
		input_failure(s->in, err);
		return STATUS_POLICY;
	}
	tell(s, &result);
	return option_given(s->in, OPT_READY) && !result.readiness.ready ? STATUS_POLICY
									 : STATUS_OK;
}

static int check_live(struct session *s)
{
	const char *runs = option_argument(s->in, OPT_RUNS);
	char *end;
	unsigned long n = 1;

	if (!s->in->n_operands && runs)
		return usage_error(s->in, "--runs is of a COMMAND");
	if (!s->in->n_operands && !s->n_groups)
		return STATUS_OK;
	if (!s->output)
		return usage_error(s->in, "no file for what is recorded: -o FILE or --merge FILE");
	if (!s->in->n_operands)
		return STATUS_OK;
	if (runs) {
		n = strtoul(runs, &end, 10);
		if (*runs < '1' || *runs > '9' || *end || n > LIVE_RUNS_MAX)
			return usage_error(s->in, "--runs takes a number from 1 to %d, not '%s'",
				LIVE_RUNS_MAX, runs);
	}
	s->n_live = (uint32_t)n;
	return STATUS_OK;
}

/* What --container and --cgroup ask for. */
static int check_groups(struct session *s)
{
	const char *duration = option_argument(s->in, OPT_FOR);

	for (size_t i = 0; i < s->in->n_uses; i++) {
		const struct option_use *u = &s->in->uses[i];

		if (u->option != OPT_CONTAINER && u->option != OPT_CGROUP)
			continue;
		if (s->n_groups == COUNT_GROUPS)
			return usage_error(
				s->in, "at most %d containers and cgroups at once", COUNT_GROUPS);
		s->groups[s->n_groups++] =
			(struct live_group){ u->option == OPT_CONTAINER, u->argument };
	}
	if (!s->n_groups)
		return duration ? usage_error(s->in, "--for is of --container and --cgroup")
				: STATUS_OK;
	if (s->in->n_operands)
		return usage_error(s->in,
			"--container and --cgroup are of what runs by itself, not of a COMMAND");
	if (option_given(s->in, OPT_UNPRIVILEGED))
		return usage_error(s->in, "--unprivileged is of a COMMAND");
	if (duration && !duration_argument_parse(duration, &s->duration_ms))
		return usage_error(
			s->in, "--for takes a duration such as 90s, 15m or 1h, not '%s'", duration);
	return STATUS_OK;
}

static int check_options(struct session *s)
{
	int status;

	const char *merge = option_argument(s->in, OPT_MERGE);
	const char *output = option_argument(s->in, OPT_OUTPUT);
	const char *profile = option_argument(s->in, OPT_PROFILE);

	if (profile && !policy_text_is_name(profile))
		return usage_error(s->in, "'%s' cannot name a profile", profile);
	status = check_groups(s);
	if (status != STATUS_OK)
		return status;
	if (!option_given(s->in, OPT_FROM) && !merge && !s->in->n_operands && !s->n_groups)
		return usage_error(s->in,
			"nothing to learn from: --from FILE, --container, --cgroup, or a COMMAND");
	if (output && !merge && access(output, F_OK) == 0)
		return usage_error(
			s->in, "%s is there already: --merge %s adds to it", output, output);
	s->output = output ? output : merge;
	return check_live(s);
}

static int learn(const struct invocation *in)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	_cleanup_(learn_runs_release) struct learn_runs runs = { 0 };
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	struct session s = { .in = in };
	int status = check_options(&s);

	if (status != STATUS_OK)
		return status;
	source_set_init(&s.sources, arena);
	diag_list_init(&s.diags, &s.sources);
	if (read_all(&s, &err) < 0) {
		input_failure(in, err);
		status = STATUS_POLICY;
	} else if (is_live(&s) && record_live(&s, &err) < 0) {
		input_failure(in, err);
		status = STATUS_HOST;
	} else if (is_live(&s) && read_merged(&s, &err) < 0) {
		/* People may have gone on writing it while the command ran. */
		input_failure(in, err);
		status = STATUS_POLICY;
	} else if (!s.runs.n) {
		status = usage_error(in,
			"no run to learn from: %s has none beside it, and there "
			"is no --from FILE",
			option_argument(in, OPT_MERGE));
	} else {
		status = make(&s);
	}
	runs = s.runs;
	return status;
}

const struct command cmd_learn = {
	.name = "learn",
	.summary = "make a policy of what a program was seen to do",
	.usage = "[OPTION…] [-o FILE | --merge FILE] [-- COMMAND…]",
	.description =
		"Runs COMMAND and watches it and all that it starts, or watches containers and "
		"cgroups that run by themselves, and makes a policy of that and of runs that were "
		"recorded before: what was seen is allowed, and as little else as "
		"rules can say that read as if written by hand. Fragments of the library are "
		"included by name, names that differ from run to run become globs, system calls "
		"are derived where the language does that. Each rule says in a comment in how "
		"many runs it was seen, when, and why it is wider than that. Tests in the policy "
		"hold what was seen to be allowed, and what attackers try to be refused.\n\n"
		"What is learned stands between marks (`# learned: rules` to `# learned: end`). "
		"With --merge those parts are written anew from all runs, the earlier ones too; "
		"nothing else of the file is touched. What hand-written rules allow is not learned "
		"again, and what they refuse is not learned but told.\n\n"
		"Says whether the policy is ready: at least three complete runs, less than 1 % "
		"estimated to be still unseen, nothing new in the last two. A run of which "
		"anything was lost is partial, and makes no policy ready.\n\n"
		"COMMAND is watched without privilege, and nothing is refused it: seccomp stops "
		"each call that a rule could speak of, pale looks at it and lets it go on. On a "
		"virtual machine with two CPUs that took some 60 to 100 microseconds of each such "
		"call, and "
		"somewhat more of one with a path; read, write, futex and what else every policy "
		"allows run at nearly their own speed, and are not counted. As root, where the "
		"kernel "
		"loads a tracepoint's program, COMMAND runs in a cgroup of its own, and calls of "
		"which nothing but their number and plain arguments matters are counted in the "
		"kernel (0.2 µs each); those with a path or an address, and those that may need a "
		"capability, are stopped there, too. As root, where the kernel has BPF-LSM for us "
		"(`pale status`), nothing is stopped: the programs that would enforce a policy "
		"tell "
		"once of each thing that they would be asked about, by the names that they would "
		"judge it by, with mounts and capabilities. Loading them takes some seconds.\n\n"
		"A run ends with its last process. SIGTERM, SIGINT and SIGQUIT are handed on; when "
		"COMMAND ends of that, the next of --runs begins, but after SIGQUIT. What is "
		"recorded "
		"is written to FILE.recording every second, and that is removed once there is a "
		"policy. Killed (SIGKILL), pale leaves that file, partial, and a process that lets "
		"COMMAND go on. Who kills that one too has the watched calls of COMMAND fail with "
		"ENOSYS until it ends: so Linux has it.\n\n"
		"What runs already is recorded with --container and --cgroup, by root: the system "
		"calls of each, counted in the kernel, which stops nothing and loses no call, with "
		"the arguments that policies compare; the programs that are executed; and with "
		"BPF-LSM all else, as of a COMMAND. Without it files, network and capabilities are "
		"not seen, so that such a run is partial. "
		"Containers are those that paled knows, or that runc and crun keep in the folders "
		"of Kubernetes, podman and Docker. Each is a run of its own. One that was created "
		"and not started is recorded from its program's first moment on; of one that runs, "
		"what it did before is missing, and the run says so. What is executed into a "
		"container from outside is kept apart, and left out where it has a terminal. It "
		"ends with the containers, after the time of --for, or with SIGINT or SIGTERM, "
		"and then there is a policy.\n\n"
		"Not seen: whether a call succeeded (what the kernel was certain to refuse is left "
		"out); what was open before the start; as root, calls that only count of processes "
		"that leave the cgroup. Without BPF-LSM nor are capabilities, but for those that "
		"capabilities(7) says the call needs; mounts, which make the run partial; code "
		"mapped by mprotect(2); what is done through io_uring(7).",
	.example = "pale learn -o web.pale --runs 3 -- ./serve-and-try.sh\n"
		   "pale learn --merge web.pale -- web --config other.conf\n"
		   "pale learn -o web.pale --container web-7f --container web-9c --for 1h\n"
		   "pale learn --from monday.json --from tuesday.json -o web.pale\n"
		   "pale learn --from wednesday.json --merge web.pale --ready\n"
		   "pale learn --merge web.pale --json --weights web.weights",
	.options = options,
	.operands = operands,
	.operands_min = 0,
	.operands_max = OPERANDS_ANY,
	.operands_end_options = true,
	.run = learn,
};
