/* SPDX-License-Identifier: MIT */
/*
 * One value of a keyfile, read as a CfxConfigKey says. The host checks every group with these
 * functions, and the harness the texts of a test, so both say the same of a wrong value.
 * All functions may be called from any thread.
 */
#pragma once

#include <cariflex/cfx-config.h>

G_BEGIN_DECLS

/*
 * Reads one value. @ret->text is made by g_malloc.
 * @base: folder of relative paths (nullable)
 * Returns: NULL, or what is wrong with it, to stand behind "KEY=VALUE " (transfer full)
 */
char *
cfx_config_read_value(const CfxConfigKey *key, const char *text, const char *base, CfxValue *ret);

/* Compares a value with the schema's bounds. @who: "plugin \"ocpp\"". Returns: the same. */
char *
cfx_config_check_bounds(const CfxConfigKey *key, const CfxValue *value, const char *who);

/* Content of the file that a CFX_KEY_SECRET_FILE names, without the last newline; NULL with what is
 * wrong in @ret_problem. Both (transfer full). Blocks. */
GBytes *cfx_config_read_secret(const char *text, const char *base, char **ret_problem);

G_END_DECLS
