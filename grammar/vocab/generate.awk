# SPDX-License-Identifier: Apache-2.0
# Makes C tables from the CSV files. Each file says in its head what its columns are; a field has no
# quotes, and only the last one may hold commas. Numbers are passed on as text, never computed with:
# awk's are floating point.

BEGIN {
	FS = ","
	n_abis = split("x86_64 x86 x32 aarch64 arm", abis, " ")
	for (i = 1; i <= n_abis; i++)
		abi_index[abis[i]] = i
	split("1 2 4 8 16", abi_bit, " ")
	n_protocols = split("tcp udp sctp icmp unix", protocols, " ")
	for (i = 1; i <= n_protocols; i++)
		protocol_index[protocols[i]] = i - 1
	n_operations = n_families = n_constants = n_syscalls = n_needs = 0
	split("u16 u32 u64 s32 s64 ptr any", t, " ")
	for (i in t)
		types[t[i]] = 1
}

function fail(text)
{
	printf "%s:%d: error: %s\n", FILENAME, FNR, text > "/dev/stderr"
	failed = 1
	exit 1
}

# Field n and all after it.
function rest(n,    i, s)
{
	s = $n
	for (i = n + 1; i <= NF; i++)
		s = s "," $i
	return s
}

function trim(s)
{
	sub(/^ +/, "", s)
	sub(/ +$/, "", s)
	return s
}

function columns(n)
{
	if (NF < n)
		fail("a line of this file has " n " fields")
}

function number_field(s)
{
	if (s !~ /^-?(0x[0-9a-fA-F]+|[0-9]+)$/)
		fail("'" s "' is not a number")
	return s
}

/^#/ || /^$/ {
	next
}

