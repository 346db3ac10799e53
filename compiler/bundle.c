/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/bundle.h"

#include "compiler/base/json_text.h"
#include "compiler/base/sha256.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char magic[8] = { 'P', 'A', 'L', 'E', 'B', 'N', 'D', 'L' };

#define HEAD_BYTES    16u
#define SECTION_BYTES (BUNDLE_NAME_MAX + 1 + 8 + 8 + 32u)
#define DIGEST_BYTES  32u

void bundle_add(struct bundle *b, const char *name, const void *bytes, size_t len)
{
	struct bundle_section *s = &b->v[b->n];

	assert(b->n < BUNDLE_SECTIONS_MAX && strlen(name) <= BUNDLE_NAME_MAX &&
		!bundle_find(b, name));
	memset(s->name, 0, sizeof(s->name));
	memcpy(s->name, name, strlen(name));
	s->bytes = bytes;
	s->len = len;
	b->n++;
}

const struct bundle_section *bundle_find(const struct bundle *b, const char *name)
{
	for (uint32_t i = 0; i < b->n; i++) {
		if (!strcmp(b->v[i].name, name))
			return &b->v[i];
	}
	return NULL;
}

void bundle_write(const struct bundle *b, struct text *ret)
{
	uint64_t offset = HEAD_BYTES + b->n * SECTION_BYTES + DIGEST_BYTES;
	size_t start = ret->len;
	uint8_t digest[32];

	text_add(ret, magic, sizeof(magic));
	text_u32(ret, BUNDLE_VERSION);
	text_u32(ret, b->n);
	for (uint32_t i = 0; i < b->n; i++) {
		text_add(ret, b->v[i].name, sizeof(b->v[i].name));
		text_u64(ret, offset);
		text_u64(ret, b->v[i].len);
		sha256(b->v[i].bytes, b->v[i].len, digest);
		text_add(ret, digest, sizeof(digest));
		offset += b->v[i].len;
	}
	sha256(ret->s + start, ret->len - start, digest);
	text_add(ret, digest, sizeof(digest));
	for (uint32_t i = 0; i < b->n; i++)
		text_add(ret, b->v[i].bytes, b->v[i].len);
}

static uint64_t number(const uint8_t *p, int bytes)
{
	uint64_t v = 0;

	for (int i = bytes; i-- > 0;)
		v = v << 8 | p[i];
	return v;
}

static int damaged(struct pale_err **err, const char *what)
{
	int r = pale_err_plain(err, EBADMSG, "the bundle is damaged (%s)", what);

	pale_err_hint(err, "build it again with 'pale build'");
	return r;
}

int bundle_read(const void *bytes, size_t len, struct bundle *ret, struct pale_err **err)
{
	const uint8_t *p = bytes;
	uint8_t digest[32];
	uint64_t n, table, expected;

	*ret = (struct bundle){ 0 };
	if (len < HEAD_BYTES + DIGEST_BYTES || memcmp(p, magic, sizeof(magic)) != 0)
		return pale_err_plain(err, EBADMSG, "not a bundle");
	if (number(p + 8, 4) != BUNDLE_VERSION)
		return pale_err_plain(
			err, EPROTONOSUPPORT, "bundle version %u", (unsigned)number(p + 8, 4));
	n = number(p + 12, 4);
	if (n > BUNDLE_SECTIONS_MAX)
		return damaged(err, "too many sections");
	table = HEAD_BYTES + n * SECTION_BYTES;
	if (len < table + DIGEST_BYTES)
		return damaged(err, "its table is cut off");
	sha256(p, table, digest);
	if (memcmp(digest, p + table, DIGEST_BYTES) != 0)
		return damaged(err, "its table");
	expected = table + DIGEST_BYTES;
	for (uint64_t i = 0; i < n; i++) {
		const uint8_t *entry = p + HEAD_BYTES + i * SECTION_BYTES;
		uint64_t offset = number(entry + BUNDLE_NAME_MAX + 1, 8),
			 size = number(entry + BUNDLE_NAME_MAX + 9, 8);
		struct bundle_section *s = &ret->v[ret->n];

		if (entry[BUNDLE_NAME_MAX] || offset != expected || size > len - offset)
			return damaged(err, "a section's place");
		memcpy(s->name, entry, sizeof(s->name));
		sha256(p + offset, size, digest);
		if (memcmp(digest, entry + BUNDLE_NAME_MAX + 17, sizeof(digest)) != 0)
			return damaged(err, s->name);
		if (bundle_find(ret, s->name))
			return damaged(err, "two sections of one name");
		s->bytes = p + offset;
		s->len = size;
		expected += size;
		ret->n++;
	}
	if (expected != len)
		return damaged(err, "bytes after its end");
	return 0;
}

static json_t *rule_json(const struct policy *p, const struct rule *r)
{
	static const char *const effects[] = { "allow", "audit", "deny", "kill" };
	json_t *o = json_object(), *operations = json_array(), *lines = json_array();
	char id[17];

	snprintf(id, sizeof(id), "%016llx", (unsigned long long)r->id);
	for (uint64_t rest = r->operations; rest; rest &= rest - 1)
		json_array_append_new(
			operations, json_string(vocab_operations[__builtin_ctzll(rest)].name));
	for (uint32_t i = 0; i < r->n_lines; i++) {
		json_t *line = json_object();

		json_object_set_new(line, "file",
			json_text(p->sources->v[r->lines[i].at.source]->portable_name));
		json_object_set_new(line, "line", json_integer(r->lines[i].line));
		json_object_set_new(line, "column", json_integer(r->lines[i].column));
		json_object_set_new(line, "text", json_text(r->lines[i].text));
		json_array_append_new(lines, line);
	}
	json_object_set_new(o, "id", json_string(id));
	json_object_set_new(o, "profile", json_text(p->domains[r->domain]->name));
	json_object_set_new(o, "effect", json_string(effects[r->effect]));
	json_object_set_new(o, "quiet", json_boolean(r->quiet));
	json_object_set_new(o, "default", json_boolean(r->is_default));
	json_object_set_new(o, "derived", json_boolean(r->derived));
	json_object_set_new(o, "operations", operations);
	json_object_set_new(o, "text", json_text(r->text));
	json_object_set_new(o, "lines", lines);
	return o;
}

json_t *policy_json(const struct policy *p)
{
	json_t *o = json_object(), *abis = json_array(), *domains = json_array(),
	       *rules = json_array();

	for (uint32_t rest = p->abis; rest; rest &= rest - 1)
		json_array_append_new(
			abis, json_string(vocab_abi_name((enum abi)__builtin_ctz(rest))));
	for (uint32_t i = 0; i < p->n_domains; i++)
		json_array_append_new(domains, json_text(p->domains[i]->name));
	for (uint32_t i = 0; i < p->n_rules; i++)
		json_array_append_new(rules, rule_json(p, p->rules[i]));
	json_object_set_new(o, "profile", json_text(p->name));
	json_object_set_new(o, "digest", json_string(p->digest));
	json_object_set_new(o, "mode", json_string(p->audit ? "audit" : "enforce"));
	json_object_set_new(o, "abis", abis);
	json_object_set_new(o, "profiles", domains);
	json_object_set_new(o, "rules", rules);
	return o;
}
