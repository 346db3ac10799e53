/* SPDX-License-Identifier: Apache-2.0 */
/* From the JSON of a section to its calls. Both runtimes' reading of it is told in oci_seccomp.h.
 */
#include "enforcer/runtime/oci_seccomp_internal.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/formatted.h"
#include "compiler/base/text.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <string.h>

/* Words of the file, shortened: they may be of any length. */
#define QUOTED_MAX 80
#define ERRNO_MAX  4095 /* linux/err.h */

/* Where in the file: "linux.seccomp", ".syscalls", "[3]". */
struct place {
	const struct place *up;
	const char *name; /* NULL: an item */
	size_t index;
};

struct reading {
	struct section_merge *merge;
	int which;
	struct pale_err **err;
};

static void put_place(struct text *t, const struct place *at)
{
	if (at->up)
		put_place(t, at->up);
	if (!at->name)
		text_printf(t, "[%zu]", at->index);
	else
		text_printf(t, "%s%s", at->up ? "." : "", at->name);
}

__attribute__((format(printf, 3, 4))) static int wrong(
	struct reading *r, const struct place *at, const char *format, ...)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;
	_cleanup_free_ char *s = FORMATTED(format);

	put_place(&t, at);
	return pale_err_plain(r->err, EINVAL, "%s: %s", text_str(&t), s);
}

static const char *quoted(struct reading *r, const char *s)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;
	size_t len = strnlen(s, QUOTED_MAX + 1);

	if (len > QUOTED_MAX) {
		len = QUOTED_MAX;
		while (((unsigned char)s[len] & 0xc0) == 0x80)
			len--;
		text_escaped(&t, s, len);
		text_puts(&t, "…");
	} else {
		text_escaped(&t, s, len);
	}
	return arena_strdup(r->merge->arena, text_str(&t));
}

static int find_word(struct reading *r, const struct place *at, const char *what,
	const struct section_word *words, const char *s, uint32_t *ret)
{
	for (; words->name; words++) {
		if (!strcmp(words->name, s)) {
			*ret = words->value;
			return 0;
		}
	}
	return wrong(r, at, "unknown %s '%s'", what, quoted(r, s));
}

/*
 * The next byte of @s as Go's encoding/json compares names, which knows two letters beyond ASCII
 * whose other case is in it: U+017F and U+212A.
 */
static char folded(const char **s)
{
	if (!strncmp(*s, "\u017f", 2)) {
		*s += 2;
		return 's';
	}
	if (!strncmp(*s, "\u212a", 3)) {
		*s += 3;
		return 'k';
	}
	if (**s >= 'A' && **s <= 'Z')
		return (char)(*(*s)++ - 'A' + 'a');
	return *(*s)++;
}

static bool same_to_go(const char *a, const char *b)
{
	char c;

	do {
		c = folded(&a);
		if (c != folded(&b))
			return false;
	} while (c);
	return true;
}

static int check_members(
	struct reading *r, const struct place *at, const json_t *o, const char *const *known)
{
	void *i;

	if (!json_is_object(o))
		return wrong(r, at, "expected an object");
	for (i = json_object_iter((json_t *)(uintptr_t)o); i;
		i = json_object_iter_next((json_t *)(uintptr_t)o, i)) {
		const char *name = json_object_iter_key(i);

		for (const char *const *k = known; *k; k++) {
			if (strcmp(*k, name) != 0 && same_to_go(*k, name))
				return wrong(r, at, "member '%s' is not '%s', but runc takes it so",
					quoted(r, name), *k);
		}
	}
	return 0;
}

enum member_type { OF_ARRAY, OF_STRING, OF_NUMBER };

/* *@ret is NULL where the member is missing or, as Go writes what is not there, null. */
static int member(struct reading *r, const struct place *up, const json_t *o, const char *name,
	enum member_type type, const json_t **ret)
{
	struct place at = { .up = up, .name = name };
	const json_t *v = json_object_get(o, name);

