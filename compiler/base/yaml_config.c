/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/base/yaml_config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int yaml_config_read(const char *path, struct arena *arena,
	void (*take)(void *ctx, const struct yaml_node *root, struct diag_list *diags), void *ctx,
	struct pale_err **err)
{
	struct source_set sources;
	struct diag_list diags;
	struct yaml_documents documents = { 0 };
	struct source *s;
	int r;

	source_set_init(&sources, arena);
	r = source_read(&sources, path, path, &s, err);
	if (r < 0)
		return r;
	diag_list_init(&diags, &sources);
	if (yaml_read(s, &diags, &documents)) {
		take(ctx, documents.n ? documents.v[0] : NULL, &diags);
		if (documents.n > 1)
			diag_error(&diags, documents.v[1]->at, "only one document is read");
	}
	return diags.n_errors ? diag_first_error(&diags, false, err) : 0;
}

static void read_key(const struct yaml_node *key, const struct yaml_node *value,
	const struct yaml_key *keys, const char *of, void *ctx, struct diag_list *diags)
{
	for (; keys->key; keys++) {
		if (strcmp(keys->key, key->text) == 0) {
			keys->read(ctx, value);
			return;
		}
	}
	diag_error(
		diags, key->at, "unknown key '%s'%s%s", key->text, of ? " of " : "", of ? of : "");
}

void yaml_read_keys(const struct yaml_node *map, const struct yaml_key *keys, const char *of,
	void *ctx, struct diag_list *diags)
{
	if (map->kind != YAML_MAP) {
		diag_error(diags, map->at, "%s must map keys to values", of ? of : "the file");
		return;
	}
	for (uint32_t i = 0; i + 1 < map->n; i += 2)
		read_key(map->v[i], map->v[i + 1], keys, of, ctx, diags);
}

const char *yaml_text(
	const struct yaml_node *n, const char *what, struct arena *arena, struct diag_list *diags)
{
	if (n->kind == YAML_TEXT && *n->text)
		return arena_strdup(arena, n->text);
	diag_error(diags, n->at, "%s must be a text", what);
	return NULL;
}

bool yaml_boolean(const struct yaml_node *n, const char *what, struct diag_list *diags)
{
	static const char *const names[] = { "false", "true", NULL };
	int v = n->quoted ? -1 : yaml_choice(n, names);

	if (v < 0)
		diag_error(diags, n->at, "%s must be true or false", what);
	return v > 0;
}

int yaml_choice(const struct yaml_node *n, const char *const *names)
{
	for (int i = 0; n->kind == YAML_TEXT && names[i]; i++) {
		if (strcmp(n->text, names[i]) == 0)
			return i;
	}
	return -1;
}

bool yaml_quantity(const struct yaml_node *n, const struct yaml_unit *units, uint64_t min,
	uint64_t max, uint64_t *ret)
{
	uint64_t v;
	char *end;

	if (n->kind != YAML_TEXT || n->text[0] < '0' || n->text[0] > '9')
		return false;
	errno = 0;
	v = strtoull(n->text, &end, 10);
	for (; !errno && units->name; units++) {
		if (strcmp(units->name, end) != 0)
			continue;
		if (v > max / units->factor || v * units->factor < min)
			return false;
		*ret = v * units->factor;
		return true;
	}
	return false;
}

bool yaml_number(const struct yaml_node *n, uint64_t min, uint64_t max, uint64_t *ret)
{
	static const struct yaml_unit none[] = { { "", 1 }, { NULL, 0 } };

	return yaml_quantity(n, none, min, max, ret);
}
