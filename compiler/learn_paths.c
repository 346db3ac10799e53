/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Globs for paths of which the next run has others.
 *
 * For each operation of each executable the paths are a tree of components. First tokens make
 * components that differ one (learn_token_find()). Then, from the leaves up, names of one directory
 * that differ from run to run become a star. Of the globs that match them all it is the one that
 * admits the fewest others: what the names have in common stays, and each component its own star.
 */
#include "compiler/learn_internal.h"

#include "compiler/base/cleanup.h"
#include "compiler/policy_text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* Components below this are never a star: /etc/x. */
#define STAR_FROM 3
/* More kinds of paths below names that differ are `**`. */
#define SHAPES_MAX 4

/* One path of one operation and executable. */
struct entry {
	const struct learn_item *item;
	const char *path;
	uint32_t len;
	const char *key;	     /* as policy text, tokens put in */
	const char *plain;	     /* without */
	enum learn_token_kind token; /* the last one that was put in */
	bool sure;		     /* none of them needs to have differed */
	bool weak;		     /* one of them may be a word */
	bool made;		     /* the program made the file, by whatever operation */
};

struct entries {
	struct entry *v;
	uint32_t n, cap;
};

/* Where a file is no name among others, but what the policy is about. */
static bool may_differ(const struct learn_item *item, const char *path, uint32_t len)
{
	enum operation op = item->o.operation;
	bool changes = op != OP_READ && op != OP_MAP && op != OP_CONNECT && op != OP_LOCK;

	return !learn_is_secret(path, len) && !(item->o.image && changes);
}

static bool is_globbed(const struct learn_item *item)
{
	enum operation op = item->o.operation;

	return ((OPS_FILE & OP_BIT(op)) && item->o.object_class == CLASS_PLAIN) ||
	       op == OP_CONNECT || op == OP_LISTEN;
}

/* ---- tokens */

static bool is_sure(enum learn_token_kind kind)
{
	return kind >= TOKEN_PID && kind <= TOKEN_VERSION;
}

static void put_tokens(struct learn_work *w, struct entry *e, bool mapped)
{
	_cleanup_(text_release) struct text key = TEXT_INIT, plain = TEXT_INIT;
	unsigned int index = 1;
	/* Another number may be other code. */
	bool words = e->made && e->item->o.operation != OP_MAP;

	e->sure = true;
	for (uint32_t at = 1; at <= e->len; index++) {
		uint32_t n = 0;
		struct learn_token t;

		while (at + n < e->len && e->path[at + n] != '/')
			n++;
		t = learn_token_find(w->arena, e->path, e->len, at, n, index, mapped, words);
		text_putc(&key, '/');
		text_putc(&plain, '/');
		policy_text_path_part(&plain, e->path + at, n);
		if (t.kind == TOKEN_NONE) {
			policy_text_path_part(&key, e->path + at, n);
		} else {
			policy_text_path_part(&key, e->path + at, t.at);
			text_puts(&key, t.glob);
			policy_text_path_part(&key, e->path + at + t.at + t.len, n - t.at - t.len);
			e->token = t.kind;
			e->sure = e->sure && is_sure(t.kind);
			e->weak |= t.weak;
		}
		at += n + 1;
	}
	e->plain = arena_strdup(w->arena, text_str(&plain));
	e->key = e->token ? arena_strdup(w->arena, text_str(&key)) : e->plain;
}

static int compare_text(const char *a, const char *b)
{
	/* '/' before all other bytes: what lies below a directory stands together. */
	for (;; a++, b++) {
		unsigned int x = *a == '/' ? 1 : *a ? (unsigned char)*a + 1 : 0;
		unsigned int y = *b == '/' ? 1 : *b ? (unsigned char)*b + 1 : 0;

		if (x != y || !x)
			return (x > y) - (x < y);
	}
}

static int compare_who(const struct entry *a, const struct entry *b)
{
	const struct learn_observation *x = &a->item->o, *y = &b->item->o;
	uint32_t len =
		x->executable_len < y->executable_len ? x->executable_len : y->executable_len;
	int order;

	if (x->operation != y->operation)
		return x->operation < y->operation ? -1 : 1;
	order = len ? memcmp(x->executable, y->executable, len) : 0;
	return order ? order
		     : (x->executable_len > y->executable_len) -
			       (x->executable_len < y->executable_len);
}

