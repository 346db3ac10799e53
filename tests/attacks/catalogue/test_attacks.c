/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_attacks: each row of rows.c against a live kernel, in the guest, and a table of what became
 * of it; of the numbers in PALE_ROWS, if that is set, and then with what was reported. test_attacks
 * --mutate: for each BPF program, or each in PALE_PROGRAMS, whether any row, or any case of
 * lsm_cases.h, notices that it is gone. test_attacks --under ...: see under.h.
 */
#include "compiler/base/cleanup.h"
#include "compiler/compile.h"
#include "tests/attacks/catalogue/confine.h"
#include "tests/attacks/catalogue/killed_loader.h"
#include "tests/attacks/catalogue/scene.h"
#include "tests/vm/lsm_cases.h"

#include <fnmatch.h>
#include <jansson.h>
#include <limits.h>
#include <stdarg.h>

enum answer { NOT_ASKED, NO, YES };

static const char *const answer_names[] = { "-", "NO", "yes" };

struct outcome {
	enum answer bare, twin, stopped, reported;
	char by[64];	/* mechanisms, by their reports */
	char why[1024]; /* of the first NO */
};

static char build[PATH_MAX];
static int n_results, n_bad;

static void result(bool good, const char *number, const char *title)
{
	n_bad += !good;
	printf("%s %d - %s%s%s\n", good ? "ok" : "not ok", ++n_results, number, *number ? " " : "",
		title);
}

__attribute__((format(printf, 2, 3))) static enum answer no(
	struct outcome *o, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	if (!*o->why)
		vsnprintf(o->why, sizeof(o->why), format, ap);
	va_end(ap);
	return NO;
}

static void comment(const char *s)
{
	while (*s) {
		size_t n = strcspn(s, "\n");

		printf("# %.*s\n", (int)n, s);
		s += n + (s[n] == '\n');
	}
}

/* ---- policies ---- */

static void source_of(const struct row *r, struct text *ret)
{
	char *rules = expand(r->rules);

	text_printf(ret,
		"%sprofile t {\n%s\n"
		"process { allow exec %s }\n"
		"file { allow read, map /usr/lib/**; allow read /etc/ld.so.cache }\n}\n",
		r->by ? "use base/libc\n" : "", rules, r->actor ? r->actor : attack);
	free(rules);
}

static void compile_source(struct compilation *c, const struct text *source)
{
	compile_bytes(c, "row.pale", source->s, source->len, &(struct compile_options){ 0 });
	if (c->diags.n_errors) {
		diag_print(&c->diags, stdout, false);
		printf("Bail out! policy:\n%s\n", text_str(source));
		exit(1);
	}
}

static void compile_row(struct compilation *c, const struct row *r)
{
	_cleanup_(text_release) struct text source = TEXT_INIT;

	source_of(r, &source);
	compile_source(c, &source);
}

/* ---- events ---- */

/* "@attack" put in. */
static char *events_of(const char *patterns)
{
	struct text t = TEXT_INIT;
	const char *at;

	while ((at = strstr(patterns, "@attack"))) {
		text_add(&t, patterns, (size_t)(at - patterns));
		text_puts(&t, attack);
		patterns = at + strlen("@attack");
	}
	text_puts(&t, patterns);
	return text_take(&t);
}

/* Each line fits the pattern of the same line; with @repeats each pattern any number of times. */
static bool events_fit(const char *events, const char *patterns, bool repeats)
{
	char line[1024], pattern[1024];

	for (;;) {
		size_t n = strcspn(events, "\n"), m = strcspn(patterns, "\n");

		if (!*events && !*patterns)
			return true;
		if (!*events || !*patterns)
			return false;
		snprintf(line, sizeof(line), "%.*s", (int)n, events);
		snprintf(pattern, sizeof(pattern), "%.*s", (int)m, patterns);
		if (fnmatch(pattern, line, 0) != 0)
			return false;
		do {
			events += n + (events[n] == '\n');
		} while (repeats && !strncmp(events, line, n) && n == strcspn(events, "\n"));
		patterns += m + (patterns[m] == '\n');
	}
}

/* ---- one row ---- */

static void another(void *ctx)
{
	confine_another(ctx);
}

static void on_kill_request(int sock, char c)
{
	if (c != 'k')
		return;
	loader_kill();
	if (send(sock, &c, 1, MSG_NOSIGNAL) != 1)
		die("send");
}

