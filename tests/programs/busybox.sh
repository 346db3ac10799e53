# SPDX-License-Identifier: Apache-2.0
# Debian's busybox-static.
policy=programs/busybox.pale
user=www-data

install -d -o $user /srv/work /srv/bin
busybox --install -s /srv/bin

works() {
	is $'3 numbers\n0' confined busybox env PATH=/srv/bin sh -c '
		set -e
		cd /srv/work
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
