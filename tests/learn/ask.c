/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a policy says, through decide(), of much at once; `pale query` answers one question.
 *
 *	ask POLICY seen < RUNS
 *	ask POLICY questions < LINES
 *	ask POLICY files USED < NAMES
 *
 * seen: of each distinct thing in the recorded runs (pale-runs(5)), whoever did it, whether the
 * policy allows it, and which kind of thing it is:
 *
 *	{"syscalls": {"seen": 90, "allowed": 89, "refused": ["syscall sync"]}, "paths": {…},
 *	 "connections": {…}, "others": {…}}
 *
 * paths are files, exec and sockets with a path; connections are addresses and families of sockets;
 * others are signals, capabilities, tracing, forks. What learning drops (the container runtime's
 * own, commands executed from outside) is not counted. A call of which only some arguments are
 * allowed, where the run does not have them, counts as refused. clone3 that fails with ENOSYS
 * counts as allowed: the C library makes a clone of it.
 *
 * questions: a line of words that TAB parts, as `pale query` has them after its FILE; "allow",
 *"deny" or "depends" for each.
 *
 * files: NAMES are paths, each ended by NUL, of files that are there. USED: a file of runs. Prints
 * how many files the policy lets be read, written (also appended to, removed, renamed, changed in
 * their mode) or executed, and how many of those no run did that to:
 *
 *	{"files": 2000, "read": {"allowed": 50, "unused": 20}, "write": {…}, "execute": {…},
 *	 "any": {…}}
 *
 * Asked is the file's first profile. Fragments are found through PALE_PATH. Exit status: 0; 1 for
 * a policy or input that is wrong; 2 usage.
 */
#include "compiler/base/cleanup.h"
#include "compiler/base/hash_index.h"
#include "compiler/base/json_text.h"
#include "compiler/expect.h"
#include "compiler/learn_internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct asked {
	struct compilation c;
	const struct policy *policy;
};

static char *read_all(FILE *f, size_t *ret_len)
{
	char *bytes = NULL;
	size_t cap = 0, len = 0, n;

	do {
		if (len == cap) {
			cap = cap ? cap * 2 : 1 << 16;
			bytes = realloc(bytes, cap);
			if (!bytes)
				abort();
		}
		n = fread(bytes + len, 1, cap - len, f);
		len += n;
	} while (n);
	*ret_len = len;
	return bytes;
}

static bool read_runs(struct learn_runs *runs, const char *name, FILE *f)
{
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	size_t len;
	_cleanup_free_ char *bytes = read_all(f, &len);

	if (learn_runs_read(runs, name, bytes, len, &err) >= 0)
		return true;
	fprintf(stderr, "ask: %s\n", pale_err_text(err));
	return false;
}

/* What learning would make of the runs. */
static void items_of(struct learn_work *w, struct learn_result *result, struct learn_runs *runs)
{
	result->arena = arena_new();
	w->arena = result->arena;
	w->result = result;
	learn_runs_sort(runs);
	learn_items_make(w, runs);
}

/* ---- seen */

enum kind { SYSCALLS, PATHS, CONNECTIONS, OTHERS, KINDS };
static const char *const kind_names[KINDS] = { "syscalls", "paths", "connections", "others" };

struct tally {
	unsigned int seen, allowed;
	json_t *refused;
};

static enum kind kind_of(const struct learn_observation *o)
{
	const char *path;
	uint32_t len;

	if (o->operation == OP_SYSCALL)
		return SYSCALLS;
	if (vocab_operations[o->operation].object == OBJECT_PATH || learn_has_path(o, &path, &len))
		return PATHS;
	switch (vocab_operations[o->operation].object) {
	case OBJECT_NETWORK:
	case OBJECT_FAMILY:
		return CONNECTIONS;
	default:
		return OTHERS;
	}
}

static bool is_allowed(const struct policy *p, const struct learn_item *item)
{
	struct decision v = learn_decide(p, 0, item);

	return (v.verdict == VERDICT_ALLOW && !v.depends) || learn_is_fallback(item, &v);
}

static bool same_text(const void *ctx, uint32_t value)
{
	const struct text *const *k = ctx;

	return !strcmp(text_str(&k[1][value]), text_str(k[0]));
}

