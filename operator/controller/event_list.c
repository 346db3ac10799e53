/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/controller/event_list.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/formatted.h"
#include "operator/controller/status_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void event_list_add(
	struct event_list *list, bool warning, const char *reason, const char *format, ...)
{
	_cleanup_free_ char *message = FORMATTED(format);
	json_t *bounded;

	list->v = reallocarray(list->v, list->n + 1, sizeof(*list->v));
	if (!list->v)
		abort();
	bounded = status_text(message);
	list->v[list->n++] = (struct api_event){
		.warning = warning,
		.reason = reason,
		.message = strdup(json_string_value(bounded)),
	};
	json_decref(bounded);
}

void event_list_release(struct event_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		free(list->v[i].message);
	free(list->v);
	*list = (struct event_list){ 0 };
}
