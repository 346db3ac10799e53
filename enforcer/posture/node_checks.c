/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/posture/node_checks.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/json_text.h"
#include "compiler/vocab.h"
#include "enforcer/node_paths.h"
#include "enforcer/posture/node_mounts.h"
#include "enforcer/posture/node_process.h"
#include "enforcer/posture/policy_answer.h"
#include "enforcer/proc.h"

#include <errno.h>
#include <linux/capability.h>
#include <string.h>

#define APPARMOR_ENABLED "/sys/module/apparmor/parameters/enabled"

/* What Docker, containerd and CRI-O leave to root where nobody says anything. */
#define CAP_BIT(c) (UINT64_C(1) << (c))
#define USUAL_CAPABILITIES                                                                         \
	(CAP_BIT(CAP_CHOWN) | CAP_BIT(CAP_DAC_OVERRIDE) | CAP_BIT(CAP_FSETID) |                    \
		CAP_BIT(CAP_FOWNER) | CAP_BIT(CAP_MKNOD) | CAP_BIT(CAP_NET_RAW) |                  \
		CAP_BIT(CAP_SETGID) | CAP_BIT(CAP_SETUID) | CAP_BIT(CAP_SETFCAP) |                 \
		CAP_BIT(CAP_SETPCAP) | CAP_BIT(CAP_NET_BIND_SERVICE) | CAP_BIT(CAP_SYS_CHROOT) |   \
		CAP_BIT(CAP_KILL) | CAP_BIT(CAP_AUDIT_WRITE))

/* One container, while it is looked at. */
struct look {
	struct posture *posture;
	const struct node_container *container;
	struct node_processes processes;
	struct mounts mounts, node;
};

struct finding_place node_place(const struct node_container *c)
{
	return (struct finding_place){ .kind = c->pod ? "Pod" : "Container",
		.namespace = c->namespace,
		.name = c->pod ? c->pod : c->id,
		.container = c->name ? c->name : "",
		.place = "container" };
}

bool node_refuses(const struct node_container *c, const struct request *r, json_t *finding)
{
	_cleanup_(text_release) struct text why = TEXT_INIT;
	bool lets;

	if (!c->policy || !c->mode || strcmp(c->mode, "enforce") != 0)
		return false;
	lets = policy_lets(c->policy, r, &why);
	finding_evidence(finding, json_text(text_str(&why)), "policy %s", c->profile);
	return !lets;
}

static json_t *finding(const struct look *l, enum control control)
{
	const struct finding_place place = node_place(l->container);

	return finding_new(control, &place);
}

/* "net_raw,sys_admin" */
static json_t *capability_names(uint64_t set)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;

	for (int i = 0; i < 64; i++) {
		const char *name = set & CAP_BIT(i) ? vocab_capability_name(i) : NULL;

		if (name)
			text_printf(&t, "%s%s", t.len ? "," : "", name);
		else if (set & CAP_BIT(i))
			text_printf(&t, "%s%d", t.len ? "," : "", i);
	}
	return json_text(text_str(&t));
}

/* Which field says that the process may have them. */
static void capability_evidence(json_t *f, const struct node_process *p, uint64_t set)
{
	const char *field = (p->effective | p->permitted) & set ? "CapPrm" : "CapBnd";

	finding_evidence(f, capability_names(set), "/proc/%d/status %s", p->pid, field);
}

/* The first process of which @is holds; NULL. */
static const struct node_process *any(
	const struct look *l, bool (*is)(const struct node_process *p))
{
	for (size_t i = 0; i < l->processes.n; i++) {
		if (is(&l->processes.v[i]))
			return &l->processes.v[i];
	}
	return NULL;
}

/* ---- processes */

static bool is_privileged(const struct node_process *p)
{
	uint64_t all = node_all_capabilities();

	return all && (p->bounding & all) == all && !p->seccomp && !p->user_namespace;
}

static void check_privileged(const struct look *l)
{
	const struct node_process *p = any(l, is_privileged);
	json_t *f;

	if (!p)
		return;
	f = finding(l, CONTROL_PRIVILEGED);
	finding_evidence(f, json_string("all"), "/proc/%d/status CapBnd", p->pid);
	finding_evidence(f, json_integer(p->seccomp), "/proc/%d/status Seccomp", p->pid);
	posture_add(l->posture, f);
}

static bool has_added(const struct node_process *p)
{
	return node_process_reachable(p) & ~USUAL_CAPABILITIES;
}

static void check_added(const struct look *l)
{
	const struct node_process *p = any(l, has_added);
	json_t *f;

	if (!p)
		return;
	f = finding(l, CONTROL_ADDED_CAPABILITIES);
	capability_evidence(f, p, node_process_reachable(p) & ~USUAL_CAPABILITIES);
	if (p->user_namespace)
		finding_severity(f, CONTROL_LOW);
	posture_add(l->posture, f);
}

