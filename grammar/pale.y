/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The shape of a policy file. Which word is a keyword was decided before (parse_tokens.c), blocks
 * arrive balanced, and END stands behind every statement that is not a block. What a rule of each
 * form may say is checked when it is whole (parse_rule.c).
 *
 * An error skips to the END of its statement; in the head of a block, to its '{'.
 */

%define api.pure full
%define api.prefix {pale_}
%define api.token.prefix {T_}
%define api.location.type {struct span}
%define parse.error custom
%define parse.lac full
%locations
%param {struct parse *p}
%expect 0

%code requires {
#include "compiler/parse.h"
}

%code {
/* An empty part stands right behind what comes before it, so that spans end with a word. */
#define YYLLOC_DEFAULT(current, rhs, n)                                                            \
	do {                                                                                       \
		if (n)                                                                             \
			(current) = span_join(YYRHSLOC(rhs, 1), YYRHSLOC(rhs, n));                 \
		else                                                                               \
			(current) = (struct span){ YYRHSLOC(rhs, 0).source,                        \
				YYRHSLOC(rhs, 0).offset + YYRHSLOC(rhs, 0).len, 0 };               \
	} while (0)

static int pale_lex(PALE_STYPE *value, PALE_LTYPE *at, struct parse *p);
static void pale_error(PALE_LTYPE *at, struct parse *p, const char *text);

#define PUSH(list, ...) ARENA_PUSH(p->arena, (list).v, (list).n, (list).cap, __VA_ARGS__)

static struct ast_decl *decl_new(struct parse *p, enum ast_decl_kind kind, struct span at)
{
	struct ast_decl *d = arena_alloc(p->arena, sizeof(*d));

	d->kind = kind;
	d->at = at;
	return d;
}

static struct ast_setting *setting_new(struct parse *p, enum ast_setting_kind kind, struct span at)
{
	struct ast_setting *s = arena_alloc(p->arena, sizeof(*s));

	s->kind = kind;
	s->at = at;
	return s;
}

static struct ast_predicate *predicate_new(struct parse *p, struct word argument,
	enum ast_comparison comparison, struct ast_values values, struct span at)
{
	struct ast_predicate *q = arena_alloc(p->arena, sizeof(*q));

	*q = (struct ast_predicate){
		.at = at, .argument = argument, .comparison = comparison, .values = values };
	return q;
}

static struct ast_values values_of(struct parse *p, struct ast_value a)
{
	struct ast_values v = { arena_alloc(p->arena, sizeof(a)), 1, 1 };

	v.v[0] = a;
	return v;
}

static struct ast_values range_of(struct parse *p, struct ast_value lo, struct ast_value hi)
{
	struct ast_values v = values_of(p, lo);

	PUSH(v, hi);
	return v;
}

static struct words words_of(struct parse *p, struct word w)
{
	/* Most lists have one element, and a long one of these is long itself. */
	struct words list = { arena_alloc(p->arena, sizeof(w)), 1, 1 };

	list.v[0] = w;
	return list;
}
}

%union {
	struct word word;
	struct words words;
	struct ast_value value;
	struct ast_values values;
	struct ast_predicate *predicate;
	struct ast_call call;
	struct ast_calls calls;
	struct ast_rule *rule;
	struct ast_body body;
	struct ast_decl *decl;
	struct ast_setting *setting;
	struct parse_effect effect;
	struct parse_tail tail;
	enum ast_comparison comparison;
	struct {
		struct word name, extends;
		bool has_extends, named;
	} head;
}

%token START_FILE START_REQUEST
%token END "the end of the statement"
/* Rejected by the scanner, which said why. */
%token JUNK

%token <word>
	NAME "a name"
	QNAME "a name with '/'"
	PATH "a path"
	NUMBER "a number"
	ADDRESS "an address"
	GROUP "a group"
	STRING "a string"
	ARGUMENT "ARGUMENT=VALUE"