/* Under the programs of another loader, which is killed. @bare: see struct row. */
static int run_after_kill(const struct row *r, const char *command, bool bare,
	struct text *ret_events, bool *ret_complete)
{
	_cleanup_(compilation_release) struct compilation c = { 0 };
	bool attacked = r->killed == KILLED_AND_ATTACKED, pinned = attacked || !bare;
	char path[64], bound[64];
	int cgroup = new_cgroup(path, sizeof(path)), other = new_cgroup(bound, sizeof(bound)),
	    status;

	compile_row(&c, r);
	loader_start(c.policies[0], attacked && bare ? bound : path, pinned);
	if (r->killed != KILLED_MEANWHILE)
		loader_kill();
	on_request = on_kill_request;
	status = scene_run(r, command, cgroup, NULL, NULL, NULL);
	on_request = NULL;
	loader_kill();
	close(cgroup);
	close(other);
	remove_cgroup(path);
	remove_cgroup(bound);
	if (pinned)
		*ret_complete = loader_collect(c.policies[0], ret_events);
	return status;
}

/* What is bound when the task asks for it; NULL: nothing. */
static struct confinement *registered;
static bool is_twin;

static void on_policy_request(int sock, char c)
{
	if (c != 'g')
		return;
	c = 'n';
	if (registered) {
		add_instance(confine.lsm, registered, false);
		c = 'y';
	}
	if (send(sock, &c, 1, MSG_NOSIGNAL) != 1)
		die("send");
}

