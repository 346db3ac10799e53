/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/learn_object.h"

#include "compiler/base/cleanup.h"
#include "compiler/object_text.h"
#include "compiler/policy_text.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <string.h>
#include <sys/socket.h>

#define PATH_BYTES_MAX 4096

/* As the kernel and a policy count them; C libraries keep some for themselves. */
#define SIGNAL_RTMIN 34
#define SIGNAL_RTMAX 64

static const char *wrong_path(const char *s, uint32_t len)
{
	uint32_t begin = 1;

	if (len == 0 || *s != '/')
		return "expected a path that begins with '/'";
	if (len >= PATH_BYTES_MAX)
		return "the path is longer than the kernel takes";
	if (memchr(s, 0, len))
		return "a path has no NUL";
	for (uint32_t i = 1; i <= len; i++) {
		uint32_t n = i - begin;

		if (i < len && s[i] != '/')
			continue;
		if (n == 0 && i < len)
			return "'//' in a path";
		if ((n == 1 && s[begin] == '.') || (n == 2 && !memcmp(s + begin, "..", 2)))
			return "'.' or '..' in a path";
		begin = i + 1;
	}
	return NULL;
}

static const char *path_request(const struct learn_observation *o, struct request *r)
{
	const char *wrong;

	if (o->object_class == CLASS_ANONYMOUS)
		return o->object_len ? "what is anonymous has no path" : NULL;
	wrong = wrong_path(o->object, o->object_len);
	if (wrong)
		return wrong;
	if (o->folded && o->object[o->object_len - 1] != '/')
		return "what is folded is a directory and ends in '/'";
	r->path = o->object;
	r->path_len = o->object_len;
	return NULL;
}

/* Decimal, without a sign or a leading zero. */
static bool port_of(const char *s, size_t len, uint16_t *ret)
{
	uint32_t v = 0;

	if (len == 0 || len > 5 || (len > 1 && *s == '0'))
		return false;
	for (size_t i = 0; i < len; i++) {
		if (s[i] < '0' || s[i] > '9')
			return false;
		v = v * 10 + (uint32_t)(s[i] - '0');
	}
	*ret = (uint16_t)v;
	return v <= UINT16_MAX;
}

static bool address_of(const char *s, size_t len, struct request *r)
{
	char text[INET6_ADDRSTRLEN + 2];

	if (len >= sizeof(text) || memchr(s, 0, len))
		return false;
	memcpy(text, s, len);
	text[len] = 0;
	if (*text == '[' && text[len - 1] == ']') {
		text[len - 1] = 0;
		r->family = 6;
		return inet_pton(AF_INET6, text + 1, r->address) == 1;
	}
	r->family = 4;
	return inet_pton(AF_INET, text, r->address) == 1;
}

static const char *unix_request(const char *s, uint32_t len, struct request *r)
{
	static const char abstract[] = "abstract:";
	uint32_t n = sizeof(abstract) - 1;

	r->protocol = PROTOCOL_UNIX;
	if (len > n && !memcmp(s, abstract, n)) {
		r->name = s + n;
		r->name_len = len - n;
		return NULL;
	}
	r->path = s;
	r->path_len = len;
	return wrong_path(s, len) ? "expected a path or abstract:NAME" : NULL;
}

static const char *network_request(const struct learn_observation *o, struct request *r)
{
	const char *s = o->object, *blank = memchr(s, ' ', o->object_len), *colon;
	uint32_t len;

	if (!blank)
		return "expected PROTOCOL ADDRESS:PORT";
	for (r->protocol = 0; r->protocol < PROTOCOL_COUNT; r->protocol++) {
		if (strlen(protocol_names[r->protocol]) == (size_t)(blank - s) &&
			!memcmp(protocol_names[r->protocol], s, (size_t)(blank - s)))
			break;
	}
	len = o->object_len - (uint32_t)(blank + 1 - s);
	s = blank + 1;
	if (r->protocol == PROTOCOL_COUNT)
		return "expected tcp, udp, sctp, icmp or unix";
	if (r->protocol == PROTOCOL_UNIX)
		return unix_request(s, len, r);
	if (r->protocol == PROTOCOL_ICMP)
		return address_of(s, len, r) ? NULL : "expected an address";
	colon = memrchr(s, ':', len);
	if (!colon || !address_of(s, (size_t)(colon - s), r) ||
		!port_of(colon + 1, len - (size_t)(colon + 1 - s), &r->port))
		return "expected ADDRESS:PORT";
	return NULL;
}

