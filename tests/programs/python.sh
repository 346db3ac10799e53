# SPDX-License-Identifier: Apache-2.0
# Debian's python: an HTTP server that is its own client, with threads, processes and files.
policy=profiles/apps/python.pale
user=www-data

mount -t tmpfs tmpfs /var/lib
install -d -o $user /opt/app /var/lib/app
cp programs/python_app.py /opt/app/app.py
echo secret >/srv/secret

works() {
	is 'all done' confined python3 /opt/app/app.py works
	nothing_reported
}

refused() {
	is 'read connected executed' as_user python3 /opt/app/app.py attacks
	is '' confined python3 /opt/app/app.py attacks
	reported read /srv/secret
	reported connect 'tcp 127.0.0.1:9'
	reported exec /usr/bin/id
}
