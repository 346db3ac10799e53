# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034
# A repository of packs and loose objects is cloned, fetched from; another one lies elsewhere, behind a link.
policy=profiles/apps/git-daemon.pale
program=/usr/lib/git-core/git-daemon
user=www-data
attacks=$'cloned\nexecuted\npushed'
refused=$'read /srv/private.git/.*\ncreate /srv/git/.*'

set_up() {
	export HOME=/run/home GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b
	install -d $HOME
	install -d -o www-data /srv/git
	as_user git init -q --bare -b main /srv/git/project.git
	git init -q -b main /run/written
	commit first 500
	git config --system daemon.receivepack true
	git config --system --add safe.directory '*'
	git clone -q --bare /run/written /srv/private.git
	ln -s /srv/private.git /srv/git/link.git
	printf '#!/bin/sh\nid >/srv/elsewhere/hook\n' >/srv/git/project.git/hooks/pre-receive
	chmod +x /srv/git/project.git/hooks/pre-receive
}

# commit MESSAGE NUMBER: into the repository that is served, past the daemon.
commit() {
	seq "$2" >/run/written/numbers
	git -C /run/written add numbers
	git -C /run/written commit -qm "$1"
	GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=safe.directory GIT_CONFIG_VALUE_0='*' \
		git -C /srv/git/project.git fetch -q /run/written +main:main
}

start() {
	daemon "$@" /usr/lib/git-core/git-daemon --verbose --export-all --reuseaddr --base-path=/srv/git --listen=127.0.0.1 /srv/git
	in_time git ls-remote -q git://127.0.0.1/project.git >/dev/null
}

exercise() {
	git clone -q git://127.0.0.1/project.git /run/clone
	cmp /run/written/numbers /run/clone/numbers
	commit second 1000
	git -C /run/clone pull -q
	cmp /run/written/numbers /run/clone/numbers
	is $'second\nfirst' git -C /run/clone log --format=%s
	git clone -q --depth 1 git://127.0.0.1/project.git /run/shallow
	git ls-remote -q git://127.0.0.1/none.git 2>/dev/null && fail 'there is none.git'
	logged "Request upload-pack for '/project.git'" $log
}

attack() {
	rm -rf /run/stolen
	git clone -q git://127.0.0.1/link.git /run/stolen 2>/dev/null && echo cloned
	git -C /run/written commit -q --allow-empty -m pushed
	git -C /run/written push -q git://127.0.0.1/project.git main:pushed 2>/dev/null && echo pushed
	[ ! -s /srv/elsewhere/hook ] || echo executed
}

stop() {
	ends TERM
}
