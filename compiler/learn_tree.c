/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/learn_tree.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* Components below this are never a star: /etc/x. */
#define STAR_FROM 3
/* More kinds of paths below names that differ are `**`. */
#define SHAPES_MAX 4

struct learn_node {
	const char *name; /* as policy text; "": the directory itself */
	bool leaf, folded;
	bool leaf_varies, folder_varies; /* a star is for it */
	enum learn_token_kind token;
	/* Of a leaf those that differed from run to run; several where a token stands for them,
	 * which is none of where the name is. */
	const struct learn_item **values;
	uint32_t n_values, cap_values;
	/* Of a folder that a token stands for: what it was called, and when. */
	struct called {
		const char *name;
		uint32_t len;
		const uint64_t *runs;
	} * called;
	uint32_t n_called, cap_called;
	struct learn_seen here, below; /* of the leaf; of everything, the leaf included */
	uint32_t n_paths;
	struct learn_node **children;
	uint32_t n, cap;
};

void learn_seen_add(struct learn_work *w, struct learn_seen *to, const struct learn_seen *s)
{
	if (!s->runs)
		return;
	if (!to->runs) {
		to->runs = arena_array(w->arena, w->run_words, sizeof(*to->runs));
		to->first = s->first;
		to->last = s->last;
	}
	learn_runs_join(w, to->runs, s->runs);
	to->n_items += s->n_items;
	if (s->first < to->first)
		to->first = s->first;
	if (s->last > to->last)
		to->last = s->last;
}

static struct learn_node *child(
	struct learn_work *w, struct learn_node *up, const char *name, size_t len)
{
	struct learn_node *n;

	/* In their order: it is the last one, if there is one. */
	for (uint32_t i = up->n; i > 0 && i + 1 > up->n; i--) {
		n = up->children[i - 1];
		if (strlen(n->name) == len && !memcmp(n->name, name, len))
			return n;
	}
	n = arena_alloc(w->arena, sizeof(*n));
	n->name = arena_memdup(w->arena, name, len);
	ARENA_PUSH(w->arena, up->children, up->n, up->cap, n);
	return n;
}

static void add_value(struct learn_work *w, struct learn_node *n, const struct learn_item *item)
{
	if (item->n_runs < w->n_runs)
		ARENA_PUSH(w->arena, n->values, n->n_values, n->cap_values, item);
}

void learn_tree_insert(struct learn_work *w, struct learn_node *root, const struct learn_entry *e)
{
	struct learn_node *n = root;
	const char *plain = e->plain;

	learn_seen_join(w, &root->below, e->item);
	for (const char *s = e->key; *s == '/';) {
		size_t len = strcspn(++s, "/");
		uint32_t plain_len = (uint32_t)strcspn(++plain, "/");
		struct called c = { plain, plain_len, e->item->runs };

		n = child(w, n, s, len);
		if (s[len] && (plain_len != len || memcmp(plain, s, len) != 0))
			ARENA_PUSH(w->arena, n->called, n->n_called, n->cap_called, c);
		plain += plain_len;
		learn_seen_join(w, &n->below, e->item);
		n->n_paths++;
		s += len;
	}
	n->leaf = true;
	n->folded |= e->item->o.folded;
	n->token = e->token ? e->token : n->token;
	if (!e->token || (!e->sure && !e->made))
		add_value(w, n, e->item);
	learn_seen_join(w, &n->here, e->item);
}

static void merge(struct learn_work *w, struct learn_node *to, const struct learn_node *from)
{
	to->leaf |= from->leaf;
	to->folded |= from->folded;
	to->token = to->token ? to->token : from->token;
	to->n_paths += from->n_paths;
	for (uint32_t i = 0; i < from->n_values; i++)
		add_value(w, to, from->values[i]);
	for (uint32_t i = 0; i < from->n_called; i++)
		ARENA_PUSH(w->arena, to->called, to->n_called, to->cap_called, from->called[i]);
	learn_seen_add(w, &to->here, &from->here);
	learn_seen_add(w, &to->below, &from->below);
	for (uint32_t i = 0; i < from->n; i++) {
		const struct learn_node *c = from->children[i];
		struct learn_node *same = NULL;

		for (uint32_t k = 0; k < to->n && !same; k++) {
			if (!strcmp(to->children[k]->name, c->name))
				same = to->children[k];
		}
		if (!same) {
			same = arena_alloc(w->arena, sizeof(*same));
			same->name = c->name;
			ARENA_PUSH(w->arena, to->children, to->n, to->cap, same);
		}
		merge(w, same, c);
	}
}

