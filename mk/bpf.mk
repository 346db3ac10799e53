# SPDX-License-Identifier: Apache-2.0
# Kernel-side programs: clang → object → skeleton header.

BPF_SRC := $(wildcard enforcer/bpf/*.bpf.c)
# In a folder of their own: cppcheck, which takes a quarter of an hour for their megabytes of one string, is not shown it.
SKEL := $(B)/skel
BPF_SKEL := $(BPF_SRC:enforcer/bpf/%.bpf.c=$(SKEL)/%.skel.h)
# Made on the way to a skeleton, and kept: else each make would build them again.
.SECONDARY: $(BPF_SKEL) $(BPF_SRC:%.c=$(B)/%.o)

# linux/types.h needs asm/, which Debian keeps beside the libraries of one architecture. The skeletons hold debugging information, which is
# the same wherever they are built.
BPF_CFLAGS := -target bpf -D__TARGET_ARCH_x86 -mcpu=v3 -g -O2 -Wall -Werror -ffile-prefix-map=$(CURDIR)=. -I. -I$(GEN) \
	-idirafter /usr/include/$(shell $(CC) -print-multiarch)

$(B)/enforcer/bpf/%.bpf.o: enforcer/bpf/%.bpf.c | $(GEN)/vocab_tables.h
	@mkdir -p $(@D)
	$(call say,BPF,$<)
	$(Q)$(CLANG) $(BPF_CFLAGS) -MMD -MP -MT $@ -MF $(@:.o=.d) -c -o $@ $<

$(SKEL)/%.skel.h: $(B)/enforcer/bpf/%.bpf.o
	@mkdir -p $(@D)
	$(call say,SKEL,$@)
	$(Q)$(BPFTOOL) gen skeleton $< name $*_bpf > $@
