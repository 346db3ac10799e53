/* SPDX-License-Identifier: Apache-2.0 */
/* What was seen, over all runs: each thing once, with the runs that had it. */
#include "compiler/learn_internal.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/formatted.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

void learn_note(struct learn_work *w, enum learn_note_kind kind, const char *what, const char *why)
{
	struct learn_note n = { .kind = kind, .what = what, .why = why };

	ARENA_PUSH(w->arena, w->result->notes, w->result->n_notes, w->result->cap_notes, n);
}

void learn_note_item(struct learn_work *w, enum learn_note_kind kind, const struct learn_item *item,
	const char *format, ...)
{
	_cleanup_(text_release) struct text what = TEXT_INIT;
	_cleanup_free_ char *why = FORMATTED(format);

	learn_question(&what, &item->o);
	learn_note(w, kind, arena_strdup(w->arena, text_str(&what)), arena_strdup(w->arena, why));
}

bool learn_item_in_run(const struct learn_item *item, uint32_t run)
{
	return item->runs[run / 64] & (UINT64_C(1) << run % 64);
}

static int by_time(const void *a, const void *b)
{
	const struct learn_run *x = *(struct learn_run *const *)a;
	const struct learn_run *y = *(struct learn_run *const *)b;
	uint64_t s = learn_run_time(x), t = learn_run_time(y);

	return s != t ? (s > t) - (s < t) : strcmp(learn_run_id(x), learn_run_id(y));
}

/* An observation with the run that it is of. */
struct sighting {
	const struct learn_observation *o;
	uint32_t run;
};

static int by_observation(const void *a, const void *b)
{
	const struct sighting *x = a, *y = b;
	int order = learn_observation_compare(x->o, y->o);

	return order ? order : (x->run > y->run) - (x->run < y->run);
}

static void add(uint64_t *sum, uint64_t more)
{
	if (__builtin_add_overflow(*sum, more, sum))
		*sum = UINT64_MAX;
}

static void add_sighting(struct learn_work *w, const struct sighting *s)
{
	struct learn_item *last = w->n_items ? &w->items[w->n_items - 1] : NULL;
	const struct learn_observation *o = s->o;

	if (!last || learn_observation_compare(&last->o, o) != 0) {
		struct learn_item made = { .o = *o };

		made.o.count = 0;
		made.runs = arena_array(w->arena, w->run_words, sizeof(*made.runs));
		ARENA_PUSH(w->arena, w->items, w->n_items, w->cap_items, made);
		last = &w->items[w->n_items - 1];
	}
	add(&last->o.count, o->count);
	if (o->first < last->o.first)
		last->o.first = o->first;
	if (o->last > last->o.last)
		last->o.last = o->last;
	last->o.phases |= o->phases;
	last->o.created |= o->created;
	last->o.image = last->o.image && o->image;
	if (o->operation == OP_SYSCALL)
		w->abis |= 1u << o->abi;
	if (!learn_item_in_run(last, s->run)) {
		last->runs[s->run / 64] |= UINT64_C(1) << s->run % 64;
		last->n_runs++;
	}
}

static void note_dropped(struct learn_work *w, uint64_t n, const char *whose)
{
	if (n)
		learn_note(w, LEARN_DROPPED,
			arena_printf(w->arena, "%" PRIu64 " observation%s", n, n == 1 ? "" : "s"),
			whose);
}

/* The program's own first exec, which a recorder may have come too late for. */
static void program_exec(struct learn_work *w, struct learn_run *run, struct sighting *to)
{
	uint32_t len;
	const char *path = learn_run_program_path(run, &len);
	struct learn_observation *o = arena_alloc(w->arena, sizeof(*o));

	*o = (struct learn_observation){ .operation = OP_EXEC,
		.object = path,
		.object_len = len,
		.phases = LEARN_PHASE_BIT(LEARN_INIT),
		.first = learn_run_time(run),
		.last = learn_run_time(run) };
	to->o = o;
}

static bool knows_program(struct learn_run *run)
{
	uint32_t len;
	const char *path = learn_run_program_path(run, &len);
	struct learn_observation o = { .operation = OP_EXEC, .object = path, .object_len = len };
	struct request r;

	return path && !learn_request(&o, &r);
}

static void find_program(struct learn_work *w)
{
	for (uint32_t i = 0; i < w->n_runs; i++) {
		uint32_t len;
		const char *path = learn_run_program_path(w->by_time[i], &len);

		if (!path)
			continue;
		if (w->program && (len != w->program_len || memcmp(path, w->program, len) != 0)) {
			learn_note(w, LEARN_LEFT_OUT, "the program",
				"the runs are of several programs; the first names the profile");
			return;
		}
		w->program = path;
		w->program_len = len;
	}
}

