/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/coverage_endpoints.h"
#include "compiler/diff_internal.h"

#include <string.h>

static void ask_cell(void *ctx, const struct endpoint_cell *cell)
{
	const struct comparison *c = ctx;
	struct request r = {
		.protocol = cell->protocol, .family = cell->family, .port = cell->port_lo
	};
	const char *object = endpoint_cell_text(c->diff->arena, cell);

	memcpy(r.address, cell->address, sizeof(r.address));
	r.operation = OP_CONNECT;
	diff_ask(c, &r, &r, object, strlen(object), false);
	r.operation = OP_LISTEN;
	diff_ask(c, &r, &r, object, strlen(object), false);
}

void diff_endpoints(const struct comparison *c)
{
	const struct policy *const both[] = { c->diff->before, c->diff->after };
	struct comparison copy = *c;

	endpoint_cells_of(both, 2, ask_cell, &copy);
}
