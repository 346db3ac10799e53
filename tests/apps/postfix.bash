# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034
# Mail by SMTP and by sendmail into a mailbox and, through .forward, into another one; to somebody elsewhere; to nobody; a reload.
policy=profiles/apps/postfix.pale
program=/usr/lib/postfix/sbin/master
attacks=$'executed\nwritten'
refused='exec /usr/bin/dash
create /srv/elsewhere/mail'

set_up() {
	syslog /var/spool/postfix/dev/log /var/log/mail.log
	ln -sf /var/spool/postfix/dev/log /dev/log
	useradd -m ada
	useradd -m eve
	echo ada >/home/eve/.forward
	chown eve /home/eve/.forward
	install -d -m 2775 -g mail /var/mail
	postconf -e inet_interfaces=127.0.0.1 inet_protocols=ipv4 myhostname=mail.test 'mydestination=localhost, mail.test' 'relayhost=[127.0.0.2]' \
		maximal_queue_lifetime=1d
	cat >/etc/aliases <<-'END'
		file: /srv/elsewhere/mail
		program: "|/bin/echo x >/srv/elsewhere/ran"
	END
	newaliases
	/usr/lib/postfix/configure-instance.sh - >/dev/null 2>&1 || true
	postfix check
	install -d -m 777 /run/sunk
	smtp-sink -u nobody -d /run/sunk/%S. 127.0.0.2:25 100 &
}

start() {
	daemon "$@" "$program" -d
	in_time smtp NOOP
}

smtp() { # COMMAND…: to its port; fails where it refuses one
	python3 - "$@" <<-'END'
		import smtplib, sys
		with smtplib.SMTP("127.0.0.1", 25, timeout=20) as s:
		    s.ehlo()
		    for command in sys.argv[1:]:
		        code, text = s.docmd(command)
		        if code >= 400:
		            sys.exit(f"{command}: {code} {text.decode()}")
	END
}

mail() { # TO SUBJECT
	python3 - "$@" <<-'END'
		import smtplib, sys
		with smtplib.SMTP("127.0.0.1", 25, timeout=20) as s:
		    s.sendmail("bob@elsewhere.test", sys.argv[1], f"Subject: {sys.argv[2]}\n\n" + "text\n" * 1000)
	END
}

exercise() {
	local i
	mail ada@localhost first
	in_time grep -q 'Subject: first' /var/mail/ada
	mail eve@localhost second
	in_time grep -q 'Subject: second' /var/mail/ada
	printf 'Subject: third\n\ntext\n' | sendmail -f bob@elsewhere.test ada@localhost
	in_time grep -q 'Subject: third' /var/mail/ada
	mail carol@elsewhere.test fourth
	in_time grep -rq 'Subject: fourth' /run/sunk
	! mail nobody-there@localhost fifth 2>/dev/null || fail 'there is nobody-there'
	for i in 1 2 3 4 5; do
		mail ada@localhost "many $i" &
		clients[i]=$!
	done
	wait "${clients[@]}"
	for i in 1 2 3 4 5; do
		in_time grep -q "Subject: many $i" /var/mail/ada
	done
	logged 'to=<carol@elsewhere.test>.* status=sent' /var/log/mail.log
	in_time prints 'queue is empty' postqueue -p
	postconf -e 'smtpd_banner=new $myhostname'
	signal HUP
	in_time banner_is_new
	mail ada@localhost last
	in_time grep -q 'Subject: last' /var/mail/ada
}

banner_is_new() {
	timeout 5 bash -c 'exec 3<>/dev/tcp/127.0.0.1/25 && read -r line <&3 && [[ $line = "220 new "* ]]'
}

# Aliases that run a program and write a file.
attack() {
	mail program@localhost x
	mail file@localhost x
	in_time tried program
	in_time tried file
	[ ! -e /srv/elsewhere/ran ] || echo executed
	[ ! -e /srv/elsewhere/mail ] || echo written
}

tried() {
	grep -q "orig_to=<$1@localhost>.* status=\|to=<$1@localhost>.* status=\|<$1@.*status=" /var/log/mail.log
}

# Which it takes for a failure.
stop() {
	signal TERM
	wait "$server" || is 1 echo $?
}