/* In a cgroup that is not bound, below one that is to a policy without rules. */
static int run_unregistered(
	const struct row *r, const char *command, struct text *ret_events, bool *ret_complete)
{
	_cleanup_(compilation_release) struct compilation c = { 0 }, pending = { 0 };
	_cleanup_(text_release) struct text source = TEXT_INIT;
	struct confinement box, child = { 0 };
	int status;

	text_puts(&source, "profile pending { }\n");
	compile_source(&pending, &source);
	compile_row(&c, r);
	confine_begin(&box, pending.policies[0], false);
	snprintf(child.path, sizeof(child.path), "%s/child", box.path);
	if (mkdir(child.path, 0755) < 0)
		die(child.path);
	child.cgroup = open(child.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	child.policy = compiled_policy(c.policies[0]);
	registered = is_twin ? &child : NULL;
	on_request = on_policy_request;
	status = scene_run(r, command, child.cgroup, NULL, NULL, NULL);
	on_request = NULL;
	if (registered) {
		end_instance(&child);
	} else {
		close(child.cgroup);
		remove_cgroup(child.path);
	}
	*ret_complete = confine_end(&box, ret_events);
	return status;
}

/* Under the BPF programs alone. The exit status; *ret_events is to be released. */
static int run_confined(
	const struct row *r, const char *command, struct text *ret_events, bool *ret_complete)
{
	_cleanup_(compilation_release) struct compilation c = { 0 };
	struct confinement box;
	pid_t storm = 0;
	int status;

	if (r->killed)
		return run_after_kill(r, command, false, ret_events, ret_complete);
	if (r->unregistered)
		return run_unregistered(r, command, ret_events, ret_complete);
	compile_row(&c, r);
	if (r->drop_caches)
		drop_caches();
	confine_begin(&box, c.policies[0], r->image);
	if (r->storm)
		storm = start_storm();
	status = scene_run(r, command, box.cgroup, NULL, r->churn ? another : NULL, &box);
	end_process(&storm);
	*ret_complete = confine_end(&box, ret_events);
	return status;
}

static void add_report(struct text *t, json_t *o, struct outcome *ret)
{
	const char *rule = "", *operation = "", *object = "", *outcome = "", *mechanism = "";

	json_unpack(o, "{s?s, s:s, s:s, s:s, s:s}", "rule", &rule, "operation", &operation,
		"object", &object, "outcome", &outcome, "mechanism", &mechanism);
	if (t->len)
		text_putc(t, '\n');
	text_printf(t, "%s %s %s | %s", !strcmp(outcome, "refused") ? "denied" : outcome, operation,
		object, rule);
	if (!strstr(ret->by, mechanism) &&
		strlen(ret->by) + strlen(mechanism) + 2 < sizeof(ret->by)) {
		if (*ret->by)
			strcat(ret->by, ",");
		strcat(ret->by, mechanism);
	}
}

/* By `pale run` with the row's mechanisms. */
static int run_by_pale(
	const struct row *r, const char *command, struct text *ret_events, struct outcome *o)
{
	_cleanup_(text_release) struct text source = TEXT_INIT;
	_cleanup_fclose_ FILE *report = NULL;
	char pale[4200], profiles[4200], line[8192];
	const char *const before[] = { pale, "run", "-I", profiles, "-p", "/tmp/row.pale",
		"--allow-partial", "-m", r->by, "-r", "/tmp/report", "--", NULL };
	/* It makes one of its own below, which needs one without processes or the root. */
	int cgroup = open("/sys/fs/cgroup", O_RDONLY | O_DIRECTORY | O_CLOEXEC), status;

	snprintf(pale, sizeof(pale), "%s/pale", build);
	snprintf(profiles, sizeof(profiles), "%s/../profiles", build);
	source_of(r, &source);
	put_text("/tmp", "row.pale", 0644, text_str(&source));
	unlink("/tmp/report");
	status = scene_run(r, command, cgroup, before, NULL, NULL);
	close(cgroup);
	report = fopen("/tmp/report", "re");
	while (report && fgets(line, sizeof(line), report)) {
		json_t *object = json_loads(line, 0, NULL);

		add_report(ret_events, object, o);
		json_decref(object);
	}
	return status;
}

static int run_under_policy(
	const struct row *r, const char *command, struct text *ret_events, struct outcome *o)
{
	bool complete = true;
	int status;

	if (r->by)
		return run_by_pale(r, command, ret_events, o);
	snprintf(o->by, sizeof(o->by), "bpf-lsm");
	status = run_confined(r, command, ret_events, &complete);
	if (!complete)
		no(o, "events are missing");
	return status;
}

static int run_bare(const struct row *r)
{
	_cleanup_(text_release) struct text events = TEXT_INIT;
	char path[64];
	int cgroup, status;
	bool complete;

	if (r->killed)
		return run_after_kill(r, r->attack, true, &events, &complete);
	cgroup = new_cgroup(path, sizeof(path));
	status = scene_run(r, r->attack, cgroup, NULL, NULL, NULL);
	close(cgroup);
	remove_cgroup(path);
	return status;
}

static void try_bare(const struct row *r, struct outcome *o)
{
	int status;

	scene_fresh(r);
	status = run_bare(r);
	if (status != 0)
		o->bare = no(o, "bare: ended with %d", status);
	else if (!has_effect(r->effect))
		o->bare = no(o, "bare: no effect; said \"%s\"",
			scene.proof.len ? text_str(&scene.proof) : "");
	else
		o->bare = YES;
	scene_end();
}

/* Effects that name a place are the attack's alone. */
static bool twin_has_effect(const struct row *r)
{
	return r->effect && strcmp(r->effect, "secret") == 0 && strstr(r->attack, "read") &&
	       strstr(r->twin, "read");
}

static void try_twin(const struct row *r, struct outcome *o)
{
	_cleanup_(text_release) struct text events = TEXT_INIT;
	/* Its first exec is the attack. */
	_cleanup_free_ char *twin_events = events_of(r->unregistered ? r->events : "");
	int status;

	scene_fresh(r);
	is_twin = true;
	status = run_under_policy(r, r->twin, &events, o);
	is_twin = false;
	if (status != 0)
		o->twin = no(o, "twin: ended with %d, events:\n%s", status,
			events.len ? text_str(&events) : "");
	else if (!events_fit(events.len ? text_str(&events) : "", twin_events, false))
		o->twin = no(o, "twin: events:\n%s", text_str(&events));
	else if (twin_has_effect(r) && !has_effect(r->effect))
		o->twin = no(o, "twin: no effect");
	else
		o->twin = YES;
	scene_end();
}

static void try_attack(const struct row *r, struct outcome *o)
{
	_cleanup_(text_release) struct text events = TEXT_INIT;
	_cleanup_free_ char *expected = events_of(r->events);
	const char *seen;
	bool effect;
	int status;

	scene_fresh(r);
	*o->by = 0;
	status = run_under_policy(r, r->attack, &events, o);
	seen = events.len ? text_str(&events) : "";
	effect = r->effect && has_effect(r->effect);
	if (r->documented)
		o->stopped = effect && status == r->expect
				     ? NOT_ASKED
				     : no(o, "documented as what passes: ended with %d, %s", status,
					       effect ? "worked" : "no effect");
	else if (effect)
		o->stopped = no(o, "confined: it worked, ended with %d; events:\n%s", status, seen);
	else if (status != r->expect)
		o->stopped = no(o, "confined: ended with %d, expected %d; events:\n%s", status,
			r->expect, seen);
	else
		o->stopped = YES;
	if (getenv("PALE_ROWS") && *seen)
		comment(seen);
	if (!events_fit(seen, expected, r->repeats))
		o->reported = no(o, "events:\n%s\nexpected:\n%s", seen, expected);
	else
		o->reported = *expected ? YES : NOT_ASKED;
	/* What says nothing when it refuses. */
	if (!*o->by && !r->documented)
		snprintf(o->by, sizeof(o->by), "%s",
			!r->by			  ? "bpf-lsm"
			: strstr(r->by, "cgroup") ? "cgroup"
						  : "capabilities");
	scene_end();
}

/* Whether the language's reference says so. Line ends count as blanks. */
static bool is_documented(const char *sentence)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;
	_cleanup_fclose_ FILE *f = NULL;
	char path[4200];
	int c;

	snprintf(path, sizeof(path), "%s/../grammar/LANGUAGE.md", build);
	f = fopen(path, "re");
	if (!f)
		die(path);
	while ((c = getc(f)) != EOF)
		text_putc(&t, c == '\n' ? ' ' : (char)c);
	return strstr(text_str(&t), sentence) != NULL;
}

