/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two texts, divided by a NUL, as the seccomp sections of a container and of a policy; without one
 * the first is merged with a policy of ours. No crash; an error names the place; what is made is a
 * section itself, and for the calls and numbers of both texts no looser than either, as is written.
 */
#include "compiler/base/cleanup.h"
#include "enforcer/runtime/oci_seccomp.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int holds)
{
	if (!holds)
		abort();
}

static void json_decrefpp(json_t **o)
{
	json_decref(*o);
}

static const char ours[] =
	"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":1,"
	"\"architectures\":[\"SCMP_ARCH_X86_64\",\"SCMP_ARCH_X86\"],\"syscalls\":["
	"{\"names\":[\"read\",\"clone\",\"mmap\"],\"action\":\"SCMP_ACT_ALLOW\"},"
	"{\"names\":[\"ptrace\"],\"action\":\"SCMP_ACT_KILL_PROCESS\"},"
	"{\"names\":[\"socket\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":[{\"index\":0,"
	"\"value\":4294967295,\"valueTwo\":2,\"op\":\"SCMP_CMP_MASKED_EQ\"},{\"index\":1,"
	"\"value\":15,\"valueTwo\":1,\"op\":\"SCMP_CMP_MASKED_EQ\"}]},"
	"{\"names\":[\"personality\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":[{\"index\":0,"
	"\"value\":8,\"op\":\"SCMP_CMP_LE\"}]}]}";

/* Greater is looser: seccomp(2). Errnos do not count. */
static int rank(const json_t *o, const char *key)
{
	static const char *const order[] = { "KILL_PROCESS", "KILL", "TRAP", "ERRNO", "NOTIFY",
		"TRACE", "LOG", "ALLOW" };
	const char *name = json_string_value(json_object_get(o, key)) + strlen("SCMP_ACT_");

	if (!strcmp(name, "KILL_THREAD"))
		return 1;
	for (int i = 0; i < 8; i++) {
		if (!strcmp(order[i], name))
			return i;
	}
	abort();
}

static uint64_t number(const json_t *o, const char *key)
{
	return (uint64_t)json_integer_value(json_object_get(o, key));
}

static int holds(const json_t *o, const uint64_t args[6])
{
	const char *op = json_string_value(json_object_get(o, "op")) + strlen("SCMP_CMP_");
	uint64_t v = args[number(o, "index")], a = number(o, "value"), b = number(o, "valueTwo");

	if (!strcmp(op, "NE"))
		return v != a;
	if (!strcmp(op, "LT"))
		return v < a;
	if (!strcmp(op, "LE"))
		return v <= a;
	if (!strcmp(op, "EQ"))
		return v == a;
	if (!strcmp(op, "GE"))
		return v >= a;
	if (!strcmp(op, "GT"))
		return v > a;
	return (v & a) == (b & a);
}

static int names(const json_t *entry, const char *call)
{
	const json_t *v;
	size_t i;

	json_array_foreach (json_object_get(entry, "names"), i, v) {
		if (!strcmp(json_string_value(v), call))
			return 1;
	}
	return 0;
}

/* 1: holds; 0: does not; -1: holds, and asks nothing of the arguments. */
static int entry_holds(const json_t *entry, const uint64_t args[6])
{
	const json_t *list = json_object_get(entry, "args"), *o;
	int any = 0, all = 1, asks = 0, seen = 0, doubled = 0, always = 0;
	size_t i;

	json_array_foreach (list, i, o) {
		int none = !strcmp(json_string_value(json_object_get(o, "op")),
				   "SCMP_CMP_MASKED_EQ") &&
			   !number(o, "value");
		int bit = 1 << number(o, "index");

		doubled = doubled || seen & bit;
		seen |= bit;
		asks = asks || !none;
		always = always || none;
		any = any || holds(o, args);
		all = all && holds(o, args);
	}
	if (doubled)
		return always ? -1 : any;
	return asks ? all : -1;
}

static uint64_t errno_of(const json_t *o, const char *key)
{
	return json_is_integer(json_object_get(o, key)) ? number(o, key) : EPERM;
}

/* Such an entry is none. */
static int is_default(const json_t *section, const json_t *entry)
{
	int action = rank(entry, "action");

	if (action != rank(section, "defaultAction"))
		return 0;
	return (action != 3 && action != 5) ||
	       errno_of(section, "defaultErrnoRet") == errno_of(entry, "errnoRet");
}

/* As x86_64 answers. Of entries that contradict each other the strictest. */
static int verdict(const json_t *section, const char *call, const uint64_t args[6])
{
	int other = rank(section, "defaultAction"), found = 8;
	const json_t *entry;
	size_t i;

	json_array_foreach (json_object_get(section, "syscalls"), i, entry) {
		int action = rank(entry, "action"), h;

		if (!names(entry, call) || is_default(section, entry))
			continue;
		h = entry_holds(entry, args);
		if (h < 0)
			return action;
		if (h && action < found)
			found = action;
	}
	return found == 8 ? other : found;
}

static uint64_t some_number(const json_t *section, const uint8_t *data, size_t size, size_t at)
{
	const json_t *entries = json_object_get(section, "syscalls");
	const json_t *entry, *o;
	uint8_t byte = size ? data[at % size] : 0;

	entry = json_array_size(entries) ? json_array_get(entries, byte % json_array_size(entries))
					 : NULL;
	o = json_array_get(json_object_get(entry, "args"), 0);
	if (!o)
		return byte;
	return number(o, byte & 1 ? "value" : "valueTwo") + (byte >> 1 & 1) - (byte >> 2 & 1);
}

static void compare(const json_t *own, const json_t *policy, const json_t *made, const json_t *from,
	const uint8_t *data, size_t size)
{
	const json_t *entry, *name;
	size_t i, k, at = 0;

	json_array_foreach (json_object_get(from, "syscalls"), i, entry) {
		json_array_foreach (json_object_get(entry, "names"), k, name) {
			const char *call = json_string_value(name);
			uint64_t args[6];

			for (int n = 0; n < 6; n++)
				args[n] = some_number(n % 2 ? own : policy, data, size, at++);
			must(verdict(made, call, args) <= verdict(own, call, args));
			must(verdict(made, call, args) <= verdict(policy, call, args));
			if (k == 8)
				break;
		}
		if (i == 64)
			break;
	}
}

/* What was made is a section, and its own intersection with what it was made of. */
static void check_made(const json_t *made, const json_t *policy)
{
	_cleanup_free_ char *text = json_dumps(made, 0);
	_cleanup_(json_decrefpp) json_t *again = text ? json_loads(text, 0, NULL) : NULL;
	_cleanup_(json_decrefpp) json_t *more = NULL;
	struct pale_err *err = NULL;

	must(again && json_equal((json_t *)(uintptr_t)made, again));
	must(oci_seccomp_intersect(made, policy, &more, NULL, &err) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *nul = size ? memchr(data, '\0', size) : NULL;
	size_t len = nul ? (size_t)(nul - data) : size;
	_cleanup_(json_decrefpp) json_t *own = json_loadb((const char *)data, len, 0, NULL);
	_cleanup_(json_decrefpp) json_t *policy =
		nul ? json_loadb((const char *)nul + 1, size - len - 1, 0, NULL)
		    : json_loads(ours, 0, NULL);
	_cleanup_(json_decrefpp) json_t *made = NULL;
	_cleanup_(json_decrefpp) json_t *refused = json_array();
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;

	if (!own || !policy)
		return 0;
	if (oci_seccomp_intersect(own, policy, &made, refused, &err) < 0) {
		const char *s = pale_err_text(err);

		must(!made && pale_err_errno(err) == EINVAL);
		must(!strncmp(s, "linux.seccomp", 13) || !strncmp(s, "the policy's seccomp", 20));
		return 0;
	}
	must(rank(made, "defaultAction") <= rank(own, "defaultAction"));
	must(rank(made, "defaultAction") <= rank(policy, "defaultAction"));
	compare(own, policy, made, own, data, size);
	compare(own, policy, made, policy, data, size);
	check_made(made, policy);
	return 0;
}