/* A copy with a NUL, for look-ups; false when no name is so long. */
static bool name_of(const char *s, size_t len, char *to, size_t size)
{
	if (len == 0 || len >= size || memchr(s, 0, len))
		return false;
	memcpy(to, s, len);
	to[len] = 0;
	return true;
}

#define NAME_BYTES 64

static const char *family_request(const struct learn_observation *o, struct request *r)
{
	static const char netlink[] = "netlink(";
	char name[NAME_BYTES];
	int family;

	if (!name_of(o->object, o->object_len, name, sizeof(name)))
		return "expected a socket family";
	r->socket_protocol = -1;
	if (!strncmp(name, netlink, sizeof(netlink) - 1) && name[o->object_len - 1] == ')') {
		name[o->object_len - 1] = 0;
		r->socket_protocol = vocab_netlink_find(name + sizeof(netlink) - 1);
		r->socket_family = AF_NETLINK;
		r->socket_type = SOCK_RAW;
		return r->socket_protocol < 0 ? "unknown netlink protocol" : NULL;
	}
	family = vocab_family_find(name);
	if (family < 0)
		return "unknown socket family";
	r->socket_family = vocab_families[family].family[0];
	r->socket_type = vocab_families[family].type;
	if (r->socket_type < 0)
		r->socket_type = SOCK_DGRAM;
	return NULL;
}

static const char *target_of(const char *s, size_t len, struct request *r)
{
	bool self = len == 4 && !memcmp(s, "self", 4);

	if (!self && (len != 3 || memcmp(s, "any", 3) != 0))
		return "expected self or any";
	r->target = self ? REQUEST_SELF : REQUEST_OUTSIDE;
	return NULL;
}

static const char *signal_request(const struct learn_observation *o, struct request *r)
{
	const char *to = memmem(o->object, o->object_len, " to ", 4);
	char name[NAME_BYTES];

	if (!to || !name_of(o->object, (size_t)(to - o->object), name, sizeof(name)))
		return "expected SIGNAL to self, or to any";
	r->signal = vocab_signal_find(name);
	if (r->signal < 0 || !vocab_signal_name(r->signal))
		return "unknown signal";
	return target_of(to + 4, o->object_len - (size_t)(to + 4 - o->object), r);
}

static const char *mount_request(const struct learn_observation *o, struct request *r)
{
	char name[NAME_BYTES];

	if (o->operation == OP_BIND && (!o->source || wrong_path(o->source, o->source_len)))
		return "a bind has the path that is bound as its source";
	if (o->operation == OP_MOUNT &&
		(!o->fstype || !name_of(o->fstype, strlen(o->fstype), name, sizeof(name)) ||
			!policy_text_is_name(name)))
		return "a mount has a filesystem type";
	r->fstype = o->operation == OP_MOUNT ? o->fstype : NULL;
	r->source = o->source;
	r->source_len = o->source_len;
	r->mount_flags = o->mount_flags;
	return path_request(o, r);
}

static const char *call_request(const struct learn_observation *o, struct request *r)
{
	char name[NAME_BYTES];
	int call = name_of(o->object, o->object_len, name, sizeof(name)) ? vocab_syscall_find(name)
									 : -1;
	const struct vocab_syscall *s;

	if (call < 0)
		return "unknown syscall";
	s = &vocab_syscalls[call];
	r->abi = o->abi;
	r->number = s->number[o->abi];
	if (r->number < 0)
		return "the ABI does not have this syscall";
	for (uint8_t i = 0; i < s->n_arguments; i++) {
		uint8_t at = s->arguments[i].index[o->abi];

		if (!(o->known & (1u << i)) || at == VOCAB_NO_INDEX)
			continue;
		r->arguments[at] = o->values[i];
		r->known_arguments |= (uint8_t)(1u << at);
	}
	return NULL;
}

const char *learn_request(const struct learn_observation *o, struct request *ret)
{
	char name[NAME_BYTES];

	*ret = (struct request){ .operation = o->operation, .object_class = o->object_class };
	if (o->operation >= OP_COUNT)
		return "unknown operation";
	if (o->object_class != CLASS_PLAIN && o->operation != OP_EXEC && o->operation != OP_MAP)
		return "exec and map alone have classes";
	switch (vocab_operations[o->operation].object) {
	case OBJECT_PATH:
		return path_request(o, ret);
	case OBJECT_SIGNAL:
		return signal_request(o, ret);
	case OBJECT_TASK:
		return target_of(o->object, o->object_len, ret);
	case OBJECT_NONE:
		return o->object_len ? "the operation has no object" : NULL;
	case OBJECT_NETWORK:
		return network_request(o, ret);
	case OBJECT_FAMILY:
		return family_request(o, ret);
	case OBJECT_MOUNT:
		return mount_request(o, ret);
	case OBJECT_SYSCALL:
		return call_request(o, ret);
	case OBJECT_CAPABILITY:
		ret->capability = name_of(o->object, o->object_len, name, sizeof(name))
					  ? vocab_capability_find(name)
					  : -1;
		return ret->capability < 0 ? "unknown capability" : NULL;
	case OBJECT_LIMIT:
		break;
	}
	return "a limit cannot be observed";
}

