#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Inputs that are too large or too odd to lie about as files. Each is compiled (status 0) or refused (status 1) with
# the texts that stand here; nothing crashes, and nothing takes more than a minute.
#
#	generated.sh PALE WORKDIR	(prints "ok NAME" or "not ok NAME", then "# …" about it)
set -u
pale=$1
cd "$2" || exit 1
mkdir -p generated && cd generated || exit 1

# check NAME STATUS FILE: compiles FILE. The text that is expected on stderr comes on stdin; a line that ends in "…"
# stands for any line that begins so, and a last line "…" for any more lines.
check() {
	local name=$1 status=$2 file=$3 got
	cat >expected
	timeout 60 "$pale" check -q "$file" >out 2>err
	got=$?
	if [ $got -eq "$status" ] && [ ! -s out ] && alike expected err; then
		echo "ok generated/$name"
		return
	fi
	echo "not ok generated/$name"
	echo "# status $got, expected $status"
	diff expected err | head -n 20 | cut -c 1-200 | sed 's/^/# /'
}

alike() {
	LC_ALL=C awk -v expected="$1" '
	BEGIN {
		while ((getline line < expected) > 0) want[++n] = line
		more = n && want[n] == "…"
		if (more) n--
	}
	{
		w = want[NR]
		if (NR > n) { if (!more) bad = 1 }
		else if (w ~ /…$/) { sub(/…$/, "", w); if (index($0, w) != 1) bad = 1 }
		else if (w != $0) bad = 1
	}
	END { exit bad || NR < n }' "$2"
}

# repeat COUNT FORMAT: FORMAT with each number from 0.
repeat() {
	awk -v n="$1" -v format="$2" 'BEGIN { for (i = 0; i < n; i++) printf format "\n", i, i, i }'
}

# Long and many

{ printf 'profile big {\n    allow read /srv/'; head -c 10485760 /dev/zero | tr '\0' a; printf '\n}\n'; } >long-word.pale
check long-word 1 long-word.pale <<'END'
long-word.pale:2:16: error: a glob of more than 4096 bytes
    2 |     allow read /srv/aaaa…
      |                ^~~~…
END

