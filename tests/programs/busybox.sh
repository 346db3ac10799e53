# SPDX-License-Identifier: Apache-2.0
# Debian's busybox-static, and what base/shell-minimal has beside it: dash and the small programs of coreutils and others.
policy=programs/busybox.pale
user=www-data

install -d -o $user /srv/jobs /srv/bin
busybox --install -s /srv/bin

works() {
	is $'3 numbers\n0' confined busybox env PATH=/srv/bin sh -c '
		set -e
		cd /srv/jobs
		seq 3 >numbers
		wc -l numbers
		mkdir -p a/b
		cp -a numbers a/b
		ln -s numbers a/link
		tar czf a.tgz a
		rm -r a
		tar xzf a.tgz
		[ "$(ls -lR a | grep -c "^[-l]")" = 2 ]
		find . -type f | sort | xargs md5sum >/dev/null
		mv a/b/numbers moved
		sed -i s/1/one/ moved
		awk "{ print \$1 }" moved | tail -n +1 | cat >/dev/null
		sleep 100 & kill $!; wait $! || [ $? = 143 ]
		i=0; while [ $i -lt 20 ]; do i=$((i + 1)); (exit $i) || true; done
		rm -r a
		ls a 2>/dev/null | wc -l'
	is $'3 numbers\nONE\n2\n3' confined dash -c '
		set -e
		cd /srv/jobs
		rm -rf ./* && seq 3 >numbers && wc -l numbers
		mkdir -p a/b && cp -a numbers a/b && ln -s numbers a/link && ln a/b/numbers a/c
		mv a/c "$(basename "$(readlink -f a/link)")-moved"
		test "$(find a -type f | xargs stat -c %h)" = 2
		chmod 600 a/b/numbers && touch -d 1970-01-01 a/b/numbers
		sed -i s/1/one/ a/b/numbers
		printf %s "$(sort -r a/b/numbers | head -n 1 | tr a-z A-Z)" >/dev/null
		awk "{ print toupper(\$1) }" a/b/numbers | tee copy | cat >/dev/null
		t=$(mktemp -p /srv/jobs) && date >"$t" && grep -q . "$t" && rm "$t"
		id -u >/dev/null; uname -r >/dev/null; env >/dev/null; ls -l >/dev/null
		sleep 100 & kill $!; wait $! || test $? = 143
		cat copy; rm -r a'
	nothing_reported
}

attacks() {
	"$@" busybox cat /srv/secret
	"$@" busybox sh -c 'echo >/srv/elsewhere/new && echo written'
	# Nobody listens there, and nc says so.
	"$@" busybox nc 127.0.0.1 9 2>&1 | grep -o 'refused'
	"$@" busybox sh -c '/usr/bin/perl -e "print qq(executed\n)"'
	true
}

refused() {
	install -d -o $user /srv/elsewhere
	echo secret >/srv/secret
	is $'secret\nwritten\nrefused\nexecuted' attacks as_user
	rm /srv/elsewhere/new
	is '' attacks confined
	reported read /srv/secret
	reported create /srv/elsewhere/new
	reported syscall socket
	reported exec /usr/bin/perl
}
