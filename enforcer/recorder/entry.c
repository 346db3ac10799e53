/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/recorder/entry.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/json_text.h"
#include "enforcer/report.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/wait.h>

static json_t *bytes_json(const struct recorder_bytes *b)
{
	/* What is empty points nowhere, which strndup(3) does not take. */
	_cleanup_free_ char *s = strndup(b->len ? b->at : "", b->len);

	return json_text(s);
}

static json_t *process_json(const struct recorder_process *p)
{
	json_t *o = json_pack(
		"{s:I, s:I}", "host_pid", (json_int_t)p->pid, "start_ns", (json_int_t)p->start_ns);

	if (p->inner)
		json_object_set_new(o, "pid", json_integer(p->inner));
	return o;
}

/* The last may have been cut off before its NUL. */
static json_t *arguments_json(const struct recorder_bytes *b)
{
	json_t *a = json_array();

	for (size_t at = 0; at < b->len;) {
		struct recorder_bytes one = { b->at + at, strnlen(b->at + at, b->len - at) };

		json_array_append_new(a, bytes_json(&one));
		at += one.len + 1;
	}
	return a;
}

static void add_exec(json_t *o, json_t *process, const struct recorder_entry *e)
{
	(void)o;
	json_object_set_new(process, "uid", json_integer(e->uid));
	if (e->executable.len)
		json_object_set_new(process, "executable", bytes_json(&e->executable));
	json_object_set_new(process, "filename", bytes_json(&e->filename));
	if (e->flags & RECORDER_FILENAME_CUT)
		json_object_set_new(process, "filename_truncated", json_true());
	json_object_set_new(process, "arguments", arguments_json(&e->arguments));
	if (e->flags & RECORDER_ARGUMENTS_CUT)
		json_object_set_new(process, "arguments_truncated", json_true());
}

static void add_exit(json_t *o, json_t *process, const struct recorder_entry *e)
{
	(void)process;
	if (WIFSIGNALED(e->status)) {
		json_object_set_new(o, "signal", json_integer(WTERMSIG(e->status)));
		json_object_set_new(o, "core_dumped", json_boolean(WCOREDUMP(e->status)));
	} else {
		json_object_set_new(o, "exit_code", json_integer(WEXITSTATUS(e->status)));
	}
}

static void add_connect(json_t *o, json_t *process, const struct recorder_entry *e)
{
	struct in6_addr address;
	char s[INET6_ADDRSTRLEN] = "";
	bool six = e->family == AF_INET6;

	(void)process;
	memcpy(&address, e->address, sizeof(address));
	/* What goes by IPv4 is named so. */
	if (six && IN6_IS_ADDR_V4MAPPED(&address)) {
		inet_ntop(AF_INET, e->address + 12, s, sizeof(s));
		six = false;
	} else {
		inet_ntop(six ? AF_INET6 : AF_INET, e->address, s, sizeof(s));
	}
	json_object_set_new(o, "protocol", json_string(e->protocol == IPPROTO_UDP ? "udp" : "tcp"));
	json_object_set_new(o, "address", json_string(s));
	json_object_set_new(o, "port", json_integer(e->port));
	json_object_set_new(o, "object", json_sprintf(six ? "[%s]:%u" : "%s:%u", s, e->port));
}

static void (*const adders[RECORDER_KINDS])(
	json_t *o, json_t *process, const struct recorder_entry *e) = {
	[RECORDER_EXEC] = add_exec,
	[RECORDER_EXIT] = add_exit,
	[RECORDER_CONNECT] = add_connect,
};

static json_t *told_json(const struct recorder_entry *e)
{
	json_error_t error;
	json_t *o = e->event.len ? json_loadb(e->event.at, e->event.len, 0, &error) : NULL;
	const json_t *kind = json_object_get(o, "kind");

	if (!json_is_object(o)) {
		json_decref(o);
		o = json_object();
	}
	/* What happened to policies and containers has names of its own. */
	if (kind && e->kind == RECORDER_POLICY)
		json_object_set(o, "change", (json_t *)kind);
	return o;
}

json_t *recorder_entry_json(const struct recorder_entry *e, const json_t *container)
{
	json_t *told = told_json(e), *o = json_object(), *process;

	json_object_set_new(o, "time", report_time_json(e->time_ns));
	json_object_set_new(o, "kind", json_string(recorder_kind_names[e->kind]));
	if (container)
		json_object_set(o, "container", (json_t *)container);
	if (adders[e->kind] || e->kind == RECORDER_START) {
		process = process_json(&e->process);
		if (adders[e->kind])
			adders[e->kind](o, process, e);
		json_object_set_new(o, "process", process);
		json_object_set_new(o, "parent", process_json(&e->parent));
	}
	json_object_update_missing(o, told);
	json_decref(told);
	return o;
}
