# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154
# nginx as Debian's service runs it: root's master, www-data's workers. A second server stands behind the first one's /app/.

url=http://127.0.0.1:$PORT1

configure() { # WORKERS
	mkdir -p site app tmp
	cat >nginx.conf <<-END
		user www-data;
		worker_processes $1;
		pid $WORK/nginx.pid;
		error_log $WORK/error.log;
		events { worker_connections 128; }
		http {
			include /etc/nginx/mime.types;
			access_log $WORK/access.log;
			gzip on; gzip_min_length 100; gzip_types text/plain;
			client_body_buffer_size 8k; client_max_body_size 4m;
			client_body_temp_path $WORK/tmp/body; proxy_temp_path $WORK/tmp/proxy; fastcgi_temp_path $WORK/tmp/fastcgi;
			uwsgi_temp_path $WORK/tmp/uwsgi; scgi_temp_path $WORK/tmp/scgi;
			server {
				listen 127.0.0.1:$PORT1;
				root $WORK/site;
				location /list/ { autoindex on; }
				location /app/ { proxy_pass http://127.0.0.1:$PORT2/; }
			}
			server { listen 127.0.0.1:$PORT2; root $WORK/app; location /put { client_body_in_file_only clean; return 201; } }
		}
	END
}

serve() {
	start "$PROGRAM" -c "$WORK/nginx.conf" -g 'daemon off;'
	until_ok 60 curl -sf "$url/"
}

code() { # CURL-ARGUMENT…
	curl -s -o /dev/null -w '%{http_code}' "$@"
}
