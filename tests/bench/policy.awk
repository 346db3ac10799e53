# SPDX-License-Identifier: Apache-2.0
# Writes a policy of N rules (-v n=2000) of the kinds that real ones have, with '**' in three of four.
BEGIN {
	print "profile bench {"
	print "    file {"
	for (i = 0; i < n; i++) {
		k = i % 4
		if (k == 0) printf "        allow read, write, create, delete /srv/app%04d/data/**\n", i
		if (k == 1) printf "        allow read /srv/app%04d/*/cache/**/*.json\n", i
		if (k == 2) printf "        allow read, map /usr/lib/**/libbench%04d*.so*\n", i
		if (k == 3) printf "        deny  write /etc/bench%04d/{a,b}/*.conf\n", i
	}
	print "    }"
	print "}"
}
