/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_DOCKERFILE_LINES_H
#define PALE_DOCKERFILE_LINES_H

/* The lines of a Dockerfile as one instruction each, with the place of each byte. */

#include "compiler/base/diag.h"

struct docker_line {
	const char *text;   /* continuation lines joined; NUL-terminated */
	const uint32_t *at; /* [len + 1]: where in the source each byte stands */
	uint32_t len;
	/* Here-documents, one after another: bodies without their last line. */
	struct docker_heredoc {
		const char *name, *body;
		struct span at;
	} * heredocs;
	uint32_t n_heredocs, cap_heredocs;
};

struct docker_lines {
	struct docker_line *v;
	uint32_t n, cap;
	char escape; /* '\\' or '`' */
};

bool docker_lines_read(const struct source *s, struct diag_list *diags, struct docker_lines *ret);

/* The bytes [from, to) of the line. */
struct span docker_span(
	const struct source *s, const struct docker_line *line, uint32_t from, uint32_t to);

/* Whether an instruction takes here-documents: RUN, COPY, ADD. */
bool docker_takes_heredocs(const char *name, uint32_t len);

#endif
