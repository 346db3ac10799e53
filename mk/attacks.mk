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
