/* SPDX-License-Identifier: Apache-2.0 */
/* Other processes of the container. */
#include "tests/attacks/range/action.h"

#include <signal.h>
#include <sys/ptrace.h>
#include <sys/uio.h>

/* At the same address in every child. */
static volatile long word;

/* Starts a victim and an attacker beside it; the victim says whether its word changed. */
static int beside_victim(int (*attack)(pid_t victim))
{
	int ask[2], r;
	pid_t victim, attacker;
	char c;

	if (pipe(ask) < 0)
		return errno;
	victim = fork();
	if (victim == 0) {
		close(ask[1]);
		if (read(ask[0], &c, 1) == 1 && word)
			say("poked");
		_exit(0);
	}
	attacker = fork();
	if (attacker == 0)
		_exit(attack(victim));
	if (victim < 0 || attacker < 0)
		return errno;
	r = result_of(attacker);
	if (write(ask[1], "", 1) < 0)
		return errno;
	result_of(victim);
	return r;
}

static int poke_ptrace(pid_t victim)
{
	int status;

	if (ptrace(PTRACE_ATTACH, victim, NULL, NULL) < 0)
		return errno;
	waitpid(victim, &status, __WALL);
	if (ptrace(PTRACE_POKEDATA, victim, (void *)&word, (void *)1) < 0)
		return errno;
	return result(ptrace(PTRACE_DETACH, victim, NULL, NULL));
}

static int poke_mem(pid_t victim)
{
	char path[64];
	long value = 1;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/mem", victim);
	fd = open(path, O_RDWR);
	if (fd < 0)
		return errno;
	return result(pwrite(fd, &value, sizeof(value), (off_t)(uintptr_t)&word));
}

static int poke_vm(pid_t victim)
{
	long value = 1;
	struct iovec here = { &value, sizeof(value) }, there = { (void *)&word, sizeof(word) };

	return result(process_vm_writev(victim, &here, 1, &there, 1, 0));
}

static int nothing(pid_t victim)
{
	return 0;
}

static int ptrace_attack(char **args)
{
	return beside_victim(poke_ptrace);
}

static int mem_attack(char **args)
{
	return beside_victim(poke_mem);
}

static int vm_attack(char **args)
{
	return beside_victim(poke_vm);
}

static int siblings(char **args)
{
	return beside_victim(nothing);
}

const struct action task_actions[] = {
	{ "ptrace", ptrace_attack, siblings },
	{ "proc-mem", mem_attack, siblings },
	{ "vm-write", vm_attack, siblings },
	{ 0 },
};
