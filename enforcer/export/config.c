/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/export/config.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/suggest.h"
#include "compiler/base/yaml_config.h"
#include "enforcer/daemon/event_log.h"
#include "enforcer/export/spool.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define NS_PER_MS  UINT64_C(1000000)
#define NS_PER_S   (1000 * NS_PER_MS)
#define FOLD_NS	   (2 * NS_PER_S)
#define SPOOL	   ((uint64_t)256 << 20)
#define RETRY_MAX  (30 * NS_PER_S)
#define BATCH	   100
#define BATCH_MAX  10000
#define NAME_BYTES 63

const char *const output_type_names[OUTPUT_TYPES] = {
	[OUTPUT_FILE] = "file",
	[OUTPUT_STDOUT] = "stdout",
	[OUTPUT_JOURNALD] = "journald",
	[OUTPUT_SYSLOG] = "syslog",
	[OUTPUT_WEBHOOK] = "webhook",
	[OUTPUT_OTLP] = "otlp",
};

#define TYPE(t)	  (1u << OUTPUT_##t)
#define ALL_TYPES ((1u << OUTPUT_TYPES) - 1)
#define SPOOLED	  (ALL_TYPES & ~TYPE(FILE))
#define HTTP	  (TYPE(WEBHOOK) | TYPE(OTLP))

/* What each takes, the first by default. -1: it has a form of its own. */
static const int formats_of[OUTPUT_TYPES][5] = {
	[OUTPUT_FILE] = { EXPORT_JSON, EXPORT_CEF, EXPORT_OCSF, -1 },
	[OUTPUT_STDOUT] = { EXPORT_JSON, EXPORT_CEF, EXPORT_OCSF, -1 },
	[OUTPUT_JOURNALD] = { -1 },
	[OUTPUT_SYSLOG] = { EXPORT_RFC5424, EXPORT_CEF, EXPORT_JSON, EXPORT_OCSF, -1 },
	[OUTPUT_WEBHOOK] = { EXPORT_JSON, EXPORT_CEF, EXPORT_OCSF, -1 },
	[OUTPUT_OTLP] = { -1 },
};

/* syslog(3), by its numbers. */
static const char *const facilities[] = { "kern", "user", "mail", "daemon", "auth", "syslog", "lpr",
	"news", "uucp", "cron", "authpriv", "ftp", "ntp", "audit", "alert", "clock", "local0",
	"local1", "local2", "local3", "local4", "local5", "local6", "local7" };

#define N_FACILITIES	(sizeof(facilities) / sizeof(*facilities))
#define FACILITY_LOCAL0 16

struct reading {
	struct export_config *config;
	struct output_config *output;
	struct diag_list *diags;
};

typedef void (*reader)(struct reading *r, const struct yaml_node *n);

static const char *text_of(struct reading *r, const struct yaml_node *n, const char *what)
{
	return yaml_text(n, what, r->config->arena, r->diags);
}

static const char *path_of(struct reading *r, const struct yaml_node *n, const char *what)
{
	if (n->kind == YAML_TEXT && *n->text == '/')
		return arena_strdup(r->config->arena, n->text);
	diag_error(r->diags, n->at, "%s must be an absolute path", what);
	return NULL;
}

static const struct yaml_unit times[] = { { "ms", NS_PER_MS }, { "s", NS_PER_S },
	{ "m", 60 * NS_PER_S }, { NULL, 0 } };
static const struct yaml_unit sizes[] = { { "KiB", (uint64_t)1 << 10 },
	{ "MiB", (uint64_t)1 << 20 }, { "GiB", (uint64_t)1 << 30 }, { NULL, 0 } };

static void read_time(struct reading *r, const struct yaml_node *n, const char *what, uint64_t min,
	uint64_t max, uint64_t *ret)
{
	if (n->kind == YAML_TEXT && !min && strcmp(n->text, "0") == 0)
		*ret = 0;
	else if (!yaml_quantity(n, times, min, max, ret))
		diag_error(r->diags, n->at,
			"%s must be a time from %" PRIu64 " to %" PRIu64 " seconds: 500ms, 10s, 1m",
			what, min / NS_PER_S, max / NS_PER_S);
}

