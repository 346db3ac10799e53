/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One table of verdicts, made three ways: random policies are asked about random acts by decide(),
 * by their BPF-LSM tables read in user space, and by doing the acts in the guest's kernel, bare,
 * where each must succeed, and confined. They have to agree on what passes, on the errno or the
 * death that follows, and on the rule, domain and object of each report. PALE_POLICIES says how
 * many policies, PALE_SEED which.
 */
#include "compiler/base/cleanup.h"
#include "compiler/compile.h"
#include "compiler/emit_lsm.h"
#include "compiler/lsm_interpret.h"
#include "enforcer/load_lsm.h"
#include "tests/vm/lsm_verdict_cases.h"
#include "tests/vm/lsm_verdict_policies.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CASES_PER_POLICY 50

static char actor_path[4096];
static const char entry_path[] = "/opt/verdict-entry";
static struct lsm *lsm;
static int n_results, n_bad;
static int datagram_peers[4 * N(roots) + N_PEERS + 1], n_datagram_peers;

static void result(bool good, const char *title)
{
	n_bad += !good;
	printf("%s %d - %s\n", good ? "ok" : "not ok", ++n_results, title);
}

static void die(const char *what)
{
	printf("Bail out! %s: %s\n", what, strerror(errno));
	exit(1);
}

static void must(int r, const char *what)
{
	if (r < 0)
		die(what);
}

static void check_err(int r, struct pale_err **err)
{
	if (r >= 0)
		return;
	printf("Bail out! %s\n", pale_err_text(*err));
	exit(1);
}

/* ---- the tree */

static void put_file(const char *path, bool others)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0777);

	if (fd < 0 || write(fd, smallest_program, sizeof(smallest_program)) !=
			      (ssize_t)sizeof(smallest_program))
		die(path);
	if (others)
		must(fchown(fd, OTHER_OWNER, 0), path);
	close(fd);
}

static int unix_peer(int type, const char *name)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	socklen_t len =
		(socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name) + (*name != '@'));

	strncpy(a.sun_path, name, sizeof(a.sun_path) - 1);
	if (*name == '@')
		a.sun_path[0] = 0;
	if (fd < 0 || bind(fd, (struct sockaddr *)&a, len) < 0 ||
		(type == SOCK_STREAM && listen(fd, 4096) < 0))
		die(name);
	if (type == SOCK_DGRAM)
		datagram_peers[n_datagram_peers++] = fd;
	return fd;
}

static void make_peers(void)
{
	char name[16];

	for (int i = 0; i < N_PEERS; i++) {
		for (int type = SOCK_STREAM; type <= SOCK_DGRAM; type++) {
			struct sockaddr_in6 a = { .sin6_family = AF_INET6,
				.sin6_port = htons((uint16_t)(PORT_PEERS + i)) };
			int fd = socket(AF_INET6, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

			if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0 ||
				(type == SOCK_STREAM && listen(fd, 4096) < 0))
				die("peer");
			if (type == SOCK_DGRAM)
				datagram_peers[n_datagram_peers++] = fd;
		}
	}
	for (size_t i = 0; i < N(names_of_peers); i++) {
		snprintf(name, sizeof(name), "@%s", names_of_peers[i]);
		unix_peer(SOCK_STREAM, name);
	}
	unix_peer(SOCK_DGRAM, "@v-d");
}

/* What a queue is full of, nobody is sent any more of. */
static void empty_peers(void)
{
	char c;

	for (int i = 0; i < n_datagram_peers; i++)
		while (recv(datagram_peers[i], &c, 1, MSG_DONTWAIT) >= 0)
			;
}

static void make_tree(const char *root)
{
	static const int code[] = { LEAVES_CODE };
	char path[100];

	for (size_t f = 0; f < N(folders); f++) {
		snprintf(path, sizeof(path), "%s%s", root, folders[f]);
		must(mkdir(path, 0777), path);
		for (int i = code[0]; i < code[0] + code[1]; i++) {
			snprintf(path, sizeof(path), "%s%s/%s", root, folders[f], leaves[i]);
			put_file(path, i & 1);
		}
		snprintf(path, sizeof(path), "%s%s/%s", root, folders[f], leaves[LEAF_STREAM]);
		unix_peer(SOCK_STREAM, path);
		snprintf(path, sizeof(path), "%s%s/%s", root, folders[f], leaves[LEAF_DATAGRAM]);
		unix_peer(SOCK_DGRAM, path);
		must(chown(path, OTHER_OWNER, 0), path);
	}
}

