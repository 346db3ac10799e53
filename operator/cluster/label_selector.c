/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/cluster/label_selector.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/text.h"
#include "operator/memory.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char *const operators[] = {
	[LABEL_IN] = "In",
	[LABEL_NOT_IN] = "NotIn",
	[LABEL_EXISTS] = "Exists",
	[LABEL_DOES_NOT_EXIST] = "DoesNotExist",
};

#define OPERATORS (sizeof(operators) / sizeof(*operators))

/* One more, with a key and nothing else. */
static struct label_requirement *add(
	struct label_selector *s, enum label_operator relation, const char *key)
{
	s->v = memory_resize(s->v, s->n + 1, sizeof(*s->v));
	s->v[s->n] = (struct label_requirement){ .relation = relation, .key = memory_string(key) };
	return &s->v[s->n++];
}

static int read_labels(const json_t *labels, struct label_selector *ret, struct pale_err **err)
{
	const char *key;
	json_t *value;

	if (labels && !json_is_object(labels))
		return pale_err_plain(err, EINVAL, "matchLabels is no object");
	json_object_foreach ((json_t *)labels, key, value) {
		if (!json_is_string(value))
			return pale_err_plain(err, EINVAL, "matchLabels: '%s' is no string", key);
		string_list_add(&add(ret, LABEL_IN, key)->values, json_string_value(value));
	}
	return 0;
}

static int read_values(const json_t *values, struct label_requirement *r, struct pale_err **err)
{
	_cleanup_(text_release) struct text what = TEXT_INIT;
	bool wants = r->relation == LABEL_IN || r->relation == LABEL_NOT_IN;
	const char *name = operators[r->relation];
	int is;

	text_printf(&what, "values of '%s'", r->key);
	is = string_list_read(values, text_str(&what), &r->values, err);
	if (is < 0)
		return is;
	if (wants && !r->values.n)
		return pale_err_plain(err, EINVAL, "'%s' %s needs values", r->key, name);
	if (!wants && r->values.n)
		return pale_err_plain(err, EINVAL, "'%s' %s takes no values", r->key, name);
	return 0;
}

static int read_expression(const json_t *e, struct label_selector *ret, struct pale_err **err)
{
	const char *key = json_string_value(json_object_get(e, "key"));
	const char *relation = json_string_value(json_object_get(e, "operator"));
	const char *member;
	json_t *value;

	json_object_foreach ((json_t *)e, member, value) {
		if (strcmp(member, "key") != 0 && strcmp(member, "operator") != 0 &&
			strcmp(member, "values") != 0)
			return pale_err_plain(
				err, EINVAL, "matchExpressions: unknown member '%s'", member);
	}
	if (!key || !*key || !relation)
		return pale_err_plain(
			err, EINVAL, "matchExpressions has one without key or operator");
	for (size_t i = 0; i < OPERATORS; i++) {
		if (strcmp(operators[i], relation) == 0)
			return read_values(json_object_get(e, "values"),
				add(ret, (enum label_operator)i, key), err);
	}
	return pale_err_plain(err, EINVAL,
		"'%s' has the operator '%s', which is none of In, NotIn, Exists and DoesNotExist",
		key, relation);
}

static int read_expressions(const json_t *list, struct label_selector *ret, struct pale_err **err)
{
	json_t *e;
	size_t i;

	if (list && !json_is_array(list))
		return pale_err_plain(err, EINVAL, "matchExpressions is no list");
	json_array_foreach (list, i, e) {
		int r = read_expression(e, ret, err);

		if (r < 0)
			return r;
	}
	return 0;
}

int label_selector_read(const json_t *json, struct label_selector *ret, struct pale_err **err)
{
	const char *member;
	json_t *value;
	int r;

	*ret = (struct label_selector){ 0 };
	if (!json_is_object(json))
		return pale_err_plain(err, EINVAL, "the selector is no object");
	json_object_foreach ((json_t *)json, member, value) {
		if (strcmp(member, "matchLabels") != 0 && strcmp(member, "matchExpressions") != 0)
			return pale_err_plain(err, EINVAL, "unknown member '%s'", member);
	}
	r = read_labels(json_object_get(json, "matchLabels"), ret, err);
	return r < 0 ? r : read_expressions(json_object_get(json, "matchExpressions"), ret, err);
}

static bool holds(const struct label_requirement *r, const json_t *labels)
{
	const char *value = json_string_value(json_object_get(labels, r->key));

	switch (r->relation) {
	case LABEL_IN:
		return value && string_list_has(&r->values, value);
	case LABEL_NOT_IN:
		return !value || !string_list_has(&r->values, value);
	case LABEL_EXISTS:
		return value;
	case LABEL_DOES_NOT_EXIST:
		return !value;
	}
	return false;
}

bool label_selector_matches(const struct label_selector *s, const json_t *labels)
{
	for (size_t i = 0; i < s->n; i++) {
		if (!holds(&s->v[i], labels))
			return false;
	}
	return true;
}

void label_selector_release(struct label_selector *s)
{
	for (size_t i = 0; i < s->n; i++) {
		free(s->v[i].key);
		string_list_release(&s->v[i].values);
	}
	free(s->v);
	*s = (struct label_selector){ 0 };
}
