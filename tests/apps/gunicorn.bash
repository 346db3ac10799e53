# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034
# An application with SQLite, templates of strings and uploads, in two workers of four threads each.
policy=profiles/apps/gunicorn.pale
program=$(readlink -f /usr/bin/python3)
user=www-data
attacks=$all_acts
# A file that its worker has deleted has no name by which a rule could allow to change its mode.
inexact='not-enforced setattr .*without a path.*'
refused="read /srv/secret
create /opt/app/evil.py
connect tcp 127.0.0.1:9
exec /usr/bin/dash"

set_up() {
	install -d -o www-data /opt/app /var/lib/app /var/log/gunicorn /run/gunicorn
	cat >/opt/app/app.py <<-'END'
		import json
		import os
		import socket
		import sqlite3
		import subprocess
		import urllib.parse

		def store():
		    db = sqlite3.connect("/var/lib/app/db", timeout=60)
		    db.execute("create table if not exists kept (word text)")
		    return db

		def keep(word):
		    with store() as db:
		        db.execute("insert into kept values (?)", (word,))
		    return word

		def count(word):
		    return str(store().execute("select count(*) from kept").fetchone()[0])

		def attack(act):
		    try:
		        if act == "read":
		            open("/srv/secret").read()
		        if act == "written":
		            open("/opt/app/evil.py", "w").close()
		        if act == "connected":
		            socket.create_connection(("127.0.0.1", 9))
		        if act == "executed":
		            subprocess.run("id", shell=True, check=True, stdout=subprocess.DEVNULL)
		    except OSError:
		        return ""
		    return act + "\n"

		def application(environ, start_response):
		    query = dict(urllib.parse.parse_qsl(environ["QUERY_STRING"]))
		    act = {"/keep": keep, "/count": count, "/attack": attack, "/": str}.get(environ["PATH_INFO"])
		    body = act(query.get("word", "")).encode() if act else b""
		    start_response("200 OK" if act else "404 Not Found", [("Content-Length", str(len(body)))])
		    return [body]
	END
}

start() {
	cd /opt/app
	PYTHONDONTWRITEBYTECODE=1 daemon "$@" gunicorn --worker-tmp-dir /run/gunicorn --workers 2 --threads 4 --bind 127.0.0.1:8000 --bind unix:/run/gunicorn/app.sock \
		--access-logfile /var/log/gunicorn/access.log --error-logfile /var/log/gunicorn/error.log --pid /run/gunicorn/pid app
	in_time curl -sf -o /dev/null http://127.0.0.1:8000/
}

workers() {
	cat "/proc/$(main_process)/task/$(main_process)/children"
}

all_are_new() {
	local worker
	[ "$(workers | wc -w)" = 2 ] || return
	for worker in $(workers); do
		[[ " $1 " != *" $worker "* ]] || return
	done
}

exercise() {
	local before
	curl -sS --fail -o /dev/null --parallel --parallel-max 4 'http://127.0.0.1:8000/keep?word=[1-40]'
	is 40 curl -sS --fail http://127.0.0.1:8000/count
	is 40 curl -sS --fail --unix-socket /run/gunicorn/app.sock http://localhost/count
	is 404 curl -sS -o /dev/null -w '%{http_code}' http://127.0.0.1:8000/none
	logged 'GET /keep?word=40 ' /var/log/gunicorn/access.log
	before=$(workers)
	signal HUP
	in_time all_are_new "$before"
	is 40 curl -sS --fail http://127.0.0.1:8000/count
	mv /var/log/gunicorn/access.log /var/log/gunicorn/old.log
	signal USR1
	in_time test -e /var/log/gunicorn/access.log
	curl -sS --fail -o /dev/null http://127.0.0.1:8000/
	logged 'GET / ' /var/log/gunicorn/access.log
}

attack() {
	curl -sS 'http://127.0.0.1:8000/attack?word={read,written,connected,executed}' | grep -v '^--' || true
}

stop() {
	ends TERM
}
