# SPDX-License-Identifier: Apache-2.0
# Completion of pale's command line for fish 3.4 or newer. The tables that it reads are made from those that the program parses with.

function __pale_begins
	test (count (commandline -opc)) -eq 1
end

function __pale_in_help
	set -l words (commandline -opc)
	test (count $words) -eq 2; and test $words[2] = help
end

# The operands in front of the cursor, one a line. A word that an option waits for is being typed: with one in its place they can be told.
function __pale_operands
	set -l words (commandline -opc)
	set -l specs (__pale_specs $words[2])
	set -e words[1..2]
	argparse $specs -- $words 2>/dev/null
	or argparse $specs -- $words awaited 2>/dev/null
	or return
	test (count $argv) -eq 0
	or printf '%s\n' $argv
end

# The command is $argv[1], and its options have not ended.
function __pale_in
	set -l words (commandline -opc)
	test (count $words) -ge 2; and test $words[2] = $argv[1]
	or return
	not contains -- --stop-nonopt (__pale_specs $argv[1])
	or test (count (__pale_operands)) -eq 0
end

# The command is $argv[1], and the cursor is at its operand $argv[2], counted from 0, or with a + behind it at one that follows.
function __pale_at
	set -l words (commandline -opc)
	test (count $words) -ge 2; and test $words[2] = $argv[1]
	or return
	set -l n (count (__pale_operands))
	test $n -eq $argv[2]; or test "$argv[3]" = + -a $n -gt $argv[2]
end

# Folders, and files that end in $argv[1].
function __pale_files
	__fish_complete_path (commandline -ct | string replace -r -- '^--[^=]*=' '') |
		string match -r -- '^[^\t]*(?:/|'(string escape --style=regex -- $argv[1])')(?:\t.*)?$'
end

# The words that the list does not have yet.
function __pale_list
	set -l typed (commandline -ct | string replace -r -- '^--[^=]*=' '')
	set -l head (string replace -r -- '[^,]*$' '' "$typed")
	for word in $argv
		contains -- $word (string split -- , "$head")
		or printf '%s%s\n' "$head" $word
	end
end

# The command that begins at the operand $argv[1], as if the line did.
function __pale_command_line
	set -l typed (commandline -ct | string collect --allow-empty)
	set -l operands (__pale_operands)
	set -l before (string escape -- $operands[(math $argv[1] + 1)..])
	test (count $before) -gt 0; or not string match -q -- '-*' $typed
	and complete --do-complete=(string join -- ' ' $before $typed)
end

complete -c pale -f
complete -c pale -n __pale_begins -a help -d 'tell more about a command'
complete -c pale -n __pale_begins -l help -s h -d 'list the commands'
complete -c pale -n __pale_begins -l version -d 'print the version'
