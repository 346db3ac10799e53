# SPDX-License-Identifier: Apache-2.0
# Writes a policy of N rules (-v n=2000) that allows what act.c does, by the same five whatever N is; the rest allow what nobody
# asks for.
BEGIN {
	print "profile bench {"
	print "    process { allow exec /mnt/bin/* }"
	print "    network {"
	print "        allow connect tcp 127.0.0.1:7001"
	print "        allow listen tcp 127.0.0.1:7001-7002"
	print "    }"
	print "    file {"
	print "        allow read /mnt/srv/application/**"
	print "        allow create, delete /mnt/spool/*"
	for (i = 5; i < n; i++)
		printf "        allow read /srv/app-%04d/data/**\n", i
	print "    }"
	print "}"
}
