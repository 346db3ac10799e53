/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/libbpf_words.h"

#include "compiler/base/cleanup.h"

#include <string.h>

static _Thread_local char last_words[2048];

static int keep_words(enum libbpf_print_level level, const char *format, va_list args)
{
	_cleanup_free_ char *words = NULL;
	size_t len, have = strlen(last_words), cap = sizeof(last_words) - 1, from = 0;

	if (level == LIBBPF_DEBUG || vasprintf(&words, format, args) < 0)
		return 0;
	len = strlen(words);
	if (len > cap)
		from = len - cap;
	len -= from;
	if (have + len > cap) {
		size_t drop = have + len - cap;

		memmove(last_words, last_words + drop, have - drop + 1);
		have -= drop;
	}
	memcpy(last_words + have, words + from, len + 1);
	return 0;
}

void libbpf_listen(libbpf_print_fn_t *ret_previous)
{
	last_words[0] = 0;
	*ret_previous = libbpf_set_print(keep_words);
}

void libbpf_unlisten(libbpf_print_fn_t *previous)
{
	libbpf_set_print(*previous);
}

const char *libbpf_last_words(void)
{
	return last_words;
}
