/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/cbpf.h"

#include <assert.h>
#include <string.h>

/* Everything that seccomp_check_filter() lets through. */
static const struct instruction {
	uint16_t code;
	const char *name;
	enum {
		FORM_NONE,
		FORM_K,
		FORM_ABS,
		FORM_MEM,
		FORM_JUMP,
		FORM_JUMP_K,
		FORM_JUMP_X,
		FORM_RET
	} form;
} instructions[] = {
	{ BPF_LD | BPF_W | BPF_ABS, "ld", FORM_ABS },
	{ BPF_LD | BPF_W | BPF_LEN, "ld len", FORM_NONE },
	{ BPF_LDX | BPF_W | BPF_LEN, "ldx len", FORM_NONE },
	{ BPF_LD | BPF_IMM, "ld", FORM_K },
	{ BPF_LDX | BPF_IMM, "ldx", FORM_K },
	{ BPF_LD | BPF_MEM, "ld", FORM_MEM },
	{ BPF_LDX | BPF_MEM, "ldx", FORM_MEM },
	{ BPF_ST, "st", FORM_MEM },
	{ BPF_STX, "stx", FORM_MEM },
	{ BPF_MISC | BPF_TAX, "tax", FORM_NONE },
	{ BPF_MISC | BPF_TXA, "txa", FORM_NONE },
	{ BPF_RET | BPF_K, "ret", FORM_RET },
	{ BPF_RET | BPF_A, "ret a", FORM_NONE },
	{ BPF_ALU | BPF_ADD | BPF_K, "add", FORM_K },
	{ BPF_ALU | BPF_ADD | BPF_X, "add x", FORM_NONE },
	{ BPF_ALU | BPF_SUB | BPF_K, "sub", FORM_K },
	{ BPF_ALU | BPF_SUB | BPF_X, "sub x", FORM_NONE },
	{ BPF_ALU | BPF_MUL | BPF_K, "mul", FORM_K },
	{ BPF_ALU | BPF_MUL | BPF_X, "mul x", FORM_NONE },
	{ BPF_ALU | BPF_DIV | BPF_K, "div", FORM_K },
	{ BPF_ALU | BPF_DIV | BPF_X, "div x", FORM_NONE },
	{ BPF_ALU | BPF_AND | BPF_K, "and", FORM_K },
	{ BPF_ALU | BPF_AND | BPF_X, "and x", FORM_NONE },
	{ BPF_ALU | BPF_OR | BPF_K, "or", FORM_K },
	{ BPF_ALU | BPF_OR | BPF_X, "or x", FORM_NONE },
	{ BPF_ALU | BPF_XOR | BPF_K, "xor", FORM_K },
	{ BPF_ALU | BPF_XOR | BPF_X, "xor x", FORM_NONE },
	{ BPF_ALU | BPF_LSH | BPF_K, "lsh", FORM_K },
	{ BPF_ALU | BPF_LSH | BPF_X, "lsh x", FORM_NONE },
	{ BPF_ALU | BPF_RSH | BPF_K, "rsh", FORM_K },
	{ BPF_ALU | BPF_RSH | BPF_X, "rsh x", FORM_NONE },
	{ BPF_ALU | BPF_NEG, "neg", FORM_NONE },
	{ BPF_JMP | BPF_JA, "ja", FORM_JUMP },
	{ BPF_JMP | BPF_JEQ | BPF_K, "jeq", FORM_JUMP_K },
	{ BPF_JMP | BPF_JEQ | BPF_X, "jeq x", FORM_JUMP_X },
	{ BPF_JMP | BPF_JGE | BPF_K, "jge", FORM_JUMP_K },
	{ BPF_JMP | BPF_JGE | BPF_X, "jge x", FORM_JUMP_X },
	{ BPF_JMP | BPF_JGT | BPF_K, "jgt", FORM_JUMP_K },
	{ BPF_JMP | BPF_JGT | BPF_X, "jgt x", FORM_JUMP_X },
	{ BPF_JMP | BPF_JSET | BPF_K, "jset", FORM_JUMP_K },
	{ BPF_JMP | BPF_JSET | BPF_X, "jset x", FORM_JUMP_X },
};

static const struct instruction *instruction_find(uint16_t code)
{
	for (size_t i = 0; i < sizeof(instructions) / sizeof(*instructions); i++) {
		if (instructions[i].code == code)
			return &instructions[i];
	}
	return NULL;
}

