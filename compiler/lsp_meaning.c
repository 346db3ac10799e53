/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/lsp.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/text.h"
#include "compiler/vocab.h"

#include <stdlib.h>
#include <string.h>

/* Of words that no table of the vocabulary explains. */
static const struct {
	enum word_role role;
	const char *word, *means;
} words[] = {
	{ ROLE_STATEMENT, "use",
		"reads other files: what they declare can be included and extended" },
	{ ROLE_STATEMENT, "let", "a variable: $name stands for each of its values" },
	{ ROLE_STATEMENT, "group", "a group: @name stands for all of its members" },
	{ ROLE_STATEMENT, "fragment", "rules for profiles to include" },
	{ ROLE_STATEMENT, "profile",
		"a policy; inside another one, a sub-profile that an exec enters" },
	{ ROLE_STATEMENT, "test", "what the policy must answer; run by pale check and pale test" },
	{ ROLE_STATEMENT, "include", "puts the rules of a fragment here" },
	{ ROLE_STATEMENT, "process", "a block of rules: exec, signal, ptrace, fork, userns" },
	{ ROLE_STATEMENT, "file", "a block of rules about files" },
	{ ROLE_STATEMENT, "network", "a block of rules: connect, listen, socket" },
	{ ROLE_STATEMENT, "mount", "a block of rules: mount, bind, umount, pivot" },
	{ ROLE_STATEMENT, "syscall", "a block of rules about system calls" },
	{ ROLE_STATEMENT, "capability", "a block of rules about capabilities" },
	{ ROLE_STATEMENT, "limit", "how much the processes may use of the machine" },
	{ ROLE_STATEMENT, "mode", "enforce, or audit: report only" },
	{ ROLE_STATEMENT, "on", "on violation deny or kill: what happens where no rule matches" },
	{ ROLE_STATEMENT, "abi", "the ABIs whose calls pass, in place of the machine's own" },
	{ ROLE_EFFECT, "allow", "the operation is done; no report" },
	{ ROLE_EFFECT, "audit", "the operation is done, and reported" },
	{ ROLE_EFFECT, "deny", "the operation is refused, and reported" },
	{ ROLE_EFFECT, "quiet", "quiet deny: the operation is refused without a report" },
	{ ROLE_EFFECT, "kill", "the operation is refused and reported, and the process killed" },
	{ ROLE_EFFECT, "only", "allows these calls and drops those that are derived" },
	{ ROLE_CLAUSE, "extends", "puts the rules of that profile in front of one's own" },
	{ ROLE_CLAUSE, "for", "the profile that is asked" },
	{ ROLE_CLAUSE, "except", "takes these away from the objects of the rule; grants nothing" },
	{ ROLE_CLAUSE, "owner", "only where the file's owner is the caller's fsuid" },
	{ ROLE_CLAUSE, "errno", "the error of the refusal" },
	{ ROLE_CLAUSE, "as", "the sub-profile that the program runs in" },
	{ ROLE_CLAUSE, "to", "whom the signal goes to" },
	{ ROLE_CLAUSE, "from", "the source of the mount" },
	{ ROLE_CLAUSE, "on", "where it is mounted" },
	{ ROLE_CLAUSE, "with", "options that the mount must at least have" },
	{ ROLE_CLAUSE, "in",
		"in {A, B} or in LO..HI of an argument; in a test the sub-profile that asks" },
	{ ROLE_CLAUSE, "not", "not in {A, B}, not in LO..HI" },
	{ ROLE_CLAUSE, "and", "both comparisons must hold; for 'or' write a second rule" },
	{ ROLE_OPERATION, "modify", "write, create, delete, rename, link, setattr and lock" },
	{ ROLE_PROTOCOL, "tcp", "objects are ADDRESS:PORT" },
	{ ROLE_PROTOCOL, "udp", "objects are ADDRESS:PORT; connect means sending, too" },
	{ ROLE_PROTOCOL, "sctp", "objects are ADDRESS:PORT" },
	{ ROLE_PROTOCOL, "icmp", "the kernel's echo sockets; objects are addresses" },
	{ ROLE_PROTOCOL, "unix", "sockets with a path, or abstract:NAME" },
	{ ROLE_CLASS, "drift", "a file made or changed since the image, or the start" },
	{ ROLE_CLASS, "anonymous", "a file without a path: memfd, deleted, O_TMPFILE" },
	{ ROLE_TARGET, "self", "processes of the same profile or sub-profile" },
	{ ROLE_TARGET, "any", "any process, also outside the policy" },
	{ ROLE_OPTION, "ro", "read-only" },
	{ ROLE_OPTION, "nosuid", "set-user-ID bits and file capabilities have no effect" },
	{ ROLE_OPTION, "nodev", "device files cannot be opened" },
	{ ROLE_OPTION, "noexec", "no file can be run" },
	{ ROLE_GROUP_KIND, "syscall", "system calls" },
	{ ROLE_GROUP_KIND, "capability", "capabilities" },
	{ ROLE_GROUP_KIND, "cidr", "addresses and networks" },
	{ ROLE_GROUP_KIND, "port", "ports and ranges of ports" },
	{ ROLE_GROUP_KIND, "signal", "signals" },
	{ ROLE_MODE, "enforce", "what the policy does not allow is refused" },
	{ ROLE_MODE, "audit", "everything passes; what would have been refused is reported" },
	{ ROLE_VIOLATION, "violation", "what no rule matches" },
	{ ROLE_VIOLATION, "deny", "it is refused" },
	{ ROLE_VIOLATION, "kill", "it is refused, and the process killed" },
	{ ROLE_LIMIT, "processes", "a number: tasks of the whole tree (cgroup)" },
	{ ROLE_LIMIT, "memory", "a size: memory of the whole tree (cgroup)" },
	{ ROLE_LIMIT, "cpu", "per cent of one processor, for the whole tree (cgroup)" },
	{ ROLE_LIMIT, "open-files", "a number: descriptors of each process (rlimit)" },
	{ ROLE_LIMIT, "file-size", "a size: of each file that a process writes (rlimit)" },
	{ ROLE_ABI, "x86_64", "64-bit calls of x86" },
	{ ROLE_ABI, "x86", "32-bit calls of x86 (int 0x80)" },
	{ ROLE_ABI, "x32", "x86_64's calls with 32-bit pointers" },
	{ ROLE_ABI, "aarch64", "64-bit calls of ARM" },
	{ ROLE_ABI, "arm", "32-bit calls of ARM" },
	/* In the order of linux/capability.h; what capabilities(7) says first of each. */
	{ ROLE_CAPABILITY, "chown", "change owners and groups of any file" },
	{ ROLE_CAPABILITY, "dac_override",
		"pass the permission checks of reading, writing and running files" },
	{ ROLE_CAPABILITY, "dac_read_search",
		"pass the permission checks of reading files and searching directories" },
	{ ROLE_CAPABILITY, "fowner",
		"do to any file what only its owner may: chmod, utime, attributes" },
	{ ROLE_CAPABILITY, "fsetid",
		"keep set-user-ID and set-group-ID bits when a file is changed" },
	{ ROLE_CAPABILITY, "kill", "send signals to processes of other users" },
	{ ROLE_CAPABILITY, "setgid", "take any group ID and group list" },
	{ ROLE_CAPABILITY, "setuid", "take any user ID" },
	{ ROLE_CAPABILITY, "setpcap", "drop from the bounding set, and change securebits" },
	{ ROLE_CAPABILITY, "linux_immutable", "set the immutable and append-only attributes" },
	{ ROLE_CAPABILITY, "net_bind_service", "bind to ports below 1024" },
	{ ROLE_CAPABILITY, "net_broadcast",
		"broadcast, and listen to multicasts; unused by the kernel" },
	{ ROLE_CAPABILITY, "net_admin", "configure interfaces, routes, firewalls and sockets" },
	{ ROLE_CAPABILITY, "net_raw", "use raw and packet sockets, and bind to any address" },
	{ ROLE_CAPABILITY, "ipc_lock", "lock memory beyond the limit" },
	{ ROLE_CAPABILITY, "ipc_owner", "pass the permission checks of System V IPC" },
	{ ROLE_CAPABILITY, "sys_module", "load and unload kernel modules" },
	{ ROLE_CAPABILITY, "sys_rawio", "reach ports and memory of devices" },
	{ ROLE_CAPABILITY, "sys_chroot", "chroot, and enter mount namespaces" },
	{ ROLE_CAPABILITY, "sys_ptrace", "trace any process, and read and write its memory" },
	{ ROLE_CAPABILITY, "sys_pacct", "turn process accounting on and off" },
	{ ROLE_CAPABILITY, "sys_admin", "mount, make namespaces, and much else: nearly root" },
	{ ROLE_CAPABILITY, "sys_boot", "reboot, and load another kernel" },
	{ ROLE_CAPABILITY, "sys_nice", "raise priorities, and schedule any process" },
	{ ROLE_CAPABILITY, "sys_resource", "go beyond resource limits and quotas" },
	{ ROLE_CAPABILITY, "sys_time", "set the clocks" },
	{ ROLE_CAPABILITY, "sys_tty_config", "configure terminals, and hang them up" },
	{ ROLE_CAPABILITY, "mknod", "make device files" },
	{ ROLE_CAPABILITY, "lease", "take leases on any file" },
	{ ROLE_CAPABILITY, "audit_write", "write to the kernel's audit log" },
	{ ROLE_CAPABILITY, "audit_control", "configure the kernel's audit" },
	{ ROLE_CAPABILITY, "setfcap", "set capabilities of files" },
	{ ROLE_CAPABILITY, "mac_override", "override mandatory access control (Smack)" },
	{ ROLE_CAPABILITY, "mac_admin", "change mandatory access control" },
	{ ROLE_CAPABILITY, "syslog", "read and clear the kernel's log, see its addresses" },
	{ ROLE_CAPABILITY, "wake_alarm", "wake the machine up with a timer" },
	{ ROLE_CAPABILITY, "block_suspend", "keep the machine from sleeping" },
	{ ROLE_CAPABILITY, "audit_read", "read the kernel's audit log over netlink" },
	{ ROLE_CAPABILITY, "perfmon", "observe performance: perf_event_open, tracing with bpf" },
	{ ROLE_CAPABILITY, "bpf", "load bpf programs and make their maps" },
	{ ROLE_CAPABILITY, "checkpoint_restore", "save and restore processes, choose their IDs" },
};