static bool has_raw(const struct node_process *p)
{
	return node_process_reachable(p) & CAP_BIT(CAP_NET_RAW);
}

static void check_raw(const struct look *l)
{
	const struct node_process *p = any(l, has_raw);
	struct request r;
	json_t *f;

	if (!p)
		return;
	f = finding(l, CONTROL_RAW_SOCKETS);
	capability_evidence(f, p, CAP_BIT(CAP_NET_RAW));
	if (policy_request_capability("net_raw", &r) && node_refuses(l->container, &r, f))
		finding_severity(f, CONTROL_LOW);
	posture_add(l->posture, f);
}

static bool has_kept(const struct node_process *p)
{
	return (p->effective | p->permitted) & USUAL_CAPABILITIES;
}

static void check_kept(const struct look *l)
{
	const struct node_process *p = any(l, has_kept);
	json_t *f;

	if (!p)
		return;
	f = finding(l, CONTROL_KEPT_CAPABILITIES);
	capability_evidence(f, p, (p->effective | p->permitted) & USUAL_CAPABILITIES);
	posture_add(l->posture, f);
}

static bool may_gain(const struct node_process *p)
{
	return !p->no_new_privs;
}

static bool is_root(const struct node_process *p)
{
	return p->uid == 0;
}

static bool has_no_filter(const struct node_process *p)
{
	return p->seccomp == 0;
}

/* Controls of which one number of a process's status is all there is to say. */
static const struct {
	enum control control;
	bool (*is)(const struct node_process *p);
	const char *field;
} simple[] = {
	{ CONTROL_ESCALATION, may_gain, "NoNewPrivs" },
	{ CONTROL_ROOT_USER, is_root, "Uid" },
	{ CONTROL_NO_SECCOMP, has_no_filter, "Seccomp" },
};

static void check_simple(const struct look *l)
{
	for (size_t i = 0; i < sizeof(simple) / sizeof(*simple); i++) {
		const struct node_process *p = any(l, simple[i].is);
		json_t *f;

		if (!p)
			continue;
		f = finding(l, simple[i].control);
		finding_evidence(f, json_integer(0), "/proc/%d/status %s", p->pid, simple[i].field);
		posture_add(l->posture, f);
	}
}

static bool is_unconfined(const struct node_process *p)
{
	return p->label && strcmp(p->label, "unconfined") == 0;
}

static bool apparmor_is_enabled(void)
{
	_cleanup_fclose_ FILE *f = fopen(APPARMOR_ENABLED, "re");

	return f && fgetc(f) == 'Y';
}

static void check_apparmor(const struct look *l)
{
	const struct node_process *p = apparmor_is_enabled() ? any(l, is_unconfined) : NULL;
	json_t *f;

	if (!p)
		return;
	f = finding(l, CONTROL_NO_APPARMOR);
	finding_evidence(f, json_text(p->label), "/proc/%d/attr/current", p->pid);
	posture_add(l->posture, f);
}

/* ---- namespaces */

static void check_namespaces(const struct look *l)
{
	static const struct {
		const char *name;
		enum control control;
	} shared[] = {
		{ "pid", CONTROL_HOST_PID },
		{ "ipc", CONTROL_HOST_IPC },
		{ "net", CONTROL_HOST_NETWORK },
	};
	pid_t pid = l->processes.v[0].pid;

	for (size_t i = 0; i < sizeof(shared) / sizeof(*shared); i++) {
		json_t *f;

		if (!node_shares_namespace(pid, shared[i].name))
			continue;
		f = finding(l, shared[i].control);
		finding_evidence(
			f, json_string("the node's"), "/proc/%d/ns/%s", pid, shared[i].name);
		posture_add(l->posture, f);
	}
}

/* ---- mounts */

static enum control control_of(const char *path)
{
	if (node_path_runtime_socket(path))
		return CONTROL_RUNTIME_SOCKET;
	return node_path_opens(path) ? CONTROL_NODE_FILES : CONTROL_HOST_PATH;
}

static void check_mount(const struct look *l, const struct mount *m)
{
	_cleanup_free_ char *path = mount_host_path(&l->node, m);
	pid_t pid = l->processes.v[0].pid;
	enum control control;
	json_t *f;

	if (!path)
		return;
	control = control_of(path);
	f = finding(l, control);
	finding_evidence(f, json_text(path), "/proc/%d/mountinfo %s%s", pid, m->point,
		m->read_only ? " (ro)" : "");
	if (control == CONTROL_HOST_PATH && m->read_only)
		finding_severity(f, CONTROL_LOW);
	posture_add(l->posture, f);
}

/* The folder, as the kubelet mounts it, or the file alone. */
static bool is_token(const struct mount *m)
{
	static const char *const places[] = { "/run/secrets/kubernetes.io/serviceaccount",
		"/var/run/secrets/kubernetes.io/serviceaccount",
		"/run/secrets/kubernetes.io/serviceaccount/token",
		"/var/run/secrets/kubernetes.io/serviceaccount/token" };

	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		if (strcmp(m->point, places[i]) == 0)
			return true;
	}
	return false;
}