{ printf 'profile big {\n    allow read '; repeat 200000 '/srv/%d/d%d,' | tr '\n' ' '; printf '/srv/last\n}\n'; } >long-list.pale
check long-list 1 long-list.pale <<'END'
long-list.pale:1:9: error: the paths of profile 'big' need too large an automaton
    1 | profile big {
      |         ^~~
  note: no glob costs much by itself: there are too many paths
  hint: name the folders that hold them, or '*' where a component varies
END

{ printf '# '; head -c 10485760 /dev/zero | tr '\0' c; printf '\nprofile big { allow raed /a }\n'; } >long-comment.pale
check long-comment 1 long-comment.pale <<'END'
long-comment.pale:2:21: error: unknown operation 'raed'
    2 | profile big { allow raed /a }
      |                     ^~~~
  hint: did you mean 'read'?
END

{ printf 'profile big {\n    allow read "/srv/'; head -c 10485760 /dev/zero | tr '\0' s; printf '\n}\n'; } >long-string.pale
check long-string 1 long-string.pale <<'END'
long-string.pale:2:16: error: this quote is not closed on its line
…
END

{ echo 'profile big {'; repeat 100000 '    allow read /srv/d%d/f%d'; echo '}'; } >rules-paths.pale
check rules-paths 1 rules-paths.pale <<'END'
rules-paths.pale:1:9: error: the paths of profile 'big' need too large an automaton
    1 | profile big {
      |         ^~~
  note: no glob costs much by itself: there are too many paths
  hint: name the folders that hold them, or '*' where a component varies
END

# Each rule that decides about a path of its own takes a state at least.
{ echo 'profile big {'; repeat 100000 '    allow read /srv/%d'; echo '}'; } >rules-short.pale
check rules-short 1 rules-short.pale <<'END'
rules-short.pale:1:9: error: the paths of profile 'big' need an automaton of 100007 states, and 65535 is the most
    1 | profile big {
      |         ^~~
  note: no glob costs much by itself: there are too many paths
  hint: name the folders that hold them, or '*' where a component varies
END
{ echo 'profile big {'; repeat 50000 '    allow read /srv/%d'; echo '}'; } >rules-half.pale
check rules-half 0 rules-half.pale </dev/null

{
	echo 'profile big {'
	awk 'BEGIN { for (i = 0; i < 100000; i++) printf "    allow connect tcp 10.%d.%d.%d:443\n", i / 65536, i / 256 % 256, i % 256 }'
	echo '}'
} >rules-addresses.pale
check rules-addresses 0 rules-addresses.pale </dev/null

{ echo 'profile big { syscall {'; repeat 100000 '    deny ioctl(cmd == %d)'; echo '} }'; } >rules-calls.pale
check rules-calls 1 rules-calls.pale <<'END'
rules-calls.pale:2:5: error: the rules tell too many cases of 'ioctl' apart: more than 65536, or more than 64 masks
    2 |     deny ioctl(cmd == 0)
      |     ^~~~~~~~~~~~~~~~~~~~
  hint: compare with ranges, or with fewer arguments at once
END

{ repeat 100000 'let v%d = /srv/%d'; echo 'profile big { allow read $v99999/x }'; } >variables.pale
check variables 0 variables.pale </dev/null

{ repeat 100000 'let v%d = $w%d/x'; echo 'profile big { allow read /x }'; } >variables-unknown.pale
check variables-unknown 1 variables-unknown.pale <<'END'
variables-unknown.pale:1:10: error: unknown variable '$w0'
    1 | let v0 = $w0/x
      |          ^~~~~
  hint: did you mean '$v0'?
…
END

{ echo 'let v0 = /srv'; awk 'BEGIN { for (i = 1; i < 100000; i++) printf "let v%d = $v%d\n", i, i - 1 }'; echo 'profile big { allow read $v99999/x }'; } >chain.pale
check chain 1 chain.pale <<'END'
chain.pale:66:5: error: more than 64 names lead from one to the next at '$v65'
   66 | let v65 = $v64
      |     ^~~
END

{ awk 'BEGIN { for (i = 0; i < 100; i++) printf "let v%d = $v%d\n", i, i + 1 }'; echo 'let v100 = /srv'; echo 'profile big { allow read $v0/x }'; } >chain-back.pale
check chain-back 1 chain-back.pale <<'END'
chain-back.pale:66:5: error: more than 64 names lead from one to the next at '$v65'
   66 | let v65 = $v66
      |     ^~~
END

{ echo 'let v0 = /s'; awk 'BEGIN { for (i = 1; i < 60; i++) printf "let v%d = $v%d, $v%d\n", i, i - 1, i - 1 }'; echo 'profile big { allow read $v59/x }'; } >doubling.pale
check doubling 1 doubling.pale <<'END'
doubling.pale:61:26: error: '$v59/x' stands for more than 20000 paths
   61 | profile big { allow read $v59/x }
      |                          ^~~~~~
  hint: alternatives '{a,b}' in one path cost less than variables multiplied by each other
END

{ echo 'let v0 = xx'; awk 'BEGIN { for (i = 1; i < 60; i++) printf "let v%d = $v%d$v%d\n", i, i - 1, i - 1 }'; echo 'profile big { allow read /srv/$v59 }'; } >doubling-text.pale
check doubling-text 1 doubling-text.pale <<'END'
doubling-text.pale:61:26: error: '/srv/$v59' stands for a text of more than 4096 bytes
   61 | profile big { allow read /srv/$v59 }
      |                          ^~~~~~~~~
END

{ echo 'let ten = 0, 1, 2, 3, 4, 5, 6, 7, 8, 9'; echo 'profile big {'; repeat 100 '    allow read /srv/%d/$ten$ten$ten$ten'; echo '}'; } >multiplied.pale
check multiplied 1 multiplied.pale <<'END'
multiplied.pale:48:16: error: the policy's variables stand for too many paths: more than 500000, or 64 MB
   48 |     allow read /srv/45/$ten$ten$ten$ten
      |                ^~~~~~~~~~~~~~~~~~~~~~~~
  hint: alternatives '{a,b}' in one path cost less than variables multiplied by each other
…
END

awk 'BEGIN {
	for (i = 0; i < 30; i++) printf "profile p%d {\n    profile a extends p%d { allow read /a }\n    profile b extends p%d { allow read /b }\n}\n", i, i + 1, i + 1
	print "profile p30 { allow read /end }"
}' >subs-doubling.pale
check subs-doubling 1 subs-doubling.pale <<'END'
subs-doubling.pale:1:9: error: profile 'p0' has more than 256 sub-profiles
…
END

{ awk 'BEGIN { for (i = 0; i < 200; i++) printf "fragment f%d { include f%d }\n", i, i + 1 }'; echo 'fragment f200 { allow read /a }'; echo 'profile big { include f0 }'; } >fragments.pale
check fragments 1 fragments.pale <<'END'
fragments.pale:64:24: error: fragments include one another more than 64 deep
   64 | fragment f63 { include f64 }
      |                        ^~~
…
END

{ awk 'BEGIN { for (i = 0; i < 100; i++) printf "profile p%d extends p%d { allow read /p%d }\n", i, i + 1, i }'; echo 'profile p100 { allow read /p100 }'; } >extends.pale
check extends 1 extends.pale <<'END'
extends.pale:65:21: error: more than 64 profiles extend one another here
   65 | profile p64 extends p65 { allow read /p64 }
      |                     ^~~
…
END

# Deep

nested() { # COUNT
	awk -v n="$1" 'BEGIN {
		for (i = 0; i < n; i++) printf "profile p%d {\n", i
		print "allow read /a"
		for (i = 0; i < n; i++) print "}"
	}'
}
nested 64 >nested-64.pale
check nested-64 0 nested-64.pale </dev/null
nested 65 >nested-65.pale
check nested-65 1 nested-65.pale <<'END'
nested-65.pale:65:1: error: blocks are nested more than 64 deep
   65 | profile p64 {
      | ^~~~~~~
  hint: declare the sub-profile further out, or take a level away
END
nested 100000 >nested-100000.pale
check nested-100000 1 nested-100000.pale <<'END'
nested-100000.pale:65:1: error: blocks are nested more than 64 deep
   65 | profile p64 {
      | ^~~~~~~
…
END

braces() { # COUNT
	printf 'profile big { allow read /srv/'
	head -c "$1" /dev/zero | tr '\0' '{'
	printf 'a,b'
	head -c "$1" /dev/zero | tr '\0' '}'
	printf ' }\n'
}
braces 64 >braces-64.pale
check braces-64 0 braces-64.pale </dev/null
braces 65 >braces-65.pale
check braces-65 1 braces-65.pale <<'END'
braces-65.pale:1:26: error: '{' nested more than 64 deep
…
END
braces 1000000 >braces-1000000.pale
check braces-1000000 1 braces-1000000.pale <<'END'
braces-1000000.pale:1:26: error: a glob of more than 4096 bytes
…
END

# Odd bytes

printf 'profile web {\n    allow read /a\0b, /c\n    allow\0 read /d\n}\n' >nul.pale
check nul 1 nul.pale <<'END'
nul.pale:2:18: error: a NUL byte in a policy
    2 |     allow read /a?b, /c
      |                  ^
nul.pale:3:10: error: a NUL byte in a policy
    3 |     allow? read /d
      |          ^
END

printf 'profile web {\n    allow read /a\377b\n    allow read /\303\n    allow read "/\355\240\200"\n}\n' >utf8.pale
check utf8 1 utf8.pale <<'END'
utf8.pale:2:18: error: byte 0xff is not UTF-8
    2 |     allow read /a?b
      |                  ^
  hint: in a path, write it as '\xff'
utf8.pale:3:17: error: byte 0xc3 is not UTF-8
    3 |     allow read /?
      |                 ^
  hint: in a path, write it as '\xc3'
utf8.pale:4:18: error: byte 0xed is not UTF-8
    4 |     allow read "/???"
      |                  ^
  hint: in a path, write it as '\xed'
END

printf '\377\376p\0r\0o\0' >utf16.pale
check utf16 1 utf16.pale <<'END'
utf16.pale:1:1: error: byte 0xff is not UTF-8
    1 | ??p?r?o?
      | ^
  hint: in a path, write it as '\xff'
END

printf '\357\273\277profile web {\n    allow read /a\n}\n' >bom.pale
check bom 0 bom.pale </dev/null

printf 'profile web {\r\n    allow read /a,\r\n        /b\r\n    allow raed /c\r\n}\r\n' >crlf.pale
check crlf 1 crlf.pale <<'END'
crlf.pale:4:11: error: unknown operation 'raed'
    4 |     allow raed /c
      |           ^~~~
  hint: did you mean 'read'?
END
printf 'profile web {\r\n    allow read /a,\r\n        /b # why\r\n}\r\n' >crlf-right.pale
check crlf-right 0 crlf-right.pale </dev/null

printf 'profile web { allow read /a }' >no-newline.pale
check no-newline 0 no-newline.pale </dev/null
printf 'profile web { allow read /a; allow raed /b' >no-newline-wrong.pale
check no-newline-wrong 1 no-newline-wrong.pale <<'END'
no-newline-wrong.pale:1:36: error: unknown operation 'raed'
    1 | profile web { allow read /a; allow raed /b
      |                                    ^~~~
  hint: did you mean 'read'?
no-newline-wrong.pale:1:43: error: expected '}' at the end of the file
    1 | profile web { allow read /a; allow raed /b
      |                                           ^
no-newline-wrong.pale:1:1: note: this block is not closed
    1 | profile web { allow read /a; allow raed /b
      | ^~~~~~~
END
printf '# nothing but this' >comment.pale
check comment 0 comment.pale </dev/null

head -c 100000 /dev/zero >zeros.pale
check zeros 1 zeros.pale <<'END'
zeros.pale:1:1: error: a NUL byte in a policy
    1 | ????…
      | ^
END

# Not even a file

: >empty.pale
check empty 0 empty.pale </dev/null
check missing 1 missing.pale <<'END'
error: cannot read 'missing.pale': No such file or directory
END
mkdir -p folder.pale
check folder 1 folder.pale <<'END'
error: cannot read 'folder.pale': Is a directory
END
printf 'use folder\nprofile web { allow read /a }\n' >uses-folder.pale
check uses-folder 1 uses-folder.pale <<'END'
uses-folder.pale:1:5: error: cannot read 'folder.pale': Is a directory
    1 | use folder
      |     ^~~~~~
END
check no-name 1 '' <<'END'
error: cannot read '': No such file or directory
END