static int by_key(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int order = compare_who(x, y);

	if (!order)
		order = compare_text(x->key, y->key);
	return order ? order : compare_text(x->plain, y->plain);
}

static bool same_runs(struct learn_work *w, const uint64_t *a, const uint64_t *b)
{
	return !memcmp(a, b, w->run_words * sizeof(*a));
}

/* Whether each run had names of its own. The same names stand together. */
static bool own_in_each_run(struct learn_work *w, const struct entry *from, const struct entry *to)
{
	uint64_t *before = arena_array(w->arena, w->run_words, sizeof(*before));
	uint64_t *now = arena_array(w->arena, w->run_words, sizeof(*now));

	for (const struct entry *e = from; e < to; e++) {
		bool begins = e > from && strcmp(e->plain, e[-1].plain) != 0;

		for (uint32_t i = 0; i < w->run_words; i++) {
			before[i] |= begins ? now[i] : 0;
			now[i] = e->item->runs[i] | (begins ? 0 : now[i]);
			if (now[i] & before[i])
				return false;
		}
	}
	return from < to && strcmp(from->plain, to[-1].plain) != 0;
}

/* Those of [from, to) have one key. Whether that is what they are. */
static bool tokens_hold(struct learn_work *w, const struct entry *from, const struct entry *to)
{
	bool differ = false, made = false, several = false;

	for (const struct entry *e = from; e < to; e++) {
		several |= strcmp(e->plain, from->plain) != 0;
		differ |= strcmp(e->plain, from->plain) != 0 &&
			  !same_runs(w, e->item->runs, from->item->runs);
		made |= e->made;
	}
	if (from->sure)
		return true;
	if (from->weak && !several)
		return false;
	/* Words may look random. */
	return made || (from->token == TOKEN_RANDOM ? own_in_each_run(w, from, to) : differ);
}

static void settle_tokens(struct learn_work *w, struct entries *list)
{
	for (uint32_t i = 0, end; i < list->n; i = end) {
		bool holds;

		for (end = i + 1; end < list->n && !compare_who(&list->v[i], &list->v[end]) &&
				  !strcmp(list->v[i].key, list->v[end].key);
			end++)
			;
		holds = tokens_hold(w, &list->v[i], &list->v[end - 1] + 1);
		for (uint32_t k = i; k < end && !holds; k++) {
			list->v[k].key = list->v[k].plain;
			list->v[k].token = TOKEN_NONE;
		}
	}
}

/* ---- the tree */

struct node {
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
	struct node **children;
	uint32_t n, cap;
};

static void join_seen(struct learn_work *w, struct learn_seen *to, const struct learn_seen *s)
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

