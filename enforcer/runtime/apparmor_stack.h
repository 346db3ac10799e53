/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_RUNTIME_APPARMOR_STACK_H
#define PALE_RUNTIME_APPARMOR_STACK_H

#include "enforcer/runtime/confinement.h"

/*
 * Both AppArmor profiles of a container, its own and the policy's. The kernel takes a stack by
 * name, "own//&pale", wherever it takes a profile: LXC enters containers by such a name, too, with
 * the same "exec" in /proc/self/attr/exec that runc and crun write. A stack allows what all of its
 * profiles do. Kernels that can have "yes" in this file.
 */
#define APPARMOR_STACK_FILE "/sys/kernel/security/apparmor/features/domain/stack"

/*
 * What process.apparmorProfile becomes, malloc-ed. @own: what it was; NULL or empty: nothing.
 * @stack_file: APPARMOR_STACK_FILE.
 *
 * Where the kernel does not stack, @own stays alone and *@left_out is true: BPF-LSM, which enforces
 * the whole policy, has to be among what does. Otherwise -EOPNOTSUPP. -EINVAL: @own is no name.
 */
int apparmor_stack(const char *own, const struct confinement *c, const char *stack_file, char **ret,
	bool *left_out, struct pale_err **err);

#endif