bool learn_has_path(const struct learn_observation *o, const char **ret_path, uint32_t *ret_len)
{
	struct request r;
	enum vocab_object kind = vocab_operations[o->operation].object;

	if ((kind != OBJECT_PATH && kind != OBJECT_NETWORK) || learn_request(o, &r) || !r.path)
		return false;
	*ret_path = r.path;
	*ret_len = r.path_len;
	return true;
}

void learn_operation_words(struct text *to, const struct learn_observation *o)
{
	static const char *const classes[CLASS_COUNT] = {
		[CLASS_PLAIN] = "", [CLASS_DRIFT] = " drift", [CLASS_ANONYMOUS] = " anonymous"
	};

	text_printf(to, "%s%s", vocab_operations[o->operation].name, classes[o->object_class]);
	if (vocab_operations[o->operation].object == OBJECT_NETWORK)
		text_printf(to, " %.*s", (int)strcspn(o->object, " "), o->object);
}

static void network_words(struct text *to, const struct request *r)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;

	if (r->protocol == PROTOCOL_UNIX && r->path) {
		policy_text_path(to, r->path, r->path_len);
	} else if (r->protocol == PROTOCOL_UNIX) {
		text_puts(to, "\"abstract:");
		policy_text_path_part(to, r->name, r->name_len);
		text_putc(to, '"');
	} else {
		object_text_endpoint(&t, r->protocol, r->family, r->address, r->port);
		text_puts(to, strchr(text_str(&t), ' ') + 1);
	}
}

static void mount_words(struct text *to, const struct learn_observation *o)
{
	static const char *const names[] = { "ro", "nosuid", "nodev", "noexec" };
	bool any = false;

	if (o->operation == OP_BIND)
		policy_text_path(to, o->source, o->source_len);
	else
		text_puts(to, o->fstype);
	if (o->operation == OP_MOUNT && o->source && *o->source == '/') {
		text_puts(to, " from ");
		policy_text_path(to, o->source, o->source_len);
	}
	text_puts(to, " on ");
	policy_text_path(to, o->object, o->object_len);
	for (unsigned int i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (!(o->mount_flags & (1u << i)) || o->operation == OP_BIND)
			continue;
		text_printf(to, "%s%s", any ? ", " : " with ", names[i]);
		any = true;
	}
}

void learn_object_words(struct text *to, const struct learn_observation *o)
{
	struct request r;

	if (learn_request(o, &r))
		return;
	switch (vocab_operations[o->operation].object) {
	case OBJECT_PATH:
		if (o->object_class != CLASS_ANONYMOUS)
			policy_text_path(to, o->object, o->object_len);
		break;
	case OBJECT_NETWORK:
		network_words(to, &r);
		break;
	case OBJECT_MOUNT:
		mount_words(to, o);
		break;
	case OBJECT_SIGNAL:
		/* Real-time signals have several names, and those with a '+' are no words. */
		if (r.signal > SIGNAL_RTMIN)
			text_printf(to, "RTMAX-%d", SIGNAL_RTMAX - r.signal);
		else
			text_puts(to, vocab_signal_name(r.signal));
		text_puts(to, strstr(o->object, " to "));
		break;
	default:
		text_add(to, o->object, o->object_len);
	}
}

void learn_question(struct text *to, const struct learn_observation *o)
{
	const struct vocab_syscall *s;
	int call;

	learn_operation_words(to, o);
	if (o->object_len) {
		text_putc(to, ' ');
		learn_object_words(to, o);
	}
	if (o->operation != OP_SYSCALL || !o->known)
		return;
	call = vocab_syscall_find(o->object);
	if (call < 0)
		return;
	s = &vocab_syscalls[call];
	for (uint8_t i = 0; i < s->n_arguments; i++) {
		const struct vocab_argument *a = &s->arguments[i];
		unsigned int width = vocab_argument_width(a, o->abi);

		if (!(o->known & (1u << i)) || a->is_pointer)
			continue;
		text_printf(to, " %s=0x%" PRIx64, a->name,
			width >= 64 ? o->values[i] : o->values[i] & (((uint64_t)1 << width) - 1));
	}
}