	*ret = NULL;
	if (!v || json_is_null(v))
		return 0;
	if (type == OF_ARRAY && !json_is_array(v))
		return wrong(r, &at, "expected an array");
	if (type == OF_STRING && !json_is_string(v))
		return wrong(r, &at, "expected a string");
	if (type == OF_NUMBER && (!json_is_integer(v) || json_integer_value(v) < 0))
		return wrong(r, &at, "expected a whole number from 0 to 2^63 - 1");
	*ret = v;
	return 0;
}

static int required(struct reading *r, const struct place *up, const json_t *o, const char *name,
	enum member_type type, const json_t **ret)
{
	int e = member(r, up, o, name, type, ret);

	if (e < 0)
		return e;
	return *ret ? 0 : wrong(r, up, "'%s' is missing", name);
}

/* jansson may be told to let a NUL into a string; what follows it would not be compared. */
static int item_string(struct reading *r, const struct place *at, const json_t *v, const char **ret)
{
	*ret = json_string_value(v);
	if (!*ret)
		return wrong(r, at, "expected a string");
	if (strlen(*ret) != json_string_length(v))
		return wrong(r, at, "a NUL in a string");
	return 0;
}

static int read_action(struct reading *r, const struct place *up, const json_t *o, const char *name,
	const char *errno_name, uint32_t *ret)
{
	struct place at = { .up = up, .name = name };
	struct place errno_at = { .up = up, .name = errno_name };
	const json_t *v, *number;
	uint64_t errnum = EPERM;
	const char *s;
	int e;

	e = required(r, up, o, name, OF_STRING, &v);
	if (e < 0)
		return e;
	e = item_string(r, &at, v, &s);
	if (e < 0)
		return e;
	e = find_word(r, &at, "action", section_actions, s, ret);
	if (e < 0)
		return e;
	e = member(r, up, o, errno_name, OF_NUMBER, &number);
	if (e < 0)
		return e;
	if (number)
		errnum = (uint64_t)json_integer_value(number);
	if (errnum > ERRNO_MAX)
		return wrong(r, &errno_at, "%llu is no errno", (unsigned long long)errnum);
	if (*ret == SECCOMP_RET_ERRNO || *ret == SECCOMP_RET_TRACE)
		*ret |= (uint32_t)errnum;
	return 0;
}

static const struct section_word operators[] = {
	{ "SCMP_CMP_NE", SECTION_NE },
	{ "SCMP_CMP_LT", SECTION_LT },
	{ "SCMP_CMP_LE", SECTION_LE },
	{ "SCMP_CMP_EQ", SECTION_EQ },
	{ "SCMP_CMP_GE", SECTION_GE },
	{ "SCMP_CMP_GT", SECTION_GT },
	{ "SCMP_CMP_MASKED_EQ", SECTION_MASKED_EQ },
	{ NULL, 0 },
};

static int read_condition(
	struct reading *r, const struct place *at, const json_t *o, struct section_condition *ret)
{
	static const char *const members[] = { "index", "value", "valueTwo", "op", NULL };
	struct place op_at = { .up = at, .name = "op" }, index_at = { .up = at, .name = "index" };
	const json_t *index, *value, *two, *op;
	const char *s;
	uint32_t word;
	int e;

	if ((e = check_members(r, at, o, members)) < 0 ||
		(e = required(r, at, o, "index", OF_NUMBER, &index)) < 0 ||
		(e = required(r, at, o, "value", OF_NUMBER, &value)) < 0 ||
		(e = member(r, at, o, "valueTwo", OF_NUMBER, &two)) < 0 ||
		(e = required(r, at, o, "op", OF_STRING, &op)) < 0 ||
		(e = item_string(r, &op_at, op, &s)) < 0 ||
		(e = find_word(r, &op_at, "operator", operators, s, &word)) < 0)
		return e;
	if (json_integer_value(index) > 5)
		return wrong(r, &index_at, "a call has arguments 0 to 5, not %lld",
			(long long)json_integer_value(index));
	*ret = (struct section_condition){
		.index = (uint8_t)json_integer_value(index),
		.op = (enum section_compare)word,
		.value = (uint64_t)json_integer_value(value),
		.value_two = two ? (uint64_t)json_integer_value(two) : 0,
	};
	return 0;
}

/* No two of @v are on one argument. */
static const struct section_rule *rule_new(
	struct arena *a, uint32_t action, const struct section_condition *v, size_t n)
{
	struct section_rule *rule = arena_alloc(a, sizeof(*rule));