/* Moves the times of what is drift. */
static void touch_drift(void)
{
	static const int drift[] = { LEAVES_DRIFT };
	char path[100];

	for (size_t t = 0; t < N(roots); t++) {
		for (size_t f = 0; f < N(folders); f++) {
			for (int i = drift[0]; i < drift[0] + drift[1]; i++) {
				snprintf(path, sizeof(path), "%s%s/%s", roots[t], folders[f],
					leaves[i]);
				must(chmod(path, 0777), path);
			}
		}
	}
}

static void prepare(const struct planned *p)
{
	for (uint32_t i = 0; i < p->n_before; i++) {
		const struct before *b = &p->before[i];

		if (unlink(b->path) < 0 && errno == EISDIR)
			must(rmdir(b->path), b->path);
		if (b->what == BEFORE_FILE)
			put_file(b->path, b->others);
		if (b->what != BEFORE_DIRECTORY)
			continue;
		must(mkdir(b->path, 0777), b->path);
		if (b->others)
			must(chown(b->path, OTHER_OWNER, 0), b->path);
	}
}

static void clear(const struct planned *p)
{
	for (uint32_t i = 0; i < p->n_before; i++)
		if (unlink(p->before[i].path) < 0 && errno == EISDIR)
			must(rmdir(p->before[i].path), p->before[i].path);
}

static void copy_program(const char *from, const char *to)
{
	char buf[65536];
	ssize_t n;
	int in = open(from, O_RDONLY | O_CLOEXEC);
	int out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);

	if (in < 0 || out < 0)
		die(to);
	while ((n = read(in, buf, sizeof(buf))) > 0)
		if (write(out, buf, (size_t)n) != n)
			die(to);
	close(in);
	close(out);
}

/* ---- actors */

struct actor {
	pid_t pid; /* 0: none */
	int fd;
};

/* In a cgroup, unless that is -1; by way of @entry, unless that is NULL. */
static void start_actor(struct actor *a, int cgroup, const char *entry)
{
	static const struct rlimit none = { 0, 0 };
	char *argv[] = { actor_path, (char *)entry, NULL };
	int socks[2], fd;
	int32_t ready;

	must(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, socks), "socketpair");
	a->pid = fork();
	must(a->pid, "fork");
	if (a->pid == 0) {
		dup2(socks[1], 3);
		fcntl(3, F_SETFD, 0);
		setrlimit(RLIMIT_CORE, &none);
		if (cgroup >= 0) {
			fd = openat(cgroup, "cgroup.procs", O_WRONLY | O_CLOEXEC);
			if (fd < 0 || write(fd, "0", 1) != 1)
				_exit(254);
		}
		execv(actor_path, argv);
		_exit(255);
	}
	close(socks[1]);
	a->fd = socks[0];
	if (read(a->fd, &ready, sizeof(ready)) != (ssize_t)sizeof(ready)) {
		errno = 0;
		die("an actor does not start");
	}
}

static void stop_actor(struct actor *a)
{
	if (!a->pid)
		return;
	kill(a->pid, SIGKILL);
	waitpid(a->pid, NULL, 0);
	close(a->fd);
	a->pid = 0;
}

/* Its answer, or ACT_SIGNALLED and what it died of. */
static int32_t ask(struct actor *a, const struct act *act)
{
	int32_t answer;
	int status;

	if (write(a->fd, act, sizeof(*act)) == (ssize_t)sizeof(*act) &&
		read(a->fd, &answer, sizeof(answer)) == (ssize_t)sizeof(answer))
		return answer;
	must(waitpid(a->pid, &status, 0), "waitpid");
	close(a->fd);
	a->pid = 0;
	return WIFSIGNALED(status) ? ACT_SIGNALLED + WTERMSIG(status) : ACT_BROKEN;
}

/* ---- what has to be */

