/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/learn_run.h"

#include "compiler/base/hash_index.h"
#include "compiler/learn_object.h"

#include <stdlib.h>
#include <string.h>

const char *const learn_phase_names[LEARN_PHASES] = {
	[LEARN_RUNTIME] = "runtime",
	[LEARN_INIT] = "init",
	[LEARN_STEADY] = "steady",
	[LEARN_SHUTDOWN] = "shutdown",
};

/* A file or directory that was seen, or that lies above one. */
struct node {
	const char *path; /* a directory's without the '/' at its end */
	uint32_t len;
	uint32_t depth;	   /* "/a" is 1, the root 0 */
	uint32_t children; /* names right below it */
	bool folded;
};

/*
 * Everything but identity lives in @arena, which is made anew whenever directories are folded. The
 * folded ones are kept as nodes, so that what comes later falls into them.
 */
struct learn_run {
	char *recorder, *id, *program;
	uint32_t program_len;
	uint64_t time;
	struct arena *arena;
	struct learn_observation *items;
	uint32_t n_items, cap_items, n_others;
	size_t written; /* what their strings take when they are written */
	struct hash_index item_index;
	struct node *nodes;
	uint32_t n_nodes, cap_nodes;
	struct hash_index node_index;
	uint32_t children_max, depth_max; /* what is folded: it shrinks as memory is used up */
	bool sorted;
	bool exhausted; /* nothing can be folded any more: nothing new is kept */
	struct learn_loss losses[LEARN_LOSSES_MAX];
	uint32_t n_losses;
};

static char *copy(const char *s, size_t len)
{
	char *made = malloc(len + 1);

	if (!made)
		abort();
	memcpy(made, s, len);
	made[len] = 0;
	return made;
}

static void clear(struct learn_run *run)
{
	run->arena = arena_new();
	run->items = NULL;
	run->nodes = NULL;
	run->n_items = run->cap_items = run->n_others = 0;
	run->written = 0;
	run->n_nodes = run->cap_nodes = 0;
	hash_index_init(&run->item_index, run->arena);
	hash_index_init(&run->node_index, run->arena);
	run->sorted = false;
}

struct learn_run *learn_run_new(const char *recorder, const char *id, uint64_t time)
{
	struct learn_run *run = calloc(1, sizeof(*run));

	if (!run)
		abort();
	run->recorder = copy(recorder, strlen(recorder));
	run->id = copy(id, strlen(id));
	run->time = time;
	run->children_max = LEARN_CHILDREN_MAX;
	run->depth_max = UINT32_MAX;
	clear(run);
	return run;
}

void learn_run_free(struct learn_run *run)
{
	if (!run)
		return;
	arena_free(run->arena);
	for (uint32_t i = 0; i < run->n_losses; i++)
		free((char *)run->losses[i].why);
	free(run->recorder);
	free(run->id);
	free(run->program);
	free(run);
}

void learn_run_freep(struct learn_run **run)
{
	learn_run_free(*run);
}

void learn_run_program(struct learn_run *run, const char *path, size_t len)
{
	free(run->program);
	run->program = copy(path, len);
	run->program_len = (uint32_t)len;
}

/* ---- order and identity */

static int compare_bytes(const char *a, uint32_t a_len, const char *b, uint32_t b_len)
{
	int order;

	if (!a || !b)
		return (a != NULL) - (b != NULL);
	order = memcmp(a, b, a_len < b_len ? a_len : b_len);
	return order ? order : (a_len > b_len) - (a_len < b_len);
}

#define COMPARE(a, b) (((a) > (b)) - ((a) < (b)))

int learn_observation_compare(const struct learn_observation *a, const struct learn_observation *b)
{
	int order = COMPARE(a->operation, b->operation);

	if (!order)
		order = compare_bytes(a->object, a->object_len, b->object, b->object_len);
	if (!order)
		order = compare_bytes(
			a->executable, a->executable_len, b->executable, b->executable_len);
	if (!order)
		order = COMPARE(a->object_class, b->object_class);
	if (!order)
		order = COMPARE(a->execed, b->execed);
	if (!order)
		order = COMPARE(a->folded, b->folded);
	if (!order)
		order = compare_bytes(a->source, a->source_len, b->source, b->source_len);
	if (!order)
		order = compare_bytes(a->fstype, a->fstype ? (uint32_t)strlen(a->fstype) : 0,
			b->fstype, b->fstype ? (uint32_t)strlen(b->fstype) : 0);
	if (!order)
		order = COMPARE(a->mount_flags, b->mount_flags);
	if (!order)
		order = COMPARE(a->abi, b->abi);
	if (!order)
		order = COMPARE(a->known, b->known);
	for (unsigned int i = 0; i < 6 && !order; i++) {
		if (a->known & (1u << i))
			order = COMPARE(a->values[i], b->values[i]);
	}
	return order;
}

