# SPDX-License-Identifier: Apache-2.0
# Manual pages and completions, from the tables that programs parse their command lines with and from what docs/ adds to them. They lie
# under $(B)/share as they are installed.

DOCS_SRC := $(filter-out docs/%main.c,$(wildcard docs/*.c))
DOCS_OBJ := $(DOCS_SRC:%.c=$(B)/%.o)
DOCS_TEXT := $(wildcard docs/man/*.scd docs/man/end/*.scd docs/complete/*)
LIBDOCS := $(B)/libpale-docs.a
SCDOC ?= scdoc

$(LIBDOCS): $(DOCS_OBJ)
	$(call say,AR,$@)
	$(Q)rm -f $@ && ar rcs $@ $^

$(B)/pale-docs: $(B)/docs/main.o $(LIBDOCS) $(CMD_OBJ) $(LIBENFORCER) $(LIBCOMPILER)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(ENFORCER_LIBS) $(LIBS)

$(B)/pale-operator-docs: $(B)/docs/operator_main.o $(LIBDOCS) $(OPERATOR_CMD_OBJ) $(LIBOPERATOR) $(LIBEXPORT) $(LIBENFORCER) $(LIBCOMPILER)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(OPERATOR_LIBS) $(LIBS)

$(B)/kubectl-pale-docs: $(B)/docs/plugin_main.o $(LIBDOCS) $(PLUGIN_CMD_OBJ) $(LIBOPERATOR) $(LIBENFORCER) $(LIBCOMPILER)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(OPERATOR_LIBS) $(LIBS)

DOCS_PROGRAMS := $(addprefix $(B)/,pale-docs pale-operator-docs kubectl-pale-docs)
$(B)/docs.made: $(DOCS_PROGRAMS) $(DOCS_TEXT) docs/make.sh
	$(call say,DOCS,$(B)/share)
	$(Q)rm -rf $(B)/share
	$(Q)SCDOC=$(SCDOC) sh docs/make.sh docs $(B)/share $(DOCS_PROGRAMS)
	$(Q)touch $@

all: $(B)/docs.made