void learn_items_make(struct learn_work *w, struct learn_runs *runs)
{
	struct sighting *v;
	uint64_t n = 0, runtime = 0, outside = 0;
	uint32_t kept = 0;

	w->n_runs = runs->n;
	w->run_words = (runs->n + 63) / 64;
	w->by_time = arena_array(w->arena, runs->n + 1, sizeof(*w->by_time));
	for (uint32_t i = 0; i < runs->n; i++) {
		uint32_t more;

		w->by_time[i] = runs->v[i];
		learn_run_observations(runs->v[i], &more);
		n += more + 1;
	}
	if (runs->n)
		qsort(w->by_time, runs->n, sizeof(*w->by_time), by_time);
	find_program(w);
	v = arena_array(w->arena, n + 1, sizeof(*v));
	for (uint32_t i = 0; i < runs->n; i++) {
		uint32_t more;
		const struct learn_observation *o = learn_run_observations(w->by_time[i], &more);

		if (knows_program(w->by_time[i])) {
			v[kept].run = i;
			program_exec(w, w->by_time[i], &v[kept++]);
		}
		for (uint32_t k = 0; k < more; k++) {
			if (o[k].execed)
				outside++;
			else if (o[k].phases == LEARN_PHASE_BIT(LEARN_RUNTIME))
				runtime++;
			else
				v[kept++] = (struct sighting){ .o = &o[k], .run = i };
		}
	}
	if (kept)
		qsort(v, kept, sizeof(*v), by_observation);
	for (uint32_t i = 0; i < kept; i++)
		add_sighting(w, &v[i]);
	note_dropped(w, runtime,
		"made by the container runtime before the program: base/runc and base/crun have "
		"what it calls");
	note_dropped(w, outside, "made by commands that were executed into the container");
}

/* ---- provenance */

void learn_seen_join(struct learn_work *w, struct learn_seen *s, const struct learn_item *item)
{
	if (!s->runs) {
		s->runs = arena_array(w->arena, w->run_words, sizeof(*s->runs));
		s->first = item->o.first;
		s->last = item->o.last;
	}
	for (uint32_t i = 0; i < w->run_words; i++)
		s->runs[i] |= item->runs[i];
	s->n_items++;
	if (item->o.first < s->first)
		s->first = item->o.first;
	if (item->o.last > s->last)
		s->last = item->o.last;
}

static void add_date(struct text *to, uint64_t seconds)
{
	time_t t = (time_t)seconds;
	char date[32];
	struct tm tm;

	/* Beyond the year 9999 nothing was seen. */
	if (seconds > UINT64_C(253402300799) || !gmtime_r(&t, &tm)) {
		text_puts(to, "9999-12-31");
		return;
	}
	strftime(date, sizeof(date), "%F", &tm);
	text_puts(to, date);
}

const char *learn_seen_text(struct learn_work *w, const struct learn_seen *s)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;
	uint32_t n = 0;

	for (uint32_t i = 0; s->runs && i < w->run_words; i++)
		n += (uint32_t)__builtin_popcountll(s->runs[i]);
	text_printf(&t, "%u of %u runs, ", n, w->n_runs);
	add_date(&t, s->first);
	if (s->first / 86400 != s->last / 86400) {
		text_puts(&t, " to ");
		add_date(&t, s->last);
	}
	return arena_strdup(w->arena, text_str(&t));
}

struct sought {
	const struct learn_domain *d;
	enum learn_block block;
	const char *operation, *object;
};

static bool same_rule(const void *ctx, uint32_t value)
{
	const struct sought *k = ctx;
	const struct learn_rule *r = &k->d->rules[value];

	return r->block == k->block && !strcmp(r->operation, k->operation) &&
	       !strcmp(r->object, k->object);
}

static uint64_t hash_rule(const char *operation, const char *object)
{
	uint64_t h = 0;

	for (; *operation; operation++)
		h = hash_add(h, (unsigned char)*operation);
	for (; *object; object++)
		h = hash_add(h, (unsigned char)*object);
	return h;
}

struct learn_rule *learn_rule_add(struct learn_domain *d, struct learn_work *w,
	enum learn_block block, const char *operation, const char *object)
{
	struct learn_rule r = {
		.block = block, .operation = operation, .object = object, .tail = ""
	};

	ARENA_PUSH(w->arena, d->rules, d->n_rules, d->cap_rules, r);
	return &d->rules[d->n_rules - 1];
}

struct learn_rule *learn_rule_for(struct learn_domain *d, struct learn_work *w,
	enum learn_block block, const char *operation, const char *object)
{
	struct sought k = { .d = d, .block = block, .operation = operation, .object = object };
	uint64_t hash = hash_rule(operation, object);
	uint32_t at = hash_index_find(&d->rule_index, hash, same_rule, &k);

	if (at != HASH_INDEX_NONE)
		return &d->rules[at];
	hash_index_add(&d->rule_index, hash, d->n_rules);
	return learn_rule_add(d, w, block, operation, object);
}