/* ---- shapes */

static void add_shape(struct learn_work *w, struct learn_shapes *to, const char *name,
	const char *rest, const struct learn_seen *seen, const char *why)
{
	struct learn_shape s = { .rest = arena_printf(w->arena, "/%s%s", name, rest), .why = why };

	learn_seen_add(w, &s.seen, seen);
	ARENA_PUSH(w->arena, to->v, to->n, to->cap, s);
}

static bool differs(struct learn_work *w, const struct learn_seen *s)
{
	return learn_runs_count(w, s->runs) < w->n_runs;
}

static bool is_separator(char c)
{
	return c == '.' || c == '_' || c == '-';
}

static bool all_digits(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (!isdigit((unsigned char)s[i]))
			return false;
	}
	return len > 0;
}

/* The bytes at the begin, or at the end, of policy text that are no glob. */
static size_t literal_head(const char *s)
{
	size_t n = 0;

	while (s[n] && !strchr("*?[", s[n]))
		n += s[n] == '\\' && s[n + 1] ? 2 : 1;
	return n;
}

static size_t literal_tail(const char *s)
{
	size_t end = 0;

	for (size_t i = 0; s[i]; i++) {
		if (s[i] == '\\' && s[i + 1])
			i++;
		else if (strchr("*?]", s[i]))
			end = i + 1;
	}
	return strlen(s) - end;
}

/* What the names have in common, up to where a part of them ends, with a star for the rest. */
static const char *names_glob(struct learn_work *w, struct learn_node *const *v, uint32_t n)
{
	const char *first = v[0]->name;
	size_t head = literal_head(first), tail = literal_tail(first), shortest = strlen(first);
	bool digits = true;

	for (uint32_t i = 1; i < n; i++) {
		const char *s = v[i]->name;
		size_t len = strlen(s), most = literal_head(s), k = 0;

		while (k < head && k < most && s[k] == first[k])
			k++;
		head = k;
		most = literal_tail(s);
		for (k = 0; k < tail && k < most && s[len - 1 - k] == first[strlen(first) - 1 - k];
			k++)
			;
		tail = k;
		shortest = len < shortest ? len : shortest;
	}
	while (head && !is_separator(first[head - 1]))
		head--;
	if (tail > shortest - head)
		tail = shortest - head;
	while (tail && !is_separator(first[strlen(first) - tail]))
		tail--;
	for (uint32_t i = 0; i < n; i++)
		digits &= all_digits(v[i]->name + head, strlen(v[i]->name) - head - tail);
	return arena_printf(w->arena, "%.*s%s%s", (int)head, first, digits ? "[0-9]*" : "*",
		first + strlen(first) - tail);
}

/* By the first component. */
enum place {
	PLACE_SYSTEM, /* files that an image brings, and those of the kernel */
	PLACE_DATA,
	PLACE_SHARED, /* what the second one holds is many programs' or users' */
};

static const char *const system_folders[] = { "bin", "boot", "dev", "etc", "lib", "lib32", "lib64",
	"libx32", "opt", "proc", "sbin", "sys", "usr" };

static enum place place_of(const char *name)
{
	for (size_t i = 0; i < sizeof(system_folders) / sizeof(*system_folders); i++) {
		if (!strcmp(system_folders[i], name))
			return PLACE_SYSTEM;
	}
	return strcmp(name, "home") && strcmp(name, "var") ? PLACE_DATA : PLACE_SHARED;
}

bool learn_is_system(const char *path, uint32_t len)
{
	for (size_t i = 0; i < sizeof(system_folders) / sizeof(*system_folders); i++) {
		size_t n = strlen(system_folders[i]);

		if (len > n && !memcmp(path + 1, system_folders[i], n) &&
			(len == n + 1 || path[n + 1] == '/'))
			return true;
	}
	return false;
}

static void shapes_of(struct learn_work *w, const struct learn_node *n, unsigned int index,
	enum place place, struct learn_shapes *to);

/* Directories whose names differ: one for all of them. */
static void merged_shapes(struct learn_work *w, struct learn_node *const *v, uint32_t n,
	unsigned int index, enum place place, struct learn_shapes *to)
{
	struct learn_node *all = arena_alloc(w->arena, sizeof(*all));
	const char *glob = names_glob(w, v, n);
	struct learn_shapes below = { 0 };
	const char *why;

	all->name = glob;
	for (uint32_t i = 0; i < n; i++)
		merge(w, all, v[i]);
	shapes_of(w, all, index + 1, place, &below);
	why = arena_printf(w->arena, "%u names of '%s' differed from run to run", n, glob);
	if (below.n > SHAPES_MAX) {
		add_shape(w, to, glob, "/**", &all->below, why);
		return;
	}
	for (uint32_t i = 0; i < below.n; i++)
		add_shape(w, to, glob, below.v[i].rest, &below.v[i].seen, why);
}

