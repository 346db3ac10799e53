# SPDX-License-Identifier: Apache-2.0
# What bash, zsh and fish offer, asked of the shells themselves, for pale's table and for one with odd texts.
# shellcheck shell=bash disable=SC2154

bats_require_minimum_version 1.5.0

setup() {
	here=$(realpath "$BATS_TEST_DIRNAME")
	build=$(realpath "${PALE_BUILD:-build}")
	share=$build/share
	pale=$build/pale
	cd "$BATS_TEST_TMPDIR" || return 1
	mkdir folder
	touch web.pale seccomp.json 'a wall.png'
	# Words that shells sort as sort(1) does here.
	export LC_ALL=C.UTF-8 HOME=$BATS_FILE_TMPDIR
}

# offered SHELL LINE: the candidates, sorted, without descriptions.
offered() {
	case $1 in
	bash) bash --norc "$here/complete.bash" "$share/bash-completion/completions/${2%% *}" "$2" ;;
	zsh) zsh -f "$here/complete.zsh" "$share/zsh/site-functions" "$2" | sed 's/\\ / /g' ;;
	fish) fish --no-config -c "source $share/fish/vendor_completions.d/${2%% *}.fish
		complete --do-complete=$(printf %q "$2" | sed "s/^\\$'/'/")" | sed 's/\t.*//' | sort -u ;;
	esac
}

