/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lists a filter as `pale build` wrote it (NAME.<arch>.bpf), one instruction a line.
 *
 *	list_filter FILE
 */
#include "compiler/base/cleanup.h"
#include "compiler/base/text.h"
#include "compiler/cbpf.h"

#include <linux/bpf_common.h>

int main(int argc, char **argv)
{
	_cleanup_fclose_ FILE *f = argc == 2 ? fopen(argv[1], "re") : NULL;
	_cleanup_(text_release) struct text t = TEXT_INIT;
	static struct sock_filter v[BPF_MAXINSNS];
	size_t n;

	if (!f) {
		fprintf(stderr, "usage: list_filter FILE\n");
		return 2;
	}
	n = fread(v, sizeof(*v), BPF_MAXINSNS, f);
	if (n == 0 || fgetc(f) != EOF) {
		fprintf(stderr, "%s: not a filter\n", argv[1]);
		return 1;
	}
	cbpf_print(v, (uint32_t)n, &t);
	fputs(text_str(&t), stdout);
	return 0;
}