static void read_size(struct reading *r, const struct yaml_node *n, const char *what, uint64_t *ret)
{
	if (!yaml_quantity(n, sizes, SPOOL_BYTES_MIN, SPOOL_BYTES_MAX, ret))
		diag_error(r->diags, n->at, "%s must be a size from 64KiB to 64GiB", what);
}

static bool parse_port(const char *s, uint16_t *ret)
{
	char *end;
	unsigned long v;

	if (!isdigit((unsigned char)*s))
		return false;
	v = strtoul(s, &end, 10);
	*ret = (uint16_t)v;
	return !*end && v >= 1 && v <= 65535;
}

/* "host:port", "[::1]:port"; *@host in the arena. */
static bool parse_host_port(struct reading *r, const char *s, const char **host, uint16_t *port)
{
	const char *colon = strrchr(s, ':');
	size_t len = colon ? (size_t)(colon - s) : 0;

	if (!len || !parse_port(colon + 1, port))
		return false;
	if (*s == '[') {
		if (len < 3 || s[len - 1] != ']')
			return false;
		s++;
		len -= 2;
	} else if (memchr(s, ':', len)) {
		return false;
	}
	for (size_t i = 0; i < len; i++) {
		if (!isalnum((unsigned char)s[i]) && !strchr("-._:", s[i]))
			return false;
	}
	*host = arena_memdup(r->config->arena, s, len);
	return true;
}

static void read_list(
	struct reading *r, const struct yaml_node *n, const char *what, struct text_list *ret)
{
	if (n->kind != YAML_LIST || !n->n) {
		diag_error(r->diags, n->at, "'%s' must list some", what);
		return;
	}
	for (uint32_t i = 0; i < n->n; i++) {
		const char *s = text_of(r, n->v[i], "one of them");

		ARENA_PUSH(r->config->arena, ret->v, ret->n, ret->cap, s);
	}
}

static void read_name(struct reading *r, const struct yaml_node *n)
{
	const char *s = n->kind == YAML_TEXT ? n->text : "";
	size_t len = strlen(s);
	bool good = len && len <= NAME_BYTES;

	for (size_t i = 0; i < len; i++)
		good &= isalnum((unsigned char)s[i]) || s[i] == '-' || s[i] == '_';
	if (!good) {
		diag_error(r->diags, n->at,
			"'name' must be of letters, digits, '-' and '_', at most %d", NAME_BYTES);
		return;
	}
	for (uint32_t i = 0; i + 1 < r->config->n_outputs; i++) {
		if (r->config->outputs[i].name && strcmp(r->config->outputs[i].name, s) == 0)
			diag_error(r->diags, n->at, "another output has the name '%s'", s);
	}
	r->output->name = arena_strdup(r->config->arena, s);
}

static void read_path(struct reading *r, const struct yaml_node *n)
{
	r->output->path = path_of(r, n, "'path'");
}

static void read_file_size(struct reading *r, const struct yaml_node *n)
{
	read_size(r, n, "'size'", &r->output->size);
}

static void read_format(struct reading *r, const struct yaml_node *n)
{
	struct suggest near;
	const char *best;

	suggest_init(&near, n->kind == YAML_TEXT ? n->text : "");
	for (const int *f = formats_of[r->output->type]; *f >= 0; f++) {
		suggest_offer(&near, export_format_names[*f]);
		if (n->kind == YAML_TEXT && strcmp(n->text, export_format_names[*f]) == 0) {
			r->output->format = (enum export_format) * f;
			return;
		}
	}
	best = suggest_best(&near);
	diag_error(r->diags, n->at, "no 'format' of %s: '%s'%s%s%s",
		output_type_names[r->output->type], n->kind == YAML_TEXT ? n->text : "",
		best ? ", did you mean '" : "", best ? best : "", best ? "'?" : "");
}

/* http:// and https:// and nothing that would be another scheme to libcurl. */
static void read_url(struct reading *r, const struct yaml_node *n)
{
	const char *s = n->kind == YAML_TEXT ? n->text : "";

	for (const char *c = s; *c; c++) {
		if (*c <= ' ' || *c == 0x7f)
			s = "";
	}
	if ((strncmp(s, "http://", 7) == 0 && s[7]) || (strncmp(s, "https://", 8) == 0 && s[8]))
		r->output->url = arena_strdup(r->config->arena, s);
	else
		diag_error(r->diags, n->at, "'url' must begin with http:// or https://");
}

