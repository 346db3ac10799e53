/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_BASE_YAML_READ_H
#define PALE_BASE_YAML_READ_H

/*
 * YAML that people wrote, read by libyaml, as trees whose nodes know their place. Only what
 * Kubernetes takes: an alias is an error, lest a short text stands for a long one; so are merge
 * keys and tags, by which another value is meant than stands there, keys that stand twice or are no
 * scalars, bytes that are no UTF-8, and whatever is beyond the limits.
 */

#include "compiler/base/diag.h"

#define YAML_BYTES_MAX ((uint32_t)1 << 20)
#define YAML_DEPTH_MAX 64

enum yaml_kind { YAML_TEXT, YAML_LIST, YAML_MAP };

struct yaml_node {
	enum yaml_kind kind;
	const char *text; /* YAML_TEXT; NUL-terminated, and no NUL in it */
	bool quoted;	  /* not plain: "true" is a text then */
	/* YAML_LIST: the items. YAML_MAP: keys and values in turn. */
	struct yaml_node **v;
	uint32_t n, cap;
	struct span at;
};

struct yaml_documents {
	struct yaml_node **v;
	uint32_t n, cap;
};

/* false with an error in @diags. Empty documents are left away. */
bool yaml_read(const struct source *s, struct diag_list *diags, struct yaml_documents *ret);
/* The value of a key, or NULL; NULL too when @map is none, or the value is empty. */
const struct yaml_node *yaml_member(const struct yaml_node *map, const char *key);

#endif
