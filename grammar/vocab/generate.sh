#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# generate.sh CSVDIR OUTDIR: writes OUTDIR/vocab_tables.c and .h, and for the test of the constants
# OUTDIR/vocab_constants.inc: CHECK(NAME) for each. Needs a POSIX awk only.
set -eu

csv=$1
out=$2

# Before the others come the tables whose names they use. Strings compare by their bytes.
LC_ALL=C awk -v header="$out/vocab_tables.h" -v source="$out/vocab_tables.c" \
	-v check="$out/vocab_constants.inc" -f "$csv/generate.awk" \
	"$csv/operations.csv" "$csv/capabilities.csv" "$csv/signals.csv" "$csv/errnos.csv" \
	"$csv/netlink.csv" "$csv/families.csv" "$csv/constants.csv" "$csv/syscalls.csv" \
	"$csv/arguments.csv" "$csv/needs.csv"
