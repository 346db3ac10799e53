/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_HTML_PAGE_H
#define PALE_HTML_PAGE_H

/*
 * What pages begin with: they load nothing and run nothing, whatever is on them (a
 * Content-Security-Policy says so to the browser, too), in light and dark, on a screen and on
 * paper.
 */

/* From the document's type to what follows in <head>: a <title>, and the style. */
extern const char html_page_head[];
extern const char html_page_style[];

#endif