/* NULL, or why the kernel refuses this instruction wherever it stands but for its jumps. */
static const char *refusal(const struct sock_filter *f)
{
	const struct instruction *i = instruction_find(f->code);

	if (!i)
		return "seccomp knows no such instruction";
	switch (i->form) {
	case FORM_ABS:
		if (f->k & 3 || f->k >= sizeof(struct seccomp_data))
			return "the load is unaligned or outside seccomp_data";
		break;
	case FORM_MEM:
		if (f->k >= BPF_MEMWORDS)
			return "there is no such scratch word";
		break;
	case FORM_K:
		if (f->code == (BPF_ALU | BPF_DIV | BPF_K) && f->k == 0)
			return "division by zero";
		if ((f->code == (BPF_ALU | BPF_LSH | BPF_K) ||
			    f->code == (BPF_ALU | BPF_RSH | BPF_K)) &&
			f->k >= 32)
			return "the shift is wider than a word";
		break;
	default:
		break;
	}
	return NULL;
}

static bool jumps_within(const struct sock_filter *f, uint32_t at, uint32_t n)
{
	uint32_t beyond = n - at - 1;

	if (BPF_CLASS(f->code) != BPF_JMP)
		return true;
	if (BPF_OP(f->code) == BPF_JA)
		return f->k < beyond;
	return f->jt < beyond && f->jf < beyond;
}

/* Scratch words that every path to an instruction has stored, as check_load_and_stores() counts. */
static bool loads_follow_stores(const struct sock_filter *v, uint32_t n, uint32_t *ret_at)
{
	uint16_t stored[BPF_MAXINSNS], now = 0;

	memset(stored, 0xff, sizeof(stored));
	for (uint32_t at = 0; at < n; at++) {
		const struct sock_filter *f = &v[at];

		now &= stored[at];
		switch (f->code) {
		case BPF_ST:
		case BPF_STX:
			now |= (uint16_t)(1u << f->k);
			break;
		case BPF_LD | BPF_MEM:
		case BPF_LDX | BPF_MEM:
			if (!(now >> f->k & 1)) {
				*ret_at = at;
				return false;
			}
			break;
		case BPF_JMP | BPF_JA:
			stored[at + 1 + f->k] &= now;
			now = 0xffff;
			break;
		default:
			if (BPF_CLASS(f->code) != BPF_JMP)
				break;
			stored[at + 1 + f->jt] &= now;
			stored[at + 1 + f->jf] &= now;
			now = 0xffff;
			break;
		}
	}
	return true;
}

bool cbpf_check(const struct sock_filter *v, uint32_t n, const char **ret_why, uint32_t *ret_at)
{
	*ret_at = 0;
	if (n == 0 || n > BPF_MAXINSNS) {
		*ret_why = "the length is 0 or above 4096 instructions";
		return false;
	}
	for (uint32_t at = 0; at < n; at++) {
		*ret_at = at;
		*ret_why = refusal(&v[at]);
		if (*ret_why)
			return false;
		if (!jumps_within(&v[at], at, n)) {
			*ret_why = "the jump leaves the program";
			return false;
		}
	}
	if (BPF_CLASS(v[n - 1].code) != BPF_RET) {
		*ret_why = "the last instruction does not return";
		return false;
	}
	if (!loads_follow_stores(v, n, ret_at)) {
		*ret_why = "the scratch word may not have been stored";
		return false;
	}
	*ret_why = NULL;
	return true;
}

static uint32_t alu(uint16_t op, uint32_t a, uint32_t b)
{
	switch (op) {
	case BPF_ADD:
		return a + b;
	case BPF_SUB:
		return a - b;
	case BPF_MUL:
		return a * b;
	case BPF_DIV:
		return b ? a / b : 0;
	case BPF_AND:
		return a & b;
	case BPF_OR:
		return a | b;
	case BPF_XOR:
		return a ^ b;
	case BPF_LSH:
		return a << (b & 31);
	case BPF_RSH:
		return a >> (b & 31);
	case BPF_NEG:
		return -a;
	}
	assert(!"an operation that cbpf_check() refuses");
	return 0;
}

static bool jump_holds(uint16_t op, uint32_t a, uint32_t b)
{
	switch (op) {
	case BPF_JEQ:
		return a == b;
	case BPF_JGE:
		return a >= b;
	case BPF_JGT:
		return a > b;
	case BPF_JSET:
		return (a & b) != 0;
	}
	assert(!"a jump that cbpf_check() refuses");
	return false;
}

