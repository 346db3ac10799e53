/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/base/cleanup.h"
#include "compiler/options.h"
#include "enforcer/export/config.h"
#include "enforcer/export/exporter.h"
#include "enforcer/export/tell.h"

#include <sys/stat.h>
#include <syslog.h>

enum { OPT_CONFIG, OPT_RUN, OPT_STATE, OPT_CHECK };

static const struct option_spec options[] = {
	[OPT_CONFIG] = { "config", 'c', "FILE",
		.help = "where events go, /etc/pale/export.conf by default" },
	[OPT_RUN] = { "run", 0, "DIR",
		.help = "where paled has its sockets, /run/pale by default" },
	[OPT_STATE] = { "state", 0, "DIR",
		.help = "for what is still to be sent, /var/lib/pale-export by default" },
	[OPT_CHECK] = { "check", .help = "only say what is wrong with the configuration" },
	OPTIONS_END,
};

static const char *or_default(const struct invocation *in, size_t option, const char *otherwise)
{
	const char *s = option_argument(in, option);

	return s ? s : otherwise;
}

static int tell_error(const struct pale_err *err)
{
	export_tell(LOG_ERR, "%s", pale_err_text(err));
	if (pale_err_hint_text(err))
		export_tell(LOG_ERR, "hint: %s", pale_err_hint_text(err));
	return STATUS_HOST;
}

static int check(const char *path)
{
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	struct export_config c = { 0 };

	if (export_config_read(path, &c, &err) < 0) {
		tell_error(err);
		return STATUS_POLICY;
	}
	printf("%s: %u outputs\n", path, c.n_outputs);
	export_config_release(&c);
	return STATUS_OK;
}

static int run(const struct invocation *in)
{
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	const struct exporter_options o = {
		.config = or_default(in, OPT_CONFIG, "/etc/pale/export.conf"),
		.run = or_default(in, OPT_RUN, "/run/pale"),
		.state = or_default(in, OPT_STATE, "/var/lib/pale-export"),
	};

	umask(0077);
	if (option_given(in, OPT_CHECK))
		return check(o.config);
	return exporter_run(&o, &err) < 0 ? tell_error(err) : STATUS_OK;
}

static const struct operand_spec operands[] = { OPERANDS_END };

static const struct command serve = {
	.name = "pale-export",
	.summary = "send paled's events to others",
	.usage = "[OPTION…]",
	.description = "Follows paled's events and sends them on: to files, the journal, syslog, "
		       "webhooks and OpenTelemetry, each with a spool of its own, so that a "
		       "receiver that is away loses none. Serves metrics for Prometheus.",
	.example = "pale-export --config ./export.conf --run /run/pale --state ./spool",
	.options = options,
	.operands = operands,
	.run = run,
};

static const struct program pale_export = {
	.name = "pale-export",
	.tagline = "sends the events of a node to others",
	.only = &serve,
	.operands = operands,
};

int main(int argc, char **argv)
{
	return program_main(&pale_export, argc, argv);
}
