# SPDX-License-Identifier: Apache-2.0
# The packages in one release of Debian, PALE_RELEASE: installed, used, upgraded, removed and purged, each test after the one before it. Needs root.
# shellcheck shell=bash disable=SC2154

bats_require_minimum_version 1.5.0

setup_file() {
	. "$BATS_TEST_DIRNAME/../../mk/release.bash"
	export root=$BATS_FILE_TMPDIR/root
	debs=$(realpath "${PALE_BUILD:-build}")/deb
	mkdir -p "$root/srv/newer"
	release_unpack "$PALE_RELEASE" "$root"
	find "$debs" -name '*.deb' ! -name '*-dbgsym_*' -exec cp -t "$root/srv/newer" {} +
	"$BATS_TEST_DIRNAME/older.sh" 0.0.9 "$root/srv/older" "$root"/srv/newer/*.deb
	cp "$BATS_TEST_DIRNAME"/{files.sh,use.sh,web.pale} "$root/srv/"
	release_fetch "$PALE_RELEASE" "$root" $(local_names newer) 2>&1
}

setup() {
	. "$BATS_TEST_DIRNAME/../../mk/release.bash"
}

# The packages in a folder of the release, as apt is told of them.
local_names() {
	local deb
	for deb in "$root/srv/$1"/*.deb; do echo "/srv/$1/${deb##*/}"; done
}

inside() {
	release_run offline "$PALE_RELEASE" "$root" "$@"
}

# What can be used, and what answers.
use() {
	inside bash /srv/use.sh "$@"
}

install() {
	inside apt-get install -qq -o Dpkg::Options::=--force-confold $(local_names "$1") </dev/null
}

ours='pale paled pale-export pale-operator kubectl-pale'

@test "what they depend on is there, and is no more than what they are for" {
	inside apt-get install -s $(local_names newer) | sed -n 's/^Inst \([^ ]*\) .*/\1/p' >"$BATS_FILE_TMPDIR/needed"
	grep -vxF "$(printf '%s\n' $ours)" "$BATS_FILE_TMPDIR/needed" >"$BATS_FILE_TMPDIR/dependencies"
	[ $(($(wc -l <"$BATS_FILE_TMPDIR/needed") - $(wc -l <"$BATS_FILE_TMPDIR/dependencies"))) = 5 ]
	inside apt-get install -qq $(cat "$BATS_FILE_TMPDIR/dependencies")
	inside /srv/files.sh >"$BATS_FILE_TMPDIR/before"
	# The compiler alone brings no daemon, no service manager and no network.
	run -0 inside apt-get install -s --no-install-recommends "$(local_names newer | grep /pale_)"
	[ "$(grep -c '^Inst' <<<"$output")" = 1 ]
}

@test "they install" {
	install newer
	run -0 inside dpkg --audit
	[ -z "$output" ]
	run -0 inside dpkg-query -W -f '${Package} ${Version} ${db:Status-Abbrev}\n' $ours
	[ "$output" = "$(printf '%s 0.1 ii \n' $(printf '%s\n' $ours | sort))" ]
	# What they have is as they had it.
	run -0 inside dpkg --verify $ours
	[ -z "$output" ]
}

@test "groups, a user and folders" {
	run -0 inside id -nG pale-export
	[ "$output" = "pale-export pale-read" ]
	inside getent group pale
	[ "$(cd "$root" && stat -c '%a %U' etc/pale etc/pale/profiles var/lib/pale var/log/pale | paste -sd ,)" = '755 root,755 root,700 root,750 root' ]
}

@test "pale, its library and a refusal" { use pale; }
@test "paled starts, and answers" { use paled; }
@test "pale-runtime hands on to runc" { use runtime; }
@test "pale-export reads its configuration, and finds paled" { use export; }
@test "pale-operator and kubectl pale" { use operator; }

@test "the units are right, and started with the machine" {
	run -0 inside systemd-analyze verify --man=no paled.service pale-export.service paled-register.socket paled-control.socket paled-events.socket
	[ -z "$output" ]
	run -0 inside systemctl is-enabled paled.service pale-export.service paled-register.socket paled-control.socket paled-events.socket
	[ "$output" = "$(printf 'enabled\n%.0s' 1 2 3 4 5)" ]
}

@test "each manual page is there and can be shown" {
	run -0 inside dpkg -L $ours
	mapfile -t pages < <(grep /man/man <<<"$output")
	for page in man1/pale.1 man1/pale-run.1 man5/pale.5 man8/paled.8 man5/paled.conf.5 man8/pale-runtime.8 man8/pale-export.8 \
		man8/pale-operator.8 man1/kubectl-pale.1; do
		[ -s "$root/usr/share/man/$page.gz" ]
	done
	for page in "${pages[@]}"; do
		[ ! -f "$root$page" ] || LC_ALL=C.UTF-8 MANWIDTH=80 man --warnings -l "$root$page" 2>&1 >/dev/null
	done >"$BATS_TEST_TMPDIR/warnings"
	[ ! -s "$BATS_TEST_TMPDIR/warnings" ]
}

@test "completions are where the shells look" {
	for program in pale pale-operator kubectl-pale; do
		run -0 inside bash --norc -c ". /usr/share/bash-completion/completions/$program; complete -p $program"
		[[ $output == complete\ -F\ * ]]
		[ -s "$root/usr/share/zsh/site-functions/_$program" ]
		[ -s "$root/usr/share/fish/vendor_completions.d/$program.fish" ]
	done
}

