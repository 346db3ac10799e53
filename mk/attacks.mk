# SPDX-License-Identifier: Apache-2.0
# The attacks inside nginx, tests/attacks: a module that it loads. nginx's own headers are not held to our warnings.

ATTACK_MODULE := $(B)/tests/attacks/ngx_http_attack_module.so
NGINX_SRC := /usr/share/nginx/src
NGINX_HEADERS := $(B)/tests/attacks/nginx
NGINX_CFLAGS := $(patsubst %,-isystem %,$(NGINX_HEADERS) \
	$(addprefix $(NGINX_SRC)/src/,core event event/modules os/unix http http/modules http/v2))

$(NGINX_HEADERS)/ngx_auto_config.h: tests/attacks/nginx_headers.sh $(wildcard $(NGINX_SRC)/conf_flags)
	$(call say,GEN,$@)
	$(Q)tests/attacks/nginx_headers.sh $(@D)

$(ATTACK_MODULE): tests/attacks/ngx_http_attack_module.c tests/attacks/attacks.c tests/attacks/attacks.h \
		$(NGINX_HEADERS)/ngx_auto_config.h
	$(call say,LD,$@)
	$(Q)$(CC) -std=gnu17 -D_GNU_SOURCE $(WARN) -O2 -g -fPIC -shared $(NGINX_CFLAGS) -o $@ $(filter %.c,$^)

.PHONY: attack-module
attack-module: $(ATTACK_MODULE)
test-built test-host test-vm: $(ATTACK_MODULE)

# The catalogue of bypasses, tests/attacks/catalogue: what is tried, and the runner that tries it in the guest.
CATALOGUE := $(B)/tests/attacks/catalogue
$(CATALOGUE)/attack: $(CATALOGUE)/attack.o
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^
$(CATALOGUE)/test_attacks: $(CATALOGUE)/test_attacks.o $(CATALOGUE)/rows.o $(LIBENFORCER) $(LIBCOMPILER)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(ENFORCER_LIBS) $(LIBS)
$(CATALOGUE)/preload.so: tests/attacks/catalogue/preload.c
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_CFLAGS) -fPIC -shared -nostartfiles -o $@ $<

.PHONY: attacks-vm mutate-bpf catalogue
catalogue: all $(addprefix $(CATALOGUE)/,attack test_attacks preload.so) $(B)/tests/vm/lsm_actor
# Each attack of the catalogue, bare and confined, with a table of what became of it.
attacks-vm: catalogue
	$(Q)tests/vm/run.sh --kernel $(KERNEL) --timeout 1800 --cmdline syscall.x32=y $(CATALOGUE)/test_attacks
# Each BPF program taken off in turn: some attack must then work, or not be told.
mutate-bpf: catalogue
	$(Q)tests/vm/run.sh --kernel $(KERNEL) --timeout 3600 --cmdline syscall.x32=y tests/attacks/catalogue/mutate.sh
