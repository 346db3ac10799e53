/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_LOWER_H
#define PALE_LOWER_H

/* Turns one profile's AST into flat rules. compile.c calls the first three; the rest is between the
 * files that do it. */

#include "compiler/policy.h"
#include "compiler/resolve.h"

/* Reports members of groups that are none of their kind; such a group is broken. */
void lower_groups(struct resolution *res);
/* Makes the policy of the outermost profile @decl. Where errors make it meaningless *@ret_whole is
 * false, and only its domains and settings may be looked at. */
struct policy *lower_profile(struct resolution *res, struct ast_decl *decl, bool *ret_whole);
/* Its domains alone. */
struct policy *lower_outline(struct resolution *res, struct ast_decl *decl);
/* Fragments have no meaning of their own; this finds the errors of one that no profile of the file
 * includes. */
void lower_fragment_alone(struct resolution *res, struct ast_decl *decl);

/* Where a domain's rules come from: the profile itself, before it the ones that it extends. */
struct body_chain {
	struct ast_decl **v;
	uint32_t n, cap;
};

/* How many sub-profiles a profile may have, those of sub-profiles counted too. */
#define DOMAINS_MAX 256

struct domain_source {
	struct domain *domain;
	struct body_chain chain;
};

struct lowering {
	struct resolution *res;
	struct arena *arena;
	struct diag_list *diags;
	struct policy *policy;
	struct domain_source *sources; /* by domain index */
	uint32_t n_sources, cap_sources;
	struct domain *domain; /* whose rules are being lowered */
	bool borrowed; /* what is lowered stands in a fragment, or in a profile that is extended */
	bool failed;   /* an error, which may have been reported for another profile already */
	bool full;     /* of sub-profiles */
	bool alone;    /* a fragment that nothing includes: whose sub-profiles are not known */
	struct rule **by_id; /* open addressing; finds equal rules */
	uint32_t n_by_id;
};

/* What stands behind `with` in a mount rule. */
#define MOUNT_OPTION_COUNT 4
extern const struct mount_option {
	const char *name;
	uint32_t flag; /* MOUNT_… */
} mount_options[MOUNT_OPTION_COUNT];

/* The line that @at stands on, for a rule's lines. */
struct rule_line lower_line(struct lowering *l, struct span at);
/* The statement's source on one line, blanks squeezed. */
const char *lower_text(struct lowering *l, struct span at);

/* lower_rule.c: adds the rule of one statement to the current domain; reports what is wrong with
 * it. */
void lower_rule(struct lowering *l, const struct ast_rule *ast);
/* Fills in the objects of @r from @ast; false after an error. For expectations too. */
bool lower_objects(struct lowering *l, const struct ast_rule *ast, struct rule *r);

/* The domain that a name after `as`, `to`, `ptrace` or `in` means, looked up from the current one
 * outwards; -1, after an error at @name, when there is none. @otherwise: its hint when no name is
 * like it. */
int32_t lower_domain_find(struct lowering *l, const struct word *name, const char *otherwise);

/* The name of @kind that is most like @word, which may have a prefix (CAP_) and either case; "did
 * you mean" or @otherwise becomes @d's hint. */
void lower_hint_name(struct lowering *l, struct diag *d, const char *word, enum vocab_kind kind,
	const char *otherwise);
/* An error at @word, which is no @what. */
void lower_unknown_name(struct lowering *l, const struct word *word, const char *what,
	enum vocab_kind kind, const char *otherwise);

/* lower_network.c */
/* A member of a group of addresses or ports. */
bool lower_address_check(struct lowering *l, const struct word *word);
bool lower_port_check(struct lowering *l, const struct word *word);
bool lower_endpoint(
	struct lowering *l, const struct word *word, uint8_t protocols, struct endpoints *ret);

/* lower_syscall.c */
/* The table's index; -1 after an error. */
int lower_syscall(struct lowering *l, const struct word *name);
bool lower_calls(struct lowering *l, const struct ast_calls *calls, struct syscall_matches *ret);

/* number.c: decimal or 0x; false when @text (@len bytes) is no number or does not fit in 64 bits.
 */
bool number_parse(const char *text, size_t len, uint64_t *ret);
/* With a suffix K M G (1024). */
bool number_parse_size(const char *text, uint64_t *ret);

/* rule_id.c: fills @r->id from what it means. */
void rule_identify(const struct policy *p, struct rule *r);
/* The digest over all rules and settings. */
void policy_identify(struct policy *p);

/* derive.c: the syscalls that a domain's other rules need, as derived rules. */
void derive_syscalls(struct lowering *l, struct domain *d);

/* check.c: rules that can never take effect, denied calls that another rule needs. */
void check_policy(struct policy *p, struct diag_list *diags);
/* check_hidden.c: a warning where a rule compares arguments of a call that an allowed one can take
 * the part of, unseen. */
void check_hidden(const struct policy *p, const struct rule *r, struct diag_list *diags);
/* Whether other calls can do what @syscall does, and show their arguments. */
bool hides_arguments(int syscall);

struct rule *lower_new_rule(struct lowering *l, struct domain *d);

#endif
