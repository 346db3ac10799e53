/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/daemon/privileges.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/capability.h>
#include <sys/prctl.h>

/* What each is for; capabilities(7). */
static const cap_value_t kept[] = {
	CAP_BPF,	     /* programs and maps */
	CAP_PERFMON,	     /* programs that read the kernel's memory */
	CAP_SYS_ADMIN,	     /* to attach them, and to mount a BPF file system for their pins */
	CAP_MAC_ADMIN,	     /* AppArmor's profiles */
	CAP_AUDIT_READ,	     /* what seccomp and AppArmor refused */
	CAP_AUDIT_CONTROL,   /* how many records the kernel dropped */
	CAP_NET_ADMIN,	     /* process events, and room for them and for audit records */
	CAP_SYSLOG,	     /* addresses of the kernel's rename and mount sequences; its log */
	CAP_SYS_PTRACE,	     /* /proc/PID/exe of processes that violate */
	CAP_DAC_READ_SEARCH, /* the same, of other users */
	CAP_CHOWN,	     /* the sockets' groups */
	CAP_KILL,	     /* processes of other users, by a response */
};

static bool is_kept(cap_value_t c)
{
	for (size_t i = 0; i < sizeof(kept) / sizeof(*kept); i++) {
		if (kept[i] == c)
			return true;
	}
	return false;
}

int daemon_drop_privileges(struct pale_err **err)
{
	cap_t now = cap_get_proc();
	int r = 0;

	if (!now)
		return pale_err_set(err, errno, "ask for the capabilities");
	for (cap_value_t c = 0; c < cap_max_bits() && !r; c++) {
		if (is_kept(c))
			continue;
		/* While CAP_SETPCAP is there; where it is not, nothing can be taken away. */
		if (cap_get_bound(c) > 0 && cap_drop_bound(c) < 0 && errno != EPERM)
			r = pale_err_set(err, errno, "drop capability %d", c);
		cap_set_flag(now, CAP_EFFECTIVE, 1, &c, CAP_CLEAR);
		cap_set_flag(now, CAP_PERMITTED, 1, &c, CAP_CLEAR);
		cap_set_flag(now, CAP_INHERITABLE, 1, &c, CAP_CLEAR);
	}
	if (!r && cap_set_proc(now) < 0)
		r = pale_err_set(err, errno, "drop capabilities");
	cap_free(now);
	if (!r && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		r = pale_err_set(err, errno, "set no_new_privs");
	return r;
}
