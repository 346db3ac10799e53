/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_DOCKERFILE_PARSER_H
#define PALE_DOCKERFILE_PARSER_H

/* Words and variables of an instruction's line, for who reads instructions (dockerfile.c). */

#include "compiler/base/text.h"
#include "compiler/dockerfile.h"
#include "compiler/dockerfile_lines.h"

/* Values grow by what they name: a file of some lines must not make gigabytes. */
#define DOCKER_VALUE_MAX  65536
#define DOCKER_PUT_IN_MAX ((size_t)16 << 20) /* then no further line is read */

struct docker_parser {
	struct dockerfile *to;
	struct diag_list *diags;
	struct arena *a;
	const struct docker_line *line;
	struct dockerfile_stage *stage; /* NULL before the first FROM */
	/* ARGs above the first FROM: for FROM alone, and for ARGs without a value. */
	struct dockerfile_variable *global;
	uint32_t n_global, cap_global;
	char escape;
	unsigned int depth; /* of variables inside of variables */
	size_t put_in;	    /* bytes of variables, in all of the file */
};

/* The rest of a line. */
struct docker_part {
	const char *s;
	uint32_t from, len; /* in the line */
};

struct span docker_part_span(const struct docker_parser *p, const struct docker_part *part);
/* An error at @at. */
struct diag *docker_wrong(struct docker_parser *p, const struct docker_part *at, const char *format,
	...) __attribute__((format(printf, 3, 4)));
bool docker_is_blank(char c);
/* Takes blanks off both ends. */
void docker_trim(struct docker_part *part);

/* ---- variables: dockerfile_variables.c */

/* NULL: none has this name. */
const struct dockerfile_variable *docker_find_variable(
	const struct dockerfile_variable *v, uint32_t n, const char *name);
/* Of the stage, or before the first one for all of FROM. @name and @value live as long as @p->a. */
void docker_set_variable(struct docker_parser *p, const char *name, const char *value, bool is_env);
/* How much of @s is a variable's name. */
uint32_t docker_name_len(const char *s, uint32_t len);
/* Adds @s with variables put in. false after an error at @at. */
bool docker_expand(struct docker_parser *p, const struct docker_part *at, const char *s,
	uint32_t len, bool keep_escapes, struct text *to);

/* ---- words: dockerfile_words.c */

/* Up to the next blank that is neither quoted nor escaped, as written; false: nothing is left. */
bool docker_next_raw(struct docker_parser *p, struct docker_part *rest, struct docker_part *ret);
/* A word as the instruction means it: variables put in, then unquoted. NULL after an error. */
const char *docker_meaning(struct docker_parser *p, const struct docker_part *word);
void docker_push_word(
	struct docker_parser *p, struct dockerfile_words *to, const char *text, struct span at);
/* Puts variables into words of a list in JSON, whose quotes are gone already. */
void docker_expand_words(
	struct docker_parser *p, const struct docker_part *rest, struct dockerfile_words *words);
/* The meanings of all that is left. */
void docker_all_words(
	struct docker_parser *p, struct docker_part *rest, struct dockerfile_words *to);
/* A JSON array of strings; false: it is no such list, and for the shell. */
bool docker_json_words(
	struct docker_parser *p, const struct docker_part *rest, struct dockerfile_words *to);
/* "--from=builder --chown=1:1 rest": takes the options away. */
void docker_skip_flags(struct docker_parser *p, struct docker_part *rest);

#endif