static void read_address(struct reading *r, const struct yaml_node *n)
{
	static const struct {
		const char *scheme;
		enum syslog_transport transport;
	} schemes[] = { { "tcp://", SYSLOG_TCP }, { "tls://", SYSLOG_TLS } };
	const char *s = n->kind == YAML_TEXT ? n->text : "";
	struct output_config *o = r->output;

	if (strncmp(s, "unix:///", 8) == 0) {
		o->transport = SYSLOG_UNIX;
		o->path = arena_strdup(r->config->arena, s + strlen("unix://"));
		return;
	}
	for (size_t i = 0; i < sizeof(schemes) / sizeof(*schemes); i++) {
		size_t len = strlen(schemes[i].scheme);

		if (strncmp(s, schemes[i].scheme, len) != 0 ||
			!parse_host_port(r, s + len, &o->host, &o->port))
			continue;
		o->transport = schemes[i].transport;
		return;
	}
	diag_error(r->diags, n->at,
		"'address' must be unix:///PATH, tcp://HOST:PORT or tls://HOST:PORT");
}

static void read_facility(struct reading *r, const struct yaml_node *n)
{
	for (size_t i = 0; n->kind == YAML_TEXT && i < N_FACILITIES; i++) {
		if (strcmp(facilities[i], n->text) == 0) {
			r->output->facility = (int)i;
			return;
		}
	}
	diag_error(r->diags, n->at, "'facility' must be one of syslog's: auth, daemon, local0 …");
}

static void read_ca_file(struct reading *r, const struct yaml_node *n)
{
	r->output->ca_file = path_of(r, n, "'ca-file'");
}

static void read_certificate_file(struct reading *r, const struct yaml_node *n)
{
	r->output->certificate_file = path_of(r, n, "'certificate-file'");
}

static void read_key_file(struct reading *r, const struct yaml_node *n)
{
	r->output->key_file = path_of(r, n, "'key-file'");
}

/* RFC 9110: a token, and a value without control characters. */
static bool is_header(const char *name, const char *value)
{
	for (const char *c = name; *c; c++) {
		if (!isalnum((unsigned char)*c) && !strchr("!#$%&'*+-.^_`|~", *c))
			return false;
	}
	for (const char *c = value; *c; c++) {
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			return false;
	}
	return *name && *value;
}

static void read_headers(struct reading *r, const struct yaml_node *n)
{
	struct text_list *h = &r->output->headers;

	if (n->kind != YAML_MAP) {
		diag_error(r->diags, n->at, "'headers' must map names to values");
		return;
	}
	for (uint32_t i = 0; i + 1 < n->n; i += 2) {
		const struct yaml_node *value = n->v[i + 1];
		const char *s;

		if (value->kind != YAML_TEXT || !is_header(n->v[i]->text, value->text)) {
			diag_error(r->diags, n->v[i]->at, "no header of HTTP");
			continue;
		}
		s = arena_printf(r->config->arena, "%s: %s", n->v[i]->text, value->text);
		ARENA_PUSH(r->config->arena, h->v, h->n, h->cap, s);
	}
}

static void read_batch(struct reading *r, const struct yaml_node *n)
{
	uint64_t v;

	if (yaml_number(n, 1, BATCH_MAX, &v))
		r->output->batch = (uint32_t)v;
	else
		diag_error(r->diags, n->at, "'batch' must be a number from 1 to %d", BATCH_MAX);
}

static void read_spool(struct reading *r, const struct yaml_node *n)
{
	read_size(r, n, "'spool'", &r->output->spool);
}

static void read_retry_max(struct reading *r, const struct yaml_node *n)
{
	read_time(r, n, "'retry-max'", NS_PER_S, 3600 * NS_PER_S, &r->output->retry_max_ns);
}

static void read_kinds(struct reading *r, const struct yaml_node *n)
{
	read_list(r, n, "kinds", &r->output->kinds);
}

static void read_profiles(struct reading *r, const struct yaml_node *n)
{
	read_list(r, n, "profiles", &r->output->profiles);
}

