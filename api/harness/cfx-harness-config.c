/* SPDX-License-Identifier: MIT */
/* Lines of a keyfile's group, checked against the plugin's own schema. */
#include "cfx-harness-private.h"

#include <kit/cfx-config-value.h>
#include <math.h>
#include <string.h>

typedef struct {
    CfxConfig config;
    GHashTable *lines; /* key → text */
    CfxValue *values;
    guint8 *given;
    char *group, *who;
} Config;

static void
config_free(gpointer data)
{
    Config *self = data;
    g_hash_table_unref(self->lines);
    for (gsize i = 0; i < self->config.n_values; i++)
        g_free((char *)(guintptr)self->values[i].text);
    g_free(self->values);
    g_free(self->given);
    g_free(self->group);
    g_free(self->who);
    g_free(self);
}

static CfxConfigKey
key_at(const CfxFactory *factory, gsize i)
{
    CfxConfigKey key = { 0 };
    memcpy(&key,
           (const char *)factory->keys + i * factory->key_size,
           MIN(factory->key_size, sizeof key));
    return key;
}

static gboolean G_GNUC_PRINTF(2, 3) fail(GError **error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_set_error_literal(error, CFX_ERROR, CFX_ERROR_CONFIG, text);
    return FALSE;
}

static gboolean
read_lines(Config *self, const CfxFactory *factory, const char *keyfile, GError **error)
{
    g_auto(GStrv) lines = g_strsplit(keyfile != NULL ? keyfile : "", "\n", -1);
    for (guint i = 0; lines[i] != NULL; i++) {
        char *line = g_strstrip(lines[i]);
        char *equals = strchr(line, '=');
        if (*line == '\0' || *line == '#' || *line == ';')
            continue;
        if (equals == NULL)
            return fail(
                error, "line %u: \"%s\" is neither \"key=value\" nor a comment", i + 1, line);
        *equals = '\0';
        char *key = g_strstrip(line), *text = g_strstrip(equals + 1);
        gboolean is_known = FALSE;
        for (gsize k = 0; k < factory->n_keys && !is_known; k++)
            is_known = strcmp(key_at(factory, k).name, key) == 0;
        if (!is_known)
            return fail(error, "unknown key \"%s\"; %s has no such key", key, self->who);
        if (!g_hash_table_replace(self->lines, g_strdup(key), g_strdup(text)))
            return fail(error, "\"%s\" is given again", key);
    }
    return TRUE;
}

static gboolean
read_key(CfxHarness *harness, Config *self, const CfxConfigKey *key, gsize i, GError **error)
{
    CfxValue *value = &self->values[i];
    const char *text = g_hash_table_lookup(self->lines, key->name);
    g_autofree char *problem = NULL;
    *value = (CfxValue){ NULL, 0, NAN };
    self->given[i] = text != NULL && *text != '\0';
    if (key->type == CFX_KEY_SECRET_FILE) {
        if (self->given[i]) {
            GBytes *secret = cfx_config_read_secret(text, NULL, &problem);
            if (secret == NULL)
                return fail(error, "%s %s", key->name, problem);
            g_hash_table_replace(harness->secrets, g_strdup(key->name), secret);
        }
        if (g_hash_table_contains(harness->secrets, key->name))
            return TRUE;
    }
    if (!self->given[i] && (key->flags & CFX_KEY_REQUIRED) != 0)
        return fail(error,
                    "\"%s\" is missing, which %s requires%s%s",
                    key->name,
                    self->who,
                    key->summary != NULL ? ": " : "",
                    key->summary != NULL ? key->summary : "");
    if (!self->given[i])
        text = key->def;
    if (text == NULL || key->type == CFX_KEY_SECRET_FILE)
        return TRUE;
    problem = cfx_config_read_value(key, text, NULL, value);
    if (problem == NULL)
        problem = cfx_config_check_bounds(key, value, self->who);
    if (problem != NULL)
        return fail(
            error, "%s%s=%s %s", self->given[i] ? "" : "the default ", key->name, text, problem);
    return TRUE;
}

const CfxConfig *
cfx_harness_config(CfxHarness *harness,
                   const CfxFactory *factory,
                   const char *keyfile,
                   GError **error)
{
    Config *self = g_new0(Config, 1);
    if (harness->configs == NULL)
        harness->configs = g_ptr_array_new_with_free_func(config_free);
    g_ptr_array_add(harness->configs, self);
    self->lines = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    self->values = g_new0(CfxValue, MAX(1, factory->n_keys));
    self->given = g_new0(guint8, MAX(1, factory->n_keys));
    self->who = g_strdup_printf("plugin \"%s\"", factory->name);
    const char *kind = strchr(factory->kind, '.'), *slash = strchr(factory->kind, '/');
    if (kind != NULL && slash > kind)
        self->group =
            g_strdup_printf("%.*s:%s", (int)(slash - kind - 1), kind + 1, harness->instance);
    self->config = (CfxConfig){ .struct_size = sizeof(CfxConfig),
                                .group = self->group,
                                .keys = factory->keys,
                                .key_size = factory->key_size,
                                .n_values = factory->n_keys,
                                .values = self->values,
                                .given = self->given };
    if (!read_lines(self, factory, keyfile, error))
        return NULL;
    for (gsize i = 0; i < factory->n_keys; i++) {
        CfxConfigKey key = key_at(factory, i);
        if (!read_key(harness, self, &key, i, error))
            return NULL;
    }
    return &self->config;
}
