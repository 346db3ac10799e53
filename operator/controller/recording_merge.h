/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_RECORDING_MERGE_H
#define PALE_RECORDING_MERGE_H

#include <jansson.h>

/* The runs of a recording's containers, made into a policy. Their bytes are of what containers did
 * and may be hostile: this is work for limited_process.h. */
struct recording_runs {
	const char *profile; /* its name */
	/* Entries of PaleNodeStatus.status.runs, judged by recording_judge_run(). */
	const json_t *entries;
};

/* As many as a policy is made of; that there were more is told. */
#define RECORDING_RUNS_MAX  64
#define RECORDING_BYTES_MAX ((size_t)8 << 20) /* of all runs together */
#define RECORDING_NOTES_MAX 20

/*
 * A new object, with reason and message. Of reason Merged:
 *
 *	policy	the source, with profile @profile
 *	runs	how many; lost: how many observations they lack
 *	why	texts: what makes it partial
 *	ready	whether they are enough for a policy that will not refuse what was not seen
 *	notes	texts, for who reviews it
 *
 * Otherwise RunInvalid, NoRuns, PolicyInvalid or PolicyTooLarge. A run that cannot be read is left
 * out and makes it partial: one bad run must not end it.
 */
json_t *recording_merge_work(const void *recording_runs);

#endif
