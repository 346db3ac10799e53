# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034
# Debian's pool behind nginx, which is not confined: pages, sessions, an upload, a slow page while it reloads.
policy=profiles/apps/php-fpm.pale
program=$(echo /usr/sbin/php-fpm?.?)
version=${program#/usr/sbin/php-fpm}
attacks=$all_acts
refused="read /srv/secret
create /var/www/html/shell.php
connect tcp 127.0.0.1:9
exec /usr/bin/dash"

set_up() {
	install -d -o www-data -g www-data /run/php /var/lib/app
	# Whoever installs such an application has its files belong to the server, which is why it is refused by the policy.
	install -d -o www-data /var/www/html
	cat >/var/www/html/app.php <<-'END'
		<?php
		session_start();
		$_SESSION['n'] = ($_SESSION['n'] ?? 0) + 1;
		if (isset($_FILES['f']))
			move_uploaded_file($_FILES['f']['tmp_name'], '/var/lib/app/kept');
		if (isset($_GET['slow']))
			sleep(1);
		if (isset($_GET['wrong']))
			error_log('told');
		echo $_SESSION['n'], ' ', json_encode(['md5' => md5_file(__FILE__)]), ' ', date('Y') > 2000, "\n";
	END
	cat >/var/www/html/attack.php <<-'END'
		<?php
		if (@file_get_contents('/srv/secret')) echo "read\n";
		if (@file_put_contents('/var/www/html/shell.php', '<?php')) echo "written\n";
		if (@fsockopen('127.0.0.1', 9)) echo "connected\n";
		if (@shell_exec('id')) echo "executed\n";
	END
	echo 'catch_workers_output = yes' >>"/etc/php/$version/fpm/pool.d/www.conf"
	cat >/run/nginx.conf <<-END
		user www-data;
		error_log stderr;
		pid /run/nginx.pid;
		events { }
		http {
		    access_log off;
		    server {
		        listen 127.0.0.1:80;
		        root /var/www/html;
		        location ~ \.php\$ {
		            include /etc/nginx/fastcgi_params;
		            fastcgi_param SCRIPT_FILENAME \$document_root\$fastcgi_script_name;
		            fastcgi_pass unix:/run/php/php$version-fpm.sock;
		        }
		    }
		}
	END
	nginx -c /run/nginx.conf
}

start() {
	daemon "$@" "$program" --nodaemonize --fpm-config "/etc/php/$version/fpm/php-fpm.conf"
	in_time curl -sf -o /dev/null http://127.0.0.1/app.php
}

page() { # QUERY OPTION…
	local query=$1
	shift
	curl -sS --fail -b /run/cookies -c /run/cookies "$@" "http://127.0.0.1/app.php?$query"
}

exercise() {
	local md5 i slow
	md5=$(md5sum </var/www/html/app.php)
	md5=${md5%% *}
	for i in 1 2 3; do
		is "$i {\"md5\":\"$md5\"} 1" page ''
	done
	seq 100000 >/run/numbers
	page '' -F f=@/run/numbers >/dev/null
	cmp /run/numbers /var/lib/app/kept
	curl -sS --fail --parallel --parallel-max 8 -o /dev/null 'http://127.0.0.1/app.php?[1-100]'
	page wrong >/dev/null
	logged told "/var/log/php$version-fpm.log"
	mv "/var/log/php$version-fpm.log" /var/log/old
	signal USR1
	in_time test -e "/var/log/php$version-fpm.log"
	signal USR2
	in_time grep -q 'ready to handle connections' "/var/log/php$version-fpm.log"
	in_time page '' -o /dev/null
}

attack() {
	curl -sS http://127.0.0.1/attack.php
}

stop() {
	ends QUIT
}