@test "purging leaves nothing but the accounts" {
	inside apt-get purge -qq $ours
	inside /srv/files.sh | diff "$BATS_FILE_TMPDIR/before" -
	run -0 inside sed -n 's/^\(pale[^:]*\):.*/\1/p' /etc/passwd
	[ "$output" = pale-export ]
	run -0 inside sed -n 's/^\(pale[^:]*\):.*/\1/p' /etc/group
	[ "$(sort <<<"$output" | paste -sd ' ')" = 'pale pale-export pale-read' ]
}

@test "an upgrade keeps what the administrator changed, and what was recorded" {
	install older
	run -0 inside dpkg-query -W -f '${Version}\n' paled
	[ "$output" = 0.0.9 ]
	echo 'default: web' >>"$root/etc/pale/paled.conf"
	cp "$BATS_TEST_DIRNAME/web.pale" "$root/etc/pale/profiles/"
	inside systemctl disable --quiet pale-export.service
	use paled
	before=$(sha256sum <"$root/var/lib/pale/recorder.db")
	install newer
	run -0 inside dpkg-query -W -f '${Version} ${db:Status-Abbrev}\n' $ours
	[ "$output" = "$(printf '0.1 ii \n%.0s' 1 2 3 4 5)" ]
	[ "$(tail -n 2 "$root/etc/pale/paled.conf")" = '# The version before.
default: web' ]
	# The new one's is beside it.
	diff "$root/etc/pale/paled.conf.dpkg-dist" "$BATS_TEST_DIRNAME/../../debian/paled.conf"
	cmp "$BATS_TEST_DIRNAME/web.pale" "$root/etc/pale/profiles/web.pale"
	[ "$(sha256sum <"$root/var/lib/pale/recorder.db")" = "$before" ]
	[ ! -e "$root/usr/share/doc/paled/gone" ]
	run inside systemctl is-enabled paled.service pale-export.service paled-control.socket
	[ "$output" = $'enabled\ndisabled\nenabled' ]
	use paled
}

@test "removing keeps configuration and records" {
	inside apt-get remove -qq $ours
	run -0 inside dpkg-query -W -f '${db:Status-Abbrev}\n' paled
	[ "$output" = 'rc ' ]
	for program in pale paled pale-runtime pale-runtime-crun pale-export pale-operator kubectl-pale; do
		[ ! -e "$root/usr/bin/$program" ]
	done
	[ "$(tail -n 1 "$root/etc/pale/paled.conf")" = 'default: web' ]
	[ -s "$root/var/lib/pale/recorder.db" ]
	[ -s "$root/var/log/pale/events.jsonl" ]
}

@test "installed again, it goes on with them" {
	install newer
	[ "$(tail -n 1 "$root/etc/pale/paled.conf")" = 'default: web' ]
	run inside systemctl is-enabled paled.service pale-export.service paled-control.socket
	[ "$output" = $'enabled\ndisabled\nenabled' ]
	use pale
	use paled
}

@test "removing warns where engines still know of pale-runtime" {
	echo '{}' >"$root/etc/pale/install-runtime.json"
	run -0 inside apt-get remove -qq paled
	[[ $output == *'"pale uninstall-runtime" takes it from their configuration'* ]]
	rm "$root/etc/pale/install-runtime.json"
	install newer
	run -0 inside apt-get remove -qq paled
	[[ $output != *uninstall-runtime* ]]
}

@test "purging leaves the administrator's own policies, and what containers are under" {
	# As if one were left.
	mkdir -p "$root/run/pale/containers/c1" "$root/run/pale/loaded"
	inside apt-get purge -qq $ours
	[ -d "$root/run/pale/loaded" ]
	rm -r "$root/run/pale"
	inside /srv/files.sh | diff "$BATS_FILE_TMPDIR/before" - >"$BATS_TEST_TMPDIR/left" || true
	[ "$(grep -o '^[<>] [^ ]*' "$BATS_TEST_TMPDIR/left" | paste -sd ,)" = '> /etc/pale,> /etc/pale/profiles,> /etc/pale/profiles/web.pale' ]
	rm -r "$root/etc/pale"
}

# What would be asked of a manager that runs: it is played, and asks nobody.
@test "an upgrade restarts paled, and lets its sockets be" {
	install older
	mkdir -p "$root/run/systemd/system"
	cp "$BATS_TEST_DIRNAME/systemctl.sh" "$root/usr/bin/systemctl"
	install newer
	grep -E '(re)?start|stop' "$root/srv/asked" >"$BATS_TEST_TMPDIR/upgrade"
	: >"$root/srv/asked"
	inside apt-get purge -qq $ours
	grep -E '(re)?start|stop' "$root/srv/asked" >"$BATS_TEST_TMPDIR/purge"
	cat "$BATS_TEST_TMPDIR"/{upgrade,purge} >&2
	grep -q 'restart.* paled\.service' "$BATS_TEST_TMPDIR/upgrade"
	run -1 grep -E 'stop|restart.*socket' "$BATS_TEST_TMPDIR/upgrade"
	for unit in paled.service pale-export.service paled-{register,control,events}.socket; do
		grep -q "stop.*[ ']$unit" "$BATS_TEST_TMPDIR/purge"
	done
}
