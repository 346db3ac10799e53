/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/base/yaml_read.h"

#include "compiler/base/utf8.h"

#include <string.h>
#include <yaml.h>

struct reading {
	const struct source *source;
	struct diag_list *diags;
	yaml_parser_t parser;
	/* libyaml counts characters: where the last one that was asked for stands. */
	size_t character;
	uint32_t offset;
};

static uint32_t offset_of(struct reading *r, size_t character)
{
	if (character < r->character) {
		r->character = 0;
		r->offset = 0;
	}
	while (r->character < character && r->offset < r->source->len) {
		size_t n = utf8_sequence((const unsigned char *)r->source->bytes + r->offset,
			r->source->len - r->offset);

		r->offset += n ? (uint32_t)n : 1;
		r->character++;
	}
	return r->offset;
}

static struct span span_of(struct reading *r, const yaml_event_t *e)
{
	struct span at = { .source = r->source->id };

	at.offset = offset_of(r, e->start_mark.index);
	at.len = offset_of(r, e->end_mark.index) - at.offset;
	return at;
}

static bool wrong(struct reading *r, struct span at, const char *text)
{
	diag_error(r->diags, at, "%s", text);
	return false;
}

static bool next(struct reading *r, yaml_event_t *e)
{
	struct span at = { .source = r->source->id };
	const char *context, *problem;

	if (yaml_parser_parse(&r->parser, e))
		return true;
	context = r->parser.context;
	problem = r->parser.problem ? r->parser.problem : "out of memory";
	at.offset = r->parser.error == YAML_READER_ERROR
			    ? (uint32_t)r->parser.problem_offset
			    : offset_of(r, r->parser.problem_mark.index);
	if (at.offset > r->source->len)
		at.offset = r->source->len;
	at.len = at.offset < r->source->len;
	diag_error(r->diags, at, "not YAML: %s%s%s", context ? context : "", context ? ", " : "",
		problem);
	return false;
}

static bool read_node(
	struct reading *r, yaml_event_t *e, unsigned int depth, struct yaml_node **ret);

static bool check_key(struct reading *r, const struct yaml_node *map, const struct yaml_node *key)
{
	if (key->kind != YAML_TEXT)
		return wrong(r, key->at, "a key that is no text");
	if (!key->quoted && strcmp(key->text, "<<") == 0)
		return wrong(r, key->at, "a merge key");
	for (uint32_t i = 0; i < map->n; i += 2) {
		struct diag *d;

		if (strcmp(map->v[i]->text, key->text) != 0)
			continue;
		d = diag_error(r->diags, key->at, "the key stands twice");
		diag_note(r->diags, d, map->v[i]->at, "first here");
		return false;
	}
	return true;
}

static bool read_members(
	struct reading *r, yaml_event_type_t end, unsigned int depth, struct yaml_node *to)
{
	for (;;) {
		struct yaml_node *node;
		yaml_event_t e;
		bool ok;

		if (!next(r, &e))
			return false;
		if (e.type == end) {
			yaml_event_delete(&e);
			return true;
		}
		ok = read_node(r, &e, depth + 1, &node);
		yaml_event_delete(&e);
		if (!ok || (to->kind == YAML_MAP && to->n % 2 == 0 && !check_key(r, to, node)))
			return false;
		ARENA_PUSH(r->diags->arena, to->v, to->n, to->cap, node);
	}
}

/* "!!bool" before a value makes it something else than it looks like. */
static bool has_tag(const yaml_event_t *e)
{
	return (e->type == YAML_SCALAR_EVENT && e->data.scalar.tag) ||
	       (e->type == YAML_SEQUENCE_START_EVENT && e->data.sequence_start.tag) ||
	       (e->type == YAML_MAPPING_START_EVENT && e->data.mapping_start.tag);
}

static bool read_node(
	struct reading *r, yaml_event_t *e, unsigned int depth, struct yaml_node **ret)
{
	struct yaml_node *node = arena_alloc(r->diags->arena, sizeof(*node));

	node->at = span_of(r, e);
	*ret = node;
	if (depth > YAML_DEPTH_MAX)
		return wrong(r, node->at, "nested more than 64 deep");
	if (has_tag(e))
		return wrong(r, node->at, "a tag");
	switch (e->type) {
	case YAML_ALIAS_EVENT: {
		struct diag *d = diag_error(r->diags, node->at, "an alias");

		diag_hint(r->diags, d, "write what it stands for");
		return false;
	}
	case YAML_SCALAR_EVENT:
		if (memchr(e->data.scalar.value, 0, e->data.scalar.length))
			return wrong(r, node->at, "a NUL character");
		node->text =
			arena_memdup(r->diags->arena, e->data.scalar.value, e->data.scalar.length);
		node->quoted = e->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
		return true;
	case YAML_SEQUENCE_START_EVENT:
		node->kind = YAML_LIST;
		return read_members(r, YAML_SEQUENCE_END_EVENT, depth, node);
	case YAML_MAPPING_START_EVENT:
		node->kind = YAML_MAP;
		return read_members(r, YAML_MAPPING_END_EVENT, depth, node);
	default:
		return wrong(r, node->at, "not YAML: a value is missing");
	}
}

static bool is_empty(const struct yaml_node *node)
{
	return node->kind == YAML_TEXT && !node->quoted &&
	       (!*node->text || !strcmp(node->text, "~") || !strcmp(node->text, "null"));
}

static bool read_stream(struct reading *r, struct yaml_documents *ret)
{
	for (;;) {
		yaml_event_t e;
		bool ok = true, end;

		if (!next(r, &e))
			return false;
		end = e.type == YAML_STREAM_END_EVENT;
		if (!end && e.type != YAML_STREAM_START_EVENT &&
			e.type != YAML_DOCUMENT_START_EVENT && e.type != YAML_DOCUMENT_END_EVENT) {
			struct yaml_node *node;

			ok = read_node(r, &e, 0, &node);
			if (ok && !is_empty(node))
				ARENA_PUSH(r->diags->arena, ret->v, ret->n, ret->cap, node);
		}
		yaml_event_delete(&e);
		if (end || !ok)
			return ok;
	}
}

bool yaml_read(const struct source *s, struct diag_list *diags, struct yaml_documents *ret)
{
	struct reading r = { .source = s, .diags = diags };
	bool ok;

	*ret = (struct yaml_documents){ 0 };
	if (s->len > YAML_BYTES_MAX) {
		diag_error_unplaced(diags, "%s: longer than 1048576 bytes", s->name);
		return false;
	}
	if (!yaml_parser_initialize(&r.parser))
		abort();
	yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&r.parser, (const unsigned char *)s->bytes, s->len);
	ok = read_stream(&r, ret);
	yaml_parser_delete(&r.parser);
	return ok;
}

const struct yaml_node *yaml_member(const struct yaml_node *map, const char *key)
{
	for (uint32_t i = 0; map && map->kind == YAML_MAP && i + 1 < map->n; i += 2) {
		if (!strcmp(map->v[i]->text, key))
			return is_empty(map->v[i + 1]) ? NULL : map->v[i + 1];
	}
	return NULL;
}
