/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/posture/manifest_file.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/json_text.h"
#include "operator/memory.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

/* ---- YAML */

static bool is_one_of(const char *s, const char *const *words)
{
	for (; *words; words++) {
		if (strcmp(s, *words) == 0)
			return true;
	}
	return false;
}

static const char *const nulls[] = { "", "~", "null", "Null", "NULL", NULL };
static const char *const trues[] = { "true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON",
	"y", "Y", NULL };
static const char *const falses[] = { "false", "False", "FALSE", "no", "No", "NO", "off", "Off",
	"OFF", "n", "N", NULL };

/* A scalar without quotes. */
static json_t *plain(const char *s)
{
	char *end;
	long long number;
	double real;

	if (is_one_of(s, nulls))
		return json_null();
	if (is_one_of(s, trues))
		return json_true();
	if (is_one_of(s, falses))
		return json_false();
	if (!isdigit((unsigned char)s[*s == '-' || *s == '+']))
		return json_text(s);
	errno = 0;
	number = strtoll(s, &end, 0);
	if (!*end && !errno)
		return json_integer(number);
	real = strtod(s, &end);
	return *end ? json_text(s) : json_real(real);
}

static json_t *json_of(const struct yaml_node *n)
{
	json_t *o;

	if (!n)
		return json_null();
	if (n->kind == YAML_TEXT)
		return memory_checked(n->quoted ? json_text(n->text) : plain(n->text));
	o = memory_checked(n->kind == YAML_LIST ? json_array() : json_object());
	for (uint32_t i = 0; i < n->n; i += n->kind == YAML_LIST ? 1 : 2) {
		if (n->kind == YAML_LIST)
			json_array_append_new(o, json_of(n->v[i]));
		else
			json_object_set_new(o, n->v[i]->text, json_of(n->v[i + 1]));
	}
	return o;
}

static int wrong(
	const struct manifest_file *f, struct span at, const char *what, struct pale_err **err)
{
	uint32_t line, column;

	source_position(f->source, at.offset, &line, &column);
	return pale_err_plain(err, EINVAL, "%s:%u:%u: %s", f->source->name, line, column, what);
}

static int take_yaml(struct manifest_file *f, struct pale_err **err)
{
	if (!yaml_read(f->source, &f->diags, &f->documents))
		return diag_first_error(&f->diags, false, err);
	for (uint32_t i = 0; i < f->documents.n; i++) {
		const struct yaml_node *n = f->documents.v[i];

		if (n->kind != YAML_MAP)
			return wrong(f, n->at, "a document that is no object", err);
		json_array_append_new(f->objects, json_of(n));
	}
	return 0;
}

/* ---- JSON */

static int take_json(struct manifest_file *f, struct pale_err **err)
{
	size_t at = 0;

	for (;;) {
		json_error_t e;
		json_t *o;

		while (at < f->source->len && isspace((unsigned char)f->source->bytes[at]))
			at++;
		if (at == f->source->len)
			break;
		o = json_loadb(f->source->bytes + at, f->source->len - at,
			JSON_REJECT_DUPLICATES | JSON_DISABLE_EOF_CHECK | JSON_ALLOW_NUL, &e);
		if (!json_is_object(o)) {
			bool value = o != NULL;
			size_t after = value || e.position < 1 ? 0 : (size_t)e.position - 1;

			json_decref(o);
			return wrong(f, (struct span){ .offset = (uint32_t)(at + after) },
				value ? "a value that is no object" : e.text, err);
		}
		json_array_append_new(f->objects, o);
		at += (size_t)e.position;
	}
	/* For lines alone: JSON is YAML but for little, and what is not has none. */
	if (json_array_size(f->objects) == 1 && f->source->len <= YAML_BYTES_MAX)
		yaml_read(f->source, &f->diags, &f->documents);
	return 0;
}

static bool begins_json(const struct source *s)
{
	size_t at = 0;

	while (at < s->len && isspace((unsigned char)s->bytes[at]))
		at++;
	return s->bytes[at] == '{' || s->bytes[at] == '[';
}

int manifest_file_read(const char *name, struct manifest_file *ret, struct pale_err **err)
{
	struct source *source = NULL;
	int r;

	*ret = (struct manifest_file){
		.name = name, .arena = arena_new(), .objects = memory_checked(json_array())
	};
	source_set_init(&ret->sources, ret->arena);
	diag_list_init(&ret->diags, &ret->sources);
	if (strcmp(name, "-") == 0)
		r = source_read_fd(&ret->sources, STDIN_FILENO, "<stdin>", &source, err);
	else
		r = source_read(&ret->sources, name, name, &source, err);
	if (r < 0)
		return r;
	ret->source = source;
	r = begins_json(source) ? take_json(ret, err) : take_yaml(ret, err);
	if (r == 0 && json_array_size(ret->objects) == 0)
		return pale_err_plain(err, EINVAL, "%s: no object in it", source->name);
	return r;
}

void manifest_file_release(struct manifest_file *f)
{
	json_decref(f->objects);
	arena_free(f->arena);
	*f = (struct manifest_file){ 0 };
}

/* ---- lines */

/* The value of the next step of "a.b[3].c['d.e']", or NULL; what of the path is left. */
static const struct yaml_node *step(const struct yaml_node *n, const char **path)
{
	const char *s = *path;
	size_t len;

	if (*s == '[' && s[1] != '\'') {
		unsigned long i = strtoul(s + 1, NULL, 10);

		*path = s + strcspn(s, "]");
		*path += **path == ']';
		return n->kind == YAML_LIST && i < n->n ? n->v[i] : NULL;
	}
	if (*s == '[') {
		s += 2;
		len = strcspn(s, "'");
		*path = s + len + (s[len] ? 2 : 0);
	} else {
		s += *s == '.';
		len = strcspn(s, ".[");
		*path = s + len;
	}
	for (uint32_t i = 0; n->kind == YAML_MAP && i < n->n; i += 2) {
		if (strlen(n->v[i]->text) == len && memcmp(n->v[i]->text, s, len) == 0)
			return n->v[i + 1];
	}
	return NULL;
}

static uint32_t line_of(void *ctx, const char *path)
{
	const struct manifest_object *o = ctx;
	const struct yaml_node *n =
		o->index < o->file->documents.n ? o->file->documents.v[o->index] : NULL;
	uint32_t line, column;

	if (!n)
		return 0;
	while (*path) {
		const struct yaml_node *below = step(n, &path);

		if (!below)
			break;
		n = below;
	}
	source_position(o->file->source, n->at.offset, &line, &column);
	return line;
}

struct object_source manifest_object_source(struct manifest_object *object)
{
	return (struct object_source){ object->file->name, line_of, object };
}