static int seen(struct asked *a)
{
	_cleanup_(learn_runs_release) struct learn_runs runs = { 0 };
	struct learn_result result = { 0 };
	struct learn_work w = { 0 };
	struct tally tally[KINDS] = { 0 };
	struct hash_index index;
	struct text *texts;
	uint32_t n = 0;
	json_t *o = json_object();

	if (!read_runs(&runs, "standard input", stdin))
		return 1;
	items_of(&w, &result, &runs);
	hash_index_init(&index, w.arena);
	texts = arena_array(w.arena, w.n_items + 1, sizeof(*texts));
	for (int k = 0; k < KINDS; k++)
		tally[k].refused = json_array();
	for (uint32_t i = 0; i < w.n_items; i++) {
		struct text *t = &texts[n];
		struct tally *to = &tally[kind_of(&w.items[i].o)];
		uint64_t hash = 0;

		/* Of several executables it is one thing. */
		text_clear(t);
		learn_question(t, &w.items[i].o);
		if (w.items[i].o.abi != vocab_abi_native())
			text_printf(t, " (%s)", vocab_abi_name(w.items[i].o.abi));
		if (w.items[i].o.folded)
			text_puts(t, "**");
		for (size_t k = 0; k < t->len; k++)
			hash = hash_add(hash, (unsigned char)t->s[k]);
		if (hash_index_find(&index, hash, same_text, (const struct text *[]){ t, texts }) !=
			HASH_INDEX_NONE)
			continue;
		hash_index_add(&index, hash, n++);
		to->seen++;
		if (is_allowed(a->policy, &w.items[i]))
			to->allowed++;
		else
			json_array_append_new(to->refused, json_text(text_str(t)));
	}
	for (int k = 0; k < KINDS; k++)
		json_object_set_new(o, kind_names[k],
			json_pack("{s:i, s:i, s:o}", "seen", tally[k].seen, "allowed",
				tally[k].allowed, "refused", tally[k].refused));
	json_dumpf(o, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(o);
	for (uint32_t i = 0; i <= w.n_items; i++)
		text_release(&texts[i]);
	learn_result_release(&result);
	return 0;
}

/* ---- questions */

#define WORDS_MAX 16

static int questions(struct asked *a)
{
	_cleanup_free_ char *line = NULL;
	size_t cap = 0;
	ssize_t len;

	while ((len = getline(&line, &cap, stdin)) > 0) {
		char *words[WORDS_MAX], *save = NULL;
		struct question q;
		struct decision v;
		int n = 0;

		if (line[len - 1] == '\n')
			line[len - 1] = 0;
		/* A question keeps what it was asked with. */
		for (char *s = strtok_r(arena_strdup(a->c.arena, line), "\t", &save);
			s && n < WORDS_MAX; s = strtok_r(NULL, "\t", &save))
			words[n++] = s;
		if (!n || !question_parse(&a->c, a->policy, 0, n, words, &q)) {
			diag_sort(&a->c.diags);
			diag_print(&a->c.diags, stderr, false);
			fprintf(stderr, "ask: not a question: %s\n", line);
			return 1;
		}
		v = decide(a->policy, 0, &q.request);
		puts(v.depends ? "depends" : verdict_word(&v));
	}
	return 0;
}

/* ---- files */

enum use { USE_READ, USE_WRITE, USE_EXECUTE, USES };
static const char *const use_names[USES] = { "read", "write", "execute" };
static const uint64_t uses[USES] = {
	[USE_READ] = OP_BIT(OP_READ) | OP_BIT(OP_MAP),
	[USE_WRITE] = OP_BIT(OP_WRITE) | OP_BIT(OP_APPEND) | OP_BIT(OP_DELETE) | OP_BIT(OP_RENAME) |
		      OP_BIT(OP_SETATTR),
	[USE_EXECUTE] = OP_BIT(OP_EXEC),
};

/* What the runs did, by path: a bit for each use. */
struct used {
	struct hash_index index;
	const struct learn_observation **v;
	uint8_t *bits;
	uint32_t n;
};

struct sought {
	const struct used *used;
	const char *path;
	size_t len;
};

static bool same_path(const void *ctx, uint32_t value)
{
	const struct sought *k = ctx;
	const struct learn_observation *o = k->used->v[value];

	return o->object_len == k->len && !memcmp(o->object, k->path, k->len);
}

static uint64_t hash_path(const char *path, size_t len)
{
	uint64_t hash = 0;

	for (size_t i = 0; i < len; i++)
		hash = hash_add(hash, (unsigned char)path[i]);
	return hash;
}

static uint8_t *used_at(struct used *u, const char *path, size_t len)
{
	struct sought k = { .used = u, .path = path, .len = len };
	uint32_t at = hash_index_find(&u->index, hash_path(path, len), same_path, &k);

	return at == HASH_INDEX_NONE ? NULL : &u->bits[at];
}

static void collect_used(struct learn_work *w, struct used *u)
{
	hash_index_init(&u->index, w->arena);
	u->v = arena_array(w->arena, w->n_items + 1, sizeof(*u->v));
	u->bits = arena_array(w->arena, w->n_items + 1, sizeof(*u->bits));
	for (uint32_t i = 0; i < w->n_items; i++) {
		const struct learn_observation *o = &w->items[i].o;
		uint8_t *bits;

		if (vocab_operations[o->operation].object != OBJECT_PATH)
			continue;
		bits = used_at(u, o->object, o->object_len);
		if (!bits) {
			hash_index_add(&u->index, hash_path(o->object, o->object_len), u->n);
			u->v[u->n] = o;
			bits = &u->bits[u->n++];
		}
		for (int k = 0; k < USES; k++) {
			if (uses[k] & OP_BIT(o->operation))
				*bits |= (uint8_t)(1u << k);
		}
		/* Who executes a file reads it. */
		if (o->operation == OP_EXEC)
			*bits |= 1u << USE_READ;
	}
}

static uint8_t allowed_uses(const struct policy *p, const char *path, size_t len)
{
	struct request r = { .path = path, .path_len = (uint32_t)len };
	uint8_t bits = 0;

	for (int k = 0; k < USES; k++) {
		for (int op = 0; op < OP_COUNT; op++) {
			r.operation = (enum operation)op;
			if ((uses[k] & OP_BIT(op)) && decide(p, 0, &r).verdict == VERDICT_ALLOW)
				bits |= (uint8_t)(1u << k);
		}
	}
	return bits;
}

static void count_files(
	const struct policy *p, struct used *u, const char *names, size_t len, json_t *to)
{
	unsigned int allowed[USES + 1] = { 0 }, unused[USES + 1] = { 0 };
	int n = 0;

	for (const char *s = names; s < names + len; s += strlen(s) + 1, n++) {
		uint8_t may = allowed_uses(p, s, strlen(s));
		const uint8_t *did = used_at(u, s, strlen(s));
		uint8_t over = (uint8_t)(may & ~(did ? *did : 0));

		for (int k = 0; k < USES; k++) {
			allowed[k] += may >> k & 1;
			unused[k] += over >> k & 1;
		}
		allowed[USES] += may != 0;
		unused[USES] += over != 0;
	}
	json_object_set_new(to, "files", json_integer(n));
	for (int k = 0; k <= USES; k++)
		json_object_set_new(to, k < USES ? use_names[k] : "any",
			json_pack("{s:i, s:i}", "allowed", allowed[k], "unused", unused[k]));
}

static int files(struct asked *a, const char *runs_file)
{
	_cleanup_(learn_runs_release) struct learn_runs runs = { 0 };
	_cleanup_fclose_ FILE *f = fopen(runs_file, "re");
	struct learn_result result = { 0 };
	struct learn_work w = { 0 };
	struct used used = { 0 };
	json_t *o = json_object();
	size_t len;
	_cleanup_free_ char *names = NULL;

	if (!f) {
		fprintf(stderr, "ask: %s: %s\n", runs_file, strerror(errno));
		return 1;
	}
	if (!read_runs(&runs, runs_file, f))
		return 1;
	names = read_all(stdin, &len);
	if (len && names[len - 1]) {
		fprintf(stderr, "ask: the last name does not end in NUL\n");
		return 1;
	}
	items_of(&w, &result, &runs);
	collect_used(&w, &used);
	count_files(a->policy, &used, names, len, o);
	json_dumpf(o, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(o);
	learn_result_release(&result);
	return 0;
}

int main(int argc, char **argv)
{
	struct asked a;
	int status;

	if (!(argc == 3 && (!strcmp(argv[2], "seen") || !strcmp(argv[2], "questions"))) &&
		!(argc == 4 && !strcmp(argv[2], "files"))) {
		fprintf(stderr, "usage: ask POLICY seen < RUNS\n"
				"       ask POLICY questions < LINES\n"
				"       ask POLICY files USED < NAMES\n");
		return 2;
	}
	compile_file(&a.c, argv[1], NULL);
	a.policy = compilation_policy(&a.c, NULL);
	if (!a.policy || a.c.diags.n_errors) {
		diag_sort(&a.c.diags);
		diag_print(&a.c.diags, stderr, false);
		compilation_release(&a.c);
		return 1;
	}
	if (argc == 4)
		status = files(&a, argv[3]);
	else
		status = argv[2][0] == 's' ? seen(&a) : questions(&a);
	compilation_release(&a.c);
	return status;
}
