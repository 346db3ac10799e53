/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/posture/posture_command.h"

#include "compiler/base/cleanup.h"
#include "compiler/command_input.h"

#include <string.h>

int posture_options(const struct invocation *in, size_t json, size_t sarif, size_t severity,
	enum control_severity *ret_least)
{
	const char *word = option_argument(in, severity);
	size_t i = 0;

	*ret_least = CONTROL_LOW;
	if (option_given(in, json) && option_given(in, sarif))
		return usage_error(in, "--json or --sarif");
	if (!word)
		return STATUS_OK;
	while (control_severities.word(i) && strcmp(control_severities.word(i), word) != 0)
		i++;
	if (!control_severities.word(i))
		return unknown_word(in, &control_severities, word);
	*ret_least = (enum control_severity)i;
	return STATUS_OK;
}

int posture_print(const struct invocation *in, const struct posture *p, size_t json, size_t sarif)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;

	if (option_given(in, json)) {
		output_json(posture_json(p), stdout);
	} else if (option_given(in, sarif)) {
		output_json(posture_sarif(p, "pale audit"), stdout);
	} else {
		posture_text(p, &t);
		fputs(text_str(&t), stdout);
	}
	return posture_status(p);
}
