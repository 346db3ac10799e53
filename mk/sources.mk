# SPDX-License-Identifier: Apache-2.0
# What is compiled from what. Sources are found by wildcard: a new file needs no entry here.

COMPILER_SRC := $(wildcard compiler/base/*.c) $(filter-out compiler/cmd_%.c,$(wildcard compiler/*.c))
COMPILER_CMD_SRC := $(wildcard compiler/cmd_*.c)
ENFORCER_SRC := $(filter-out enforcer/main.c enforcer/pale.c enforcer/cmd_%.c,$(wildcard enforcer/*.c enforcer/posture/*.c))
ENFORCER_CMD_SRC := enforcer/pale.c $(wildcard enforcer/cmd_*.c)

DAEMON_SRC := $(filter-out enforcer/daemon/main.c,$(wildcard enforcer/daemon/*.c)) $(wildcard enforcer/recorder/*.c)
# pale-export has of paled only its log; so has pale-operator, which follows paled's events as pale-export does.
EXPORT_SRC := $(filter-out enforcer/export/main.c,$(wildcard enforcer/export/*.c))
RUNTIME_SRC := $(filter-out enforcer/runtime/main.c,$(wildcard enforcer/runtime/*.c))
OPERATOR_CMD_SRC := operator/pale_operator.c $(wildcard operator/cmd_*.c)
PLUGIN_CMD_SRC := operator/plugin/kubectl_pale.c $(wildcard operator/plugin/cmd_*.c)
OPERATOR_SRC := $(filter-out %/main.c $(OPERATOR_CMD_SRC) $(PLUGIN_CMD_SRC),$(wildcard operator/*.c operator/*/*.c))

COMPILER_OBJ := $(COMPILER_SRC:%.c=$(B)/%.o) $(B)/gen/pale.tab.o $(B)/gen/pale.lex.o $(B)/gen/vocab_tables.o
CMD_OBJ := $(COMPILER_CMD_SRC:%.c=$(B)/%.o) $(ENFORCER_CMD_SRC:%.c=$(B)/%.o)
ENFORCER_OBJ := $(ENFORCER_SRC:%.c=$(B)/%.o)
DAEMON_OBJ := $(DAEMON_SRC:%.c=$(B)/%.o)
EXPORT_OBJ := $(EXPORT_SRC:%.c=$(B)/%.o)
EXPORT_USES := $(addprefix $(B)/enforcer/,curl_loop.o curl_tls.o http_loop.o page_server.o daemon/event_log.o daemon/notice.o \
	report_time.o paled_client.o)
RUNTIME_USES := $(addprefix $(B)/enforcer/,child_output.o oci_runtime.o paled_client.o)
RUNTIME_OBJ := $(RUNTIME_SRC:%.c=$(B)/%.o)
OPERATOR_OBJ := $(OPERATOR_SRC:%.c=$(B)/%.o)
OPERATOR_CMD_OBJ := $(OPERATOR_CMD_SRC:%.c=$(B)/%.o)
PLUGIN_CMD_OBJ := $(PLUGIN_CMD_SRC:%.c=$(B)/%.o)

LIBCOMPILER := $(B)/libpale-compiler.a
LIBENFORCER := $(B)/libpale-enforcer.a
LIBDAEMON := $(B)/libpale-daemon.a
LIBEXPORT := $(B)/libpale-export.a
LIBRUNTIME := $(B)/libpale-runtime.a
LIBOPERATOR := $(B)/libpale-operator.a

# What must be there before anything is compiled; the .d files take over from the second build on.
GEN_HEADERS := $(GEN)/pale.tab.h $(GEN)/pale.lex.h $(GEN)/vocab_tables.h $(BPF_SKEL)

$(B)/%.o: %.c | $(GEN_HEADERS)
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# Generated C is held to the same warnings but for those that its generators are known to raise.
$(GEN)/%.o: $(GEN)/%.c | $(GEN_HEADERS)
	$(call say,CC,$<)
	$(Q)$(CC) $(ALL_CFLAGS) -Wno-shadow -Wno-missing-prototypes -Wno-sign-compare -Wno-unused-function -MMD -MP -c -o $@ $<

