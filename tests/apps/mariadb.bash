# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034
# New databases, as Debian's package makes them: tables of two engines, a join that sorts on disk, a transaction, a procedure, logs anew.
policy=profiles/apps/mariadb.pale
program=/usr/sbin/mariadbd
user=mysql
attacks=$'read\nwritten'
# Temporary files without a name, of which no rule speaks.
inexact='not-enforced write .*without a path.*'
refused=$'read /srv/secret\ncreate /srv/elsewhere/new'

set_up() {
	install -d -o mysql -g mysql /run/mysqld /var/log/mysql
	mount -t tmpfs tmpfs /var/lib/mysql
	chown mysql:mysql /var/lib/mysql
	mariadb-install-db --user=mysql --auth-root-authentication-method=socket --skip-test-db >/dev/null
	cat >/etc/mysql/mariadb.conf.d/99-tests.cnf <<-END
		[mysqld]
		innodb_use_native_aio = 0
		innodb_buffer_pool_size = 32M
		innodb_log_file_size = 8M
		general_log = 1
		general_log_file = /var/log/mysql/general.log
		log_error = /var/log/mysql/error.log
		tmp_memory_table_size = 16K
		sort_buffer_size = 32K
	END
}

start() {
	daemon "$@" mariadbd
	in_time query 'select 1' >/dev/null
}

query() {
	mariadb -N -B -e "$1"
}

exercise() {
	query 'create database shop'
	query "use shop;
		create table shop.t (a int primary key, b varchar(100)) engine=innodb;
		insert into shop.t select seq, repeat('x', seq % 100) from seq_1_to_20000;
		create index b on shop.t (b);
		alter table shop.t add column c int default 7;
		create table shop.m (a int, b text) engine=aria;
		insert into shop.m select a, b from shop.t"
	is 990000 query 'select sum(length(b)) from shop.t'
	is 20000 query 'select count(*) from (select distinct t.a, t.b, m.b as mb from shop.t join shop.m using (a) order by mb desc, a) x'
	is 2 query 'begin; update shop.t set c = 8 where a < 3; commit; select count(*) from shop.t where c = 8'
	is 5 query 'create procedure shop.p() select 5; call shop.p()'
	query 'optimize table shop.m' >/dev/null
	mariadb-dump --all-databases --single-transaction >/run/dump 2>/dev/null
	grep -q 'Dump completed' /run/dump
	mv /var/log/mysql/general.log /var/log/mysql/general.1
	query 'flush logs'
	logged 'flush logs' /var/log/mysql/general.1
	query 'drop table shop.m'
	logged 'drop table' /var/log/mysql/general.log
	mariadb-admin shutdown
	ends
	start "$run"
	is 20000 query 'select count(*) from shop.t'
}

attack() {
	[ "$(query "select load_file('/srv/secret')")" = NULL ] || echo read
	query "select 'x' into outfile '/srv/elsewhere/new'" 2>/dev/null && echo written || true
}

stop() {
	mariadb-admin shutdown
	ends
}
