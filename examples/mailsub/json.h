/* SPDX-License-Identifier: 0BSD */
#ifndef MAILSUB_COMMAND_JSON_H
#define MAILSUB_COMMAND_JSON_H

#include <stdio.h>

#include <mailsub/mailsub.h>

/* A string in quotes; text is valid UTF-8. */
void json_text(FILE *out, const char *text);
/* before, "name":"value" */
void json_member(FILE *out, const char *before, const char *name, const char *value);
/* A receipt without its line end. */
void json_receipt(FILE *out, const mailsub_receipt *receipt);
void json_findings(FILE *out, const mailsub_findings *findings);

#endif