static void leaf_shapes(
	struct learn_work *w, struct learn_node *const *v, uint32_t n, struct learn_shapes *to)
{
	struct learn_seen seen = { 0 };
	const char *glob = names_glob(w, v, n);
	uint32_t n_names = 0;

	for (uint32_t i = 0; i < n; i++) {
		learn_seen_add(w, &seen, &v[i]->here);
		n_names += v[i]->n_values;
	}
	add_shape(w, to, glob, "", &seen,
		arena_printf(w->arena, "%u names of '%s' differed from run to run", n_names, glob));
}

static void single_shapes(struct learn_work *w, const struct learn_node *c, bool leaf, bool below,
	unsigned int index, enum place place, struct learn_shapes *to)
{
	struct learn_shapes more = { 0 };

	if (leaf && c->folded && index >= STAR_FROM)
		add_shape(w, to, "**", "", &c->here, "more names below it than a run keeps");
	else if (leaf)
		add_shape(w, to, c->name, "", &c->here,
			c->token ? arena_printf(
					   w->arena, "the name has %s", learn_token_names[c->token])
				 : NULL);
	if (below)
		shapes_of(w, c, index + 1, place, &more);
	for (uint32_t i = 0; i < more.n; i++)
		add_shape(w, to, c->name, more.v[i].rest, &more.v[i].seen, more.v[i].why);
}

/* Whether policy text has a token put in: everything else in it is escaped. */
static bool is_glob(const char *s)
{
	for (; *s; s++) {
		if (*s == '\\' && s[1])
			s++;
		else if (strchr("*?[", *s))
			return true;
	}
	return false;
}

/* Names that differed from run to run, in one directory. */
struct varying {
	struct learn_node **leaves, **folders;
	uint32_t n_leaves, n_folders;
	bool everything;  /* below the directory */
	bool own_folders; /* since each run has one of its own */
};

static bool leaves_differ(struct learn_work *w, struct learn_node *const *v, uint32_t n)
{
	const uint64_t **names;
	uint32_t n_names = 0;

	for (uint32_t i = 0; i < n; i++)
		n_names += v[i]->n_values;
	names = arena_array(w->arena, n_names + 1, sizeof(*names));
	n_names = 0;
	for (uint32_t i = 0; i < n; i++) {
		for (uint32_t k = 0; k < v[i]->n_values; k++)
			names[n_names++] = v[i]->values[k]->runs;
	}
	return learn_names_vary(w, names, n_names, LEARN_VALUES_MIN);
}

static bool folders_differ(struct learn_work *w, struct learn_node *const *v, uint32_t n)
{
	const uint64_t **names = arena_array(w->arena, n + 1, sizeof(*names));

	for (uint32_t i = 0; i < n; i++)
		names[i] = v[i]->below.runs;
	return learn_names_vary(w, names, n, LEARN_VALUES_MIN);
}

static void find_varying(struct learn_work *w, const struct learn_node *n, struct varying *v)
{
	for (uint32_t i = 0; i < n->n; i++) {
		struct learn_node *c = n->children[i];

		if (!*c->name || is_glob(c->name))
			continue;
		if (c->leaf && differs(w, &c->here))
			v->leaves[v->n_leaves++] = c;
		if (c->n && differs(w, &c->below))
			v->folders[v->n_folders++] = c;
	}
}

/*
 * A kind of name (page-[0-9]*.html) says more than a star, as long as it is the only one. Names of
 * several kinds that others gave are content: nobody knows the next one. That is asked of data
 * alone: of the system's files each that a glob admits without need is one too many.
 */
static void add_kinds(struct learn_work *w, const struct learn_node *n, struct varying *v)
{
	uint32_t before = v->n_leaves;

	for (uint32_t i = 0; i < n->n; i++) {
		struct learn_node *c = n->children[i];

		if (c->n_values && is_glob(c->name))
			v->leaves[v->n_leaves++] = c;
	}
	v->everything = leaves_differ(w, v->leaves, v->n_leaves) &&
			folders_differ(w, v->folders, v->n_folders);
	/* One kind beside one name is a file and what a program makes of it. */
	if (v->n_leaves < (before ? 3 : 2) || !leaves_differ(w, v->leaves, v->n_leaves))
		v->n_leaves = before;
}

