/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_LIBBPF_WORDS_H
#define PALE_LIBBPF_WORDS_H

/*
 * libbpf tells what went wrong by printing only. While a function listens nothing is printed, and
 * the last of it is kept for the error: a verifier's log ends with the reason.
 *
 *	_cleanup_(libbpf_unlisten) libbpf_print_fn_t previous;
 *
 *	libbpf_listen(&previous);
 *	…
 *	return pale_err_set(err, -r, "load: %s", libbpf_last_words());
 */

#include <bpf/libbpf.h>

/* Forgets what was said before. */
void libbpf_listen(libbpf_print_fn_t *ret_previous);
void libbpf_unlisten(libbpf_print_fn_t *previous);
/* Of the calling thread; valid until it listens again. */
const char *libbpf_last_words(void);

#endif