static struct node *child(struct learn_work *w, struct node *up, const char *name, size_t len)
{
	struct node *n;

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

static void add_value(struct learn_work *w, struct node *n, const struct learn_item *item)
{
	if (item->n_runs < w->n_runs)
		ARENA_PUSH(w->arena, n->values, n->n_values, n->cap_values, item);
}

static void insert(struct learn_work *w, struct node *root, const struct entry *e)
{
	struct node *n = root;
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

static void merge(struct learn_work *w, struct node *to, const struct node *from)
{
	to->leaf |= from->leaf;
	to->folded |= from->folded;
	to->token = to->token ? to->token : from->token;
	to->n_paths += from->n_paths;
	for (uint32_t i = 0; i < from->n_values; i++)
		add_value(w, to, from->values[i]);
	for (uint32_t i = 0; i < from->n_called; i++)
		ARENA_PUSH(w->arena, to->called, to->n_called, to->cap_called, from->called[i]);
	join_seen(w, &to->here, &from->here);
	join_seen(w, &to->below, &from->below);
	for (uint32_t i = 0; i < from->n; i++) {
		const struct node *c = from->children[i];
		struct node *same = NULL;

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

/* ---- shapes: what is left of the paths below a node */

struct shape {
	const char *rest; /* from its "/" on */
	struct learn_seen seen;
	const char *why; /* NULL: literal */
};

struct shapes {
	struct shape *v;
	uint32_t n, cap;
};

static void add_shape(struct learn_work *w, struct shapes *to, const char *name, const char *rest,
	const struct learn_seen *seen, const char *why)
{
	struct shape s = { .rest = arena_printf(w->arena, "/%s%s", name, rest), .why = why };

	join_seen(w, &s.seen, seen);
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
static const char *names_glob(struct learn_work *w, struct node *const *v, uint32_t n)
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

static void shapes_of(struct learn_work *w, const struct node *n, unsigned int index,
	enum place place, struct shapes *to);

/* Directories whose names differ: one for all of them. */
static void merged_shapes(struct learn_work *w, struct node *const *v, uint32_t n,
	unsigned int index, enum place place, struct shapes *to)
{
	struct node *all = arena_alloc(w->arena, sizeof(*all));
	const char *glob = names_glob(w, v, n);
	struct shapes below = { 0 };
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

static void leaf_shapes(struct learn_work *w, struct node *const *v, uint32_t n, struct shapes *to)
{
	struct learn_seen seen = { 0 };
	const char *glob = names_glob(w, v, n);
	uint32_t n_names = 0;

	for (uint32_t i = 0; i < n; i++) {
		join_seen(w, &seen, &v[i]->here);
		n_names += v[i]->n_values;
	}
	add_shape(w, to, glob, "", &seen,
		arena_printf(w->arena, "%u names of '%s' differed from run to run", n_names, glob));
}

static void single_shapes(struct learn_work *w, const struct node *c, bool leaf, bool below,
	unsigned int index, enum place place, struct shapes *to)
{
	struct shapes more = { 0 };

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
	struct node **leaves, **folders;
	uint32_t n_leaves, n_folders;
	bool everything;  /* below the directory */
	bool own_folders; /* since each run has one of its own */
};

static bool leaves_differ(struct learn_work *w, struct node *const *v, uint32_t n)
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

static bool folders_differ(struct learn_work *w, struct node *const *v, uint32_t n)
{
	const uint64_t **names = arena_array(w->arena, n + 1, sizeof(*names));

	for (uint32_t i = 0; i < n; i++)
		names[i] = v[i]->below.runs;
	return learn_names_vary(w, names, n, LEARN_VALUES_MIN);
}

static void find_varying(struct learn_work *w, const struct node *n, struct varying *v)
{
	for (uint32_t i = 0; i < n->n; i++) {
		struct node *c = n->children[i];

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
static void add_kinds(struct learn_work *w, const struct node *n, struct varying *v)
{
	uint32_t before = v->n_leaves;

	for (uint32_t i = 0; i < n->n; i++) {
		struct node *c = n->children[i];

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
static bool own_folders(struct learn_work *w, const struct node *n)
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

static void vary(struct learn_work *w, const struct node *n, unsigned int index, enum place place,
	struct varying *v)
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

static void shapes_of(struct learn_work *w, const struct node *n, unsigned int index,
	enum place place, struct shapes *to)
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
		const struct node *c = n->children[i];
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

/* ---- rules */

static struct learn_rule *rule_of(
	struct learn_work *w, struct learn_domain *d, enum operation op, const char *object)
{
	if (op == OP_CONNECT || op == OP_LISTEN)
		return learn_rule_for(d, w, LEARN_NETWORK,
			op == OP_CONNECT ? "connect unix" : "listen unix", object);
	return learn_rule_for(d, w, LEARN_FILE, "", object);
}

static void add_globs(
	struct learn_work *w, struct learn_domain *d, enum operation op, const struct node *root)
{
	struct shapes shapes = { 0 };

	/* Code is nobody's content. */
	shapes_of(w, root, 1, op == OP_MAP ? PLACE_SYSTEM : PLACE_DATA, &shapes);
	for (uint32_t i = 0; i < shapes.n; i++) {
		const struct shape *s = &shapes.v[i];
		struct learn_rule *r;

		if (!s->why)
			continue;
		r = rule_of(w, d, op, s->rest);
		if (r->block == LEARN_FILE)
			r->operations |= OP_BIT(op);
		r->is_glob = true;
		if (!r->why)
			r->why = s->why;
		join_seen(w, &r->seen, &s->seen);
	}
}

static int by_path(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Paths of some kind, sorted. */
struct paths {
	const char **v;
	uint32_t n, cap;
};

static bool is_mapped(const struct learn_item *item)
{
	return item->o.operation == OP_MAP && item->o.object_class == CLASS_PLAIN &&
	       !item->o.created;
}

/* Whose name is the program's choice. */
static bool is_made(const struct learn_item *item)
{
	return item->o.created || item->o.operation == OP_RENAME || item->o.operation == OP_LINK;
}

static void find_paths(struct learn_work *w, const struct learn_domain *d,
	bool (*is_one)(const struct learn_item *item), struct paths *to)
{
	for (uint32_t i = 0; i < d->n_items; i++) {
		const struct learn_item *item = &w->items[d->items[i].item];

		if (is_one(item))
			ARENA_PUSH(w->arena, to->v, to->n, to->cap, item->o.object);
	}
	if (to->n)
		qsort(to->v, to->n, sizeof(*to->v), by_path);
}

static bool is_among(const struct paths *paths, const char *path)
{
	return paths->n && bsearch(&path, paths->v, paths->n, sizeof(*paths->v), by_path);
}

static void collect(struct learn_work *w, struct learn_domain *d, struct entries *to)
{
	struct paths mapped = { 0 }, made = { 0 };

	find_paths(w, d, is_mapped, &mapped);
	find_paths(w, d, is_made, &made);
	for (uint32_t i = 0; i < d->n_items; i++) {
		struct entry e = { .item = &w->items[d->items[i].item] };

		if (d->items[i].done || d->items[i].state || !is_globbed(e.item) ||
			!learn_has_path(&e.item->o, &e.path, &e.len) ||
			!may_differ(e.item, e.path, e.len))
			continue;
		e.made = is_among(&made, e.path);
		put_tokens(w, &e, is_among(&mapped, e.path));
		ARENA_PUSH(w->arena, to->v, to->n, to->cap, e);
	}
	if (to->n)
		qsort(to->v, to->n, sizeof(*to->v), by_key);
}

void learn_paths_globs(struct learn_work *w, struct learn_domain *d)
{
	struct entries list = { 0 };

	collect(w, d, &list);
	settle_tokens(w, &list);
	if (list.n)
		qsort(list.v, list.n, sizeof(*list.v), by_key);
	for (uint32_t i = 0, end; i < list.n; i = end) {
		struct node root = { .name = "" };

		for (end = i; end < list.n && !compare_who(&list.v[i], &list.v[end]); end++)
			insert(w, &root, &list.v[end]);
		add_globs(w, d, list.v[i].item->o.operation, &root);
	}
}

static void literal(struct learn_work *w, struct learn_domain *d, struct learn_part_of *part,
	const char *path, uint32_t len)
{
	const struct learn_item *item = &w->items[part->item];
	_cleanup_(text_release) struct text object = TEXT_INIT;
	enum operation op = item->o.operation;
	struct learn_rule *r;

	if (learn_is_foreign_memory(path, len)) {
		learn_note_item(w, LEARN_LEFT_OUT, item,
			"it reaches into another process; a rule for that is to be written");
		part->told = true;
		return;
	}
	if (item->o.folded) {
		learn_note_item(w, LEARN_LEFT_OUT, item,
			"too many names so near the root, or beside secrets, for a rule");
		part->told = true;
		return;
	}
	if (learn_is_secret(path, len))
		part->look = "allowed since it was seen, and nothing beside it: a secret, or power "
			     "over others";
	policy_text_path(&object, path, len);
	if (item->o.object_class == CLASS_PLAIN) {
		r = rule_of(w, d, op, arena_strdup(w->arena, text_str(&object)));
		if (r->block == LEARN_FILE)
			r->operations |= OP_BIT(op);
	} else {
		bool drift = item->o.object_class == CLASS_DRIFT;

		r = learn_rule_add(d, w, LEARN_FILE, drift ? "map drift" : "map anonymous",
			drift ? arena_strdup(w->arena, text_str(&object)) : "");
	}
	learn_seen_join(w, &r->seen, item);
}

void learn_paths_literal(struct learn_work *w, struct learn_domain *d)
{
	for (uint32_t i = 0; i < d->n_items; i++) {
		const struct learn_item *item = &w->items[d->items[i].item];
		const char *path = "";
		uint32_t len = 0;
		bool anonymous =
			item->o.operation == OP_MAP && item->o.object_class == CLASS_ANONYMOUS;

		if (d->items[i].done || item->o.operation == OP_EXEC ||
			item->o.operation == OP_UMOUNT ||
			(!anonymous && !learn_has_path(&item->o, &path, &len)))
			continue;
		d->items[i].done = true;
		literal(w, d, &d->items[i], path, len);
	}
}
