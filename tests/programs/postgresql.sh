# SPDX-License-Identifier: Apache-2.0
# Debian's PostgreSQL: a new cluster, and a server on it.
policy=profiles/apps/postgresql.pale
user=postgres

mount -t tmpfs tmpfs /var/lib/postgresql
chown postgres:postgres /var/lib/postgresql
install -d -o postgres -g postgres /run/postgresql
bin=$(echo /usr/lib/postgresql/*/bin)
data=/var/lib/postgresql/main

query() {
	as_user psql -h /run/postgresql -d postgres -qAt -v ON_ERROR_STOP=1 -c "$1"
}

start() {
	"$@" $bin/postgres -D $data &
	in_time query 'select 1'
}

stop() {
	as_user kill -INT "$(head -n 1 $data/postmaster.pid)"
	wait $! || fail "postgres ended with $?"
}

works() {
	policy+=:postgresql-initdb confined $bin/initdb -D $data
	start confined
	query "create table t (a int primary key, b text)"
	query "insert into t select i, repeat('x', i % 100) from generate_series(1, 100000) i"
	query 'create index on t (b)'
	query 'vacuum analyze t'
	query checkpoint
	is 4950000 query 'set min_parallel_table_scan_size = 0; set parallel_setup_cost = 0; select sum(length(b)) from t'
	stop
	nothing_reported
}

# What a superuser may ask of the server.
attacks() {
	query "copy (select 1) to program 'cat >$data/executed'" 2>&1 | grep -v -i error || true
	[ ! -s $data/executed ] || echo executed
	query "select pg_read_file('/srv/secret')" 2>/dev/null || true
	query "copy (select 1) to '/srv/elsewhere/new'" 2>/dev/null && echo written || true
}

refused() {
	echo -n secret >/srv/secret
	install -d -o $user /srv/elsewhere
	as_user $bin/initdb -D $data >/dev/null
	start as_user
	is $'executed\nsecret\nwritten' attacks
	stop
	rm $data/executed /srv/elsewhere/new
	start confined
	is '' attacks
	stop
	reported exec /usr/bin/dash
	reported read /srv/secret
	reported create /srv/elsewhere/new
}