# offers SHELLS LINE CANDIDATE…: these and no others. A folder's slash, and what the line has of a word or a list already, is each shell's
# own way to print.
offers() {
	local shell shells=$1 line=$2 head got
	shift 2
	for shell in $shells; do
		got=$(offered "$shell" "$line" 2>&1)
		head=${line##* }
		[[ $head == *=* && $shell == fish ]] && got=$(sed "s/^${head%%=*}=//" <<<"$got")
		head=${head#*=}
		[[ $head == *,* ]] && got=$(sed "s/^${head%,*},//" <<<"$got")
		got=$(sed 's,/$,,' <<<"$got" | sort -u)
		if [ "$got" != "$(printf '%s\n' "$@" | sort -u)" ]; then
			printf '%s, "%s": %s\n' "$shell" "$line" "$got" >&2
			return 1
		fi
	done
}

commands() {
	"$pale" help | sed -n 's/^  \([a-z-]*\) .*/\1/p'
}

@test "every command" {
	mapfile -t all < <(commands)
	[ "${#all[@]}" -ge 8 ]
	offers "zsh fish" "pale " "${all[@]}" help
	offers bash "pale " "${all[@]}" help --help -h --version
	offers "bash zsh fish" "pale ch" check
	offers "bash zsh fish" "pale help " "${all[@]}"
	offers "bash zsh fish" "pale help ch" check
}

@test "every option of every command, long and short, as its help lists them" {
	for c in $(commands); do
		mapfile -t all < <("$pale" help "$c" | sed -n 's/^ *\(-[a-zA-Z], \)\?\(--[a-z-]*\).*/\2/p')
		mapfile -t short < <("$pale" help "$c" | sed -n 's/^  \(-[a-zA-Z]\), .*/\1/p')
		[ "${#all[@]}" -ge 1 ] && [ "${#short[@]}" -ge 1 ]
		offers "bash zsh fish" "pale $c --" "${all[@]}"
		offers "bash fish" "pale $c -" "${all[@]}" "${short[@]}"
	done
}

@test "policies, other files and folders" {
	offers "bash zsh fish" "pale check " folder web.pale
	offers "bash zsh fish" "pale check web.pale w" web.pale
	offers "bash zsh fish" "pale run -p " folder web.pale
	offers "bash zsh fish" "pale run --policy=w" web.pale
	offers "bash zsh fish" "pale import " "a wall.png" folder seccomp.json web.pale
	offers "bash zsh fish" "pale import --output se" seccomp.json
	offers "bash zsh fish" "pale build web.pale -o " folder
	offers "bash zsh fish" "pale check -I " folder
	offers "bash zsh fish" "pale check -I folder w" web.pale
}

@test "closed vocabularies, and what is left of a list" {
	offers "bash zsh fish" "pale query web.pale re" read rename
	offers "bash zsh fish" "pale query --json web.pale ca" capability
	offers "bash zsh fish" "pale query web.pale li" link listen
	offers "bash zsh fish" "pale run -m " seccomp landlock apparmor bpf-lsm cgroup
	offers "bash zsh fish" "pale run -m seccomp,cgroup," landlock apparmor bpf-lsm
	offers "bash zsh fish" "pale run --mechanisms=seccomp,l" landlock
	offers "bash zsh fish" "pale import --abi x86" x86 x86_64
	offers "bash zsh fish" "pale audit --severity=hi" high
	offers "bash zsh fish" "pale import --capabilities net_" net_admin net_bind_service net_broadcast net_raw
}

@test "nothing where nothing is known" {
	for line in "pale run --container " "pale query web.pale read " "pale run --allow-partial=" "pale import --kernel=6" "pale nonsense "; do
		offers "bash zsh fish" "$line" ""
	done
	offers "bash fish" "pale status " ""
	offers "bash fish" "pale check -- -" ""
	offers "bash zsh fish" "pale query web.pale read --js" ""
}

@test "the command that is confined, and its own arguments" {
	mkdir bin
	printf '#!/bin/sh\n' >bin/confined-one
	chmod +x bin/confined-one
	PATH=$PWD/bin:$PATH
	for line in "pale run -p web.pale -- confined-" "pale run -p web.pale confined-" "pale run --allow-partial confined-"; do
		offers "bash zsh fish" "$line" confined-one
	done
	offers "bash zsh fish" "pale run -p web.pale -- confined-one se" seccomp.json
	# Its options are no options of pale's.
	offers "bash zsh fish" "pale run -p web.pale confined-one --aud" ""
}

@test "bash: a file and its profile are one word, with and without breaks at ':' and '='" {
	offers bash "pale query web.pale:web re" read rename
	offers bash "pale run -p web.pale:web --aud" --audit
	run -0 bash --norc -c 'COMP_WORDBREAKS=" " COMP_WORDS=(pale run --mechanisms=seccomp,l) COMP_CWORD=2
		source "$1"; _pale; printf "%s\n" "${COMPREPLY[@]}"' - "$share/bash-completion/completions/pale"
	[ "$output" = --mechanisms=seccomp,landlock ]
}

@test "other programs have completions of their own" {
	offers "zsh fish" "kubectl-pale " status events explain audit help
	offers "bash zsh" "kubectl-pale status --" --kubeconfig --context --json --help
	offers "bash zsh fish" "kubectl-pale events --kubeconfig f" folder
	offers "bash zsh fish" "kubectl-pale help ex" explain
	offers "bash zsh fish" "pale-operator w" webhook
	offers "bash zsh" "pale-operator controller --kubec" --kubeconfig
}

@test "another table, with texts that are code to a shell, shows up everywhere" {
	share=$BATS_FILE_TMPDIR/odd
	sh "$here/../../docs/make.sh" "$here/../../docs" "$share" "$build/tests/live/odd_docs"
	bash -n "$share/bash-completion/completions/pale"
	zsh -n "$share/zsh/site-functions/_pale"
	fish --no-execute "$share/fish/vendor_completions.d/pale.fish"
	offers "zsh fish" "pale " paint bare help
	offers "bash zsh" "pale paint --" --brush --colours --dry-run --only --room --help
	offers fish "pale paint --" --brush --colours --dry-run --only --only= --room --help
	offers "bash zsh fish" "pale paint -b " "a wall.png" folder
	offers "bash zsh fish" "pale paint -c red," dark-green blue
	offers "bash zsh fish" "pale paint --colours=red,b" blue
	offers "bash zsh fish" "pale paint --only=d" dark-green
	offers "bash zsh fish" "pale paint --room " ""
	offers "bash zsh fish" "pale paint " folder
	offers "bash zsh fish" "pale paint folder " red dark-green blue
	offers "bash zsh fish" "pale paint folder red b" blue
	offers "bash zsh fish" "pale bare " "a wall.png" folder
	# The text arrives as it is.
	run -0 fish --no-config -c "source $share/fish/vendor_completions.d/pale.fish; complete -C 'pale paint --dry'"
	[ "$output" = $'--dry-run\tit\'s "odd": [a] $HOME `id` $(id) %s \\n *b* _c_ ~ ^ # ; | & < > {d,e} …' ]
}