%token
	USE "'use'" LET "'let'" GROUP_WORD "'group'" FRAGMENT "'fragment'" PROFILE "'profile'"
	TEST "'test'" INCLUDE "'include'" BLOCK "a block" LIMIT "'limit'" MODE "'mode'" ON_WORD "'on violation'"
	ABI "'abi'" EXTENDS "'extends'" FOR "'for'"

%token <effect> EFFECT "an effect" QUIET "'quiet'" ONLY "'only'"

%token <word>
	OP_PATHS "operation on paths" OP_SIGNAL "operation signal" OP_PTRACE "operation ptrace"
	OP_BARE "operation alone" OP_NETWORK "operation on the network" OP_SOCKET "operation socket"
	OP_MOUNT "operation mount" OP_BIND "operation bind" OP_UMOUNT "operation umount"
	OP_SYSCALL "operation syscall" OP_CAPABILITY "operation capability"

%token
	EXCEPT "'except'" OWNER "'owner'" ERRNO "'errno'" AS "'as'" TO "'to'" FROM "'from'" ON "'on'"
	WITH "'with'" IN "'in'" NOT "'not'" AND "'and'" OR "'or'"
	EQ "'=='" NE "'!='" LE "'<='" GE "'>='" DOTDOT "'..'"

%type <words> refs names paths endpoints protocols options path_operations network_operations
	bare_operations group_values let_values plain_names except_paths except_endpoints except_names
%type <word> ref name plain_name path endpoint operand target let_value group_value source_word title
%type <body> body block_rules
%type <rule> rule action request expectation
%type <effect> effect
%type <tail> tail
%type <decl> use let group fragment profile test expectations
%type <head> profile_head fragment_head test_head
%type <setting> setting limits
%type <value> value
%type <values> values
%type <predicate> predicate
%type <call> call call_predicates family arguments
%type <calls> calls families except_calls except_families
%type <comparison> comparison
%type <word> term

%%

start
: START_FILE declarations
| START_REQUEST request		{ p->request = $request; }
;

declarations
: %empty
| declarations END
| declarations declaration
| declarations error END	{ yyerrok; }
;

declaration
: use END	{ PUSH(*p->file, $use); }
| let END	{ PUSH(*p->file, $let); }
| group END	{ if ($group) PUSH(*p->file, $group); }
| fragment	{ if ($fragment) PUSH(*p->file, $fragment); }
| profile	{ if ($profile) PUSH(*p->file, $profile); }
| test		{ if ($test) PUSH(*p->file, $test); }
| USE error END	{ parse_lost(p, DECL_USE, NULL); yyerrok; }
| LET error END	{ parse_lost(p, DECL_LET, NULL); yyerrok; }
| LET name error END
		{ parse_lost(p, DECL_LET, &$name); yyerrok; }
| GROUP_WORD error END
		{ parse_lost(p, DECL_GROUP, NULL); yyerrok; }
| GROUP_WORD NAME GROUP error END
		{ parse_lost(p, DECL_GROUP, &$GROUP); yyerrok; }
;

use
: USE refs	{ $$ = decl_new(p, DECL_USE, @$); $$->values = $refs; }
;

let
: LET name '=' let_values
		{ $$ = decl_new(p, DECL_LET, @$); $$->name = $name; $$->values = $let_values; }
;

let_values
: let_value			{ $$ = words_of(p, $1); }
| let_values ',' let_value	{ $$ = $1; PUSH($$, $3); }
;

let_value: PATH | NUMBER | NAME;

group
: GROUP_WORD NAME GROUP '=' group_values
		{
			struct word kind = $NAME, name = $GROUP;

			$$ = NULL;
			if (!parse_check_name(p, &name) ||
				!parse_choice(p, &kind, "kind of group", parse_group_kinds)) {
				parse_lost(p, DECL_GROUP, NULL);
			} else {
				$$ = decl_new(p, DECL_GROUP, @$);
				$$->group_kind = kind;
				$$->name = name;
				$$->values = $group_values;
			}
		}
