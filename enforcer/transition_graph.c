/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/transition_graph.h"

#include "compiler/base/cleanup.h"
#include "enforcer/html_text.h"

#include <stdlib.h>
#include <string.h>

/* In CSS pixels. A character of the page's monospaced 12 px is a little above 7 wide. */
#define WIDTH	  270
#define GAP	  250
#define MARGIN	  12
#define LINE	  18
#define CHARACTER 7.3
#define BETWEEN	  24
/* Of more programs the first, and how many there are besides. */
#define PROGRAMS_MAX 10
#define LABELS_MAX   3

struct node {
	uint32_t depth;
	uint32_t n_programs;
	uint32_t x, y, height;
};

static bool leads(const struct rule *r)
{
	return r->operations & OP_BIT(OP_EXEC) && !r->derived && !r->is_default &&
	       (r->effect == EFFECT_ALLOW || r->effect == EFFECT_AUDIT);
}

/* Steps from the outermost profile by the shortest way; what nothing leads to stands beside what
 * is one step away. */
static void set_depths(const struct policy *p, struct node *nodes)
{
	bool changed = true;

	for (uint32_t i = 0; i < p->n_domains; i++)
		nodes[i].depth = i ? p->n_domains : 0;
	while (changed) {
		changed = false;
		for (uint32_t i = 0; i < p->n_rules; i++) {
			const struct rule *r = p->rules[i];
			uint32_t next = nodes[r->domain].depth + 1;

			if (!leads(r) || r->transition < 0 || nodes[r->transition].depth <= next)
				continue;
			nodes[r->transition].depth = next;
			changed = true;
		}
	}
	for (uint32_t i = 1; i < p->n_domains; i++) {
		if (nodes[i].depth == p->n_domains)
			nodes[i].depth = 1;
	}
}

static void count_programs(const struct policy *p, struct node *nodes)
{
	for (uint32_t i = 0; i < p->n_rules; i++) {
		const struct rule *r = p->rules[i];

		if (leads(r) && r->transition < 0)
			nodes[r->domain].n_programs += r->any_path ? 1 : r->paths.n;
	}
}

static uint32_t lines_of(const struct node *n)
{
	return n->n_programs > PROGRAMS_MAX ? PROGRAMS_MAX + 1 : n->n_programs;
}

/* Columns by depth. The whole's size in @width and @height. */
static void place(const struct policy *p, struct node *nodes, uint32_t *width, uint32_t *height)
{
	*width = *height = 0;
	for (uint32_t depth = 0; depth <= p->n_domains; depth++) {
		uint32_t y = MARGIN;

		for (uint32_t i = 0; i < p->n_domains; i++) {
			struct node *n = &nodes[i];

			if (n->depth != depth)
				continue;
			n->x = MARGIN + depth * (WIDTH + GAP);
			n->y = y;
			n->height = LINE * (lines_of(n) + 1) + 16;
			y += n->height + BETWEEN;
			if (n->x + WIDTH + MARGIN > *width)
				*width = n->x + WIDTH + MARGIN;
			if (y > *height)
				*height = y;
		}
	}
}

/* Of what is too long the end, which tells programs apart. */
static void put_fitting(struct text *to, const char *s, size_t len, uint32_t width)
{
	size_t room = (size_t)(width / CHARACTER);
	_cleanup_(text_release) struct text t = TEXT_INIT;

	text_escaped(&t, s, len);
	if (t.len > room) {
		const char *end = text_str(&t) + t.len - (room - 1);

		/* Not within a character of several bytes. */
		while (((unsigned char)*end & 0xc0) == 0x80)
			end++;
		text_puts(to, "…");
		html_puts(to, end);
	} else {
		html_puts(to, text_str(&t));
	}
}

static void put_text_at(
	struct text *to, uint32_t x, uint32_t y, const char *class, const char *s, size_t len)
{
	text_printf(to, "<text x=\"%u\" y=\"%u\"%s>", x, y, class);
	put_fitting(to, s, len, WIDTH - 20);
	text_puts(to, "</text>\n");
}