static uint64_t hash_bytes(uint64_t h, const char *s, uint32_t len)
{
	uint64_t word;

	h = hash_add(h, len);
	for (; len >= 8; s += 8, len -= 8) {
		memcpy(&word, s, 8);
		h = hash_add(h, word);
	}
	word = 0;
	if (len)
		memcpy(&word, s, len);
	return hash_add(h, word);
}

static uint64_t hash_observation(const struct learn_observation *o)
{
	uint64_t h = hash_bytes((uint64_t)o->operation, o->object, o->object_len);

	if (o->executable)
		h = hash_bytes(h, o->executable, o->executable_len);
	for (unsigned int i = 0; i < 6; i++) {
		if (o->known & (1u << i))
			h = hash_add(h, o->values[i]);
	}
	return hash_add(h, (uint64_t)o->object_class * 8 + o->execed * 2u + o->folded);
}

struct sought {
	const struct learn_run *run;
	const struct learn_observation *o;
	const char *path;
	uint32_t len;
};

static bool same_observation(const void *ctx, uint32_t value)
{
	const struct sought *k = ctx;

	return learn_observation_compare(k->o, &k->run->items[value]) == 0;
}

static bool same_node(const void *ctx, uint32_t value)
{
	const struct sought *k = ctx;
	const struct node *n = &k->run->nodes[value];

	return n->len == k->len && !memcmp(n->path, k->path, k->len);
}

static uint32_t find_node(const struct learn_run *run, const char *path, uint32_t len)
{
	struct sought k = { .run = run, .path = path, .len = len };

	return hash_index_find(&run->node_index, hash_bytes(0, path, len), same_node, &k);
}

/* ---- directories */

static uint32_t add_node(
	struct learn_run *run, const char *path, uint32_t len, uint32_t depth, bool folded)
{
	struct node n = { .len = len, .depth = depth, .folded = folded };

	n.path = arena_memdup(run->arena, path, len);
	ARENA_PUSH(run->arena, run->nodes, run->n_nodes, run->cap_nodes, n);
	hash_index_add(&run->node_index, hash_bytes(0, path, len), run->n_nodes - 1);
	return run->n_nodes - 1;
}

/* The length of the part of @path that is a folded directory, without its '/'; UINT32_MAX: none. */
static uint32_t folded_above(const struct learn_run *run, const char *path, uint32_t len)
{
	uint32_t depth = 0;

	for (uint32_t i = 0; i < len; i++) {
		uint32_t n;

		if (path[i] != '/')
			continue;
		/* "/a/b/" is the directory itself. */
		if (depth && i + 1 == len)
			break;
		n = find_node(run, path, i);
		if (n != HASH_INDEX_NONE && run->nodes[n].folded)
			return i;
		if (depth >= run->depth_max)
			return i;
		depth++;
	}
	return UINT32_MAX;
}

/*
 * The path with all directories above it. true when one of them has more names now than it may.
 */
static bool add_nodes(struct learn_run *run, const char *path, uint32_t len)
{
	uint32_t up = HASH_INDEX_NONE, depth = 0;
	bool full = false;

	for (uint32_t i = 0; i <= len; i++) {
		uint32_t n;

		if (i < len && path[i] != '/')
			continue;
		if (i == len && i && path[i - 1] == '/')
			break;
		n = find_node(run, path, i);
		if (n == HASH_INDEX_NONE) {
			n = add_node(run, path, i, depth, false);
			if (up != HASH_INDEX_NONE && ++run->nodes[up].children > run->children_max)
				full = true;
		}
		up = n;
		depth++;
	}
	return full;
}

static const char *path_of(const struct learn_observation *o, uint32_t *ret_len)
{
	const char *path;

	return o->operation != OP_UMOUNT && learn_has_path(o, &path, ret_len) ? path : NULL;
}

/* ---- adding */

static void join(struct learn_observation *to, const struct learn_observation *o)
{
	if (__builtin_add_overflow(to->count, o->count, &to->count))
		to->count = UINT64_MAX;
	if (o->first < to->first)
		to->first = o->first;
	if (o->last > to->last)
		to->last = o->last;
	to->phases |= o->phases;
	to->created |= o->created;
	/* Of a folded directory: only where all of it is the image's. */
	to->image = to->folded ? to->image && o->image : to->image || o->image;
}

