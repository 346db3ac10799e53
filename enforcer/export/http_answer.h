/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_EXPORT_HTTP_ANSWER_H
#define PALE_EXPORT_HTTP_ANSWER_H

/* What an answer to a POST means for what was posted. What is neither of these is tried again: who
 * set a wrong path or token may set it right. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

bool http_answer_is_success(long status);
/* It will never be taken, whoever asks: 400, 413, 415 and 422 (RFC 9110). */
bool http_answer_is_refusal(long status);
/* partialSuccess.rejectedLogRecords of an ExportLogsServiceResponse; 0 when there is none. */
uint64_t http_answer_rejected(const char *body, size_t len);

#endif