static void try_row(const struct row *r, struct outcome *o)
{
	*o = (struct outcome){ 0 };
	try_bare(r, o);
	if (r->documented) {
		try_attack(r, o);
		snprintf(o->by, sizeof(o->by), "documented");
		if (!is_documented(r->documented))
			no(o, "LANGUAGE.md does not say: %s", r->documented);
		return;
	}
	try_twin(r, o);
	try_attack(r, o);
}

static void print_table(const struct outcome *o)
{
	printf("#\n# %-4s %-52s %-5s %-5s %-8s %-7s %s\n", "no.", "tried", "bare", "twin",
		"stopped", "report", "by");
	for (size_t i = 0; i < n_rows; i++)
		if (o[i].bare != NOT_ASKED)
			printf("# %-4s %-52s %-5s %-5s %-8s %-7s %s\n", rows[i].number,
				rows[i].title, answer_names[o[i].bare], answer_names[o[i].twin],
				answer_names[o[i].stopped], answer_names[o[i].reported], o[i].by);
}

/* Whether @word is among @words, which blanks part. NULL has all. */
static bool has_word(const char *words, const char *word)
{
	size_t len = strlen(word);

	for (const char *s = words; s && (s = strstr(s, word)); s += len)
		if ((s == words || s[-1] == ' ') && (!s[len] || s[len] == ' '))
			return true;
	return !words;
}

static int try_all(const char *numbers)
{
	struct outcome *o = calloc(n_rows, sizeof(*o));

	for (size_t i = 0; i < n_rows; i++) {
		if (!has_word(numbers, rows[i].number))
			continue;
		try_row(&rows[i], &o[i]);
		result(!*o[i].why, rows[i].number, rows[i].title);
		comment(o[i].why);
	}
	print_table(o);
	free(o);
	return n_bad != 0;
}

#include "tests/attacks/catalogue/under.h"

/* ---- without one program ---- */

/* Cases have no twin and no effect, and their events are told exactly. */
static struct row row_of_case(const struct lsm_case *t)
{
	return (struct row){ .number = "case",
		.title = t->title,
		.rules = t->rules,
		.attack = t->command,
		.expect = t->expect,
		.events = t->events ? t->events : "",
		.actor = actor,
		.image = t->image,
		.storm = t->storm,
		.drop_caches = t->drop_caches };
}

/* Whether all is as it should be under the policy. */
static bool holds(const struct row *r, struct outcome *o)
{
	*o = (struct outcome){ 0 };
	try_attack(r, o);
	return !*o->why;
}

/* Of the cases: what most likely notices a program that no row names. */
static const struct {
	const char *program, *action;
} case_hints[] = {
	{ "bpf", "own_by_number " },
	{ "bpf_map", "own_by_number map" },
	{ "call_refused", "filtered_call" },
	{ "uring_cmd", "uring_ioctl " },
	{ "lookup_begins", "mount_bind " },
	{ "lookup_ended", "mount_then_bind " },
	{ "lookup_ended", "mount_bind" },
	{ "inode_follow_link", "mount_bind " },
	{ "get_tree_ended", "mount_reconfigure " },
	{ "sb_remount", "mount_reconfigure " },
	{ "open_ended", "append_create /srv/t/new" },
	{ "file_fcntl", "append_then_setfl " },
	{ "file_ioctl", "ioctl " },
	{ "file_lock", "lock " },
	{ "file_permission", "append_then_punch " },
	{ "get_tree_begins", "mount_at devtmpfs " },
	{ "inode_remove_acl", "remove_acl " },
	{ "inode_removexattr", "removexattr " },
	{ "inode_set_acl", "set_acl " },
	{ "path_mkdir", "mkdir " },
	{ "path_rmdir", "rmdir " },
	{ "path_symlink", "symlink " },
	{ "file_truncate", "truncate_deleted" },
	{ "file_truncate", "append_then_truncate " },
	{ "path_truncate", "append_then_truncate " },
	{ "socket_accept", "accept" },
	{ "socket_listen", "listen_unbound" },
	{ "socket_setsockopt", "set_route " },
	{ "userns_create", "userns" },
	{ "fallocate_begins", "append_then_punch " },
	{ "fallocate_ended", "punch_then_append " },
};

