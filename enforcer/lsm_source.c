/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/lsm_source.h"

#include "compiler/base/cleanup.h"

static int read_acts(void *ctx, struct pale_err **err)
{
	const struct lsm_source *s = ctx;

	return lsm_learner_read(s->learner, err);
}

static uint64_t acts(void *ctx)
{
	const struct lsm_source *s = ctx;

	return lsm_learner_acts(s->learner, s->watch);
}

static int set_phase(void *ctx, enum learn_phase phase, struct pale_err **err)
{
	const struct lsm_source *s = ctx;

	return lsm_learner_phase(s->learner, s->watch, phase, err);
}

static int finish(void *ctx, struct pale_err **err)
{
	struct lsm_source *s = ctx;

	s->has_ended = true;
	return lsm_learner_end(s->learner, s->watch, err);
}

int lsm_source_watch(struct lsm_source *ret, struct lsm_learner *learner, const struct lsm_watch *w,
	struct pale_err **err)
{
	int r = lsm_learner_watch(learner, w, &ret->watch, err);

	if (r < 0)
		return r;
	ret->learner = learner;
	ret->has_ended = false;
	ret->source = (struct learn_source){
		.ctx = ret,
		.fd = lsm_learner_fd(learner),
		.read = read_acts,
		.acts = acts,
		.phase = set_phase,
		.finish = finish,
	};
	return 0;
}

void lsm_source_release(struct lsm_source *s)
{
	_cleanup_(pale_err_freep) struct pale_err *unused = NULL;

	if (s->learner && !s->has_ended)
		finish(s, &unused);
}