FNR == 1 || FILENAME != current {
	current = FILENAME
	table = FILENAME
	sub(/.*\//, "", table)
	sub(/\.csv$/, "", table)
}

table == "operations" {
	columns(4)
	operation[n_operations] = $1
	operation_index[$1] = n_operations
	operation_row[n_operations++] = sprintf("{ \"%s\", \"%s\", OBJECT_%s, \"%s\" }", $1, $2, $3, rest(4))
	next
}

table == "capabilities" || table == "signals" || table == "errnos" || table == "netlink" {
	columns(2)
	if ((table, $1) in named_seen)
		fail("'" $1 "' stands here twice")
	named_seen[table, $1] = number_field($2)
	named[table, named_n[table]++ + 0] = sprintf("{ \"%s\", %s }", $1, $2)
	next
}

table == "families" {
	columns(4)
	n = split($2, pair, "|")
	if (n < 1 || n > 2)
		fail("one family or two")
	family_index[$1] = n_families
	family_numbers[n_families] = $2
	family_type[n_families] = $3
	family_row[n_families++] = sprintf("{ \"%s\", { %s, %s }, %s, \"%s\" }", $1, pair[1],
		n > 1 ? pair[2] : -1, $3 == "" ? -1 : $3, rest(4))
	next
}

table == "constants" {
	columns(2)
	if ($1 in constant)
		fail("'" $1 "' stands here twice")
	if ($1 <= last_constant)
		fail("'" $1 "' belongs before '" last_constant "': the names are sorted")
	last_constant = $1
	constant[$1] = number_field($2)
	for (i = 1; i <= n_abis; i++)
		value[i] = $2
	n = split($3, exceptions, " ")
	for (i = 1; i <= n; i++) {
		split(exceptions[i], e, "=")
		if (!(e[1] in abi_index))
			fail("unknown ABI '" e[1] "'")
		value[abi_index[e[1]]] = e[2] == "-" ? "-" : number_field(e[2])
		if (e[2] != "-")
			constant_varies[$1] = 1
	}
	has = 0
	s = ""
	for (i = 1; i <= n_abis; i++) {
		if (value[i] != "-")
			has += abi_bit[i]
		s = s (i > 1 ? ", " : "") (value[i] == "-" ? 0 : value[i])
	}
	if (has == 31)
		constant_check[n_constants] = sprintf("CHECK(%s)\n", $1)
	else
		constant_check[n_constants] = sprintf("#ifdef %s\nCHECK(%s)\n#endif\n", $1, $1)
	constant_row[n_constants++] = sprintf("{ \"%s\", %d, { %s } }", $1, has, s)
	next
}

table == "syscalls" {
	columns(7)
	if ($1 <= last_syscall)
		fail("'" $1 "' belongs before '" last_syscall "': the names are sorted")
	last_syscall = $1
	s = ""
	for (i = 1; i <= n_abis; i++) {
		x = $(i + 1)
		if (x != "") {
			number_field(x)
			if ((i, x) in taken)
				fail("number " x " of " abis[i] " is also " taken[i, x] "'s")
			taken[i, x] = $1
			k = n_numbers[i]++ + 0
			numbers[i, k] = x + 0
			number_syscall[i, k] = n_syscalls
		}
		s = s (i > 1 ? ", " : "") (x == "" ? -1 : abis[i] == "x32" ? "X32 | " x : x)
	}
	syscall[n_syscalls] = $1
	syscall_numbers[n_syscalls] = s
	syscall_since[n_syscalls] = $7
	syscall_index[$1] = n_syscalls++
	next
}

function bits(type)
{
	return type == "ptr" || type == "any" ? 64 : substr(type, 2)
}

table == "arguments" {
	columns(5)
	if (!($1 in syscall_index))
		fail("unknown system call '" $1 "'")
	n = split($5, t, " ")
	type = t[1]
	x32_type = n == 2 && sub(/^x32=/, "", t[2]) ? t[2] : type
	if (!(type in types) || !(x32_type in types) || n > 2)
		fail("'" $5 "' is no type")
	c = syscall_index[$1]
	n = split($4, exceptions, " ")
	for (i = 1; i <= n_abis; i++)
		value[i] = exceptions[1]
	for (i = 2; i <= n; i++) {
		split(exceptions[i], e, "=")
		if (!(e[1] in abi_index))
			fail("unknown ABI '" e[1] "'")
		value[abi_index[e[1]]] = e[2] == "-" ? "VOCAB_NO_INDEX" : e[2]
	}
	s = ""
	for (i = 1; i <= n_abis; i++) {
		if (value[i] !~ /^([0-5]|VOCAB_NO_INDEX)$/)
			fail("an argument's place is 0 to 5, or - where there is none")
		s = s (i > 1 ? ", " : "") value[i]
	}
	k = n_arguments[c]++ + 0
	argument_place[c, $2] = k
	if ($3 != "")
		argument_place[c, $3] = k
	argument_row[c, k] = sprintf("{ \"%s\", %s, { %s }, %s, %s, %s, %s, %s }", $2,
		$3 == "" ? "NULL" : "\"" $3 "\"", s, bits(type), bits(x32_type),
		type ~ /^s/ ? "true" : "false", type == "ptr" ? "true" : "false",
		type == "any" ? "true" : "false")
	next
}

# A number, or constants joined by '|'. Those must be the same on every ABI, since a need is.
function constant_expression(s,    parts, n, i, out)
{
	n = split(s, parts, "|")
	for (i = 1; i <= n; i++) {
		parts[i] = trim(parts[i])
		if (parts[i] in constant) {
			if (parts[i] in constant_varies)
				fail("'" parts[i] "' differs between ABIs")
			parts[i] = constant[parts[i]]
		} else {
			number_field(parts[i])
		}
		out = out (i > 1 ? " | " : "") "UINT64_C(" parts[i] ")"
	}
	return out
}

# Adds one row to the table of needs. Conditions: "a == V and b & M == V and c in V W".
function add_need(kind, which, call, conditions,    c, parts, n, i, w, m, j, values, place, nv, rows)
{
	call = trim(call)
	if (!(call in syscall_index))
		fail("unknown system call '" call "'")
	c = syscall_index[call]
	n = conditions == "" ? 0 : split(conditions, parts, " and ")
	for (i = 1; i <= n; i++) {
		m = split(trim(parts[i]), w, " +")
		if (!((c, w[1]) in argument_place))
			fail("arguments.csv describes no '" w[1] "' of " call)
		place = argument_place[c, w[1]]
		values = ""
		nv = 0
		if (w[2] == "==" && m == 3) {
			values = constant_expression(w[3])
			nv = 1
			rows = rows sprintf("\t{ &arguments_%s[%d], NEED_EQ, 0, need_values_%d_%d, 1 },\n",
				call, place, n_needs, i)
		} else if (w[2] == "&" && w[4] == "==" && m == 5) {
			values = constant_expression(w[5])
			rows = rows sprintf("\t{ &arguments_%s[%d], NEED_MASK_EQ, %s, need_values_%d_%d, 1 },\n",
				call, place, constant_expression(w[3]), n_needs, i)
		} else if (w[2] == "in" && m >= 3) {
			for (j = 3; j <= m; j++) {
				values = values (j > 3 ? ", " : "") constant_expression(w[j])
				nv++
			}
			rows = rows sprintf("\t{ &arguments_%s[%d], NEED_IN, 0, need_values_%d_%d, %d },\n",
				call, place, n_needs, i, nv)
		} else {
			fail("'" parts[i] "' is no condition")
		}
		need_statics = need_statics sprintf("static const uint64_t need_values_%d_%d[] = { %s };\n",
			n_needs, i, values)
	}
	if (n)
		need_statics = need_statics sprintf("static const struct vocab_condition need_conditions_%d[] = {\n%s};\n",
			n_needs, rows)
	need_rows[kind, which] = need_rows[kind, which] sprintf("\t{ %s, %s, %d, %s, %d },\n", kind,
		which, c, n ? "need_conditions_" n_needs : "NULL", n)
	n_needs++
}

function add_family_sockets(f,    s)
{
	s = family_numbers[f]
	gsub(/\|/, " ", s)
	s = "family in " s
	if (family_type[f] != "")
		s = s " and type & 15 == " family_type[f]
	add_need("NEED_FAMILY", f, "socket", s)
}

table == "needs" {
	columns(3)
	if (NF > 4)
		fail("values stand side by side, without commas")
	n_calls = split($3, calls, " ")
	for (call_i = 1; call_i <= n_calls; call_i++) {
		if ($1 == "always") {
			add_need("NEED_ALWAYS", 0, calls[call_i], trim($4))
		} else if ($1 == "operation") {
			if (!($2 in operation_index))
				fail("unknown operation '" $2 "'")
			add_need("NEED_OPERATION", operation_index[$2], calls[call_i], trim($4))
		} else if ($1 == "capability") {
			if (!(("capabilities", $2) in named_seen))
				fail("unknown capability '" $2 "'")
			add_need("NEED_CAPABILITY", named_seen["capabilities", $2], calls[call_i], trim($4))
		} else if ($1 == "protocol") {
			for (p = 1; p <= n_protocols; p++)
				if ($2 == "*" || $2 == protocols[p])
					add_need("NEED_PROTOCOL", p - 1, calls[call_i], trim($4))
			if ($2 != "*" && !($2 in protocol_index))
				fail("unknown protocol '" $2 "'")
		} else if ($1 == "family" && $2 == "*") {
			for (f = 0; f < n_families; f++)
				add_need("NEED_FAMILY", f, calls[call_i], trim($4))
		} else {
			fail("unknown need '" $1 " " $2 "'")
		}
	}
	next
}

{
	fail("no table of this name is known")
}

function write_named(name, table,    i)
{
	printf "\nconst struct vocab_named %s[] = {\n", name > source
	for (i = 0; i < named_n[table]; i++)
		printf "\t%s,\n", named[table, i] > source
	printf "};\nconst uint32_t n_%s = %d;\n", name, named_n[table] > source
}

# By number, ascending; a few hundred entries in nearly ascending runs.
function sort_numbers(abi,    i, j, x, y)
{
	for (i = 1; i < n_numbers[abi]; i++) {
		x = numbers[abi, i]
		y = number_syscall[abi, i]
		for (j = i; j > 0 && numbers[abi, j - 1] > x; j--) {
			numbers[abi, j] = numbers[abi, j - 1]
			number_syscall[abi, j] = number_syscall[abi, j - 1]
		}
		numbers[abi, j] = x
		number_syscall[abi, j] = y
	}
}

END {
	if (failed)
		exit 1
	for (f = 0; f < n_families; f++)
		add_family_sockets(f)

	printf "/* Made by grammar/vocab/generate.awk. */\n" > header
	printf "#ifndef PALE_VOCAB_TABLES_H\n#define PALE_VOCAB_TABLES_H\n\nenum operation {\n" > header
	for (i = 0; i < n_operations; i++)
		printf "\tOP_%s,\n", toupper(operation[i]) > header
	printf "\tOP_COUNT,\n};\n\n#endif\n" > header

	for (i = 0; i < n_constants; i++)
		printf "%s", constant_check[i] > check

	printf "/* Made by grammar/vocab/generate.awk. */\n" > source
	printf "#include \"compiler/vocab_internal.h\"\n\n" > source
	printf "#define X32 0x40000000\n\n" > source
	printf "const struct vocab_operation vocab_operations[OP_COUNT] = {\n" > source
	for (i = 0; i < n_operations; i++)
		printf "\t%s,\n", operation_row[i] > source
	printf "};\n" > source

	write_named("vocab_capabilities", "capabilities")
	write_named("vocab_signals", "signals")
	write_named("vocab_errnos", "errnos")
	write_named("vocab_netlinks", "netlink")

	printf "\nconst struct vocab_family vocab_families[] = {\n" > source
	for (i = 0; i < n_families; i++)
		printf "\t%s,\n", family_row[i] > source
	printf "};\nconst uint32_t vocab_n_families = %d;\n", n_families > source

	printf "\nconst struct vocab_constant vocab_constants[] = {\n" > source
	for (i = 0; i < n_constants; i++)
		printf "\t%s,\n", constant_row[i] > source
	printf "};\nconst uint32_t vocab_n_constants = %d;\n\n", n_constants > source

	for (c = 0; c < n_syscalls; c++) {
		if (!n_arguments[c])
			continue
		printf "static const struct vocab_argument arguments_%s[] = {\n", syscall[c] > source
		for (i = 0; i < n_arguments[c]; i++)
			printf "\t%s,\n", argument_row[c, i] > source
		printf "};\n" > source
	}
	printf "\nconst struct vocab_syscall vocab_syscalls[] = {\n" > source
	for (c = 0; c < n_syscalls; c++)
		printf "\t{ \"%s\", { %s }, \"%s\", %s, %d },\n", syscall[c], syscall_numbers[c], syscall_since[c],
			n_arguments[c] ? "arguments_" syscall[c] : "NULL", n_arguments[c] > source
	printf "};\nconst uint32_t vocab_n_syscalls = %d;\n", n_syscalls > source

	for (a = 1; a <= n_abis; a++) {
		sort_numbers(a)
		printf "\nstatic const struct vocab_number numbers_%s[] = {\n", abis[a] > source
		for (i = 0; i < n_numbers[a]; i++)
			printf "\t{ %s%d, %d },\n", abis[a] == "x32" ? "X32 | " : "", numbers[a, i],
				number_syscall[a, i] > source
		printf "};\n" > source
	}
	printf "\nconst struct vocab_numbers vocab_numbers[ABI_COUNT] = {\n" > source
	for (a = 1; a <= n_abis; a++)
		printf "\t{ numbers_%s, %d },\n", abis[a], n_numbers[a] > source
	printf "};\n\n%s", need_statics > source
	printf "\nconst struct vocab_need vocab_needs[] = {\n" > source
	n_kinds = split("NEED_ALWAYS NEED_OPERATION NEED_CAPABILITY NEED_PROTOCOL NEED_FAMILY", kinds, " ")
	for (k = 1; k <= n_kinds; k++)
		for (i = 0; i < 64; i++)
			printf "%s", need_rows[kinds[k], i] > source
	printf "};\nconst uint32_t vocab_n_needs = %d;\n", n_needs > source
}