static const char *of_words(enum word_role role, const char *word)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		if (words[i].role == role && !strcmp(words[i].word, word))
			return words[i].means;
	}
	return NULL;
}

static const char *of_operation(struct arena *a, const char *word)
{
	int op = vocab_operation_find(word);

	return op >= 0 ? vocab_operations[op].summary : of_words(ROLE_OPERATION, word);
}

static const char *of_capability(struct arena *a, const char *word)
{
	int capability = vocab_capability_find(word);

	return capability < 0 ? NULL : of_words(ROLE_CAPABILITY, vocab_capability_name(capability));
}

static const char *of_family(struct arena *a, const char *word)
{
	int family = vocab_family_find(word);

	return family < 0 ? NULL : vocab_families[family].summary;
}

static const char *of_netlink(struct arena *a, const char *word)
{
	int protocol = vocab_netlink_find(word);

	return protocol < 0 ? NULL : arena_printf(a, "netlink protocol %d", protocol);
}

static const char *of_signal(struct arena *a, const char *word)
{
	int number = vocab_signal_find(word);

	return number < 0 ? NULL : arena_printf(a, "signal %d", number);
}

static const char *of_errno(struct arena *a, const char *word)
{
	int number = vocab_errno_find(word);

	return number < 0 ? NULL : arena_printf(a, "%s (%d)", strerror(number), number);
}

