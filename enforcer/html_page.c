/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/html_page.h"

const char html_page_head[] =
	"<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
	"style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'\">\n"
	"<meta name=\"referrer\" content=\"no-referrer\">\n"
	"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n";

const char html_page_style[] =
	"<style>\n"
	":root{color-scheme:light dark;--ink:#1c2128;--soft:#5b6470;--line:#d6dbe1;--back:#fff;"
	"--bad:#b3261e;--pale:#f5f7f9}\n"
	"@media (prefers-color-scheme:dark){:root{--ink:#e4e8ec;--soft:#9aa4af;--line:#363d46;"
	"--back:#15191e;--bad:#ff8a80;--pale:#1d2329}}\n"
	"body{font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--back);"
	"max-width:76rem;margin:0 auto;padding:1.5rem}\n"
	"h1{font-size:1.5rem;margin:0 0 .3rem}h2{font-size:1.1rem;margin:2rem 0 .5rem}\n"
	"p,li{color:var(--soft)}code,td,.tree{font-family:ui-monospace,monospace;font-size:13px}\n"
	"table{border-collapse:collapse;width:100%}"
	"th{text-align:left;font-weight:600;color:var(--soft)}\n"
	"th,td{padding:.2rem .7rem .2rem 0;vertical-align:top;border-bottom:1px solid var(--line);"
	"overflow-wrap:anywhere}\n"
	"td:first-child{white-space:nowrap;color:var(--soft)}\n"
	"dl{display:grid;grid-template-columns:max-content 1fr;gap:.15rem 1rem;margin:0}"
	"dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}\n"
	"nav a{margin-right:1rem;color:inherit}\n"
	".tree{list-style:none;padding:0;margin:0}.tree li{color:inherit;"
	"padding:.15rem 0 .15rem calc(var(--d)*1.3rem);overflow-wrap:anywhere}\n"
	".tree .act{padding-left:calc(var(--d)*1.3rem + 2rem);color:var(--soft)}\n"
	".tree b{font-weight:600}.bad,.tree .bad{color:var(--bad)}.end{color:var(--soft)}\n"
	".gap{border-left:3px solid var(--bad);background:var(--pale);padding:.3rem "
	".8rem;margin:.3rem 0}\n"
	"@media print{body{max-width:none}}\n"
	"</style>\n";