struct report {
	const struct rule *rule;
	uint32_t domain;
	enum operation operation;
	enum lsm_outcome outcome;
	int errnum;
	struct text object;
};

#define REPORTS_MAX 16

struct reports {
	struct report v[REPORTS_MAX];
	uint32_t n;
};

static void release_reports(struct reports *to)
{
	for (uint32_t i = 0; i < to->n; i++)
		text_release(&to->v[i].object);
	to->n = 0;
}

struct expected {
	int32_t answer;
	struct reports reports;
	bool allowed;	   /* all that was asked */
	bool table_agrees; /* with decide() */
};

/* As it stands in a report. */
static void object_of_request(struct text *to, const struct request *r)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	bool is_mapped = r->family == 6 && !memcmp(r->address, mapped, 12);

	if (r->operation == OP_CAPABILITY) {
		text_printf(to, "%d", r->capability);
	} else if (r->operation == OP_SOCKET) {
		text_printf(to, "%d %d", r->socket_family, r->socket_protocol);
	} else if (r->operation == OP_SIGNAL) {
		text_printf(to, "%d %d", r->signal, r->target == REQUEST_OUTSIDE);
	} else if (r->operation == OP_PTRACE) {
		text_printf(to, "%d", r->target == REQUEST_OUTSIDE);
	} else if (r->family) {
		text_printf(to, "%d %d %d ", r->protocol, is_mapped ? 4 : r->family, r->port);
		for (int i = 0; i < (r->family == 4 || is_mapped ? 4 : 16); i++)
			text_printf(to, "%02x", r->address[is_mapped ? 12 + i : i]);
	} else if (r->path) {
		text_add(to, r->path, r->path_len);
		if (r->object_class == CLASS_DRIFT &&
			(r->operation == OP_EXEC || r->operation == OP_MAP))
			text_puts(to, " (drift)");
	} else if (r->name) {
		text_add(to, r->name, r->name_len);
	} else if (r->object_class == CLASS_ANONYMOUS) {
		text_puts(to, "memfd:x");
	}
}

static void object_of_event(struct text *to, const struct lsm_event *e)
{
	switch (e->object) {
	case LSM_OBJECT_NONE:
		break;
	case LSM_OBJECT_PATH:
	case LSM_OBJECT_ABSTRACT:
		text_add(to, e->text, e->text_len);
		if (e->drift)
			text_puts(to, " (drift)");
		break;
	case LSM_OBJECT_ENDPOINT:
		text_printf(to, "%d %d %d ", e->protocol, e->family, e->port);
		for (int i = 0; i < (e->family == 4 ? 4 : 16); i++)
			text_printf(to, "%02x", e->address[i]);
		break;
	case LSM_OBJECT_NUMBER:
		text_printf(to, "%u", e->number);
		if (e->operation == OP_SOCKET)
			text_printf(to, " %u", e->detail);
		break;
	case LSM_OBJECT_TASK:
		if (e->operation == OP_SIGNAL)
			text_printf(to, "%u ", e->number);
		text_printf(to, "%d", e->target == LSM_TARGET_OUTSIDE);
		break;
	}
}

static bool table_agrees(const struct lsm_blob *blob, uint32_t domain, const struct request *r,
	const struct decision *d)
{
	static const enum lsm_effect effects[] = { LSM_ALLOW, LSM_DENY, LSM_KILL };
	struct lsm_answer a;

	return lsm_interpret(blob, domain, r, &a) && a.rule == d->rule->index &&
	       a.effect == effects[d->verdict] && a.reported == d->reported &&
	       a.errnum == d->errnum &&
	       (a.transition == LSM_STAY ? -1 : (int32_t)a.transition) == d->transition;
}

static void expect_report(struct expected *e, const struct policy *p, uint32_t domain,
	const struct request *r, const struct decision *d)
{
	static const enum lsm_outcome outcomes[] = { LSM_OUTCOME_AUDITED, LSM_OUTCOME_REFUSED,
		LSM_OUTCOME_KILLED };
	struct report *to = &e->reports.v[e->reports.n++];

	*to = (struct report){ .rule = d->rule,
		.domain = domain,
		.operation = r->operation,
		.outcome = p->audit ? LSM_OUTCOME_AUDITED : outcomes[d->verdict],
		.object = TEXT_INIT };
	if (to->outcome != LSM_OUTCOME_AUDITED)
		to->errnum = d->errnum;
	object_of_request(&to->object, r);
}

