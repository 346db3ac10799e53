/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/base/cleanup.h"
#include "compiler/base/text.h"
#include "compiler/command_input.h"
#include "enforcer/commands.h"
#include "enforcer/daemon_command.h"
#include "enforcer/host.h"
#include "enforcer/load_lsm.h"

#include <jansson.h>
#include <sys/utsname.h>
#include <unistd.h>

/* It is asked by the way. */
#define DAEMON_TIMEOUT_MS 2000

enum { OPT_RUN, OPT_JSON };

static const struct option_spec options[] = {
	[OPT_RUN] = OPTION_RUN,
	[OPT_JSON] = OPTION_JSON,
	OPTIONS_END,
};

/* In the order in which a person looks for them. */
static const enum mechanism shown[] = {
	MECHANISM_SECCOMP,
	MECHANISM_LANDLOCK,
	MECHANISM_BPF_LSM,
	MECHANISM_APPARMOR,
	MECHANISM_CGROUP,
};

#define N_SHOWN (sizeof(shown) / sizeof(*shown))

/* What there is to say of a mechanism that is available. */
static void add_details(struct text *t, const struct host *h, enum mechanism m)
{
	switch (m) {
	case MECHANISM_SECCOMP:
		text_puts(t, "filters, with user notification");
		break;
	case MECHANISM_LANDLOCK:
		text_printf(t, "ABI %u", h->landlock_abi);
		break;
	case MECHANISM_CGROUP:
		text_puts(t, "open-files, file-size");
		if (h->controllers & (1u << CGROUP_PIDS))
			text_puts(t, ", processes");
		if (h->controllers & (1u << CGROUP_MEMORY))
			text_puts(t, ", memory");
		if (h->controllers & (1u << CGROUP_CPU))
			text_puts(t, ", cpu");
		break;
	case MECHANISM_BPF_LSM:
		text_puts(t, "enabled");
		if (h->absent_hooks)
			text_printf(t,
				", without the hooks %s, which this kernel mediates by others",
				h->absent_hooks);
		break;
	default:
		text_puts(t, "enabled");
		break;
	}
}

/* What is missing all the same; "" when nothing is. */
static void add_shortcomings(struct text *t, const struct host *h, enum mechanism m)
{
	cgroup_controllers all = (1u << CGROUP_CONTROLLER_COUNT) - 1;
	bool first = true;

	if (m != MECHANISM_CGROUP || h->controllers == all)
		return;
	if (!h->cgroup_mount) {
		text_puts(t, "the unified hierarchy is not mounted; mount -t cgroup2 none "
			     "/sys/fs/cgroup");
		return;
	}
	if (!h->cgroup_writable) {
		text_printf(t, "no group can be made in %s by this user", h->cgroup_mount);
		return;
	}
	text_printf(t, "%s lacks the controllers ", h->cgroup_mount);
	for (int i = 0; i < CGROUP_CONTROLLER_COUNT; i++) {
		if (h->controllers & (1u << i))
			continue;
		text_printf(t, "%s%s", first ? "" : ", ", cgroup_controller_names[i]);
		first = false;
	}
	text_puts(t, "; boot with systemd.unified_cgroup_hierarchy=1 or "
		     "cgroup_no_v1=all");
}

/* What a daemon that runs here says of itself; NULL, and why there is none. A new reference. */
static json_t *ask_daemon(const struct invocation *in, struct pale_err **err)
{
	_cleanup_(paled_closep) struct paled *p = NULL;
	const char *run = option_argument(in, OPT_RUN);
	json_t *answer = NULL;

	if (paled_connect(run ? run : PALED_RUN_DIR, "events", DAEMON_TIMEOUT_MS, &p, err) < 0 ||
		paled_call(p, "status", NULL, &answer, err) < 0) {
		json_decref(answer);
		return NULL;
	}
	json_object_del(answer, "ok");
	json_object_del(answer, "version");
	return answer;
}

static json_int_t bytes_of(const json_t *entries)
{
	json_int_t bytes = 0;
	const json_t *one;
	size_t i;

	json_array_foreach ((json_t *)entries, i, one)
		bytes += json_integer_value(json_object_get(one, "bytes"));
	return bytes;
}

static void print_daemon(const struct invocation *in)
{
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	json_t *daemon = ask_daemon(in, &err);
	const json_t *memory = json_object_get(daemon, "memory"),
		     *events = json_object_get(daemon, "events");

	if (!daemon) {
		printf("%-10s %-4s %s\n", "paled", "no", pale_err_text(err));
		return;
	}
	printf("%-10s %-4s pid %" JSON_INTEGER_FORMAT ", %" JSON_INTEGER_FORMAT
	       " profiles, %" JSON_INTEGER_FORMAT " containers, %" JSON_INTEGER_FORMAT
	       " exceptions, %" JSON_INTEGER_FORMAT " KiB of maps, %" JSON_INTEGER_FORMAT
	       " events lost\n",
		"paled", "yes", json_integer_value(json_object_get(daemon, "pid")),
		json_integer_value(json_object_get(daemon, "profiles")),
		json_integer_value(json_object_get(daemon, "containers")),
		json_integer_value(json_object_get(daemon, "exceptions")),
		(bytes_of(json_object_get(memory, "policies")) +
			bytes_of(json_object_get(memory, "containers")) + 1023) /
			1024,
		json_integer_value(json_object_get(events, "lost")));
	json_decref(daemon);
}

