/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A compromised worker: `location /attack/ { attack; }` makes nginx answer GET
 * /attack/NAME?ARGUMENT by trying that attack inside its worker process. It answers "allowed",
 * "refused ERRNO CALL", or 404.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "attacks.h"

static char *attack_directive(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

static ngx_command_t commands[] = {
	{ ngx_string("attack"), NGX_HTTP_LOC_CONF | NGX_CONF_NOARGS, attack_directive, 0, 0, NULL },
	ngx_null_command,
};

static ngx_http_module_t context;

static ngx_module_t ngx_http_attack_module = {
	NGX_MODULE_V1,
	&context,
	commands,
	NGX_HTTP_MODULE,
	NULL,
	NULL,
	NULL,
	NULL,
	NULL,
	NULL,
	NULL,
	NGX_MODULE_V1_PADDING,
};

/* What nginx looks for in a module's file, auto/module in its sources. */
ngx_module_t *ngx_modules[] = { &ngx_http_attack_module, NULL };
char *ngx_module_names[] = { (char *)"ngx_http_attack_module", NULL };
char *ngx_module_order[] = { NULL };

/* The worker's own handler would reap the attack's children. */
static int run(const struct attack *attack, const char *argument, const char **ret_call)
{
	sigset_t child, was;
	int errnum;

	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	sigprocmask(SIG_BLOCK, &child, &was);
	errnum = attack->run(argument, ret_call);
	sigprocmask(SIG_SETMASK, &was, NULL);
	return errnum;
}

static ngx_int_t answer(ngx_http_request_t *r, int errnum, const char *call)
{
	ngx_chain_t out = { .next = NULL };
	ngx_int_t status;

	out.buf = ngx_create_temp_buf(r->pool, 128);
	if (!out.buf)
		return NGX_HTTP_INTERNAL_SERVER_ERROR;
	if (errnum)
		out.buf->last = ngx_slprintf(out.buf->pos, out.buf->end, "refused %s %s\n",
			strerrorname_np(errnum), call);
	else
		out.buf->last = ngx_slprintf(out.buf->pos, out.buf->end, "allowed\n");
	out.buf->last_buf = 1;
	r->headers_out.status = NGX_HTTP_OK;
	r->headers_out.content_length_n = out.buf->last - out.buf->pos;
	ngx_str_set(&r->headers_out.content_type, "text/plain");
	status = ngx_http_send_header(r);
	return status == NGX_OK ? ngx_http_output_filter(r, &out) : status;
}

static ngx_int_t handle(ngx_http_request_t *r)
{
	const struct attack *attack;
	const char *call = "";
	char name[64], argument[256];
	u_char *slash = r->uri.data + r->uri.len;
	int errnum;

	if (ngx_http_discard_request_body(r) != NGX_OK)
		return NGX_HTTP_INTERNAL_SERVER_ERROR;
	while (slash > r->uri.data && slash[-1] != '/')
		slash--;
	ngx_snprintf(
		(u_char *)name, sizeof(name), "%*s%Z", r->uri.data + r->uri.len - slash, slash);
	ngx_snprintf((u_char *)argument, sizeof(argument), "%V%Z", &r->args);
	name[sizeof(name) - 1] = argument[sizeof(argument) - 1] = '\0';
	attack = attack_find(name);
	if (!attack)
		return NGX_HTTP_NOT_FOUND;
	errnum = run(attack, argument, &call);
	return answer(r, errnum, call);
}

static char *attack_directive(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
	ngx_http_core_loc_conf_t *location =
		ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

	location->handler = handle;
	return NGX_CONF_OK;
}
