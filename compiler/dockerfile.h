/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_DOCKERFILE_H
#define PALE_DOCKERFILE_H

/*
 * Dockerfiles, as docs.docker.com/reference/dockerfile has them: parser directives, comments,
 * continuation lines, here-documents, stages, ARG and ENV. What is read is what an image's
 * configuration has of the last stage, and what its RUN lines install.
 *
 * A mistake is an error with its line and column; so are instructions that there are not. What RUN
 * does beside installing packages is not looked at.
 */

#include "compiler/base/diag.h"

struct dockerfile_word {
	const char *text;
	struct span at;
};

struct dockerfile_words {
	struct dockerfile_word *v;
	uint32_t n, cap;
};

/* CMD, ENTRYPOINT */
struct dockerfile_command {
	bool given;
	bool shell; /* a line for the shell: words has it as one */
	struct dockerfile_words words;
	struct span at;
	bool own; /* of the last stage itself, not of one that it begins from */
};

struct dockerfile_port {
	uint16_t lo, hi;
	const char *protocol; /* "tcp", "udp", "sctp" */
	struct span at;
};

/* What COPY, ADD or WORKDIR put into the image. */
struct dockerfile_copy {
	const char *to; /* absolute, without '/' at its end */
	/* What is written tells it ('/' at the end, several sources; a suffix, a here-document), or
	 * the source would have to be looked at. */
	enum { COPY_FILE_OR_FOLDER, COPY_FOLDER, COPY_FILE } kind;
	struct span at;
};

struct dockerfile_variable {
	const char *name, *value; /* value NULL: an ARG without a default */
	bool is_env;		  /* goes before an ARG, and into the image */
};

struct dockerfile_stage {
	const char *name; /* AS name, in lower case; or NULL */
	const char *base; /* the image, where no stage of the file has that name */
	struct span at;	  /* of its FROM */
	struct dockerfile_variable *variables;
	uint32_t n_variables, cap_variables;
	struct dockerfile_word user; /* text NULL: none */
	const char *workdir;	     /* "/" at first */
	bool has_workdir;
	struct dockerfile_port *ports;
	uint32_t n_ports, cap_ports;
	bool has_unknown_port; /* that a variable without a value names */
	struct dockerfile_words volumes;
	struct dockerfile_command entrypoint, cmd;
	struct dockerfile_words shell; /* SHELL; none: /bin/sh -c */
	struct dockerfile_copy *copies;
	uint32_t n_copies, cap_copies;
	struct dockerfile_words packages; /* that package managers install, by name */
	struct dockerfile_command healthcheck;
};

struct dockerfile {
	const struct source *source;
	struct dockerfile_stage *stages;
	uint32_t n_stages, cap_stages;
};

/* false with errors in @diags, in whose arena the result lives. */
bool dockerfile_read(const struct source *s, struct diag_list *diags, struct dockerfile *ret);

/* Adds the packages that a line of shell installs: apt-get, apt, apk, dnf, yum, microdnf. */
void dockerfile_packages(
	struct arena *a, const struct dockerfile_word *line, struct dockerfile_words *to);

#endif
