/* SPDX-License-Identifier: MIT */
/**
 * @file cfx-config.h
 * Schema of a configuration group, and its checked values.
 *
 * The host checks types, ranges, required and unknown keys of all groups before it starts any
 * instance. After that, getters cannot fail and plugins hold no validation code.
 */
#pragma once

#include <cariflex/cfx-types.h>

G_BEGIN_DECLS

/** @name CfxConfigKey.type, and the member of CfxValue that it fills @{ */
#define CFX_KEY_TEXT 1u        /**< text */
#define CFX_KEY_BOOLEAN 2u     /**< number 0 or 1; "true", "false", "yes", "no", "on", "off" */
#define CFX_KEY_INTEGER 3u     /**< number */
#define CFX_KEY_REAL 4u        /**< real */
#define CFX_KEY_DURATION 5u    /**< number: microseconds; "5min", "PT5M" */
#define CFX_KEY_POWER 6u       /**< real: W; "22 kW" */
#define CFX_KEY_ENERGY 7u      /**< real: Wh; "5 kWh" */
#define CFX_KEY_CHOICE 8u      /**< text, one of `choices`; number: its index */
#define CFX_KEY_LIST 9u        /**< text: items joined by one semicolon */
#define CFX_KEY_FILE 10u       /**< text: absolute path; a relative one counts from the keyfile */
#define CFX_KEY_URL 11u        /**< text: absolute http or https address */
#define CFX_KEY_SECRET_FILE 12u /**< the content comes from CfxBaseApi.secret only; text is NULL */
#define CFX_KEY_LISTENER 13u   /**< text: name of a [listener:…] group that exists */
#define CFX_KEY_ID 14u         /**< number: id of an asset, sensor or account; 0: none */
#define CFX_KEY_TIME 15u       /**< number: instant in microseconds UTC; ISO 8601 */
/** @} */

/** @name CfxConfigKey.flags @{ */
#define CFX_KEY_REQUIRED 1u /**< must be given */
#define CFX_KEY_LIVE 2u     /**< may change in reload() without a restart of the instance */
/** @} */

/** One key of a group. Static data; arrays have the stride CfxFactory.key_size. */
struct _CfxConfigKey {
    const char *name;      /**< "heartbeat" */
    guint32 type, flags;   /**< CFX_KEY_… */
    const char *def;       /**< (nullable) default, as it would stand in the keyfile */
    const char *min, *max; /**< (nullable) inclusive bounds, as they would stand in the keyfile */
    const char *choices;   /**< CFX_KEY_CHOICE: "accept|refuse" */
    const char *summary;   /**< one sentence for the manual */
};
CFX_ASSERT_TIGHT(CfxConfigKey, summary);

/** Checked values in the order of the schema's keys. The host's; lives as long as the instance. */
struct _CfxConfig {
    guint32 struct_size, flags;
    const char *group;        /**< "adapter:depot" */
    const CfxConfigKey *keys; /**< the schema */
    gsize key_size;           /**< stride of keys */
    gsize n_values;           /**< number of keys and of values */
    const CfxValue *values;   /**< one for each key */
    const guint8 *given;      /**< 1 where the value came from a keyfile, 0 where from the default */
};
CFX_ASSERT_TIGHT(CfxConfig, given);

/** The value of a key of the schema; NULL if the schema has no such key (a bug). [any] */
static inline const CfxValue *
cfx_config_value(const CfxConfig *config, const char *name)
{
    for (gsize i = 0; i < config->n_values; i++) {
        const CfxConfigKey *key =
            (const CfxConfigKey *)(const void *)((const char *)config->keys + i * config->key_size);
        if (strcmp(key->name, name) == 0)
            return &config->values[i];
    }
    return NULL;
}

/** Text of a key; NULL when it was not given and has no default. [any] */
static inline const char *
cfx_config_text(const CfxConfig *config, const char *name)
{
    return cfx_config_value(config, name)->text;
}

/** Number of a key (integer, boolean, duration, choice, id, time). [any] */
static inline gint64
cfx_config_number(const CfxConfig *config, const char *name)
{
    return cfx_config_value(config, name)->number;
}

/** Real of a key (real, power, energy); NAN when it was not given and has no default. [any] */
static inline double
cfx_config_real(const CfxConfig *config, const char *name)
{
    return cfx_config_value(config, name)->real;
}

G_END_DECLS
