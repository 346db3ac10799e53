/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/export/http_answer.h"

#include <jansson.h>
#include <stdlib.h>

bool http_answer_is_success(long status)
{
	return status >= 200 && status < 300;
}

bool http_answer_is_refusal(long status)
{
	return status == 400 || status == 413 || status == 415 || status == 422;
}

uint64_t http_answer_rejected(const char *body, size_t len)
{
	json_t *root = json_loadb(body, len, 0, NULL);
	const json_t *n =
		json_object_get(json_object_get(root, "partialSuccess"), "rejectedLogRecords");
	/* Strings by the encoding of 64-bit integers; some write numbers. */
	long long v = json_is_string(n) ? strtoll(json_string_value(n), NULL, 10)
					: (long long)json_integer_value(n);

	json_decref(root);
	return v > 0 ? (uint64_t)v : 0;
}
