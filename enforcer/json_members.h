/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_JSON_MEMBERS_H
#define PALE_JSON_MEMBERS_H

/*
 * Where the members of an object stand in a JSON text, for changing a file that people wrote
 * without writing the rest of it anew. The text must be one that jansson has taken; offsets are in
 * bytes.
 */

#include <stdbool.h>
#include <stddef.h>

struct json_member {
	size_t key;   /* of its quote */
	size_t value; /* of the value's first byte */
	size_t end;   /* behind the value */
};

struct json_members {
	size_t open;		  /* behind the object's '{' */
	size_t close;		  /* of its '}' */
	size_t n;		  /* how many members it has, */
	struct json_member first; /* and where the first and the last one are; all 0 without any */
	struct json_member last;
};

/* The object whose '{' is the first byte from @at on that is no white space. */
void json_members(const char *s, size_t at, struct json_members *ret);
/* Its member of this name; false when it has none. */
bool json_find_member(const char *s, size_t at, const char *name, struct json_member *ret);

#endif