;

group_values
: group_value			{ $$ = words_of(p, $1); }
| group_values ',' group_value	{ $$ = $1; PUSH($$, $3); }
;

group_value: NAME | NUMBER | ADDRESS | GROUP;

fragment
: fragment_head body '}'
		{
			$$ = NULL;
			if ($fragment_head.named) {
				$$ = decl_new(p, DECL_FRAGMENT, @$);
				$$->name = $fragment_head.name;
				$$->body = $body;
			}
		}
;

fragment_head
: FRAGMENT name '{'		{ $$ = (__typeof__($$)){ .name = $name, .named = true }; }
| FRAGMENT name error '{'	{ $$ = (__typeof__($$)){ .name = $name, .named = true }; yyerrok; }
| FRAGMENT error '{'	{ $$ = (__typeof__($$)){}; parse_lost(p, DECL_FRAGMENT, NULL); yyerrok; }
;

profile
: profile_head body '}'
		{
			$$ = NULL;
			if ($profile_head.named) {
				$$ = decl_new(p, DECL_PROFILE, @$);
				$$->name = $profile_head.name;
				$$->has_extends = $profile_head.has_extends;
				$$->extends = $profile_head.extends;
				$$->body = $body;
			}
		}
;

profile_head
: PROFILE name '{'		{ $$ = (__typeof__($$)){ .name = $name, .named = true }; }
| PROFILE name EXTENDS ref '{'
		{ $$ = (__typeof__($$)){
			.name = $name, .named = true, .extends = $ref, .has_extends = true }; }
| PROFILE name error '{'	{ $$ = (__typeof__($$)){ .name = $name, .named = true }; yyerrok; }
| PROFILE name EXTENDS ref error '{'
		{ $$ = (__typeof__($$)){
			.name = $name, .named = true, .extends = $ref, .has_extends = true }; yyerrok; }
| PROFILE error '{'	{ $$ = (__typeof__($$)){}; parse_lost(p, DECL_PROFILE, NULL); yyerrok; }
;

body
: %empty		{ $$ = (struct ast_body){}; }
| body END
| body error END	{ $$ = $1; yyerrok; }
| body rule END
		{
			$$ = $1;
			if ($rule)
				PUSH($$, (struct ast_item){
					.kind = ITEM_RULE, .at = $rule->at, .rule = $rule });
		}
| body block_head block_rules '}'
		{
			$$ = $1;
			for (uint32_t i = 0; i < $block_rules.n; i++)
				PUSH($$, $block_rules.v[i]);
		}
| body INCLUDE refs END
		{
			$$ = $1;
			PUSH($$, (struct ast_item){ .kind = ITEM_INCLUDE,
				.at = span_join(@INCLUDE, @refs), .includes = $refs });
		}
| body setting END
		{
			$$ = $1;
			if ($setting)
				PUSH($$, (struct ast_item){
					.kind = ITEM_SETTING, .at = $setting->at, .setting = $setting });
		}
| body limit_head limits '}'
		{
			$$ = $1;
			$limits->at = span_join(@limit_head, @4);
			PUSH($$, (struct ast_item){
				.kind = ITEM_SETTING, .at = $limits->at, .setting = $limits });
		}
| body profile
		{
			$$ = $1;
			if ($profile)
				PUSH($$, (struct ast_item){
					.kind = ITEM_PROFILE, .at = $profile->at, .profile = $profile });
		}
;

block_head
: BLOCK '{'
| BLOCK error '{'		{ yyerrok; }
;

limit_head
: LIMIT '{'
| LIMIT error '{'		{ yyerrok; }
;

block_rules
: %empty			{ $$ = (struct ast_body){}; }
| block_rules END
| block_rules error END		{ $$ = $1; yyerrok; }
| block_rules rule END
		{
			$$ = $1;
			if ($rule)
				PUSH($$, (struct ast_item){
					.kind = ITEM_RULE, .at = $rule->at, .rule = $rule });
		}
