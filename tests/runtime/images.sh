#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# images.sh ATTACK: makes the images busybox, nginx, redis, stranger and pause of what Debian's packages have installed on this machine, with the program
# ATTACK in each, and prints the folder that has them: for each NAME a folder NAME (its root filesystem) and NAME.tar (an OCI layout that
# docker load reads, too). It is below $XDG_CACHE_HOME/pale, named by what went into it, and made once. As root: owners are kept.
set -euo pipefail
shopt -s extglob

archive=$(dirname "$(realpath "$0")")/../../operator/images/archive.bash
. "$archive"
attack=$1
packages=(busybox-static nginx nginx-common redis-server redis-tools libc6)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/pale/images
key=$({ dpkg-query -W "${packages[@]}" && cat "$0" "$archive" "$attack"; } | sha256sum | cut -c 1-16)
[ ! -d "$cache/$key" ] || { echo "$cache/$key" && exit; }

mkdir -p "$cache"
new=$(mktemp -d "$cache/.new.XXXXXX")
trap 'rm -rf "$new"' EXIT
chmod 755 "$new"

# base ROOT: as Debian lays a root out, with an account file, a secret to steal and a shell.
base() {
	local root=$1 dir name
	mkdir -p "$root"/{dev,proc,sys,run/secrets/kubernetes.io/serviceaccount,etc,root,mnt,srv/www,tmp,usr/{bin,sbin,lib,lib64},var/{lib,log,tmp}}
	for dir in bin sbin lib lib64; do ln -s usr/$dir "$root/$dir"; done
	ln -s /run "$root/var/run"
	chmod 1777 "$root/tmp" "$root/var/tmp"
	chmod 700 "$root/root"
	printf '%s\n' root:x:0:0:root:/root:/bin/sh www-data:x:33:33:www-data:/var/www:/bin/false redis:x:101:101::/var/lib/redis:/bin/false >"$root/etc/passwd"
	printf '%s\n' root:x:0: www-data:x:33: redis:x:101: >"$root/etc/group"
	echo 'root:*:19000:0:99999:7:::' >"$root/etc/shadow"
	chmod 640 "$root/etc/shadow"
	echo '127.0.0.1 localhost' >"$root/etc/hosts"
	echo token >"$root/run/secrets/kubernetes.io/serviceaccount/token"
	echo "Welcome to busybox" >"$root/srv/www/index.html"
	install -m 755 "$attack" "$root/usr/bin/attack"
	install -m 755 /bin/busybox "$root/usr/bin/busybox"
	for name in sh cat echo httpd id ls mkdir nc sleep touch wget; do ln -s busybox "$root/usr/bin/$name"; done
}

# program ROOT PATH: a program of the host with the libraries that it asks for, under the names that it asks for them by.
program() {
	local root=$1 file
	ldd "$2" | grep -o '/[^ ]*' | while read -r file; do
		install -D -m 755 "$file" "$root/usr/${file#/?(usr/)}"
	done
	install -D -m 755 "$2" "$root$2"
}

busybox() {
	base "$1"
}

nginx() {
	base "$1"
	program "$1" /usr/sbin/nginx
	mkdir -p "$1"/{etc/nginx,usr/share/nginx,var/{lib/nginx/body,log/nginx},var/www/html}
	dpkg -L nginx-common | grep '^/etc/nginx/' | while read -r file; do
		[ ! -f "$file" ] || install -D -m 644 "$file" "$1$file"
	done
	mkdir -p "$1"/etc/nginx/{conf.d,modules-enabled,sites-enabled}
	ln -s ../sites-available/default "$1/etc/nginx/sites-enabled/default"
	sed -i 's/^worker_processes .*/worker_processes 2;/' "$1/etc/nginx/nginx.conf"
	cp /usr/share/nginx/html/index.html "$1/var/www/html/index.nginx-debian.html"
}

redis() {
	base "$1"
	program "$1" /usr/bin/redis-check-rdb
	ln -s redis-check-rdb "$1/usr/bin/redis-server"
	program "$1" /usr/bin/redis-cli
	program "$1" /usr/bin/redis-benchmark
	mkdir -p "$1"/{etc,var/lib,var/log}/redis
	sed -e 's/^daemonize .*/daemonize no/' -e 's/^bind .*/bind 127.0.0.1/' -e '/^pidfile/d' /etc/redis/redis.conf >"$1/etc/redis/redis.conf"
}

# Its label names a policy that nobody has.
stranger() {
	base "$1"
}

# What holds a pod's namespaces, by the name that Kubernetes' own has: the policy for sandboxes allows no other program.
pause() {
	base "$1"
	install -m 755 "$attack" "$1/pause"
}

# image NAME ARGUMENT…: makes its root filesystem and its archive; a container of it runs the arguments.
image() {
	local name=$1
	shift
	"$name" "$new/$name"
	archive_image "pale.test/$name:1" "$new/$name" "$(jq -cn --arg profile "test-$name" '{
		Cmd: $ARGS.positional, Env: ["PATH=/usr/sbin:/usr/bin"], Labels: { "dev.pale.profile": $profile } }' --args -- "$@")" "$new/$name.tar"
}

image busybox httpd -f -p 8000 -h /srv/www
image stranger httpd -f -p 8000 -h /srv/www
image pause /pause wait
image nginx nginx -g 'daemon off;'
image redis redis-server /etc/redis/redis.conf --supervised no
mv -T "$new" "$cache/$key" 2>/dev/null || [ -d "$cache/$key" ]
echo "$cache/$key"
