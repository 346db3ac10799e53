/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_BASE_DIAG_H
#define PALE_BASE_DIAG_H

/*
 * What is wrong in a policy. Diagnostics are collected, so that one run tells everything, and each
 * stands at the first byte of the word that it rejects:
 *
 *	web.pale:12:9: error: unknown operation 'raed'
 *	   12 |         allow raed /etc/web
 *	      |               ^~~~
 *	   note: ...              (with a place of its own: the same three lines again)
 *	   hint: did you mean 'read'?
 */

#include "compiler/base/source.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum severity { SEVERITY_ERROR, SEVERITY_WARNING };

struct diag_note {
	bool placed;
	struct span at;
	const char *text;
};

struct diag {
	enum severity severity;
	bool placed; /* false: about a file as a whole, e.g. one that cannot be read */
	struct span at;
	const char *text;
	const char *hint; /* or NULL */
	struct diag_note *notes;
	uint32_t n_notes, cap_notes;
};

struct diag_list {
	struct source_set *sources;
	struct arena *arena;
	struct diag **v;
	uint32_t n, cap;
	uint32_t n_errors;
	uint32_t n_dropped; /* beyond DIAG_MAX: counted, not kept */
};

#define DIAG_MAX 1000

void diag_list_init(struct diag_list *list, struct source_set *sources);

/*
 * Never NULL: notes and hints may be added to what is returned. Two diagnostics of one text at one
 * place are one.
 */
struct diag *diag_error(struct diag_list *list, struct span at, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
struct diag *diag_warning(struct diag_list *list, struct span at, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
struct diag *diag_error_unplaced(struct diag_list *list, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void diag_note(struct diag_list *list, struct diag *d, struct span at, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
void diag_note_unplaced(struct diag_list *list, struct diag *d, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void diag_hint(struct diag_list *list, struct diag *d, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Orders by file (in order of reading) and offset; equal places keep the order of their making. */
void diag_sort(struct diag_list *list);

/*
 * The first error as a runtime error, -EINVAL: "web.pale:12:9: unknown operation 'raed'", with the
 * file's portable name if @portable. For who has nobody to show a list to. There must be one.
 */
int diag_first_error(struct diag_list *list, bool portable, struct pale_err **err);

/* For people. @colour: SGR sequences, for terminals only. Lines longer than a screen are cut around
 * the caret. */
void diag_print(const struct diag_list *list, FILE *to, bool colour);
/* For machines: one JSON array of {severity, file, line, column, length, message, notes, hint}. */
json_t *diag_json(const struct diag_list *list);

#endif
