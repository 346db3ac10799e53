# SPDX-License-Identifier: Apache-2.0
# What a bash completion offers for a line, one candidate a line, sorted. Words are taken apart as readline does with its own
# COMP_WORDBREAKS; what a candidate does not replace is not printed.
#
#	bash --norc complete.bash SCRIPT LINE
source "$1"
line=${2//=/ = }
line=${line//:/ : }
read -ra COMP_WORDS <<<"$line"
[[ $line != *\  || $2 == *[=:] ]] || COMP_WORDS+=('')
COMP_LINE=$2 COMP_POINT=${#2} COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
spec=$(complete -p "${COMP_WORDS[0]}") || exit
"$(sed 's/.*-F \([^ ]*\) .*/\1/' <<<"$spec")" "${COMP_WORDS[0]}" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
[ ${#COMPREPLY[@]} -eq 0 ] || printf '%s\n' "${COMPREPLY[@]}" | sort -u
