# SPDX-License-Identifier: Apache-2.0
# Installation under DESTDIR and prefix. An installed pale looks for its library in ../share/pale beside its own folder, so the
# prefix may differ from the one it was built with; a datadir elsewhere has to be given to `make all` as well.

.PHONY: install
install: all
	$(Q)install -d $(DESTDIR)$(bindir) $(DESTDIR)$(datadir)/pale/profiles
	$(Q)install -m 755 $(B)/pale $(B)/paled $(B)/pale-runtime $(B)/pale-export $(B)/pale-operator $(B)/kubectl-pale \
		docs/complete/kubectl_complete-pale $(DESTDIR)$(bindir)
	$(Q)ln -sf pale-runtime $(DESTDIR)$(bindir)/pale-runtime-crun
	$(Q)cd $(B)/share && find . -type f -exec install -D -m 644 {} $(abspath $(DESTDIR)$(datadir))/{} \;
	$(Q)cd profiles && find . -name '*.pale' -exec install -D -m 644 {} $(abspath $(DESTDIR)$(datadir))/pale/profiles/{} \;
	$(Q)install -d $(DESTDIR)$(unitdir) $(DESTDIR)$(sysusersdir) $(DESTDIR)$(tmpfilesdir)
	$(Q)install -m 644 systemd/*.socket $(DESTDIR)$(unitdir)
	$(Q)for unit in paled pale-export; do sed 's,@bindir@,$(bindir),' systemd/$$unit.service >$(B)/$$unit.service; done
	$(Q)install -m 644 $(B)/paled.service $(B)/pale-export.service $(DESTDIR)$(unitdir)
	$(Q)for name in pale pale-export; do install -m 644 systemd/$$name.sysusers $(DESTDIR)$(sysusersdir)/$$name.conf || exit 1; done
	$(Q)install -m 644 systemd/pale.tmpfiles $(DESTDIR)$(tmpfilesdir)/pale.conf
	$(Q)install -d $(DESTDIR)$(datadir)/pale/grafana
	$(Q)install -m 644 docs/grafana/pale.json $(DESTDIR)$(datadir)/pale/grafana