static const struct output_key {
	const char *key;
	unsigned types;
	reader read;
} output_keys[] = {
	{ "name", ALL_TYPES, read_name },
	{ "format", TYPE(FILE) | TYPE(STDOUT) | TYPE(SYSLOG) | TYPE(WEBHOOK), read_format },
	{ "path", TYPE(FILE) | TYPE(JOURNALD), read_path },
	{ "size", TYPE(FILE), read_file_size },
	{ "address", TYPE(SYSLOG), read_address },
	{ "facility", TYPE(SYSLOG), read_facility },
	{ "url", HTTP, read_url },
	{ "headers", HTTP, read_headers },
	{ "batch", HTTP, read_batch },
	{ "ca-file", HTTP | TYPE(SYSLOG), read_ca_file },
	{ "certificate-file", HTTP | TYPE(SYSLOG), read_certificate_file },
	{ "key-file", HTTP | TYPE(SYSLOG), read_key_file },
	{ "spool", SPOOLED, read_spool },
	{ "retry-max", SPOOLED, read_retry_max },
	{ "kinds", ALL_TYPES, read_kinds },
	{ "profiles", ALL_TYPES, read_profiles },
};

#define N_OUTPUT_KEYS (sizeof(output_keys) / sizeof(*output_keys))

static bool read_type(struct reading *r, const struct yaml_node *map)
{
	const struct yaml_node *n = yaml_member(map, "type");

	for (int i = 0; n && n->kind == YAML_TEXT && i < OUTPUT_TYPES; i++) {
		if (strcmp(n->text, output_type_names[i]) == 0) {
			r->output->type = (enum output_type)i;
			return true;
		}
	}
	diag_error(r->diags, n ? n->at : map->at,
		"'type' must be file, stdout, journald, syslog, webhook or otlp");
	return false;
}

static void read_output_key(
	struct reading *r, const struct yaml_node *key, const struct yaml_node *value)
{
	size_t k = 0;

	if (strcmp(key->text, "type") == 0)
		return;
	while (k < N_OUTPUT_KEYS && strcmp(output_keys[k].key, key->text) != 0)
		k++;
	if (k == N_OUTPUT_KEYS)
		diag_error(r->diags, key->at, "unknown key '%s'", key->text);
	else if (!(output_keys[k].types & (1u << r->output->type)))
		diag_error(r->diags, key->at, "%s has no '%s'", output_type_names[r->output->type],
			key->text);
	else
		output_keys[k].read(r, value);
}

/* Two would rename and shorten what the other one writes. */
static void check_own_file(struct reading *r, const struct yaml_node *map)
{
	for (const struct output_config *o = r->config->outputs; o < r->output; o++) {
		if (o->type == OUTPUT_FILE && o->path && strcmp(o->path, r->output->path) == 0)
			diag_error(r->diags, map->at, "another output has the file '%s'", o->path);
	}
}

/* What cannot be without, or together. */
static void check_output(struct reading *r, const struct yaml_node *map)
{
	const struct output_config *o = r->output;
	bool addressed = yaml_member(map, "address");
	bool certified = o->ca_file || o->certificate_file || o->key_file;

	if (!yaml_member(map, "name"))
		diag_error(r->diags, map->at, "an output needs a 'name'");
	if (o->type == OUTPUT_FILE && !yaml_member(map, "path"))
		diag_error(r->diags, map->at, "file needs a 'path'");
	if ((1u << o->type) & HTTP && !yaml_member(map, "url"))
		diag_error(r->diags, map->at, "%s needs a 'url'", output_type_names[o->type]);
	if (o->type == OUTPUT_SYSLOG && !addressed)
		diag_error(r->diags, map->at, "syslog needs an 'address'");
	if (o->type == OUTPUT_SYSLOG && addressed && o->transport != SYSLOG_TLS && certified)
		diag_error(r->diags, map->at, "certificates are of tls:// alone");
	if (o->url && strncmp(o->url, "https:", 6) != 0 && certified)
		diag_error(r->diags, map->at, "certificates are of https:// alone");
	if (o->type == OUTPUT_FILE && o->path)
		check_own_file(r, map);
	if (!o->certificate_file != !o->key_file)
		diag_error(r->diags, map->at, "'certificate-file' and 'key-file' go together");
}