uint32_t cbpf_run(const struct sock_filter *v, uint32_t n, const struct seccomp_data *data,
	uint32_t *ret_executed)
{
	uint32_t a = 0, x = 0, mem[BPF_MEMWORDS] = { 0 }, word, executed = 0;

	for (uint32_t at = 0; at < n; at++) {
		const struct sock_filter *f = &v[at];
		uint32_t operand = BPF_SRC(f->code) == BPF_X ? x : f->k;

		executed++;
		if (ret_executed)
			*ret_executed = executed;
		switch (BPF_CLASS(f->code)) {
		case BPF_LD:
		case BPF_LDX:
			if (BPF_MODE(f->code) == BPF_ABS)
				memcpy(&word, (const char *)data + f->k, sizeof(word));
			else if (BPF_MODE(f->code) == BPF_LEN)
				word = sizeof(*data);
			else
				word = BPF_MODE(f->code) == BPF_MEM ? mem[f->k] : f->k;
			*(BPF_CLASS(f->code) == BPF_LD ? &a : &x) = word;
			break;
		case BPF_ST:
			mem[f->k] = a;
			break;
		case BPF_STX:
			mem[f->k] = x;
			break;
		case BPF_ALU:
			a = alu(BPF_OP(f->code), a, operand);
			break;
		case BPF_JMP:
			if (BPF_OP(f->code) == BPF_JA)
				at += f->k;
			else
				at += jump_holds(BPF_OP(f->code), a, operand) ? f->jt : f->jf;
			break;
		case BPF_RET:
			return BPF_RVAL(f->code) == BPF_A ? a : f->k;
		case BPF_MISC:
			if (BPF_MISCOP(f->code) == BPF_TAX)
				x = a;
			else
				a = x;
			break;
		}
	}
	assert(!"a program that cbpf_check() refuses");
	return SECCOMP_RET_KILL_PROCESS;
}

void cbpf_print_action(uint32_t action, struct text *to)
{
	static const struct {
		uint32_t action;
		const char *name;
		bool data;
	} names[] = {
		{ SECCOMP_RET_KILL_PROCESS, "KILL_PROCESS", false },
		{ SECCOMP_RET_KILL_THREAD, "KILL_THREAD", false },
		{ SECCOMP_RET_TRAP, "TRAP", true },
		{ SECCOMP_RET_ERRNO, "ERRNO", true },
		{ SECCOMP_RET_USER_NOTIF, "USER_NOTIF", false },
		{ SECCOMP_RET_TRACE, "TRACE", true },
		{ SECCOMP_RET_LOG, "LOG", false },
		{ SECCOMP_RET_ALLOW, "ALLOW", false },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (names[i].action != (action & SECCOMP_RET_ACTION_FULL))
			continue;
		text_puts(to, names[i].name);
		if (names[i].data || action & SECCOMP_RET_DATA)
			text_printf(to, "(%u)", action & SECCOMP_RET_DATA);
		return;
	}
	text_printf(to, "%#x", action);
}

static void print_offset(uint32_t offset, struct text *to)
{
	static const char *const head[] = { "nr", "arch", "ip.lo", "ip.hi" };

	if (offset < 16)
		text_printf(to, "[%s]", head[offset / 4]);
	else
		text_printf(to, "[args[%u].%s]", (offset - 16) / 8, offset & 4 ? "hi" : "lo");
}

void cbpf_print(const struct sock_filter *v, uint32_t n, struct text *to)
{
	for (uint32_t at = 0; at < n; at++) {
		const struct sock_filter *f = &v[at];
		const struct instruction *i = instruction_find(f->code);

		text_printf(to, "%4u  ", at);
		if (!i) {
			text_printf(
				to, "? code %#x jt %u jf %u k %#x\n", f->code, f->jt, f->jf, f->k);
			continue;
		}
		text_puts(to, i->name);
		switch (i->form) {
		case FORM_NONE:
			break;
		case FORM_K:
			text_printf(to, " %#x", f->k);
			break;
		case FORM_ABS:
			text_putc(to, ' ');
			print_offset(f->k, to);
			break;
		case FORM_MEM:
			text_printf(to, " M[%u]", f->k);
			break;
		case FORM_JUMP:
			text_printf(to, " %u", at + 1 + f->k);
			break;
		case FORM_JUMP_K:
			text_printf(to, " %#x, %u, %u", f->k, at + 1 + f->jt, at + 1 + f->jf);
			break;
		case FORM_JUMP_X:
			text_printf(to, ", %u, %u", at + 1 + f->jt, at + 1 + f->jf);
			break;
		case FORM_RET:
			text_putc(to, ' ');
			cbpf_print_action(f->k, to);
			break;
		}
		text_putc(to, '\n');
	}
}
