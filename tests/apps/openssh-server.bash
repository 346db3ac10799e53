# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034
# Somebody with a key brings, lists, renames, fetches and removes files; somebody without is not let in; it reloads.
policy=profiles/apps/openssh-server.pale
program=/usr/sbin/sshd
attacks=$'executed\ninner\nread\nwritten'
# Landlock does not grant to write what of /proc is a process's own; so pam_loginuid is optional here.
inexact='overblocked write /proc/self/(loginuid|oom_score_adj|oom_adj)'
refused='read /srv/secret
create /srv/elsewhere/new
connect tcp 127.0.0.1:9
exec /usr/bin/dash'

set_up() {
	syslog /dev/log /var/log/auth.log
	mkdir -p /run/sshd
	useradd -m -s /bin/sh ada
	install -d -o ada -g ada -m 700 /home/ada/.ssh
	install -d -m 1777 /srv/files
	rm -f /etc/ssh/ssh_host_*
	ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/ssh_host_ed25519_key
	ssh-keygen -q -t ed25519 -N '' -f /run/key
	install -m 600 -o ada /run/key.pub /home/ada/.ssh/authorized_keys
	ssh-keygen -q -t ed25519 -N '' -f /run/other
	cat >/etc/ssh/sshd_config <<-END
		HostKey /etc/ssh/ssh_host_ed25519_key
		PasswordAuthentication no
		UsePAM yes
		Subsystem sftp internal-sftp
	END
	sed -i '/pam_motd/d; s/required *pam_loginuid/optional pam_loginuid/' /etc/pam.d/sshd
	seq 10000 >/run/numbers
}

start() {
	daemon "$@" /usr/sbin/sshd -D
	in_time batch pwd
}

options=(-q -F none -o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o ConnectTimeout=10)

batch() { # LINE…
	printf '%s\n' "$@" | sftp "${options[@]}" -i "${key:-/run/key}" -b - ada@127.0.0.1 >/run/batch
}

exercise() {
	local i
	batch 'put /run/numbers' 'mkdir folder' 'rename numbers folder/numbers' 'chmod 600 folder/numbers' 'ls -l folder' 'get folder/numbers /run/fetched' \
		'symlink numbers folder/link' 'rm folder/link'
	grep -q 'numbers$' /run/batch
	cmp /run/numbers /run/fetched
	is 600 stat -c %a /home/ada/folder/numbers
	batch 'put /run/numbers /srv/files/shared'
	cmp /run/numbers /srv/files/shared
	for i in 1 2 3 4; do
		batch "put /run/numbers $i" &
		clients[i]=$!
	done
	wait "${clients[@]}"
	! key=/run/other batch pwd 2>/dev/null || fail 'another key is let in'
	logged 'Accepted publickey for ada' /var/log/auth.log
	batch 'rm folder/numbers' 'rmdir folder'
	echo 'LogLevel VERBOSE' >>/etc/ssh/sshd_config
	signal HUP
	in_time batch pwd
	logged 'Connection from' /var/log/auth.log
}

# A command, a tunnel, and files elsewhere: here no configuration forbids it.
attack() {
	ssh "${options[@]}" -i /run/key ada@127.0.0.1 'echo executed' 2>/dev/null || true
	ssh "${options[@]}" -i /run/key -W 127.0.0.1:9 ada@127.0.0.1 2>/dev/null <<<$'GET / HTTP/1.0\r\n\r' | grep inner || true
	batch 'get /srv/secret /run/stolen' 2>/dev/null && echo read || true
	batch 'put /run/numbers /srv/elsewhere/new' 2>/dev/null && echo written || true
}

stop() {
	ends TERM
}