static bool is_file_of_token(const char *point)
{
	return strcmp(strrchr(point, '/'), "/token") == 0;
}

static bool refuses_token(const struct look *l, const struct mount *m, json_t *f)
{
	bool refuses = true, alone = is_file_of_token(m->point);

	for (const char *const *file = policy_token_files; refuses && *file; file++) {
		_cleanup_(text_release) struct text path = TEXT_INIT;
		struct request r;

		text_printf(&path, "%s%s", m->point, alone ? "" : *file);
		policy_request_read(text_str(&path), &r);
		refuses = node_refuses(l->container, &r, f);
	}
	return refuses;
}

static void check_token(const struct look *l, const struct mount *m)
{
	pid_t pid = l->processes.v[0].pid;
	json_t *f;

	if (!is_token(m))
		return;
	f = finding(l, CONTROL_TOKEN);
	finding_evidence(f, json_string("mounted"), "/proc/%d/mountinfo %s", pid, m->point);
	if (refuses_token(l, m, f))
		finding_severity(f, CONTROL_LOW);
	posture_add(l->posture, f);
}

static void check_mounts(const struct look *l)
{
	const struct mount *root = mounts_at(&l->mounts, "/");
	pid_t pid = l->processes.v[0].pid;
	json_t *f;

	/* Then its mounts are the node's. */
	if (node_shares_namespace(pid, "mnt")) {
		f = finding(l, CONTROL_NODE_FILES);
		finding_evidence(f, json_string("the node's"), "/proc/%d/ns/mnt", pid);
		posture_add(l->posture, f);
		return;
	}
	for (size_t i = 0; i < l->mounts.n; i++) {
		check_mount(l, &l->mounts.v[i]);
		check_token(l, &l->mounts.v[i]);
	}
	if (!root || !root->read_only) {
		f = finding(l, CONTROL_WRITABLE_ROOT);
		finding_evidence(f, json_string("rw"), "/proc/%d/mountinfo /", pid);
		posture_add(l->posture, f);
	}
	/* Runtimes mask it by mounts of its files over themselves. */
	if (mounts_at(&l->mounts, "/proc") && !mounts_below(&l->mounts, "/proc")) {
		f = finding(l, CONTROL_UNMASKED_PROC);
		finding_evidence(f, json_string("nothing below /proc"), "/proc/%d/mountinfo", pid);
		posture_add(l->posture, f);
	}
}

/* ---- Pale's policy */

static void check_policy(const struct look *l, bool paled)
{
	const struct node_container *c = l->container;
	json_t *f;

	if (c->profile && c->mode && strcmp(c->mode, "enforce") == 0)
		return;
	f = finding(l, CONTROL_NO_PROFILE);
	if (!paled)
		finding_evidence(f, NULL, "paled");
	else
		finding_evidence(f, c->mode ? json_text(c->mode) : NULL, "paled %s",
			c->profile ? c->profile : "profile");
	posture_add(l->posture, f);
}

static int look(struct look *l, bool paled)
{
	int r = node_processes_read(l->container->pid, &l->processes);

	if (r < 0)
		return r;
	r = mounts_read(l->container->pid, &l->mounts);
	if (r < 0)
		return r;
	/* The node's own, also where this program runs among other mounts; and these. */
	r = mounts_read(1, &l->node);
	if (r >= 0)
		r = mounts_read(getpid(), &l->node);
	if (r < 0)
		return r;
	check_privileged(l);
	check_added(l);
	check_raw(l);
	check_kept(l);
	check_simple(l);
	check_apparmor(l);
	check_namespaces(l);
	check_mounts(l);
	check_policy(l, paled);
	l->posture->containers++;
	return 0;
}

static bool is_its_process(const struct node_container *c)
{
	_cleanup_(text_release) struct text groups = TEXT_INIT;

	return !c->of_paled || proc_read(c->pid, "cgroup", &groups) < 0 ||
	       strstr(text_str(&groups), c->id);
}

void node_checks(struct posture *p, const struct node_container *c, bool paled)
{
	struct look l = { .posture = p, .container = c };
	int r;

	if (!is_its_process(c)) {
		posture_unseen(p,
			"container %s: process %d, which paled has for it, is not in its cgroup; "
			"run pale in the process namespace of paled",
			c->id, c->pid);
		return;
	}
	r = look(&l, paled);

	if (r < 0 && r != -ENOENT && r != -ESRCH && r != -EINVAL)
		posture_unseen(p, "container %s, process %d: %s", c->id, c->pid, strerror(-r));
	node_processes_release(&l.processes);
	mounts_release(&l.mounts);
	mounts_release(&l.node);
}