;

setting
: MODE NAME
		{
			struct word w = $NAME;

			$$ = NULL;
			if (parse_choice(p, &w, "mode", parse_modes)) {
				$$ = setting_new(p, SETTING_MODE, @$);
				$$->values = words_of(p, w);
			}
		}
| ON_WORD NAME[violation] NAME[effect]
		{
			static const char *const violation[] = { "violation", NULL };
			struct word v = $violation, w = $effect;

			$$ = NULL;
			if (parse_choice(p, &v, "word", violation) &&
				parse_choice(p, &w, "answer to a violation", parse_violations)) {
				$$ = setting_new(p, SETTING_ON_VIOLATION, @$);
				$$->values = words_of(p, w);
			}
		}
| ABI plain_names
		{
			$$ = setting_new(p, SETTING_ABI, @$);
			$$->values = $plain_names;
		}
;

limits
: %empty		{ $$ = setting_new(p, SETTING_LIMIT, @$); }
| limits END
| limits error END	{ $$ = $1; yyerrok; }
| limits NAME NUMBER END
		{
			struct ast_limit l = { $NAME, $NUMBER };

			$$ = $1;
			if (parse_single_number(p, &l.value) &&
				parse_choice(p, &l.name, "limit", parse_limits))
				ARENA_PUSH(p->arena, $$->limits, $$->n_limits, $$->cap_limits, l);
		}
;

test
: test_head expectations '}'
		{
			$$ = NULL;
			if ($test_head.named) {
				$$ = $expectations;
				$$->at = @$;
				$$->name = $test_head.name;
				$$->for_profile = $test_head.extends;
			}
		}
;

test_head
: TEST title FOR ref '{'	{ $$ = (__typeof__($$)){ .name = $title, .extends = $ref, .named = true }; }
| TEST title FOR ref error '{'
		{ $$ = (__typeof__($$)){ .name = $title, .extends = $ref, .named = true }; yyerrok; }
| TEST error '{'		{ $$ = (__typeof__($$)){}; yyerrok; }
;

/* Any string: the scanner takes one that begins with '/' for a path, and parse_tokens.c back. */
title: STRING;

expectations
: %empty			{ $$ = decl_new(p, DECL_TEST, @$); }
| expectations END
| expectations error END	{ $$ = $1; yyerrok; }
| expectations expectation END
		{
			$$ = $1;
			if ($expectation)
				ARENA_PUSH(p->arena, $$->expectations, $$->n_expectations,
					$$->cap_expectations, *$expectation);
		}
;

expectation: rule;

request
: action tail END	{ $$ = parse_request_finish(p, $action, &$tail, span_join(@action, @tail)); }
| error END		{ $$ = NULL; yyerrok; }
;

rule
: effect action tail	{ $$ = parse_rule_finish(p, &$effect, $action, &$tail, @$); }
;

effect
: EFFECT
| QUIET EFFECT
		{
			$$ = $EFFECT;
			$$.quiet = true;
			$$.at = @$;
			$$.name = arena_printf(p->arena, "quiet %s", $EFFECT.name);
		}
| ONLY
;

action
: path_operations paths except_paths
		{ $$ = parse_rule_new(p, FORM_PATHS); $$->operations = $1;
		  $$->objects = $paths; $$->excepts = $except_paths; }
| path_operations NAME except_paths
		{ $$ = parse_rule_new(p, FORM_PATHS); $$->operations = $1;
		  $$->has_class = true; $$->object_class = $NAME; $$->excepts = $except_paths; }
| path_operations NAME paths except_paths
		{ $$ = parse_rule_new(p, FORM_PATHS); $$->operations = $1;
		  $$->has_class = true; $$->object_class = $NAME; $$->objects = $paths;
		  $$->excepts = $except_paths; }