/* What decide() makes of the case. */
static void expect(struct expected *e, const struct policy *p, const struct lsm_blob *blob,
	const struct planned *c)
{
	struct decision d[STEPS_MAX];
	uint32_t domain = c->domain;

	*e = (struct expected){ .allowed = true, .table_agrees = true };
	for (uint32_t i = 0, end; i < c->n_steps; i = end) {
		bool refused = false, killed = false, goes_on = c->steps[i].goes_on;
		int32_t answer = 0;

		for (end = i; end < c->n_steps && (end == i || c->steps[end].together); end++) {
			const struct step *s = &c->steps[end];

			if (s->after_exec && d[end - 1].transition >= 0)
				domain = (uint32_t)d[end - 1].transition;
			d[end] = decide(p, domain, &s->r);
			if (!table_agrees(blob, domain, &s->r, &d[end]))
				e->table_agrees = false;
			if (d[end].verdict == VERDICT_ALLOW)
				continue;
			if (!answer)
				answer = s->errnum ? s->errnum : d[end].errnum;
			refused = true;
			killed |= d[end].verdict == VERDICT_KILL;
		}
		for (uint32_t k = i; k < end; k++)
			if (d[k].reported && (!refused || d[k].verdict != VERDICT_ALLOW))
				expect_report(e, p, domain, &c->steps[k].r, &d[k]);
		if (!refused)
			continue;
		if (p->audit || goes_on) {
			e->allowed = e->allowed && goes_on && !killed;
			if (killed && !p->audit)
				e->answer = ACT_SIGNALLED + SIGKILL;
			continue;
		}
		e->allowed = false;
		/* Its own death, or its child's. */
		if (e->answer)
			return;
		e->answer = killed ? ACT_SIGNALLED + SIGKILL : answer;
		return;
	}
}

/* ---- what was */

struct seen {
	const struct policy *policy;
	struct reports reports;
	uint64_t n, last;
	bool gap;
};

static void on_event(void *ctx, const struct lsm_event *e)
{
	struct seen *s = ctx;
	struct report *to;

	if (e->sequence != s->last + 1)
		s->gap = true;
	s->last = e->sequence;
	s->n++;
	if (s->reports.n == REPORTS_MAX)
		return;
	to = &s->reports.v[s->reports.n++];
	*to = (struct report){ .rule = e->rule < s->policy->n_rules ? s->policy->rules[e->rule]
								    : NULL,
		.domain = e->domain,
		.operation = (enum operation)e->operation,
		.outcome = (enum lsm_outcome)e->outcome,
		.errnum = e->errnum,
		.object = TEXT_INIT };
	object_of_event(&to->object, e);
}

static bool same_report(const struct report *a, const struct report *b)
{
	return a->rule == b->rule && a->domain == b->domain && a->operation == b->operation &&
	       a->outcome == b->outcome && a->errnum == b->errnum &&
	       a->object.len == b->object.len &&
	       !memcmp(text_str(&a->object), text_str(&b->object), a->object.len);
}

static bool same_reports(const struct reports *a, const struct reports *b, bool unordered)
{
	if (a->n != b->n)
		return false;
	for (uint32_t i = 0; i < a->n; i++) {
		bool found = same_report(&a->v[i], &b->v[i]);

		for (uint32_t k = 0; unordered && !found && k < b->n; k++)
			found = same_report(&a->v[i], &b->v[k]);
		if (!found)
			return false;
	}
	return true;
}

static void show_reports(const char *title, const struct reports *r)
{
	static const char *const outcomes[] = { "refused", "killed", "audited" };
	_cleanup_(text_release) struct text object = TEXT_INIT;

	for (uint32_t i = 0; i < r->n; i++) {
		const struct report *v = &r->v[i];

		text_clear(&object);
		text_escaped(&object, text_str(&v->object), v->object.len);
		printf("#   %s: %s %s %s, errno %d, domain %u, by '%s'\n", title,
			outcomes[v->outcome], vocab_operations[v->operation].name,
			text_str(&object), v->errnum, v->domain, v->rule ? v->rule->text : "?");
	}
}

