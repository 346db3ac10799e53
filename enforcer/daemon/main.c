/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/base/cleanup.h"
#include "compiler/options.h"
#include "enforcer/daemon/container_recorder.h"
#include "enforcer/daemon/daemon.h"
#include "enforcer/daemon/first_namespaces.h"
#include "enforcer/daemon/privileges.h"

#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

enum { OPT_CONFIG, OPT_PROFILES, OPT_RUN, OPT_LOG, OPT_RECORDER, OPT_RECORDINGS };

static const struct option_spec options[] = {
	[OPT_CONFIG] = { "config", 'c', "FILE",
		.help = "what the administrator decides, /etc/pale/paled.conf by default" },
	[OPT_PROFILES] = { "profiles", 0, "DIR",
		.help = "the folder of policies, /etc/pale/profiles by default" },
	[OPT_RUN] = { "run", 0, "DIR",
		.help = "for sockets and state, /run/pale by default; on a file system that does "
			"not outlive the kernel" },
	[OPT_LOG] = { "log", 0, "FILE",
		.help = "of the events, /var/log/pale/events.jsonl by default" },
	[OPT_RECORDER] = { "recorder", 0, "FILE",
		.help = "what containers did, /var/lib/pale/recorder.db by default" },
	[OPT_RECORDINGS] = { "recordings", 0, "DIR",
		.help = "of containers, for policies; /var/lib/pale/recordings by default" },
	OPTIONS_END,
};

static const char *or_default(const struct invocation *in, size_t option, const char *otherwise)
{
	const char *s = option_argument(in, option);

	return s ? s : otherwise;
}

static int run(const struct invocation *in)
{
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	struct daemon_options o = {
		.config = or_default(in, OPT_CONFIG, "/etc/pale/paled.conf"),
		.profiles = or_default(in, OPT_PROFILES, "/etc/pale/profiles"),
		.run = or_default(in, OPT_RUN, "/run/pale"),
		.log = or_default(in, OPT_LOG, "/var/log/pale/events.jsonl"),
		.recorder = or_default(in, OPT_RECORDER, "/var/lib/pale/recorder.db"),
		.recordings = or_default(in, OPT_RECORDINGS, "/var/lib/pale/recordings"),
	};

	umask(0077);
	if (geteuid() != 0)
		return usage_error(in, "must be root");
	if (daemon_drop_privileges(&err) < 0 || first_namespaces_join(&err) < 0 ||
		daemon_run(&o, &err) < 0) {
		daemon_tell(LOG_ERR, "%s", pale_err_text(err));
		if (pale_err_hint_text(err))
			daemon_tell(LOG_ERR, "hint: %s", pale_err_hint_text(err));
		return STATUS_HOST;
	}
	return STATUS_OK;
}

static const struct operand_spec operands[] = { OPERANDS_END };

static const struct command serve = {
	.name = "paled",
	.summary = "confine the containers of this node",
	.usage = "[OPTION…]",
	.description = "Keeps this node's policies, puts each container that pale-runtime "
		       "registers under its own, and reports what it was refused. Enforcement "
		       "outlives it.",
	.example = "paled --profiles ./profiles --run /run/pale-test --log events.jsonl "
		   "--recorder recorder.db",
	.options = options,
	.operands = operands,
	.run = run,
};

static const struct program paled = {
	.name = "paled",
	.tagline = "confines the containers of a node",
	.only = &serve,
	.operands = operands,
};

int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], CONTAINER_RECORDER_WORD) == 0)
		return container_recorder_main(argc, argv);
	return program_main(&paled, argc, argv);
}