| OP_SIGNAL TO target except_names
		{ $$ = parse_rule_new(p, FORM_SIGNAL); $$->operations = words_of(p, $1);
		  $$->has_target = true; $$->target = $target; $$->excepts = $except_names; }
| OP_SIGNAL names TO target except_names
		{ $$ = parse_rule_new(p, FORM_SIGNAL); $$->operations = words_of(p, $1);
		  $$->objects = $names; $$->has_target = true; $$->target = $target;
		  $$->excepts = $except_names; }
| OP_PTRACE target
		{ $$ = parse_rule_new(p, FORM_PTRACE); $$->operations = words_of(p, $1);
		  $$->has_target = true; $$->target = $target; }
| bare_operations
		{ $$ = parse_rule_new(p, FORM_BARE); $$->operations = $1; }
| network_operations protocols endpoints except_endpoints
		{ $$ = parse_rule_new(p, FORM_NETWORK); $$->operations = $1;
		  $$->protocols = $protocols; $$->objects = $endpoints; $$->excepts = $except_endpoints; }
| OP_SOCKET families except_families
		{ $$ = parse_rule_new(p, FORM_SOCKET); $$->operations = words_of(p, $1);
		  $$->calls = $families; $$->except_calls = $except_families; }
| OP_MOUNT NAME ON path options
		{ $$ = parse_rule_new(p, FORM_MOUNT); $$->operations = words_of(p, $1);
		  $$->has_fstype = true; $$->fstype = $NAME; $$->has_on = true; $$->on = $path;
		  $$->options = $options; }
| OP_MOUNT NAME FROM source_word ON path options
		{ $$ = parse_rule_new(p, FORM_MOUNT); $$->operations = words_of(p, $1);
		  $$->has_fstype = true; $$->fstype = $NAME; $$->has_source = true;
		  $$->source = $source_word; $$->has_on = true; $$->on = $path; $$->options = $options; }
| OP_BIND path[from] ON path[to]
		{ $$ = parse_rule_new(p, FORM_BIND); $$->operations = words_of(p, $1);
		  $$->has_source = true; $$->source = $from; $$->has_on = true; $$->on = $to; }
| OP_UMOUNT paths except_paths
		{ $$ = parse_rule_new(p, FORM_UMOUNT); $$->operations = words_of(p, $1);
		  $$->objects = $paths; $$->excepts = $except_paths; }
| OP_SYSCALL calls except_calls
		{ $$ = parse_rule_new(p, FORM_SYSCALL);
		  if ($1.len)
			$$->operations = words_of(p, $1);
		  $$->calls = $calls; $$->except_calls = $except_calls; }
| OP_CAPABILITY names except_names
		{ $$ = parse_rule_new(p, FORM_CAPABILITY);
		  if ($1.len)
			$$->operations = words_of(p, $1);
		  $$->objects = $names; $$->excepts = $except_names; }
;

path_operations
: OP_PATHS				{ $$ = words_of(p, $1); }
| path_operations ',' OP_PATHS		{ $$ = $1; PUSH($$, $3); }
;

network_operations
: OP_NETWORK				{ $$ = words_of(p, $1); }
| network_operations ',' OP_NETWORK	{ $$ = $1; PUSH($$, $3); }
;

bare_operations
: OP_BARE				{ $$ = words_of(p, $1); }
| bare_operations ',' OP_BARE		{ $$ = $1; PUSH($$, $3); }
;

paths
: path			{ $$ = words_of(p, $1); }
| paths ',' path	{ $$ = $1; PUSH($$, $3); }
;

path: PATH;

endpoints
: endpoint			{ $$ = words_of(p, $1); }
| endpoints ',' endpoint	{ $$ = $1; PUSH($$, $3); }
;

endpoint: ADDRESS | GROUP | PATH | STRING;