/* ---- a policy's cases */

struct under_test {
	const struct policy *policy;
	struct lsm_blob blob;
	int cgroup;
	struct company company;
	struct actor actors[2], helpers[2], bare;
	struct seen seen;
};

static struct {
	uint32_t asked, allowed;
} tally[N(kinds)];
static uint32_t n_cases;

static void poll_events(struct seen *s)
{
	struct pale_err *err = NULL;

	check_err(lsm_poll(lsm, 0, on_event, s, &err), &err);
}

static void show_case(const struct under_test *u, const struct planned *c, int32_t bare,
	int32_t confined, const struct expected *e)
{
	const struct act *a = &c->act;

	printf("# %s in domain %u: %s%s%s%s%s (%d %d %d)\n", c->kind->name, c->domain, a->path,
		*a->path2 ? ", " : "", a->path2,
		c->n_before && c->before[0].others ? ", another's" : "",
		c->n_before > 1 && c->before[1].others ? ", onto another's" : "", a->a, a->b, a->c);
	printf("#   bare %d, confined %d, expected %d%s%s\n", bare, confined, e->answer,
		e->table_agrees ? "" : "; the tables say otherwise than decide()",
		u->seen.gap ? "; events are missing" : "");
	show_reports("reported", &u->seen.reports);
	show_reports("expected", &e->reports);
}

static bool run_case(struct under_test *u)
{
	struct planned c;
	struct expected e;
	struct actor *actor;
	int32_t bare, confined;
	bool good;

	for (uint32_t d = 0; d < u->company.n_domains; d++) {
		if (!u->actors[d].pid)
			start_actor(&u->actors[d], u->cgroup, d ? entry_path : NULL);
	}
	poll_events(&u->seen);
	good = !u->seen.reports.n;
	if (!good)
		show_reports("reported of a start", &u->seen.reports);
	release_reports(&u->seen.reports);

	plan_case(&c, &u->company);
	prepare(&c);
	bare = ask(&u->bare, &c.act);
	empty_peers();
	prepare(&c);
	expect(&e, u->policy, &u->blob, &c);
	actor = &u->actors[c.domain];
	confined = ask(actor, &c.act);
	poll_events(&u->seen);
	clear(&c);

	n_cases++;
	tally[c.kind - kinds].asked++;
	tally[c.kind - kinds].allowed += e.allowed;
	if (bare || confined != e.answer || !e.table_agrees || u->seen.gap ||
		!same_reports(&u->seen.reports, &e.reports, c.unordered)) {
		good = false;
		show_case(u, &c, bare, confined, &e);
	}
	release_reports(&u->seen.reports);
	release_reports(&e.reports);
	return good;
}

static int new_cgroup(char *path, size_t size)
{
	static int n;
	int fd;

	snprintf(path, size, "/sys/fs/cgroup/verdicts-%d", n++);
	must(mkdir(path, 0755), path);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	must(fd, path);
	return fd;
}