/* "256", or by ABI where they differ. */
static const char *of_constant(struct arena *a, const char *word)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;
	uint64_t first = 0, value;
	bool has = false, same = true;

	for (int abi = 0; abi < ABI_COUNT; abi++) {
		if (!vocab_constant_find(word, abi, &value)) {
			same = false;
			continue;
		}
		same = same && (!has || value == first);
		first = has ? first : value;
		text_printf(&t, "%s%s 0x%llx", has ? ", " : "", vocab_abi_name(abi),
			(unsigned long long)value);
		has = true;
	}
	if (!has)
		return NULL;
	return same ? arena_printf(a, "0x%llx", (unsigned long long)first)
		    : arena_strdup(a, text_str(&t));
}

/* "ioctl(fd, cmd, arg), since 2.6" */
static const char *of_call(struct arena *a, const char *word)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;
	const struct vocab_syscall *s;
	int call = vocab_syscall_find(word);

	if (call < 0)
		return NULL;
	s = &vocab_syscalls[call];
	text_printf(&t, "system call %s", s->name);
	for (uint8_t i = 0; i < s->n_arguments; i++)
		text_printf(&t, "%s%s", i ? ", " : "(", s->arguments[i].name);
	if (s->n_arguments)
		text_putc(&t, ')');
	if (*s->since)
		text_printf(&t, ", since Linux %s", s->since);
	return arena_strdup(a, text_str(&t));
}

static const char *of_argument(struct arena *a, const char *word, const char *subject)
{
	int call = subject ? vocab_syscall_find(subject) : -1;
	const struct vocab_argument *g = call < 0 ? NULL : vocab_argument_find(call, word);
	const char *also;

	if (!g)
		return NULL;
	also = g->alias ? arena_printf(a, ", in the manual page %s", g->alias) : "";
	if (g->is_pointer)
		return arena_printf(
			a, "argument of %s%s: a pointer, cannot be compared", subject, also);
	if (g->width_varies)
		return arena_printf(a,
			"argument of %s%s: how much of it is read another one says, cannot be "
			"compared",
			subject, also);
	return arena_printf(a, "argument of %s%s: %u bits, %s", subject, also, g->width,
		g->is_signed ? "signed" : "unsigned");
}

static const struct {
	enum word_role role;
	const char *(*means)(struct arena *a, const char *word);
} tables[] = {
	{ ROLE_OPERATION, of_operation },
	{ ROLE_CAPABILITY, of_capability },
	{ ROLE_FAMILY, of_family },
	{ ROLE_NETLINK, of_netlink },
	{ ROLE_SIGNAL, of_signal },
	{ ROLE_ERRNO, of_errno },
	{ ROLE_VALUE, of_constant },
	{ ROLE_CALL, of_call },
};

const char *lsp_meaning(struct arena *a, enum word_role role, const char *word, const char *subject)
{
	if (role == ROLE_ARGUMENT)
		return of_argument(a, word, subject);
	for (size_t i = 0; i < sizeof(tables) / sizeof(*tables); i++) {
		if (tables[i].role == role)
			return tables[i].means(a, word);
	}
	return of_words(role, word);
}