protocols
: NAME			{ $$ = words_of(p, $1); }
| protocols ',' NAME	{ $$ = $1; PUSH($$, $3); }
;

names
: operand		{ $$ = words_of(p, $1); }
| names ',' operand	{ $$ = $1; PUSH($$, $3); }
;

operand: NAME | GROUP;

plain_names
: plain_name			{ $$ = words_of(p, $1); }
| plain_names ',' plain_name	{ $$ = $1; PUSH($$, $3); }
;

plain_name: NAME;

refs
: ref			{ $$ = words_of(p, $1); }
| refs ',' ref		{ $$ = $1; PUSH($$, $3); }
;

ref: name | QNAME;

/* Digits are letters of a name: a profile may be called 404. */
name
: NAME
| NUMBER
		{
			$$ = $1;
			$$.kind = WORD_NAME;
			parse_check_name(p, &$$);
		}
;

target: ref;

source_word: NAME | QNAME | PATH | NUMBER | ADDRESS | STRING;

options
: %empty		{ $$ = (struct words){}; }
| WITH plain_names	{ $$ = $2; }
;

except_paths
: %empty		{ $$ = (struct words){}; }
| EXCEPT paths		{ $$ = $2; }
;

except_endpoints
: %empty		{ $$ = (struct words){}; }
| EXCEPT endpoints	{ $$ = $2; }
;

except_names
: %empty		{ $$ = (struct words){}; }
| EXCEPT names		{ $$ = $2; }
;

except_calls
: %empty		{ $$ = (struct ast_calls){}; }
| EXCEPT calls		{ $$ = $2; }
;

except_families
: %empty		{ $$ = (struct ast_calls){}; }
| EXCEPT families	{ $$ = $2; }
;

calls
: call			{ $$ = (struct ast_calls){}; PUSH($$, $1); }
| calls ',' call	{ $$ = $1; PUSH($$, $3); }
;

call
: operand		{ $$ = (struct ast_call){ .at = @$, .name = $1 }; }
| NAME '(' call_predicates ')'
			{ $$ = $call_predicates; $$.at = @$; $$.name = $NAME; }
| NAME arguments	{ $$ = $arguments; $$.at = @$; $$.name = $NAME; }
;

call_predicates
: predicate
		{
			$$ = (struct ast_call){};
			ARENA_PUSH(p->arena, $$.predicates, $$.n_predicates, $$.cap_predicates, *$1);
		}
| call_predicates AND predicate
		{
			$$ = $1;
			ARENA_PUSH(p->arena, $$.predicates, $$.n_predicates, $$.cap_predicates, *$3);
		}
;

/* ioctl cmd=0x5421 fd=3, in requests and expectations */
arguments
: ARGUMENT '=' value
		{
			$$ = (struct ast_call){};
			ARENA_PUSH(p->arena, $$.predicates, $$.n_predicates, $$.cap_predicates,
				*predicate_new(p, $ARGUMENT, CMP_EQ, values_of(p, $value), @$));
		}
| arguments ARGUMENT '=' value
		{
			$$ = $1;
			ARENA_PUSH(p->arena, $$.predicates, $$.n_predicates, $$.cap_predicates,
				*predicate_new(p, $ARGUMENT, CMP_EQ, values_of(p, $value),
					span_join(@ARGUMENT, @value)));
		}
;

predicate
: NAME comparison value
		{ $$ = predicate_new(p, $NAME, $comparison, values_of(p, $value), @$); }
| NAME '&' value[mask] EQ value[is]
		{ $$ = predicate_new(p, $NAME, CMP_MASK_EQ, values_of(p, $is), @$); $$->mask = $mask; }
| NAME '&' value[mask] NE value[is]
		{ $$ = predicate_new(p, $NAME, CMP_MASK_NE, values_of(p, $is), @$); $$->mask = $mask; }
| NAME IN '{' values '}'
		{ $$ = predicate_new(p, $NAME, CMP_IN, $values, @$); }
