# SPDX-License-Identifier: Apache-2.0
# What zsh offers for a line, one candidate a line, sorted: an interactive shell in a terminal of its own gets the line and a TAB.
# Candidates pass through compadd, in which every completion ends.
#
#	zsh -f complete.zsh FOLDER LINE
#
# No trap cleans up: the shell in the terminal is a fork of this one and would have it, too.
zmodload zsh/zpty
folder=$1 line=$2
log=$(mktemp) setup=$(mktemp)
print -r -- "
log=${(q)log}
fpath=(${(q)folder} \$fpath)
cd ${(q)PWD}" >$setup
cat >>$setup <<'END'
autoload -Uz compinit && compinit -D -u
compadd() {
	local -a hits
	# With one of these a function only asks what would match.
	if [[ " ${(j: :)@[1,(i)(-|--)]} " != *' -'([OAD]|[a-zA-Z][OAD])' '* ]]; then
		builtin compadd -O hits "$@"
		(($#hits)) && print -rl -- $hits >>$log
	fi
	builtin compadd "$@"
}
leave() { exit }
zle -N leave
bindkey '^I' complete-word '^X' leave
print ready to complete
END
zpty shell zsh -f -i
zpty -w shell "source $setup"
zpty -r shell chunk '*ready to complete*' || exit 1
zpty -n -w shell "$line"$'\t\C-x'
while zpty -r shell chunk 2>/dev/null; do :; done
sort -u $log
rm -f $log $setup
