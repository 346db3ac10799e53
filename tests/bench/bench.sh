#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Speed and memory of the compiler, with the sizes of its inputs. Goals stand beside the figures; nothing here passes or fails.
#
#	bench.sh BUILD
set -eu
build=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

awk -v n=2000 -f tests/bench/policy.awk >"$work/2000.pale"

measure() { # NAME GOAL-MS GOAL-MB FILE
	local name=$1 goal_ms=$2 goal_mb=$3 file=$4 mean rss
	hyperfine -N --warmup 3 --runs 30 --export-json "$work/result.json" "$build/pale check -q $file" >/dev/null 2>&1
	mean=$(jq '.results[0].mean * 1000' "$work/result.json")
	rss=$(python3 -c '
import os, resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024)' "$build/pale" check -q "$file")
	printf '%-34s %7d lines %8d bytes  %7.1f ms (goal %s)  %6.1f MB (goal %s)\n' "$name" "$(wc -l <"$file")" "$(wc -c <"$file")" \
		"$mean" "$goal_ms" "$rss" "$goal_mb"
}

filters() {
	local docker abis
	docker=$(tests/import/profile.sh docker)
	tests/bench/nginx_calls.sh 200 >"$work/nginx.calls"
	echo
	echo "Docker's default profile, its default capabilities, calls of an nginx serving 200 pages"
	echo "  goals: 75 instructions, 8.8 on average, at most 12, with arguments 20; 1 ms; libseccomp measured elsewhere: 415, 15, 17; 0.8 ms, unchecked"
	"$build/pale" import "$docker" 2>/dev/null >"$work/docker.pale"
	"$build/tests/bench/seccomp" "$work/docker.pale"
	"$build/tests/bench/seccomp" "$work/docker.pale" "$work/nginx.calls"
	echo "the same for x86_64, x86 and x32"
	echo "  goals: 250 instructions; 3 ms; libseccomp measured elsewhere: 1,246; 8.3 ms"
	abis=x86_64,x86,x32
	"$build/pale" import --abi "$abis" "$docker" 2>/dev/null >"$work/docker3.pale"
	"$build/tests/bench/seccomp" "$work/docker3.pale"
	echo "profiles/apps/nginx.pale, its derived set, with the same calls"
	PALE_PATH=profiles "$build/tests/bench/seccomp" profiles/apps/nginx.pale "$work/nginx.calls"
}

measure 'pale check, 2,000 rules with **' 150 100 "$work/2000.pale"
measure 'pale check, nginx.pale' 20 - profiles/apps/nginx.pale
filters