	rule->action = action;
	rule->high_only = true;
	for (size_t i = 0; i < n; i++) {
		const struct section_condition *c = &v[i];
		bool never;

		/* libseccomp leaves it out: without others the rule has none. */
		if (c->op == SECTION_MASKED_EQ && c->value == 0)
			continue;
		rule->conditions[rule->n_conditions++] = *c;
		rule->box.sets[c->index] = value_set_of(c->op, c->value, c->value_two, &never);
		if (!value_set_is_all(&rule->box.sets[c->index]))
			rule->box.has |= (uint8_t)(1u << c->index);
		rule->never = rule->never || never;
		rule->wide = rule->wide || section_condition_is_wide(c);
		rule->high_only =
			rule->high_only && c->op == SECTION_MASKED_EQ && !(c->value & UINT32_MAX);
	}
	return rule;
}

struct rules {
	const struct section_rule *v[6];
	size_t n;
};

static int read_rules(struct reading *r, const struct place *at, const json_t *o, uint32_t action,
	struct rules *ret)
{
	struct place list_at = { .up = at, .name = "args" };
	struct section_condition v[6];
	const json_t *list, *item;
	bool doubled = false;
	size_t i, n = 0;
	int e;

	*ret = (struct rules){ .n = 0 };
	e = member(r, at, o, "args", OF_ARRAY, &list);
	if (e < 0)
		return e;
	/* crun looks at six, runc at all. */
	if (json_array_size(list) > 6)
		return wrong(r, &list_at, "more than 6 conditions");
	json_array_foreach (list, i, item) {
		struct place item_at = { .up = &list_at, .index = i };

		e = read_condition(r, &item_at, item, &v[n]);
		if (e < 0)
			return e;
		for (size_t k = 0; k < n; k++)
			doubled = doubled || v[k].index == v[n].index;
		n++;
	}
	if (!doubled)
		ret->v[ret->n++] = rule_new(r->merge->arena, action, v, n);
	for (i = 0; doubled && i < n; i++)
		ret->v[ret->n++] = rule_new(r->merge->arena, action, &v[i], 1);
	return 0;
}

struct named {
	const struct section_merge *merge;
	const char *name;
};

static bool same_call(const void *ctx, uint32_t value)
{
	const struct named *n = ctx;

	return !strcmp(n->merge->calls[value].name, n->name);
}

static struct section_call *call_of(struct section_merge *m, const char *name)
{
	struct section_call c = { .name = name };
	struct named n = { m, name };
	uint64_t hash = 0;
	uint32_t found;

	for (const char *s = name; *s; s++)
		hash = hash_add(hash, (unsigned char)*s);
	found = hash_index_find(&m->index, hash, same_call, &n);
	if (found != HASH_INDEX_NONE)
		return &m->calls[found];
	c.halves[SECTION_OWN].rest = m->sections[SECTION_OWN].default_action;
	c.halves[SECTION_POLICY].rest = m->sections[SECTION_POLICY].default_action;
	ARENA_PUSH(m->arena, m->calls, m->n_calls, m->cap_calls, c);
	hash_index_add(&m->index, hash, m->n_calls - 1);
	return &m->calls[m->n_calls - 1];
}

static void add_rules(
	struct section_merge *m, struct section_half *h, const struct rules *rules, uint32_t other)
{
	for (size_t i = 0; i < rules->n && !h->whole; i++) {
		const struct section_rule *rule = rules->v[i];

		if (rule->action == other)
			continue;
		if (rule->n_conditions && rule->high_only) {
			h->high_only_action =
				h->high_only ? section_stricter(h->high_only_action, rule->action)
					     : rule->action;
			h->high_only = true;
		}
		if (!rule->n_conditions) {
			h->whole = true;
			h->rest = rule->action;
			h->n_rules = 0;
		} else {
			ARENA_PUSH(m->arena, h->rules, h->n_rules, h->cap_rules, rule);
		}
	}
}

