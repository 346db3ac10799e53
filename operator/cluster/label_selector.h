/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_CLUSTER_LABEL_SELECTOR_H
#define PALE_CLUSTER_LABEL_SELECTOR_H

/*
 * meta/v1 LabelSelector: matchLabels and matchExpressions, all of which have to hold. One that is
 * there and empty matches everything. What the API server refuses (In or NotIn without values,
 * Exists or DoesNotExist with some, another operator) is an error here too; so is a member that is
 * not of the API, lest a misspelt one match everything.
 */

#include "compiler/base/error.h"
#include "operator/cluster/string_list.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

enum label_operator { LABEL_IN, LABEL_NOT_IN, LABEL_EXISTS, LABEL_DOES_NOT_EXIST };

struct label_requirement {
	enum label_operator relation;
	char *key;
	struct string_list values; /* of In and NotIn: at least one */
};

struct label_selector {
	struct label_requirement *v;
	size_t n;
};

/* @ret is empty, and to be released either way. -EINVAL. */
int label_selector_read(const json_t *json, struct label_selector *ret, struct pale_err **err);
/*
 * @labels: an object of strings, or NULL for none. As labels.Requirement.Matches() of Kubernetes
 * has it: NotIn and DoesNotExist hold where the label is not there.
 */
bool label_selector_matches(const struct label_selector *s, const json_t *labels);
void label_selector_release(struct label_selector *s);

#endif