static const char *kept(struct learn_run *run, const char *s, uint32_t len)
{
	return s ? arena_memdup(run->arena, s, len) : NULL;
}

/* Executables are few: those of the last items are looked at before one is copied. */
static const char *kept_executable(struct learn_run *run, const struct learn_observation *o)
{
	for (uint32_t i = 0; i < 16 && i < run->n_items; i++) {
		const struct learn_observation *x = &run->items[run->n_items - 1 - i];

		if (o->executable && x->executable && x->executable_len == o->executable_len &&
			!memcmp(x->executable, o->executable, o->executable_len))
			return x->executable;
	}
	return kept(run, o->executable, o->executable_len);
}

/* At most: learn_run_write() has well-formed UTF-8 as it is. */
static size_t written_bytes(const char *s, uint32_t len)
{
	size_t n = 0;

	for (uint32_t i = 0; i < len && s; i++)
		n += s[i] < ' ' || s[i] > '~'	   ? sizeof("\\\\xff") - 1
		     : s[i] == '\\' || s[i] == '"' ? 4
						   : 1;
	return n;
}

static bool join_or_keep(struct learn_run *run, const struct learn_observation *o, bool is_path)
{
	uint64_t hash = hash_observation(o);
	struct sought k = { .run = run, .o = o };
	uint32_t at = hash_index_find(&run->item_index, hash, same_observation, &k);
	struct learn_observation made = *o;

	if (at != HASH_INDEX_NONE) {
		join(&run->items[at], o);
		return true;
	}
	if (run->exhausted || (!is_path && run->n_others >= LEARN_OTHERS_MAX))
		return false;
	made.object = kept(run, o->object, o->object_len);
	made.executable = kept_executable(run, o);
	made.source = kept(run, o->source, o->source_len);
	made.fstype = o->fstype ? arena_strdup(run->arena, o->fstype) : NULL;
	ARENA_PUSH(run->arena, run->items, run->n_items, run->cap_items, made);
	hash_index_add(&run->item_index, hash, run->n_items - 1);
	run->n_others += !is_path;
	run->written += written_bytes(o->object, o->object_len) +
			written_bytes(o->executable, o->executable_len) +
			written_bytes(o->source, o->source_len);
	run->sorted = false;
	return true;
}

/* "/a/b/" instead of "/a/b/c": @len is the directory's, without the '/'. */
static bool add_folded(
	struct learn_run *run, const struct learn_observation *o, const char *path, uint32_t len)
{
	struct learn_observation made = *o;
	uint32_t before = (uint32_t)(path - o->object);
	char *object = copy(o->object, o->object_len);
	bool ok;

	object[before + len] = '/';
	object[before + len + 1] = 0;
	made.object = object;
	made.object_len = before + len + 1;
	made.folded = true;
	ok = join_or_keep(run, &made, true);
	free(object);
	return ok;
}

/* false: there is no room. @ret_full: a directory, or all of it, has more than it may. */
static bool put(struct learn_run *run, const struct learn_observation *o, bool *ret_full)
{
	uint32_t len, above;
	const char *path = path_of(o, &len);

	if (!path)
		return join_or_keep(run, o, false);
	above = folded_above(run, path, len);
	if (above != UINT32_MAX)
		return add_folded(run, o, path, above);
	if (add_nodes(run, path, len))
		*ret_full = true;
	return join_or_keep(run, o, true);
}

static bool too_much(const struct learn_run *run)
{
	return run->n_nodes > LEARN_NODES_MAX || run->n_items > LEARN_ITEMS_MAX ||
	       run->written > LEARN_WRITTEN_MAX || arena_bytes(run->arena) > LEARN_BYTES_MAX;
}

static bool next_smaller(struct learn_run *run)
{
	if (run->children_max > 8)
		run->children_max /= 2;
	else if (run->depth_max > 4)
		run->depth_max = 4;
	else
		return false;
	return true;
}

/* Makes everything anew, with full directories folded. */
static void fold(struct learn_run *run)
{
	struct learn_run old = *run;
	bool full = false;
	uint64_t lost = 0;

	clear(run);
	for (uint32_t i = 0; i < old.n_nodes; i++) {
		const struct node *n = &old.nodes[i];

		if (n->folded || n->children > run->children_max)
			add_node(run, n->path, n->len, n->depth, true);
	}
	for (uint32_t i = 0; i < old.n_items; i++)
		lost += !put(run, &old.items[i], &full);
	arena_free(old.arena);
	if (lost)
		learn_run_lost(run, lost, "observations for which there was no room");
}

static bool says_known(const struct learn_observation *seen)
{
	struct request r;

	return !learn_request(seen, &r);
}