/* As mkdtemp(3) names folders. */
static bool is_random_name(const char *name)
{
	const char *marks = strstr(name, "?????");

	/* Nor a UUID. */
	return marks && !strchr(marks, '-');
}

static int by_name(const void *a, const void *b)
{
	const struct called *x = a, *y = b;
	int order = memcmp(x->name, y->name, x->len < y->len ? x->len : y->len);

	return order ? order : (x->len > y->len) - (x->len < y->len);
}

/* Whether two runs at least had each a folder with a random name that no other run had. */
static bool own_folders(struct learn_work *w, const struct learn_node *n)
{
	uint64_t *own = arena_array(w->arena, w->run_words, sizeof(*own));
	uint64_t *runs = arena_array(w->arena, w->run_words, sizeof(*runs));

	if (!is_random_name(n->name) || !n->n_called)
		return false;
	qsort(n->called, n->n_called, sizeof(*n->called), by_name);
	for (uint32_t i = 0, end; i < n->n_called; i = end) {
		memset(runs, 0, w->run_words * sizeof(*runs));
		for (end = i; end < n->n_called && !by_name(&n->called[i], &n->called[end]); end++)
			learn_runs_join(w, runs, n->called[end].runs);
		if (learn_runs_count(w, runs) == 1)
			learn_runs_join(w, own, runs);
	}
	return learn_runs_count(w, own) >= 2;
}

static void vary(struct learn_work *w, const struct learn_node *n, unsigned int index,
	enum place place, struct varying *v)
{
	*v = (struct varying){ .leaves = arena_array(w->arena, n->n, sizeof(*v->leaves)),
		.folders = arena_array(w->arena, n->n, sizeof(*v->folders)) };
	if (index < STAR_FROM || w->n_runs < 2)
		return;
	find_varying(w, n, v);
	if (place == PLACE_DATA || (place == PLACE_SHARED && index > STAR_FROM))
		add_kinds(w, n, v);
	/* No path below it was met twice. */
	if (place != PLACE_SYSTEM && n->n > 1 && own_folders(w, n)) {
		v->everything = true;
		v->own_folders = true;
	}
	if (!leaves_differ(w, v->leaves, v->n_leaves))
		v->n_leaves = 0;
	if (!folders_differ(w, v->folders, v->n_folders))
		v->n_folders = 0;
	for (uint32_t i = 0; i < v->n_leaves; i++)
		v->leaves[i]->leaf_varies = true;
	for (uint32_t i = 0; i < v->n_folders; i++)
		v->folders[i]->folder_varies = true;
}

static void shapes_of(struct learn_work *w, const struct learn_node *n, unsigned int index,
	enum place place, struct learn_shapes *to)
{
	uint32_t before = to->n;
	struct varying v;

	vary(w, n, index, place, &v);
	if (v.everything)
		add_shape(w, to, "**", "", &n->below,
			v.own_folders
				? "a folder of its own in each run"
				: "names of files and folders below it differed from run to run");
	if (v.n_leaves && !v.everything)
		leaf_shapes(w, v.leaves, v.n_leaves, to);
	if (v.n_folders && !v.everything)
		merged_shapes(w, v.folders, v.n_folders, index, place, to);
	for (uint32_t i = 0; i < n->n; i++) {
		const struct learn_node *c = n->children[i];
		bool covered = v.everything && *c->name;

		single_shapes(w, c, c->leaf && !c->leaf_varies && !covered,
			c->n && !c->folder_varies && !covered, index,
			index == 1 && place != PLACE_SYSTEM ? place_of(c->name) : place, to);
	}
	if (index >= STAR_FROM && to->n - before > LEARN_LITERALS_MAX) {
		const char *why = arena_printf(w->arena, "%u names below it", n->n_paths);

		to->n = before;
		add_shape(w, to, "**", "", &n->below, why);
	}
}

struct learn_node *learn_tree_new(struct learn_work *w)
{
	struct learn_node *root = arena_alloc(w->arena, sizeof(*root));

	root->name = "";
	return root;
}

void learn_tree_shapes(struct learn_work *w, const struct learn_node *root, enum operation op,
	struct learn_shapes *to)
{
	/* Code is nobody's content. */
	shapes_of(w, root, 1, op == OP_MAP ? PLACE_SYSTEM : PLACE_DATA, to);
}
