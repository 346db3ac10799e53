# SPDX-License-Identifier: Apache-2.0
# Completion of pale's command line for zsh. The tables above are made from those that the program parses with.

_pale_first() {
	local -a more=('help:tell more about a command')
	_pale_commands
	_describe -t commands command more
}

_pale() {
	local curcontext=$curcontext state line ret=1
	typeset -A opt_args
	_arguments -C \
		'(- *)--help[list the commands]' \
		'(- *)-h[list the commands]' \
		'(- *)--version[print the version]' \
		'(-): :_pale_first' \
		'(-)*:: :->rest' && ret=0
	[[ $state == rest ]] || return ret
	curcontext=${curcontext%:*:*}:pale-$words[1]:
	if [[ $words[1] == help ]]; then
		_arguments '1: :_pale_commands'
	else
		_pale_arguments
	fi
}

_pale "$@"
