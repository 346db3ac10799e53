#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# readme.sh BUILD: the commands that the README lists, by in_guest.sh, without AppArmor, beside which there are no exceptions. The service `web` of its examples
# is the tutorial's, its image too; until paled is there containerd runs a container of it, to be learned from.
set -euo pipefail
cd "$(dirname "$(realpath "$0")")/../.."
build=$1
. tests/docs/engines.bash

mkdir -p /srv/listed /srv/pages
cd /srv/listed
cp -r "$OLDPWD/docs/tutorial/www" /srv/pages/
mkdir /run/{upper,work}
mount -t overlay -o lowerdir=/usr/sbin,upperdir=/run/upper,workdir=/run/work overlay /usr/sbin
cc -O2 -static -o /usr/sbin/web "$OLDPWD/docs/tutorial/pages.c"
cat >old.pale <<-END
	profile web {
	    process { allow exec /usr/sbin/web }
	    file {
	        allow read /srv/pages/www/**
	        allow append, create /srv/pages/log
	    }
	    network { allow listen tcp *:8080 }
	}
END
sed 's/listen tcp \*:8080/listen tcp *:8080, *:8081/' old.pale >web.pale
printf '#!/bin/sh\ncat /etc/hostname\n' >web
chmod +x web
pale learn --unprivileged -o seen.pale -- ./web
mv seen.pale.runs runs.json
sed 's/profile web/profile api/' old.pale >api.pale
pale build old.pale -o out
mv out/web.seccomp.json seccomp.json
printf 'FROM scratch\nCOPY web /usr/sbin/web\nCOPY www /srv/pages/www\nEXPOSE 8080\nCMD ["/usr/sbin/web"]\n' >Dockerfile

kubectl create deployment web --image=web --dry-run=client -o yaml >deploy.yaml

mkdir /srv/image
cp -r Dockerfile /usr/sbin/web /srv/pages/www /srv/image/
docker build -q -t web /srv/image
docker save web | tee >(podman load -q) | ctr -n k8s.io image import -
ctr -n k8s.io run -d docker.io/library/web:latest web
(
	until [ -S /run/pale/register ]; do sleep 1; done
	ctr -n k8s.io task rm -f web
) >/dev/null 2>&1 &
mkdir -p /etc/pale/profiles
printf 'outputs:\n  - name: out\n    type: stdout\n' >/etc/pale/export.conf
# Once it is under its policy, it does what has it frozen.
printf 'responses:\n  - { rule: deny read by default, action: freeze }\n' >/etc/pale/paled.conf
(
	until pid=$(podman inspect --format '{{.State.Pid}}' web) && [ "$pid" -gt 0 ]; do sleep 1; done
	in_its_network() { nsenter --net --target "$pid" "$@"; }
	in_its_network ip link set lo up
	until in_its_network curl -s http://127.0.0.1:8080/index.html; do sleep 1; done
	in_its_network curl -s --path-as-is http://127.0.0.1:8080/../../../etc/hosts
) >/dev/null 2>&1 &
cd "$OLDPWD"
export DOCS_LISTED=/srv/listed DOCS_IMAGE=localhost/web DOCS_RULE='"allow read /etc/hostname"'
exec tests/docs/run.py README.md commands,containers
