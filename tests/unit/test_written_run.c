/* SPDX-License-Identifier: Apache-2.0 */
/* Runs as files: all of one that fits, and of a longer one what fits, which it says. */
#include "enforcer/daemon/written_run.h"

#include "compiler/base/cleanup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define OBSERVATIONS 3000

static char path[] = "/tmp/pale-run-XXXXXX";

static int setup(void **state)
{
	int fd = mkstemp(path);

	(void)state;
	return fd < 0 ? -1 : close(fd);
}

static int teardown(void **state)
{
	(void)state;
	return unlink(path);
}

/* With names of many lengths, of which none is a folder of many. */
static struct learn_run *long_run(uint32_t n)
{
	struct learn_run *run = learn_run_new("bpf-lsm", "u-1:c:1", 7);

	learn_run_program(run, "/usr/sbin/web", strlen("/usr/sbin/web"));
	learn_run_lost(run, 2, "what was lost before");
	for (uint32_t i = 0; i < n; i++) {
		char object[200];
		int len = snprintf(object, sizeof(object), "/srv/%u/%u/%0*u", i / 100, i % 100,
			1 + (int)(i % 100), i);

		learn_run_add(run, &(struct learn_observation){
					   .operation = OP_READ,
					   .object = object,
					   .object_len = (uint32_t)len,
				   });
	}
	return run;
}

static void read_back(struct learn_runs *ret, size_t *len)
{
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	_cleanup_(text_release) struct text t = TEXT_INIT;
	_cleanup_fclose_ FILE *f = fopen(path, "re");
	char buffer[4096];
	size_t n;

	assert_non_null(f);
	while ((n = fread(buffer, 1, sizeof(buffer), f)))
		text_add(&t, buffer, n);
	assert_int_equal(learn_runs_read(ret, path, text_str(&t), t.len, &err), 0);
	assert_int_equal(ret->n, 1);
	*len = t.len;
}

static void save(uint32_t n, size_t max, uint32_t *ret_kept, uint64_t *ret_cut, size_t *ret_bytes)
{
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	_cleanup_(learn_run_freep) struct learn_run *run = long_run(n);
	_cleanup_(learn_runs_release) struct learn_runs runs = { 0 };
	const struct learn_loss *losses;
	uint32_t n_losses, len;

	assert_int_equal(written_run_save(path, run, max, &err), 0);
	read_back(&runs, ret_bytes);
	assert_in_range(*ret_bytes, 1, max);
	assert_string_equal(learn_run_id(runs.v[0]), "u-1:c:1");
	assert_int_equal(learn_run_time(runs.v[0]), 7);
	assert_non_null(learn_run_program_path(runs.v[0], &len));
	learn_run_observations(runs.v[0], ret_kept);
	losses = learn_run_losses(runs.v[0], &n_losses);
	*ret_cut = 0;
	for (uint32_t i = 0; i < n_losses; i++) {
		if (strstr(losses[i].why, "more than a run may have"))
			*ret_cut = losses[i].count;
		else
			assert_string_equal(losses[i].why, "what was lost before");
	}
	assert_int_equal(n_losses, 1 + (*ret_cut != 0));
}

static void what_fits_is_whole(void **state)
{
	uint32_t kept;
	uint64_t cut;
	size_t bytes;

	(void)state;
	save(10, 1u << 20, &kept, &cut, &bytes);
	assert_int_equal(kept, 10);
	assert_int_equal(cut, 0);
}

static void what_does_not_fit_says_so(void **state)
{
	static const size_t limits[] = { 512, 4096, 65536, 262144 };

	(void)state;
	for (size_t i = 0; i < sizeof(limits) / sizeof(*limits); i++) {
		uint32_t kept;
		uint64_t cut;
		size_t bytes;

		save(OBSERVATIONS, limits[i], &kept, &cut, &bytes);
		assert_true(cut > 0);
		assert_int_equal(kept + cut, OBSERVATIONS);
		/* No more than need be: none takes 400 bytes. */
		assert_in_range(bytes, limits[i] - 400, limits[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_fits_is_whole),
		cmocka_unit_test(what_does_not_fit_says_so),
	};

	return cmocka_run_group_tests_name("written_run", tests, setup, teardown);
}
