# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
mkdir -m 777 home repos
export HOME=$WORK/home GIT_AUTHOR_NAME=Ada GIT_AUTHOR_EMAIL=ada@example.org GIT_COMMITTER_NAME=Ada GIT_COMMITTER_EMAIL=ada@example.org
export GIT_CONFIG_NOSYSTEM=1 GIT_PAGER=cat
umask 022
printf '[core]\n\thooksPath = %s/home/hooks\n' "$WORK" >home/.gitconfig
mkdir home/hooks

# hook TEXT: what each commit from now on says.
hook() {
	printf '#!/bin/sh\necho %s\n' "$1" >home/hooks/pre-commit
	chmod +x home/hooks/pre-commit
}

it() { # GIT-ARGUMENT…
	as nobody "$PROGRAM" "$@"
}

as() {
	local user=$1
	shift
	if [ "$(id -u)" = 0 ]; then
		set -- setpriv --reuid "$user" --regid "$(id -g "$user")" --clear-groups "$@"
	fi
	"$@"
}

put() { # FILE, whose text is read
	as nobody dd of="$1" status=none
}