static void put_node(struct text *to, const struct policy *p, uint32_t domain, const struct node *n)
{
	const char *name = p->domains[domain]->name;
	uint32_t line = 0;

	text_printf(to, "<rect x=\"%u\" y=\"%u\" width=\"%u\" height=\"%u\" rx=\"6\"/>\n", n->x,
		n->y, WIDTH, n->height);
	put_text_at(to, n->x + 10, n->y + LINE + 2, " class=\"name\"", name, strlen(name));
	for (uint32_t i = 0; i < p->n_rules; i++) {
		const struct rule *r = p->rules[i];

		if (r->domain != domain || !leads(r) || r->transition >= 0)
			continue;
		for (uint32_t k = 0; k < (r->any_path ? 1 : r->paths.n); k++) {
			const char *s = r->any_path ? r->text : r->paths.v[k]->text;

			if (line++ < PROGRAMS_MAX)
				put_text_at(to, n->x + 10, n->y + LINE * (line + 1) + 4, "", s,
					strlen(s));
		}
	}
	if (line > PROGRAMS_MAX)
		text_printf(to, "<text x=\"%u\" y=\"%u\">and %u more</text>\n", n->x + 10,
			n->y + LINE * (PROGRAMS_MAX + 2) + 4, line - PROGRAMS_MAX);
}

/* What leads from one into the other: the first programs, and how many more. Gives their number. */
static uint32_t put_labels(struct text *to, const struct policy *p, uint32_t from, uint32_t into,
	uint32_t x, uint32_t y)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < p->n_rules; i++) {
		const struct rule *r = p->rules[i];

		if (r->domain != from || !leads(r) || r->transition != (int32_t)into)
			continue;
		for (uint32_t k = 0; k < r->paths.n; k++) {
			if (n++ >= LABELS_MAX)
				continue;
			text_printf(to, "<text x=\"%u\" y=\"%u\" class=\"by\">", x,
				y - 6 - (n - 1) * LINE);
			put_fitting(to, r->paths.v[k]->text, r->paths.v[k]->len, GAP - 50);
			text_puts(to, "</text>\n");
		}
	}
	if (n > LABELS_MAX)
		text_printf(to, "<text x=\"%u\" y=\"%u\" class=\"by\">and %u more</text>\n", x,
			y + 14, n - LABELS_MAX);
	return n;
}

static void put_edge(struct text *to, const struct policy *p, const struct node *nodes,
	uint32_t from, uint32_t into)
{
	const struct node *a = &nodes[from], *b = &nodes[into];
	_cleanup_(text_release) struct text labels = TEXT_INIT;
	uint32_t x1 = a->x + WIDTH, y1 = a->y + 16, x2 = b->x, y2 = b->y + 16;
	uint32_t bend1 = x1 + GAP / 2, bend2 = x2 - GAP / 2, label = x2 - GAP + 40;

	/* Back, or to one in the same column: around on the right. */
	if (b->x <= a->x) {
		y1 = a->y + a->height - 6;
		x2 = b->x + WIDTH;
		y2 = b->y + b->height - 10;
		bend1 = bend2 = x1 + GAP / 3;
		label = x1 + 14;
	}
	if (!put_labels(&labels, p, from, into, label, y2))
		return;
	text_printf(to, "<path d=\"M%u %uC%u %u %u %u %u %u\" marker-end=\"url(#to)\"/>\n", x1, y1,
		bend1, y1, bend2, y2, x2, y2);
	text_add(to, text_str(&labels), labels.len);
}

void transition_graph(struct text *to, const struct policy *p)
{
	_cleanup_free_ struct node *nodes = calloc(p->n_domains, sizeof(*nodes));
	uint32_t width, height;

	if (!nodes)
		abort();
	set_depths(p, nodes);
	count_programs(p, nodes);
	place(p, nodes, &width, &height);
	text_printf(to,
		"<svg class=\"graph\" role=\"img\" aria-label=\"Profiles and what leads from one "
		"into another\" viewBox=\"0 0 %u %u\" width=\"%u\">\n"
		"<defs><marker id=\"to\" viewBox=\"0 0 8 8\" refX=\"8\" refY=\"4\" "
		"markerWidth=\"8\" markerHeight=\"8\" orient=\"auto\">"
		"<path d=\"M0 0L8 4L0 8z\"/></marker></defs>\n",
		width + (p->n_domains > 1 ? GAP / 2 : 0), height, width);
	for (uint32_t i = 0; i < p->n_domains; i++)
		put_node(to, p, i, &nodes[i]);
	for (uint32_t i = 0; i < p->n_domains; i++) {
		for (uint32_t k = 0; k < p->n_domains; k++)
			put_edge(to, p, nodes, i, k);
	}
	text_puts(to, "</svg>\n");
}
