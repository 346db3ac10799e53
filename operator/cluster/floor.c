/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/cluster/floor.h"

#include "operator/memory.h"

#include <errno.h>
#include <stdbool.h>

/* *@ret is NULL where the member is not there. */
static int read_word(const json_t *from, const char *name, const char **ret, struct pale_err **err)
{
	const json_t *v = json_object_get(from, name);

	*ret = json_string_value(v);
	if (v && (!*ret || !**ret))
		return pale_err_plain(err, EINVAL, "%s is %s", name, *ret ? "empty" : "no string");
	return 0;
}

int floor_words_read(const json_t *from, const char *profile, const char *mode,
	const char *on_missing, struct floor_words *ret, struct pale_err **err)
{
	const char *word;
	int r;

	*ret = (struct floor_words){ 0 };
	r = read_word(from, profile, &word, err);
	if (r < 0)
		return r;
	ret->profile = memory_string(word);
	r = read_word(from, mode, &word, err);
	if (r < 0)
		return r;
	if (word && !mode_parse(word, &ret->mode))
		return pale_err_plain(
			err, EINVAL, "%s is '%s', which is neither enforce nor audit", mode, word);
	r = read_word(from, on_missing, &word, err);
	if (r < 0)
		return r;
	if (word && !when_missing_parse(word, &ret->on_missing))
		return pale_err_plain(err, EINVAL,
			"%s is '%s', which is none of wait, deny and allow", on_missing, word);
	return 0;
}

void floor_words_release(struct floor_words *w)
{
	free(w->profile);
	*w = (struct floor_words){ 0 };
}
