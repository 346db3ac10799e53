/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which system calls the tasks of some groups make, and how often: an array, so that nothing is
 * ever lost. Of those whose arguments policies compare each is counted with them, in a hash that is
 * bounded; what finds no room there is counted without them, and told.
 *
 * A call that a seccomp filter refuses does not come here (kernel/entry/common.c,
 * syscall_trace_enter()); one that a supervisor lets go on does.
 */
#include "enforcer/bpf/learned_tasks.h"

char _license[] SEC("license") = "GPL";

/* By number under the machine's own ABI. */
const volatile struct count_compared compared[COUNT_CALLS];
/* Whether what is executed is told. */
const volatile bool tells_programs;

/* Their sizes are user space's: by how many groups there are. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} calls SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, struct count_arguments);
	__type(value, __u64);
} arguments SEC(".maps");

/* Of each COUNT_PART, the processes that it started. */
__u64 forks[COUNT_PARTS(COUNT_GROUPS)];

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 20);
} programs SEC(".maps");

static __always_inline void count_fork(__u32 group, __u32 class)
{
	__u32 part = COUNT_PART(group, class, group_of(group)->phase);

	if (class < COUNT_CLASSES)
		__sync_fetch_and_add(&forks[masked(part, COUNT_PARTS(COUNT_GROUPS))], 1);
}

static __always_inline void count(__u32 part, __u32 abi, __u32 number)
{
	__u32 index = COUNT_INDEX(part, abi, number);
	__u64 *count = bpf_map_lookup_elem(&calls, &index);

	if (count)
		__sync_fetch_and_add(count, 1);
}

/* false: there is no room. */
static __always_inline bool add_arguments(struct count_group *g, const struct count_arguments *key)
{
	__u64 one = 1, *count;

	if (g->arguments >= COUNT_ARGUMENTS_MAX)
		return false;
	/* Another CPU may just have put it there. */
	if (bpf_map_update_elem(&arguments, key, &one, BPF_NOEXIST) == 0) {
		__sync_fetch_and_add(&g->arguments, 1);
		return true;
	}
	count = bpf_map_lookup_elem(&arguments, key);
	if (count)
		__sync_fetch_and_add(count, 1);
	return count != NULL;
}

static __always_inline __u64 cut(__u64 value, __u8 places, __u8 wide, int i)
{
	if (!(places >> i & 1))
		return 0;
	return wide >> i & 1 ? value : (__u32)value;
}

static __always_inline bool count_arguments(
	struct count_group *g, __u32 part, __u32 number, struct pt_regs *regs)
{
	const volatile struct count_compared *c = &compared[masked(number, COUNT_CALLS)];
	struct count_arguments key = { .part = part, .number = number };
	__u8 places = c->registers, wide = c->wide;
	__u64 *count;

	if (!places)
		return false;
	key.registers[0] = cut(regs->di, places, wide, 0);
	key.registers[1] = cut(regs->si, places, wide, 1);
	key.registers[2] = cut(regs->dx, places, wide, 2);
	key.registers[3] = cut(regs->r10, places, wide, 3);
	key.registers[4] = cut(regs->r8, places, wide, 4);
	key.registers[5] = cut(regs->r9, places, wide, 5);
	count = bpf_map_lookup_elem(&arguments, &key);
	if (count) {
		__sync_fetch_and_add(count, 1);
		return true;
	}
	if (add_arguments(g, &key))
		return true;
	__sync_fetch_and_add(&g->calls, 1);
	return false;
}

/* Servers are at work once they take a client. */
static __always_inline bool takes_client(__u32 abi, __u32 number)
{
	return abi == COUNT_X86 ? number == X86_ACCEPT4
				: number == X86_64_ACCEPT || number == X86_64_ACCEPT4;
}

SEC("tp_btf/sys_enter")
int BPF_PROG(call_begins, struct pt_regs *regs, long id)
{
	struct task_struct *task = bpf_get_current_task_btf();
	__u32 number = id, abi = COUNT_X86_64, part;
	struct learned_mark *m = mark_of(task);
	struct count_group *g;

	if (!m) {
		part = is_missed(task);
		if (part < NO_GROUP)
			__sync_fetch_and_add(&group_of(part)->missed, 1);
		return 0;
	}
	if (m->class >= COUNT_CLASSES)
		return 0;
	if (task->thread_info.status & TS_COMPAT)
		abi = COUNT_X86;
	else if (number & X32_BIT)
		abi = COUNT_X32;
	number &= ~X32_BIT;
	if (number >= COUNT_CALLS)
		number = COUNT_CALLS - 1;
	g = group_of(m->group);
	if (g->phase == PHASE_INIT && m->class == COUNT_OWN && takes_client(abi, number))
		__sync_bool_compare_and_swap(&g->phase, PHASE_INIT, PHASE_STEADY);
	part = COUNT_PART(m->group, m->class, g->phase & (COUNT_PHASES - 1));
	if (abi != COUNT_X86_64 || !count_arguments(g, part, number, regs))
		count(part, abi, number);
	return 0;
}

/* ---- programs */

struct walk {
	struct dentry *dentry, *root;
	struct mount *mount;
	struct dentry *top; /* the task's root directory */
	__u64 top_mount;    /* a struct mount */
	__u32 at;
	__u32 ended; /* at a root */
};

/*
 * A path grows from PATH_END towards the beginning, with the header before it; behind it may stand
 * what is relative to it. Twice as large as both, for the verifier.
 */
#define PATH_END (COUNT_PATH_MAX - 1)

struct scratch {
	struct count_program head;
	char text[4 * COUNT_PATH_MAX];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct scratch);
} scratches SEC(".maps");

