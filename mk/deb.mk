# SPDX-License-Identifier: Apache-2.0
# Debian packages, $(B)/deb/*.deb, of what debian/ says. They are built on Debian 12 and install on Debian 13 as well, whose libraries
# provide the names that they had before their time became 64 bits wide. RELEASE=bookworm: in a Debian 12 made for that, wherever one is.
RELEASE ?=

.PHONY: deb
deb: deps-deb $(if $(RELEASE),,deps-build)
	$(Q)mk/deb.sh $(B)/deb $(RELEASE)

# Installed, upgraded, removed and purged in both releases.
.PHONY: test-deb
test-deb: deb
	$(Q)tests/tally.sh $(B) deb