static int read_entry(struct reading *r, const struct place *at, const json_t *o)
{
	static const char *const members[] = { "names", "action", "errnoRet", "args", NULL };
	struct section_merge *m = r->merge;
	struct place names_at = { .up = at, .name = "names" };
	const json_t *names, *item;
	struct rules rules;
	uint32_t action;
	size_t i;
	int e;

	if ((e = check_members(r, at, o, members)) < 0 ||
		(e = required(r, at, o, "names", OF_ARRAY, &names)) < 0 ||
		(e = read_action(r, at, o, "action", "errnoRet", &action)) < 0 ||
		(e = read_rules(r, at, o, action, &rules)) < 0)
		return e;
	json_array_foreach (names, i, item) {
		struct place item_at = { .up = &names_at, .index = i };
		struct section_half *h;
		const char *name;

		e = item_string(r, &item_at, item, &name);
		if (e < 0)
			return e;
		if (!*name)
			return wrong(r, &item_at, "the name of a call is empty");
		h = &call_of(m, name)->halves[r->which];
		h->named = true;
		add_rules(m, h, &rules, m->sections[r->which].default_action);
	}
	return 0;
}

static int read_architectures(
	struct reading *r, const struct place *up, const json_t *o, uint32_t *ret)
{
	struct place at = { .up = up, .name = "architectures" };
	const json_t *list, *item;
	size_t i;
	int e;

	*ret = 0;
	e = member(r, up, o, "architectures", OF_ARRAY, &list);
	if (e < 0)
		return e;
	json_array_foreach (list, i, item) {
		struct place item_at = { .up = &at, .index = i };
		const char *s;
		int found;

		e = item_string(r, &item_at, item, &s);
		if (e < 0)
			return e;
		found = section_architecture_find(s);
		if (found < 0)
			return wrong(r, &item_at, "unknown architecture '%s'", quoted(r, s));
		*ret |= 1u << found;
	}
	return 0;
}

static int check_flags(struct reading *r, const struct place *up, const json_t *list)
{
	struct place at = { .up = up, .name = "flags" };
	const json_t *item;
	size_t i;

	json_array_foreach (list, i, item) {
		struct place item_at = { .up = &at, .index = i };
		uint32_t flag;
		const char *s;
		int e;

		if ((e = item_string(r, &item_at, item, &s)) < 0 ||
			(e = find_word(r, &item_at, "flag", section_flags, s, &flag)) < 0)
			return e;
	}
	return 0;
}

/* What runs against the calls of both sections, once both defaults are known. */
int section_read_calls(struct section_merge *m, int which, struct pale_err **err)
{
	struct section *s = &m->sections[which];
	struct reading r = { .merge = m, .which = which, .err = err };
	struct place at = { .name = s->path }, list_at = { .up = &at, .name = "syscalls" };
	const json_t *item;
	size_t i;

	json_array_foreach (s->syscalls, i, item) {
		struct place item_at = { .up = &list_at, .index = i };
		int e = read_entry(&r, &item_at, item);

		if (e < 0)
			return e;
	}
	return 0;
}

int section_read(struct section_merge *m, int which, const char *path, const json_t *o,
	struct pale_err **err)
{
	static const char *const members[] = { "defaultAction", "defaultErrnoRet", "architectures",
		"flags", "listenerPath", "listenerMetadata", "syscalls", NULL };
	struct section *s = &m->sections[which];
	struct reading r = { .merge = m, .which = which, .err = err };
	struct place at = { .name = path };
	const json_t *unused;
	int e;

	s->path = path;
	if ((e = check_members(&r, &at, o, members)) < 0 ||
		(e = read_action(
			 &r, &at, o, "defaultAction", "defaultErrnoRet", &s->default_action)) < 0 ||
		(e = read_architectures(&r, &at, o, &s->architectures)) < 0 ||
		(e = member(&r, &at, o, "flags", OF_ARRAY, &s->flags)) < 0 ||
		(e = check_flags(&r, &at, s->flags)) < 0 ||
		(e = member(&r, &at, o, "listenerPath", OF_STRING, &unused)) < 0 ||
		(e = member(&r, &at, o, "listenerMetadata", OF_STRING, &unused)) < 0)
		return e;
	return member(&r, &at, o, "syscalls", OF_ARRAY, &s->syscalls);
}
