/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/daemon/written_run.h"

#include "compiler/base/cleanup.h"
#include "compiler/file_set.h"

/* The first @n observations of @run, and that there were more. */
static struct learn_run *first_of(struct learn_run *run, uint32_t n)
{
	struct learn_run *cut =
		learn_run_new(learn_run_recorder(run), learn_run_id(run), learn_run_time(run));
	uint32_t n_seen, n_losses, len;
	const struct learn_observation *seen = learn_run_observations(run, &n_seen);
	const struct learn_loss *losses = learn_run_losses(run, &n_losses);
	const char *program = learn_run_program_path(run, &len);

	if (program)
		learn_run_program(cut, program, len);
	for (uint32_t i = 0; i < n; i++)
		learn_run_add(cut, &seen[i]);
	for (uint32_t i = 0; i < n_losses; i++)
		learn_run_lost(cut, losses[i].count, losses[i].why);
	learn_run_lost(cut, n_seen - n, "observations: more than a run may have that is kept here");
	return cut;
}

static void write_cut(struct learn_run *run, uint32_t n, struct text *to)
{
	_cleanup_(learn_run_freep) struct learn_run *cut = first_of(run, n);

	text_release(to);
	learn_run_write(cut, to);
}

/* The most that fits, found by halving: they differ in length. */
static void write_what_fits(struct learn_run *run, size_t max, struct text *to)
{
	uint32_t fits = 0, too_many;

	learn_run_observations(run, &too_many);
	while (too_many - fits > 1) {
		uint32_t n = fits + (too_many - fits) / 2;

		write_cut(run, n, to);
		if (to->len <= max)
			fits = n;
		else
			too_many = n;
	}
	write_cut(run, fits, to);
}

int written_run_save(const char *path, struct learn_run *run, size_t max, struct pale_err **err)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;

	learn_run_write(run, &t);
	if (t.len > max)
		write_what_fits(run, max, &t);
	return file_set_write(path, text_str(&t), t.len, err);
}