static void read_output(struct reading *r, const struct yaml_node *map)
{
	struct export_config *c = r->config;
	uint32_t before = r->diags->n_errors;
	struct output_config o = {
		.size = EVENT_LOG_BYTES,
		.spool = SPOOL,
		.retry_max_ns = RETRY_MAX,
		.batch = BATCH,
		.facility = FACILITY_LOCAL0,
	};

	if (map->kind != YAML_MAP) {
		diag_error(r->diags, map->at, "an output must be a map");
		return;
	}
	ARENA_PUSH(c->arena, c->outputs, c->n_outputs, c->cap_outputs, o);
	r->output = &c->outputs[c->n_outputs - 1];
	if (!read_type(r, map))
		return;
	if (formats_of[r->output->type][0] >= 0)
		r->output->format = (enum export_format)formats_of[r->output->type][0];
	if (r->output->type == OUTPUT_JOURNALD)
		r->output->path = "/run/systemd/journal/socket";
	for (uint32_t i = 0; i + 1 < map->n; i += 2)
		read_output_key(r, map->v[i], map->v[i + 1]);
	if (r->diags->n_errors == before)
		check_output(r, map);
}

static void read_outputs(void *ctx, const struct yaml_node *n)
{
	struct reading *r = ctx;
	if (n->kind != YAML_LIST || !n->n) {
		diag_error(r->diags, n->at, "'outputs' must list outputs");
		return;
	}
	for (uint32_t i = 0; i < n->n; i++)
		read_output(r, n->v[i]);
}

static void read_fold(void *ctx, const struct yaml_node *n)
{
	struct reading *r = ctx;
	read_time(r, n, "'fold'", 0, 60 * NS_PER_S, &r->config->fold_ns);
}

static void read_node(void *ctx, const struct yaml_node *n)
{
	struct reading *r = ctx;
	r->config->node = text_of(r, n, "'node'");
}

static void read_metrics(void *ctx, const struct yaml_node *n)
{
	struct reading *r = ctx;
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)&r->config->metrics_address;
	struct sockaddr_in *four = (struct sockaddr_in *)&r->config->metrics_address;
	const char *host;
	uint16_t port;

	if (n->kind == YAML_TEXT && !n->quoted && strcmp(n->text, "off") == 0)
		return;
	if (n->kind == YAML_TEXT && parse_host_port(r, n->text, &host, &port)) {
		r->config->metrics = true;
		if (inet_pton(AF_INET, host, &four->sin_addr) == 1) {
			four->sin_family = AF_INET;
			four->sin_port = htons(port);
			return;
		}
		if (inet_pton(AF_INET6, host, &six->sin6_addr) == 1) {
			six->sin6_family = AF_INET6;
			six->sin6_port = htons(port);
			return;
		}
	}
	diag_error(r->diags, n->at,
		"'metrics' must be off, or an address and a port: 127.0.0.1:9469, [::1]:9469");
}

static const struct yaml_key keys[] = {
	{ "outputs", read_outputs },
	{ "fold", read_fold },
	{ "node", read_node },
	{ "metrics", read_metrics },
	{ NULL, NULL },
};

struct file {
	struct export_config *config;
	const char *path;
};

static void read_document(void *ctx, const struct yaml_node *root, struct diag_list *diags)
{
	struct file *f = ctx;
	struct export_config *c = f->config;
	struct reading r = { c, NULL, diags };

	if (!root) {
		diag_error_unplaced(diags, "%s: it is empty", f->path);
		return;
	}
	yaml_read_keys(root, keys, NULL, &r, diags);
	if (!diags->n_errors && !c->n_outputs && !c->metrics)
		diag_error(diags, root->at, "neither 'outputs' nor 'metrics': nothing to do");
}

int export_config_read(const char *path, struct export_config *ret, struct pale_err **err)
{
	struct file f = { ret, path };
	int r;

	*ret = (struct export_config){ .arena = arena_new(), .fold_ns = FOLD_NS };
	r = yaml_config_read(path, ret->arena, read_document, &f, err);
	if (r < 0)
		export_config_release(ret);
	return r;
}

void export_config_release(struct export_config *c)
{
	arena_free(c->arena);
	*c = (struct export_config){ 0 };
}
