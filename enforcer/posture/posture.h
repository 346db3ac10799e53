/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_POSTURE_POSTURE_H
#define PALE_POSTURE_POSTURE_H

/*
 * What was found, and in what was looked. A finding is a JSON object, as `pale audit --json` prints
 * it:
 *
 *	control, severity, title, cis, remedy, policy	of the table in control.h; cis and policy
 *							are null where it has none
 *	kind, namespace, name, container, place		where; "" for what it has not. place tells
 *							"init container" from "container"
 *	pods						how many of a workload it was found in
 *	evidence					[{path, value}]: what was looked at, and
 *							what stood there; value is null where
 *							nothing did
 *	file, line					of a manifest; "" and 0
 *	patch						a strategic merge patch of the object that
 *							ends the finding, or null
 *	create						an object that does, or null
 */

#include "compiler/base/error.h"
#include "compiler/base/text.h"
#include "enforcer/posture/control.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct posture {
	json_t *findings; /* array */
	json_t *known;	  /* object: by digests of what tells findings apart, their indexes */
	/* Array of texts: what should have been looked at and could not be, and why. */
	json_t *unseen;
	json_t *notes; /* array of texts: what was not looked at by choice, or for want of input */
	size_t objects, containers; /* that were looked at */
};

/* Strings are copied; NULL is "". */
struct finding_place {
	const char *kind, *namespace, *name, *container, *place;
	const char *file;
	uint32_t line;
};

void posture_init(struct posture *p);
void posture_release(struct posture *p);

/* A new finding, with its remedy and without evidence. */
json_t *finding_new(enum control c, const struct finding_place *where);
/* Takes @value over; NULL: nothing stood there. The same twice is once. */
void finding_evidence(json_t *finding, json_t *value, const char *path_format, ...)
	__attribute__((format(printf, 3, 4)));
/* Takes @patch over. */
void finding_patch(json_t *finding, json_t *patch);
/* Takes @object over. */
void finding_create(json_t *finding, json_t *object);
/* In place of the table's severity. */
void finding_severity(json_t *finding, enum control_severity severity);
/*
 * Takes it over. One that is there already, of the same place with the same evidence, as from
 * another pod of a workload, is counted in its `pods`.
 */
void posture_add(struct posture *p, json_t *finding);
void posture_unseen(struct posture *p, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void posture_note(struct posture *p, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The worst first, then by place; and what is below @least is left out. To be called once. */
void posture_finish(struct posture *p, enum control_severity least);
enum control_severity finding_severity_of(const json_t *finding);
enum control finding_control(const json_t *finding);
/* "shop/Pod/web", "Namespace/shop", "container/4f2a". */
void finding_object(const json_t *finding, struct text *to);

/* ---- how it is told */

/* For people: a table, then for each control what to do. */
void posture_text(const struct posture *p, struct text *to);
/* {findings, unseen, notes, objects, containers}; a new object. */
json_t *posture_json(const struct posture *p);
/* SARIF 2.1.0 (OASIS), a new object. @program: "pale audit". */
json_t *posture_sarif(const struct posture *p, const char *program);

/* What a command exits with: STATUS_HOST where something could not be looked at, STATUS_POLICY
 * where something was found. */
int posture_status(const struct posture *p);

#endif
