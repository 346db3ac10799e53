# SPDX-License-Identifier: Apache-2.0
# Completion of pale's command line for bash 4.2 or newer. The tables that it reads are made from those that the program parses with.

# Candidates for $2 as an argument of the kind $1, into COMPREPLY. compopt fails where no completion runs, as in a test.
_pale_complete() {
	local -a kind
	local word given head
	read -ra kind <<<"$1"
	case ${kind[0]-} in
	word)
		mapfile -t COMPREPLY < <(compgen -W "${kind[*]:1}" -- "$2")
		;;
	list)
		head=${2%"${2##*,}"}
		given=",$head"
		for word in "${kind[@]:1}"; do
			[[ $given == *",$word,"* || $word != "${2##*,}"* ]] || COMPREPLY+=("$head$word")
		done
		compopt -o nospace 2>/dev/null
		;;
	dir)
		mapfile -t COMPREPLY < <(compgen -d -- "$2")
		compopt -o filenames 2>/dev/null
		;;
	file)
		if [[ ${kind[1]-} ]]; then
			mapfile -t COMPREPLY < <(compgen -d -- "$2"; compgen -f -X "!*${kind[1]}" -- "$2")
		else
			mapfile -t COMPREPLY < <(compgen -f -- "$2")
		fi
		compopt -o filenames 2>/dev/null
		;;
	command)
		mapfile -t COMPREPLY < <(compgen -c -- "$2")
		;;
	esac
}

_pale() {
	local -a words=()
	local word glued='' command='' ended='' awaited='' option='' cur cut i n=0
	COMPREPLY=()

	# COMP_WORDBREAKS takes words apart at '=' and ':'.
	for ((i = 1; i <= COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		if [[ ${#words[@]} -gt 0 && ($glued || $word =~ ^[=:]+$) ]]; then
			words[-1]+=$word
		else
			words+=("$word")
		fi
		glued=
		[[ $word =~ ^[=:]+$ ]] && glued=1
	done
	[[ ${#words[@]} -gt 0 ]] || return 0

	cur=${words[-1]}
	for word in "${words[@]:0:${#words[@]}-1}"; do
		if [[ ! $command ]]; then
			command=$word
		elif [[ $awaited ]]; then
			awaited=
		elif [[ ! $ended && $word == -- ]]; then
			ended=1
		elif [[ ! $ended && $word == -?* ]]; then
			awaited=${_pale_arguments[$command $word]-}
		else
			((++n))
			ended=${ended:-${_pale_ends_options[$command]-}}
		fi
	done

	if [[ ! $command ]]; then
		_pale_complete "word $_pale_commands help --help -h --version" "$cur"
	elif [[ $command == help ]]; then
		[[ $n -gt 0 ]] || _pale_complete "word $_pale_commands" "$cur"
	elif [[ $awaited ]]; then
		_pale_complete "$awaited" "$cur"
	elif [[ ! $ended && $cur == --*=* ]]; then
		option=${cur%%=*}
		_pale_complete "${_pale_arguments[$command $option]-${_pale_arguments[$command =$option]-}}" "${cur#*=}"
		COMPREPLY=("${COMPREPLY[@]/#/$option=}")
	elif [[ ! $ended && $cur == -* ]]; then
		_pale_complete "word ${_pale_options[$command]-}" "$cur"
	else
		_pale_complete "${_pale_arguments[$command $n]-${_pale_arguments[$command *]-}}" "$cur"
	fi

	# Readline replaces only what follows the last break.
	cut=
	for word in = :; do
		[[ $COMP_WORDBREAKS == *"$word"* && $cur == *"$word"* ]] || continue
		i=${cur%"${cur##*"$word"}"}
		[[ ${#i} -le ${#cut} ]] || cut=$i
	done
	COMPREPLY=("${COMPREPLY[@]#"$cut"}")
}

complete -F _pale pale