static long step(__u32 i, struct walk *w)
{
	struct dentry *dentry = w->dentry;
	struct mount *mount = w->mount, *parent;
	__u32 zero = 0, len, at = w->at;
	struct scratch *s = bpf_map_lookup_elem(&scratches, &zero);

	if (!s)
		return 1;
	if (dentry == w->top && (__u64)mount == w->top_mount) {
		w->ended = 1;
		return 1;
	}
	if (dentry == w->root) {
		parent = BPF_CORE_READ(mount, mnt_parent);
		if (parent == mount) {
			w->ended = 1;
			return 1;
		}
		w->dentry = BPF_CORE_READ(mount, mnt_mountpoint);
		w->root = BPF_CORE_READ(parent, mnt.mnt_root);
		w->mount = parent;
		return 0;
	}
	len = BPF_CORE_READ(dentry, d_name.len);
	if (len > 255 || len + 1 + sizeof(struct count_program) > at)
		return 1;
	at -= len;
	bpf_probe_read_kernel(&s->text[masked(at, COUNT_PATH_MAX)], masked(len, 256),
		BPF_CORE_READ(dentry, d_name.name));
	at--;
	s->text[masked(at, COUNT_PATH_MAX)] = '/';
	w->at = at;
	w->dentry = BPF_CORE_READ(dentry, d_parent);
	return 0;
}

/* text[begin], with the header. */
static __always_inline void tell(struct scratch *s, __u32 begin, __u32 len, struct count_group *g)
{
	begin -= sizeof(s->head);
	bpf_probe_read_kernel(&s->text[masked(begin, COUNT_PATH_MAX)], sizeof(s->head), &s->head);
	if (bpf_ringbuf_output(&programs, &s->text[masked(begin, COUNT_PATH_MAX)],
		    sizeof(s->head) + masked(len, 2 * COUNT_PATH_MAX), 0) < 0)
		__sync_fetch_and_add(&g->programs, 1);
}

/*
 * Of @mnt and @dentry, as the task's root directory and its mounts name them; where it begins.
 * Renames may change the path meanwhile: it names a program, and decides nothing.
 */
static __always_inline __u32 take_path(
	struct scratch *s, struct task_struct *task, struct vfsmount *mnt, struct dentry *dentry)
{
	struct walk w = {
		.dentry = dentry,
		.root = BPF_CORE_READ(mnt, mnt_root),
		.mount = (void *)mnt - bpf_core_field_offset(struct mount, mnt),
		.top = BPF_CORE_READ(task, fs, root.dentry),
		.top_mount = (__u64)BPF_CORE_READ(task, fs, root.mnt) -
			     bpf_core_field_offset(struct mount, mnt),
		.at = PATH_END,
	};

	bpf_loop(COUNT_PATH_MAX / 2, step, &w, 0);
	s->head.cut = !w.ended;
	return w.at;
}

static __always_inline void tell_program(
	struct scratch *s, struct task_struct *task, struct count_group *g)
{
	struct file *file = BPF_CORE_READ(task, mm, exe_file);
	__u32 at = PATH_END;

	s->head.kind = COUNT_PROGRAM;
	s->head.cut = 0;
	s->head.anonymous = !BPF_CORE_READ(file, f_inode, i_nlink);
	if (!s->head.anonymous)
		at = take_path(s, task, BPF_CORE_READ(file, f_path.mnt),
			BPF_CORE_READ(file, f_path.dentry));
	tell(s, at, PATH_END - at, g);
}

/* The name by which a script was executed: of the file itself the kernel has nothing left. */
static __always_inline void tell_script(struct scratch *s, struct task_struct *task,
	struct linux_binprm *bprm, struct count_group *g)
{
	const char *filename = BPF_CORE_READ(bprm, filename);
	__u32 at = PATH_END;
	char first = 0;
	long n;

	if (filename == BPF_CORE_READ(bprm, interp))
		return;
	s->head.kind = COUNT_SCRIPT;
	s->head.anonymous = s->head.cut = 0;
	bpf_probe_read_kernel(&first, 1, filename);
	if (first != '/') {
		at = take_path(s, task, BPF_CORE_READ(task, fs, pwd.mnt),
			BPF_CORE_READ(task, fs, pwd.dentry));
		s->text[PATH_END] = '/';
		n = bpf_probe_read_kernel_str(&s->text[PATH_END + 1], COUNT_PATH_MAX, filename);
	} else {
		n = bpf_probe_read_kernel_str(&s->text[PATH_END], COUNT_PATH_MAX, filename);
	}
	if (n <= 0 || n == COUNT_PATH_MAX)
		s->head.cut = 1;
	n = n > 0 ? n - 1 : 0;
	tell(s, at, PATH_END - at + n + (first != '/'), g);
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(program_executed, struct task_struct *task, int old_pid, struct linux_binprm *bprm)
{
	struct count_group *g;
	struct learned_mark *m;
	struct scratch *s;
	__u32 zero = 0;

	if (old_pid != task->pid)
		follow_first(task);
	m = mark_of(task);
	if (!m)
		return 0;
	g = group_of(m->group);
	if (m->class != COUNT_OWN)
		settle(task, m, bprm);
	else if (g->phase == PHASE_RUNTIME)
		begin(task, m, bprm);
	note_executable(task, m);
	if (!tells_programs || m->class >= COUNT_CLASSES || g->phase == PHASE_RUNTIME)
		return 0;
	s = bpf_map_lookup_elem(&scratches, &zero);
	if (!s)
		return 0;
	s->head.part = COUNT_PART(m->group, m->class, g->phase & (COUNT_PHASES - 1));
	s->head.pid = task->tgid;
	tell_script(s, task, bprm, g);
	tell_program(s, task, g);
	return 0;
}
