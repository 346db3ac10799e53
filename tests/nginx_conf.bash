# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034

# nginx_conf FOLDER PORT PROCESSES [DIRECTIVE]: for Debian's nginx, which serves FOLDER/www there and keeps all that it writes in FOLDER. As
# $nginx its command.
nginx_conf() {
	mkdir "$1"/{www,tmp}
	cat >"$1/nginx.conf" <<-END
		user www-data;
		worker_processes $3;
		pid $1/nginx.pid;
		error_log $1/error.log;
		events { worker_connections 64; }
		http {
			access_log $1/access.log;
			${4:-}
			client_body_temp_path $1/tmp/1; proxy_temp_path $1/tmp/2; fastcgi_temp_path $1/tmp/3; uwsgi_temp_path $1/tmp/4; scgi_temp_path $1/tmp/5;
			server { listen 127.0.0.1:$2; root $1/www; }
		}
	END
	nginx=(/usr/sbin/nginx -c "$1/nginx.conf" -g 'daemon off;')
}
