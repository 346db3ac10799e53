/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_TESTS_ATTACK_UNDER_H
#define PALE_TESTS_ATTACK_UNDER_H

/*
 * The same attacks under what others confine with: test_attacks --under NAME COMMAND..., for each
 * engine a command that confines the one that follows it; for "landlock", whose rules are made of
 * the row's policy, "-". Included by test_attacks.c alone.
 *
 * A row is told as a comment, "# @catalogue JSON": of each engine, whether the attack had its
 * effect and how the twin ended. Left out is what can only be tried on Pale's own loader.
 */

static bool is_for_others(const struct row *r)
{
	return !r->killed && !r->unregistered && !r->documented && !r->storm && !r->churn &&
	       r->effect;
}

/* An exit status. */
static int run_under(const struct row *r, const char *what, const char *engine)
{
	const char *const before[] = { engine, NULL };
	_cleanup_(text_release) struct text events = TEXT_INIT;
	struct row landlocked = *r;
	struct outcome o = { 0 };
	char path[64];
	int cgroup, status;

	keeps_descriptors = true;
	if (!strcmp(engine, "-")) {
		landlocked.by = "landlock";
		status = run_by_pale(&landlocked, what, &events, &o);
	} else {
		cgroup = new_cgroup(path, sizeof(path));
		status = scene_run(r, what, cgroup, before, NULL, NULL);
		close(cgroup);
		remove_cgroup(path);
	}
	keeps_descriptors = false;
	return status;
}

static json_t *try_under(const struct row *r, const char *engine)
{
	int twin, attack_status;
	bool effect;

	scene_fresh(r);
	twin = run_under(r, r->twin, engine);
	if (twin == 0 && twin_has_effect(r) && !has_effect(r->effect))
		twin = -1;
	scene_end();
	scene_fresh(r);
	attack_status = run_under(r, r->attack, engine);
	effect = has_effect(r->effect);
	scene_end();
	return json_pack(
		"{s:b, s:i, s:i}", "effect", effect, "twin", twin, "status", attack_status);
}

static int try_all_under(char **engines, const char *numbers)
{
	int n_tried = 0;

	for (size_t i = 0; i < n_rows; i++) {
		json_t *o;
		char *line;

		if (!has_word(numbers, rows[i].number) || !is_for_others(&rows[i]))
			continue;
		o = json_pack("{s:s, s:s}", "number", rows[i].number, "title", rows[i].title);
		for (char **e = engines; e[0] && e[1]; e += 2)
			json_object_set_new(o, e[0], try_under(&rows[i], e[1]));
		line = json_dumps(o, JSON_COMPACT);
		printf("# @catalogue %s\n", line);
		free(line);
		json_decref(o);
		n_tried++;
	}
	result(n_tried > 0, "", "the catalogue under other engines");
	return n_bad != 0;
}

#endif
