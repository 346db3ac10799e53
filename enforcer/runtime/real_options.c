/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/runtime/command_line.h"

/* runc 1.1 to 1.3 and crun 1.8 to 1.21, by what `VERB --help` of each says. */

#define RUNC (1u << REAL_RUNC)
#define CRUN (1u << REAL_CRUN)
#define BOTH (RUNC | CRUN)

#define GLOBAL	   (1u << VERB_NONE)
#define CREATE	   (1u << VERB_CREATE)
#define RUN	   (1u << VERB_RUN)
#define EXEC	   (1u << VERB_EXEC)
#define UPDATE	   (1u << VERB_UPDATE)
#define DELETE	   (1u << VERB_DELETE)
#define EVERY	   (GLOBAL | CREATE | RUN | EXEC | UPDATE | DELETE)
#define CREATE_RUN (CREATE | RUN)
#define STARTS	   (CREATE | RUN | EXEC)

#define FLAG ARGUMENT_NONE
#define ARG  ARGUMENT_NEEDED

/* clang-format off */
const struct real_option real_options[] = {
	{ "help", 'h', FLAG, RUNC, EVERY, OPTION_HELP },
	{ "help", '?', FLAG, CRUN, EVERY, OPTION_HELP },
	{ "usage", 0, FLAG, CRUN, EVERY, OPTION_HELP },
	{ "version", 'v', FLAG, BOTH, GLOBAL, OPTION_HELP },
	{ "version", 'V', FLAG, CRUN, GLOBAL, OPTION_HELP },

	{ "pale-runtime", 0, ARG, BOTH, GLOBAL, OPTION_PALE_RUNTIME },
	{ "pale-socket", 0, ARG, BOTH, GLOBAL, OPTION_PALE_SOCKET },
	{ "pale-config", 0, ARG, BOTH, GLOBAL, OPTION_PALE_CONFIG },
	{ "debug", 0, FLAG, BOTH, GLOBAL, OPTION_OTHER },
	{ "log", 0, ARG, BOTH, GLOBAL, OPTION_LOG },
	{ "log-format", 0, ARG, BOTH, GLOBAL, OPTION_LOG_FORMAT },
	{ "log-level", 0, ARG, CRUN, GLOBAL, OPTION_OTHER },
	{ "root", 0, ARG, BOTH, GLOBAL, OPTION_ROOT },
	{ "rootless", 0, ARG, BOTH, GLOBAL, OPTION_OTHER },
	{ "systemd-cgroup", 0, FLAG, BOTH, GLOBAL, OPTION_OTHER },
	{ "criu", 0, ARG, RUNC, GLOBAL, OPTION_OTHER },
	{ "cgroup-manager", 0, ARG, CRUN, GLOBAL, OPTION_OTHER },

	{ "bundle", 'b', ARG, BOTH, CREATE_RUN, OPTION_BUNDLE },
	{ "config", 'f', ARG, CRUN, CREATE_RUN, OPTION_CONFIG },
	{ "pid-file", 0, ARG, BOTH, STARTS, OPTION_PID_FILE },
	{ "console-socket", 0, ARG, BOTH, STARTS, OPTION_OTHER },
	{ "pidfd-socket", 0, ARG, RUNC, STARTS, OPTION_OTHER },
	{ "preserve-fds", 0, ARG, BOTH, STARTS, OPTION_OTHER },
	{ "no-pivot", 0, FLAG, BOTH, CREATE_RUN, OPTION_OTHER },
	{ "no-new-keyring", 0, FLAG, BOTH, CREATE_RUN, OPTION_OTHER },
	{ "no-subreaper", 0, FLAG, RUNC, RUN, OPTION_OTHER },
	{ "no-subreaper", 0, FLAG, CRUN, CREATE_RUN, OPTION_OTHER },
	{ "detach", 'd', FLAG, BOTH, RUN | EXEC, OPTION_OTHER },
	{ "keep", 0, FLAG, BOTH, RUN, OPTION_OTHER },

	{ "process", 'p', ARG, BOTH, EXEC, OPTION_PROCESS },
	{ "cap", 'c', ARG, BOTH, EXEC, OPTION_CAP },
	{ "apparmor", 0, ARG, BOTH, EXEC, OPTION_APPARMOR },
	{ "no-new-privs", 0, FLAG, BOTH, EXEC, OPTION_NO_NEW_PRIVS },
	{ "process-label", 0, ARG, BOTH, EXEC, OPTION_OTHER },
	{ "cwd", 0, ARG, BOTH, EXEC, OPTION_OTHER },
	{ "env", 'e', ARG, BOTH, EXEC, OPTION_OTHER },
	{ "user", 'u', ARG, BOTH, EXEC, OPTION_OTHER },
	{ "additional-gids", 'g', ARG, RUNC, EXEC, OPTION_OTHER },
	{ "tty", 't', FLAG, RUNC, EXEC, OPTION_OTHER },
	{ "tty", 't', ARGUMENT_OPTIONAL, CRUN, EXEC, OPTION_OTHER },
	{ "cgroup", 0, ARG, BOTH, EXEC, OPTION_OTHER },
	{ "ignore-paused", 0, FLAG, RUNC, EXEC, OPTION_OTHER },

	{ "resources", 'r', ARG, BOTH, UPDATE, OPTION_RESOURCES },
	{ "memory", 0, ARG, BOTH, UPDATE, OPTION_MEMORY },
	{ "memory-swap", 0, ARG, BOTH, UPDATE, OPTION_MEMORY_SWAP },
	{ "memory-reservation", 0, ARG, BOTH, UPDATE, OPTION_OTHER },
	{ "kernel-memory", 0, ARG, BOTH, UPDATE, OPTION_OTHER },
	{ "kernel-memory-tcp", 0, ARG, BOTH, UPDATE, OPTION_OTHER },
	{ "pids-limit", 0, ARG, BOTH, UPDATE, OPTION_PIDS_LIMIT },
	{ "cpu-quota", 0, ARG, BOTH, UPDATE, OPTION_CPU_QUOTA },
	{ "cpu-period", 0, ARG, BOTH, UPDATE, OPTION_CPU_PERIOD },
	{ "cpu-burst", 0, ARG, RUNC, UPDATE, OPTION_OTHER },
	{ "cpu-share", 0, ARG, BOTH, UPDATE, OPTION_OTHER },
	{ "cpu-rt-period", 0, ARG, BOTH, UPDATE, OPTION_OTHER },
	{ "cpu-rt-runtime", 0, ARG, BOTH, UPDATE, OPTION_OTHER },
	{ "cpu-idle", 0, ARG, RUNC, UPDATE, OPTION_OTHER },
	{ "cpuset-cpus", 0, ARG, BOTH, UPDATE, OPTION_OTHER },
	{ "cpuset-mems", 0, ARG, BOTH, UPDATE, OPTION_OTHER },
	{ "blkio-weight", 0, ARG, BOTH, UPDATE, OPTION_OTHER },
	{ "l3-cache-schema", 0, ARG, BOTH, UPDATE, OPTION_OTHER },
	{ "mem-bw-schema", 0, ARG, BOTH, UPDATE, OPTION_OTHER },

	{ "force", 'f', FLAG, BOTH, DELETE, OPTION_OTHER },
	{ "regex", 'r', FLAG, CRUN, DELETE, OPTION_REGEX },
};
/* clang-format on */

const size_t n_real_options = sizeof(real_options) / sizeof(*real_options);