static void print(const struct invocation *in, const struct host *h)
{
	struct utsname u;

	if (uname(&u) == 0)
		printf("%-10s %s %s, %s\n", "kernel", u.sysname, u.release, u.machine);
	printf("%-10s %s\n", "user", geteuid() == 0 ? "root" : "not root");
	for (size_t i = 0; i < N_SHOWN; i++) {
		_cleanup_(text_release) struct text t = TEXT_INIT, missing = TEXT_INIT;
		enum mechanism m = shown[i];
		bool available = h->available & (1u << m);
		const char *hint = NULL;

		if (available) {
			add_details(&t, h, m);
			add_shortcomings(&missing, h, m);
		} else if (h->why_not[m]) {
			text_puts(&t, pale_err_text(h->why_not[m]));
			hint = pale_err_hint_text(h->why_not[m]);
		}
		printf("%-10s %-4s %s\n", mechanism_names[m], available ? "yes" : "no",
			text_str(&t));
		if (missing.len)
			printf("%-15s missing: %s\n", "", text_str(&missing));
		if (hint)
			printf("%-15s hint: %s\n", "", hint);
	}
	print_daemon(in);
}

static json_t *mechanism_json(const struct host *h, enum mechanism m)
{
	_cleanup_(text_release) struct text missing = TEXT_INIT;
	json_t *o = json_object();
	bool available = h->available & (1u << m);

	json_object_set_new(o, "available", json_boolean(available));
	if (!available && h->why_not[m]) {
		json_object_set_new(o, "why_not", json_string(pale_err_text(h->why_not[m])));
		if (pale_err_hint_text(h->why_not[m]))
			json_object_set_new(
				o, "hint", json_string(pale_err_hint_text(h->why_not[m])));
	}
	if (m == MECHANISM_LANDLOCK && available)
		json_object_set_new(o, "abi", json_integer(h->landlock_abi));
	if (m == MECHANISM_BPF_LSM) {
		json_t *sizes = json_array(), *memory = json_object();

		if (available)
			json_object_set_new(o, "absent_hooks",
				json_string(h->absent_hooks ? h->absent_hooks : ""));
		for (int i = 0; i < LSM_SIZES; i++)
			json_array_append_new(
				sizes, json_integer(lsm_size_bytes((enum lsm_size)i)));
		json_object_set_new(memory, "policy_bytes", sizes);
		json_object_set_new(
			memory, "container_bytes", json_integer(sizeof(struct lsm_instance)));
		json_object_set_new(
			memory, "container_bytes_per_rule", json_integer(sizeof(struct lsm_count)));
		json_object_set_new(o, "memory", memory);
	}
	if (m == MECHANISM_CGROUP) {
		json_t *a = json_array();

		for (int i = 0; i < CGROUP_CONTROLLER_COUNT; i++)
			if (h->controllers & (1u << i))
				json_array_append_new(a, json_string(cgroup_controller_names[i]));
		json_object_set_new(o, "controllers", a);
		json_object_set_new(
			o, "mount", h->cgroup_mount ? json_string(h->cgroup_mount) : json_null());
		add_shortcomings(&missing, h, m);
		if (missing.len)
			json_object_set_new(o, "missing", json_string(text_str(&missing)));
	}
	return o;
}

static void print_json(const struct invocation *in, const struct host *h)
{
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	json_t *o = json_object(), *by_name = json_object(), *daemon = ask_daemon(in, &err);
	struct utsname u;

	if (uname(&u) == 0) {
		json_object_set_new(o, "kernel", json_string(u.release));
		json_object_set_new(o, "machine", json_string(u.machine));
	}
	json_object_set_new(o, "root", json_boolean(geteuid() == 0));
	for (size_t i = 0; i < N_SHOWN; i++)
		json_object_set_new(
			by_name, mechanism_names[shown[i]], mechanism_json(h, shown[i]));
	json_object_set_new(o, "mechanisms", by_name);
	json_object_set_new(
		o, "daemon", daemon ? daemon : json_pack("{s:s}", "why_not", pale_err_text(err)));
	json_dumpf(o, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(o);
}

static int status(const struct invocation *in)
{
	_cleanup_(host_release) struct host h;

	host_probe(&h);
	if (option_given(in, OPT_JSON))
		print_json(in, &h);
	else
		print(in, &h);
	return STATUS_OK;
}

const struct command cmd_status = {
	.name = "status",
	.summary = "show what this kernel can enforce, and why not the rest",
	.usage = "[--run DIR] [--json]",
	.description =
		"Tries each mechanism out as this user and says which are available, in "
		"which version, and what the others lack; and what paled does here, if it "
		"runs: with --json also the kernel memory that each policy and each container "
		"takes.",
	.example = "pale status",
	.options = options,
	.run = status,
};