| NAME NOT IN '{' values '}'
		{ $$ = predicate_new(p, $NAME, CMP_NOT_IN, $values, @$); }
| NAME IN value[lo] DOTDOT value[hi]
		{ $$ = predicate_new(p, $NAME, CMP_RANGE, range_of(p, $lo, $hi), @$); }
| NAME NOT IN value[lo] DOTDOT value[hi]
		{ $$ = predicate_new(p, $NAME, CMP_NOT_RANGE, range_of(p, $lo, $hi), @$); }
;

comparison
: EQ	{ $$ = CMP_EQ; }
| NE	{ $$ = CMP_NE; }
| '<'	{ $$ = CMP_LT; }
| LE	{ $$ = CMP_LE; }
| '>'	{ $$ = CMP_GT; }
| GE	{ $$ = CMP_GE; }
;

values
: value			{ $$ = values_of(p, $1); }
| values ',' value	{ $$ = $1; PUSH($$, $3); }
;

value
: term			{ $$ = (struct ast_value){ .at = @$, .terms = words_of(p, $1) }; }
| value '|' term	{ $$ = $1; $$.at = @$; PUSH($$.terms, $3); }
;

term
: NAME
| NUMBER	{ $$ = $1; parse_single_number(p, &$$); }
| PATH
;

families
: family		{ $$ = (struct ast_calls){}; PUSH($$, $1); }
| families ',' family	{ $$ = $1; PUSH($$, $3); }
;

family
: NAME			{ $$ = (struct ast_call){ .at = @$, .name = $1 }; }
| NAME '(' plain_names ')'
			{ $$ = (struct ast_call){ .at = @$, .name = $1, .protocols = $3 }; }
;

tail
: %empty		{ $$ = (struct parse_tail){}; }
| tail OWNER		{ $$ = $1; parse_tail_once(p, $$.owner, @2, "owner");
			  $$.owner = true; $$.owner_at = @2; }
| tail ERRNO plain_name	{ $$ = $1; parse_tail_once(p, $$.has_errno, @2, "errno");
			  $$.has_errno = true; $$.errno_at = @2; $$.errno_name = $3; }
| tail AS ref		{ $$ = $1; parse_tail_once(p, $$.has_as, @2, "as");
			  $$.has_as = true; $$.as_at = @2; $$.as = $3; }
| tail IN ref		{ $$ = $1; parse_tail_once(p, $$.has_in, @2, "in");
			  $$.has_in = true; $$.in_at = @2; $$.in = $3; }
;

%%

static int pale_lex(PALE_STYPE *value, PALE_LTYPE *at, struct parse *p)
{
	struct token t = parse_next(p);

	*at = t.word.at;
	if (p->trace && (t.word.at.len > 0 || t.kind == T_END))
		ARENA_PUSH(p->arena, p->trace->lexemes, p->trace->n_lexemes,
			p->trace->cap_lexemes, (struct lexeme){ t.kind, t.word.at });
	if (t.kind == T_EFFECT || t.kind == T_QUIET || t.kind == T_ONLY)
		value->effect = (struct parse_effect){ .effect = t.effect, .at = t.word.at,
			.only = t.kind == T_ONLY, .name = t.word.text };
	else
		value->word = t.word;
	return t.kind;
}

/* Reached only where the parser's stack ends: depth is limited, so it never does. */
static void pale_error(PALE_LTYPE *at, struct parse *p, const char *text)
{
	parse_error(p, *at, "%s", text);
}

static int yyreport_syntax_error(const yypcontext_t *context, struct parse *p)
{
	yysymbol_kind_t expected[YYNTOKENS];
	const char *names[YYNTOKENS];
	int n = yypcontext_expected_tokens(context, expected, YYNTOKENS);

	for (int i = 0; i < n; i++)
		names[i] = yysymbol_name(expected[i]);
	parse_unexpected(p, names, n);
	return 0;
}
