# SPDX-License-Identifier: Apache-2.0
# Manual pages and completions, from the tables that `pale` parses its command line with and from what docs/ adds to them. They lie
# under $(B)/share as they are installed.

DOCS_SRC := $(filter-out docs/main.c,$(wildcard docs/*.c))
DOCS_OBJ := $(DOCS_SRC:%.c=$(B)/%.o)
DOCS_TEXT := $(wildcard docs/man/*.scd docs/complete/*)
LIBDOCS := $(B)/libpale-docs.a
SCDOC ?= scdoc

$(LIBDOCS): $(DOCS_OBJ)
	$(call say,AR,$@)
	$(Q)rm -f $@ && ar rcs $@ $^

$(B)/pale-docs: $(B)/docs/main.o $(LIBDOCS) $(CMD_OBJ) $(LIBENFORCER) $(LIBCOMPILER)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(ENFORCER_LIBS) $(LIBS)

$(B)/docs.made: $(B)/pale-docs $(DOCS_TEXT) docs/make.sh
	$(call say,DOCS,$(B)/share)
	$(Q)rm -rf $(B)/share
	$(Q)SCDOC=$(SCDOC) sh docs/make.sh $(B)/pale-docs docs $(B)/share
	$(Q)touch $@

all: $(B)/docs.made