/* Strings of learn_request() end in NUL, those of a recorder need not. */
static void add_copy(struct learn_run *run, struct learn_observation *made)
{
	bool full = false, ok;

	if (!says_known(made) || made->executable_len >= 4096) {
		learn_run_lost(run, made->count, "observations that nothing in a policy can say");
		return;
	}
	ok = put(run, made, &full);
	if (full)
		fold(run);
	while (!run->exhausted && too_much(run)) {
		if (next_smaller(run))
			fold(run);
		else
			run->exhausted = true;
	}
	if (!ok)
		learn_run_lost(run, made->count, "observations for which there was no room");
}

void learn_run_add(struct learn_run *run, const struct learn_observation *seen)
{
	struct learn_observation made = *seen;
	char *object = copy(seen->object ? seen->object : "", seen->object ? seen->object_len : 0);

	made.object = object;
	made.object_len = seen->object ? seen->object_len : 0;
	if (!made.count)
		made.count = 1;
	if (made.last < made.first)
		made.last = made.first;
	if (!made.phases)
		made.phases = LEARN_PHASE_BIT(LEARN_INIT);
	if (made.operation != OP_SYSCALL) {
		made.abi = 0;
		made.known = 0;
	}
	add_copy(run, &made);
	free(object);
}

void learn_run_add_call(struct learn_run *run, const struct learn_observation *seen, enum abi abi,
	int64_t number, const uint64_t registers[6], uint8_t known)
{
	struct learn_observation o = *seen;
	int call = vocab_syscall_by_number(abi, number);
	const struct vocab_syscall *s;

	if (call < 0) {
		learn_run_lost(run, seen->count ? seen->count : 1, "calls that no table knows");
		return;
	}
	s = &vocab_syscalls[call];
	o.operation = OP_SYSCALL;
	o.object = s->name;
	o.object_len = (uint32_t)strlen(s->name);
	o.abi = abi;
	o.known = 0;
	for (uint8_t i = 0; i < s->n_arguments; i++) {
		const struct vocab_argument *a = &s->arguments[i];

		if (a->is_pointer || a->index[abi] == VOCAB_NO_INDEX ||
			!(known & (1u << a->index[abi])))
			continue;
		o.known |= (uint8_t)(1u << i);
		o.values[i] = vocab_argument_value(a, abi, registers);
	}
	learn_run_add(run, &o);
}

static int by_reason(const void *a, const void *b)
{
	return strcmp(((const struct learn_loss *)a)->why, ((const struct learn_loss *)b)->why);
}

void learn_run_lost(struct learn_run *run, uint64_t count, const char *why)
{
	for (uint32_t i = 0; i < run->n_losses; i++) {
		bool last = i == LEARN_LOSSES_MAX - 1;

		/* Beyond that many reasons the rest is added to the last. */
		if (last || !strcmp(run->losses[i].why, why)) {
			if (__builtin_add_overflow(
				    run->losses[i].count, count, &run->losses[i].count))
				run->losses[i].count = UINT64_MAX;
			return;
		}
	}
	run->losses[run->n_losses++] =
		(struct learn_loss){ .why = copy(why, strlen(why)), .count = count };
	if (run->n_losses < LEARN_LOSSES_MAX)
		qsort(run->losses, run->n_losses, sizeof(*run->losses), by_reason);
}

/* ---- what there is */

const char *learn_run_id(const struct learn_run *run)
{
	return run->id;
}

const char *learn_run_recorder(const struct learn_run *run)
{
	return run->recorder;
}

uint64_t learn_run_time(const struct learn_run *run)
{
	return run->time;
}

const char *learn_run_program_path(const struct learn_run *run, uint32_t *ret_len)
{
	*ret_len = run->program_len;
	return run->program;
}

static int by_observation(const void *a, const void *b)
{
	return learn_observation_compare(a, b);
}

const struct learn_observation *learn_run_observations(struct learn_run *run, uint32_t *ret_n)
{
	if (!run->sorted && run->n_items) {
		qsort(run->items, run->n_items, sizeof(*run->items), by_observation);
		hash_index_reset(&run->item_index, run->n_items);
		for (uint32_t i = 0; i < run->n_items; i++)
			hash_index_add(&run->item_index, hash_observation(&run->items[i]), i);
	}
	run->sorted = true;
	*ret_n = run->n_items;
	return run->items;
}

const struct learn_loss *learn_run_losses(const struct learn_run *run, uint32_t *ret_n)
{
	*ret_n = run->n_losses;
	return run->losses;
}

size_t learn_run_bytes(const struct learn_run *run)
{
	return arena_bytes(run->arena);
}