$(GEN)/pale.tab.c $(GEN)/pale.tab.h &: grammar/pale.y
	@mkdir -p $(GEN)
	$(call say,BISON,$<)
	$(Q)$(BISON) -Werror -Wcounterexamples --header=$(GEN)/pale.tab.h -o $(GEN)/pale.tab.c $<

$(GEN)/pale.lex.c $(GEN)/pale.lex.h &: grammar/pale.l
	@mkdir -p $(GEN)
	$(call say,FLEX,$<)
	$(Q)$(FLEX) --header-file=$(GEN)/pale.lex.h -o $(GEN)/pale.lex.c $<

VOCAB_CSV := $(wildcard grammar/vocab/*.csv)
$(GEN)/vocab_tables.c $(GEN)/vocab_tables.h $(GEN)/vocab_constants.inc &: grammar/vocab/generate.sh grammar/vocab/generate.awk $(VOCAB_CSV)
	@mkdir -p $(GEN)
	$(call say,VOCAB,grammar/vocab)
	$(Q)sh grammar/vocab/generate.sh grammar/vocab $(GEN)

# What editors know of the language: from templates and the words of the compiler. Committed, so that an editor needs no build.
EDITOR_FILES := $(patsubst %.in,%,$(wildcard grammar/editors/*/syntax/*.in grammar/editors/*/syntaxes/*.in))
$(B)/grammar/editors/generate: $(B)/grammar/editors/generate.o $(LIBCOMPILER)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)

.PHONY: editors
editors: $(B)/grammar/editors/generate
	$(Q)for f in $(EDITOR_FILES); do $(B)/grammar/editors/generate <$$f.in >$$f || exit 1; done

$(LIBCOMPILER): $(COMPILER_OBJ)
	$(call say,AR,$@)
	$(Q)rm -f $@ && ar rcs $@ $^

$(LIBENFORCER): $(ENFORCER_OBJ)
	$(call say,AR,$@)
	$(Q)rm -f $@ && ar rcs $@ $^

$(B)/pale: $(B)/enforcer/main.o $(CMD_OBJ) $(LIBENFORCER) $(LIBCOMPILER)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(ENFORCER_LIBS) $(LIBS)

$(LIBDAEMON): $(DAEMON_OBJ)
	$(call say,AR,$@)
	$(Q)rm -f $@ && ar rcs $@ $^

$(LIBEXPORT): $(EXPORT_OBJ)
	$(call say,AR,$@)
	$(Q)rm -f $@ && ar rcs $@ $^

$(LIBRUNTIME): $(RUNTIME_OBJ)
	$(call say,AR,$@)
	$(Q)rm -f $@ && ar rcs $@ $^

$(LIBOPERATOR): $(OPERATOR_OBJ)
	$(call say,AR,$@)
	$(Q)rm -f $@ && ar rcs $@ $^

$(B)/paled: $(B)/enforcer/daemon/main.o $(LIBDAEMON) $(LIBENFORCER) $(LIBCOMPILER)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ -lsystemd -lsqlite3 $(ENFORCER_LIBS) $(LIBS)

$(B)/pale-export: $(B)/enforcer/export/main.o $(LIBEXPORT) $(EXPORT_USES) $(LIBCOMPILER)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(EXPORT_LIBS) $(LIBS)

$(B)/pale-operator: $(B)/operator/main.o $(OPERATOR_CMD_OBJ) $(LIBOPERATOR) $(LIBEXPORT) $(LIBENFORCER) $(LIBCOMPILER)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(OPERATOR_LIBS) $(LIBS)

$(B)/kubectl-pale: $(B)/operator/plugin/main.o $(PLUGIN_CMD_OBJ) $(LIBOPERATOR) $(LIBENFORCER) $(LIBCOMPILER)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(OPERATOR_LIBS) $(LIBS)

# Starts three times with every container, and finding shared libraries was most of what it cost. The sanitizers need them.
$(B)/pale-runtime: $(B)/enforcer/runtime/main.o $(LIBRUNTIME) $(RUNTIME_USES) $(LIBCOMPILER)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) $(if $(SANITIZE),,-static-pie) -o $@ $^ -ljansson

all: $(B)/pale $(B)/paled $(B)/pale-runtime $(B)/pale-export $(B)/pale-operator $(B)/kubectl-pale
