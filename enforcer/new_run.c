/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/new_run.h"

#include "compiler/base/cleanup.h"

#include <errno.h>
#include <stdio.h>
#include <sys/random.h>
#include <time.h>

#define ID_BYTES 16

int new_run(const char *recorder, struct learn_run **ret, struct pale_err **err)
{
	unsigned char bytes[ID_BYTES];
	char id[2 * ID_BYTES + 1];

	if (getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes))
		return pale_err_set(err, errno, "getrandom");
	for (size_t i = 0; i < sizeof(bytes); i++)
		snprintf(id + 2 * i, 3, "%02x", bytes[i]);
	*ret = learn_run_new(recorder, id, (uint64_t)time(NULL));
	return 0;
}

void keep_run(struct learn_runs *runs, struct learn_run *run)
{
	if (runs->n == runs->cap) {
		uint32_t cap = runs->cap ? runs->cap * 2 : 8;

		runs->v = reallocarray(runs->v, cap, sizeof(struct learn_run *));
		if (!runs->v)
			abort();
		runs->cap = cap;
	}
	runs->v[runs->n++] = run;
}

int copy_run(struct learn_run *run, struct learn_runs *to, struct pale_err **err)
{
	_cleanup_(text_release) struct text whole = TEXT_INIT;

	learn_run_write(run, &whole);
	return learn_runs_read(to, "run", text_str(&whole), whole.len, err);
}
