/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_COVERAGE_ENDPOINTS_H
#define PALE_COVERAGE_ENDPOINTS_H

/*
 * A finite partition of what can be connected to and listened on: within one cell every rule of the
 * policy says the same of each address and port, so that one question stands for all of it.
 */

#include "compiler/coverage_notes.h"
#include "compiler/decide.h"

struct endpoint_cell {
	int protocol;	     /* PROTOCOL_TCP to PROTOCOL_ICMP */
	uint8_t family;	     /* 4 or 6 */
	uint8_t address[16]; /* the cell's first */
	uint16_t port_lo, port_hi;
};

typedef void (*endpoint_visit)(void *ctx, const struct endpoint_cell *cell);

void endpoint_cells(const struct policy *p, endpoint_visit visit, void *ctx);
/* Cells within which none of @n policies tells anything apart. */
void endpoint_cells_of(
	const struct policy *const *policies, uint32_t n, endpoint_visit visit, void *ctx);

/* decide() for the first address and port of the cell; @op is connect or listen. */
struct decision decide_endpoint(const struct policy *p, uint32_t domain, enum operation op,
	const struct endpoint_cell *cell);

/* For people: "tcp 10.0.0.0:443". In @a. */
const char *endpoint_cell_text(struct arena *a, const struct endpoint_cell *cell);

#endif