static void enforce(struct under_test *u, const struct text *blob, uint32_t *ret_instance)
{
	struct pale_err *err = NULL;
	struct timespec now;
	uint32_t policy;
	uint64_t id;

	/* What was made before has to be older than the start, and drift not. */
	usleep(10000);
	clock_gettime(CLOCK_REALTIME_COARSE, &now);
	check_err(lsm_add_policy(lsm, blob->s, blob->len, &policy, &err), &err);
	check_err(lsm_add_instance(lsm, policy,
			  (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec, ret_instance,
			  &err),
		&err);
	check_err(lsm_cgroup_id(u->cgroup, &id, &err), &err);
	check_err(lsm_bind_cgroup(lsm, id, *ret_instance, &err), &err);
	usleep(10000);
	touch_drift();
}

static void run_policy(uint32_t number, struct policy *p, const char *text, struct actor *bare)
{
	_cleanup_(text_release) struct text blob = TEXT_INIT;
	struct under_test u = { .policy = p, .seen = { .policy = p }, .bare = *bare };
	struct pale_err *err = NULL;
	struct lsm_instance counters;
	char cgroup_path[64], title[64];
	uint32_t instance, good = 0;

	check_err(emit_lsm(p, coverage_new(p), &blob, &err), &err);
	check_err(lsm_blob_open(&u.blob, blob.s, blob.len, &err), &err);
	u.cgroup = new_cgroup(cgroup_path, sizeof(cgroup_path));
	enforce(&u, &blob, &instance);

	u.company.n_domains = p->n_domains;
	for (uint32_t d = 0; d < p->n_domains; d++) {
		start_actor(&u.helpers[d], u.cgroup, d ? entry_path : NULL);
		u.company.helpers[d] = u.helpers[d].pid;
	}
	u.company.outside = bare[1].pid;
	for (int i = 0; i < CASES_PER_POLICY; i++)
		good += run_case(&u);
	for (uint32_t d = 0; d < p->n_domains; d++) {
		stop_actor(&u.actors[d]);
		stop_actor(&u.helpers[d]);
	}
	poll_events(&u.seen);
	check_err(lsm_counters(lsm, instance, &counters, &err), &err);
	if (counters.sequence != u.seen.n || counters.lost) {
		printf("# %llu events, %llu lost, %llu read\n", counters.sequence, counters.lost,
			(unsigned long long)u.seen.n);
		good = 0;
	}
	close(u.cgroup);
	rmdir(cgroup_path);
	if (good < CASES_PER_POLICY) {
		printf("# under the policy\n");
		for (const char *line = text; *line;) {
			int len = (int)strcspn(line, "\n");

			printf("#   %.*s\n", len, line);
			line += len + (line[len] == '\n');
		}
	}
	snprintf(title, sizeof(title), "policy %u: %d verdicts", number, CASES_PER_POLICY);
	result(good == CASES_PER_POLICY, title);
}

static void run_policies(uint32_t n)
{
	_cleanup_(text_release) struct text text = TEXT_INIT;
	struct actor bare[2];
	uint32_t done = 0, drawn = 0;

	start_actor(&bare[0], -1, NULL);
	start_actor(&bare[1], -1, NULL);
	while (done < n) {
		_cleanup_(compilation_release) struct compilation c = { 0 };

		if (drawn++ > 50 * n) {
			printf("Bail out! of %u policies %u have no error\n", drawn, done);
			exit(1);
		}
		random_policy(&text, actor_path, entry_path);
		compile_bytes(&c, "random.pale", text.s, text.len, &(struct compile_options){ 0 });
		if (c.diags.n_errors)
			continue;
		run_policy(done++, c.policies[0], text_str(&text), bare);
	}
	stop_actor(&bare[0]);
	stop_actor(&bare[1]);
	printf("# %u policies drawn for these %u\n", drawn, n);
}

static void write_setting(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, value, strlen(value)) < 0)
		die(path);
	close(fd);
}

int main(void)
{
	const char *policies = getenv("PALE_POLICIES");
	struct pale_err *err = NULL;
	ssize_t n = readlink("/proc/self/exe", actor_path, sizeof(actor_path) - 32);
	bool all = true;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (!getenv("PALE_VM")) {
		printf("Bail out! for the guest only\n");
		return 1;
	}
	must((int)n, "/proc/self/exe");
	actor_path[n] = 0;
	strcpy(strrchr(actor_path, '/') + 1, "lsm_verdict_actor");
	random_seed(20261126);

	umask(0);
	/* Without the policy each act has to succeed. */
	write_setting("/proc/sys/kernel/yama/ptrace_scope", "0");
	write_setting("/proc/sys/fs/protected_hardlinks", "0");
	copy_program(actor_path, entry_path);
	for (size_t i = 0; i < N(roots); i++)
		make_tree(roots[i]);
	make_peers();
	check_err(lsm_load(&lsm, &err), &err);
	run_policies(policies ? (uint32_t)atoi(policies) : 40);
	lsm_free(lsm);

	for (size_t k = 0; k < N(kinds); k++) {
		printf("# %-20s %4u asked, %4u allowed\n", kinds[k].name, tally[k].asked,
			tally[k].allowed);
		all = all && tally[k].asked;
	}
	printf("# %u cases\n", n_cases);
	result(all, "every kind of act was asked about");
	printf("1..%d\n", n_results);
	return n_bad != 0;
}
