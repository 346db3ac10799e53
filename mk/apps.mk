# SPDX-License-Identifier: Apache-2.0
# The policies of profiles/apps, each under a program of Debian's that does what it is for, and what an attacker would have it do. APPS="haproxy
# squid": those alone.

APPS ?=

$(B)/tests/apps/hijack.so: tests/apps/hijack.c
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -fPIC -shared -o $@ $<

.PHONY: test-apps
test-apps: deps-build deps-apps
	$(Q)$(MAKE) --no-print-directory all $(B)/tests/apps/hijack.so $(B)/tests/programs/go_server
	$(Q)APPS='$(APPS)' tests/tally.sh $(B) apps
