# SPDX-License-Identifier: Apache-2.0
# Debian's git: a repository, and a clone of it over file://.
policy=profiles/apps/git.pale
user=www-data

install -d -o $user /srv/git
export HOME=/srv/git/home GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b

works() {
	local first=/srv/git/first clone=/srv/git/clone
	confined git init -q -b main $first
	as_user sh -c "cd $first; seq 1000 >numbers; mkdir sub; ln -s ../numbers sub/link; echo '#!/bin/sh' >run; chmod +x run"
	confined git -C $first add .
	confined git -C $first commit -qm first
	confined git -C $first switch -qc branch
	as_user sh -c "seq 2000 >$first/numbers"
	confined git -C $first commit -qam second
	confined git -C $first switch -q main
	as_user sh -c "echo 1 >$first/new"
	confined git -C $first add new
	confined git -C $first commit -qm third
	confined git -C $first merge -qm merged branch
	confined git -C $first gc -q
	confined git clone -q file://$first $clone
	is "$(seq 2000)" cat $clone/numbers
	is 4 confined git -C $clone rev-list --count HEAD
	is '' confined git -C $clone status --short
	as_user sh -c "echo 2 >$clone/new"
	confined git -C $clone stash -q
	confined git -C $clone tag -am tagged v1
	confined git -C $clone push -q origin v1
	is v1 confined git -C $first tag
	confined git -C $first fsck --no-progress
	nothing_reported
}

# What a repository may bring along: a hook, an alias that runs something, the name of another file.
attacks() {
	rm -f /srv/git/hook-ran
	"$@" -C /srv/git/first checkout -q HEAD 2>/dev/null || true
	[ ! -e /srv/git/hook-ran ] || echo hook
	"$@" -C /srv/git/first -c alias.x='!id -u >/srv/git/alias-ran' x 2>/dev/null || true
	[ ! -s /srv/git/alias-ran ] || echo alias
	"$@" hash-object /srv/secret 2>/dev/null || true
}

refused() {
	local hook=/srv/git/first/.git/hooks/post-checkout
	echo secret >/srv/secret
	as_user git init -q /srv/git/first
	as_user git -C /srv/git/first commit -q --allow-empty -m first
	as_user sh -c "printf '#!/bin/sh\necho >/srv/git/hook-ran\n' >$hook; chmod +x $hook"
	is $'hook\nalias\nd97c5eada5d8c52079031eef0107a4430a9617c5' attacks as_user git
	rm /srv/git/alias-ran
	is '' attacks confined git
	reported exec $hook
	reported exec /usr/bin/id
	reported read /srv/secret
}