static bool is_hinted(const struct row *r, const char *program)
{
	for (size_t i = 0; i < sizeof(case_hints) / sizeof(*case_hints); i++)
		if (!strcmp(case_hints[i].program, program) &&
			strstr(r->attack, case_hints[i].action) == r->attack)
			return true;
	return false;
}

static void mutate(const struct row *all, size_t n, const char *program)
{
	struct outcome o;

	/* First those that are said to depend on it. */
	for (int pass = 0; pass < 2; pass++) {
		for (size_t i = 0; i < n; i++) {
			bool first = (all[i].programs && has_word(all[i].programs, program)) ||
				     is_hinted(&all[i], program);

			if (first != (pass == 0) || holds(&all[i], &o))
				continue;
			result(true, "without", program);
			printf("# noticed by: %s %s\n", all[i].number, all[i].title);
			return;
		}
	}
	result(false, "without", program);
	printf("# noticed by none of %zu\n", n);
}

static int mutate_all(const char *only)
{
	const size_t n_cases = sizeof(lsm_cases) / sizeof(*lsm_cases);
	struct row *all = calloc(n_rows + n_cases, sizeof(*all));
	struct outcome o;
	size_t n = 0, n_tried = 0;

	for (size_t i = 0; i < n_rows + n_cases; i++) {
		bool is_row = i < n_rows;
		struct row r = is_row ? rows[i] : row_of_case(&lsm_cases[i - n_rows]);

		if (is_row ? r.by || r.documented || r.killed : lsm_cases[i - n_rows].flood != 0)
			continue;
		n_tried++;
		if (holds(&r, &o))
			all[n++] = r;
		else
			printf("# left out, for it fails with all programs: %s %s\n", r.number,
				r.title);
	}
	printf("# %zu of %zu hold with all programs\n", n, n_tried);
	for (size_t i = 0; confine_program(i); i++) {
		const char *program = confine_program(i);

		if (!has_word(only, program))
			continue;
		confine_without(i);
		mutate(all, n, program);
		confine_with(i);
	}
	free(all);
	return n_bad != 0;
}

int main(int argc, char **argv)
{
	ssize_t n = readlink("/proc/self/exe", attack, sizeof(attack) - 16);
	struct pale_err *err = NULL;
	bool mutates = argc > 1 && !strcmp(argv[1], "--mutate");
	bool under = argc > 1 && !strcmp(argv[1], "--under");
	char up[4200];
	int r;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (!getenv("PALE_VM")) {
		printf("Bail out! for the guest only\n");
		return 1;
	}
	if (n < 0)
		die("/proc/self/exe");
	attack[n] = 0;
	*strrchr(attack, '/') = 0;
	snprintf(preload, sizeof(preload), "%s/preload.so", attack);
	/* BUILD/tests/attacks/catalogue */
	snprintf(up, sizeof(up), "%s/../../..", attack);
	if (!realpath(up, build))
		die(up);
	snprintf(actor, sizeof(actor), "%s/tests/vm/lsm_actor", build);
	strcat(attack, "/attack");
	check_err(lsm_supported(&err), &err);
	/* Loaders wait for the kernel at each program and policy. */
	put_text("/sys/kernel", "rcu_expedited", 0644, "1");
	/* Processes of the scene must not hold what the loader opens. */
	scene_make();
	if (!under)
		confine_load();
	if (under)
		r = try_all_under(argv + 2, getenv("PALE_ROWS"));
	else
		r = mutates ? mutate_all(getenv("PALE_PROGRAMS")) : try_all(getenv("PALE_ROWS"));
	kill(outside, SIGKILL);
	confine_unload();
	printf("1..%d\n", n_results);
	return r;
}
