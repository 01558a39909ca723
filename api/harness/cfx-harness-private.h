/* SPDX-License-Identifier: MIT */
/* The parts of a harness, each with the memory of one table. */
#pragma once

#include "cfx-harness.h"

typedef struct _CfxHarnessData CfxHarnessData;
typedef struct _CfxHarnessModel CfxHarnessModel;
typedef struct _CfxHarnessDevices CfxHarnessDevices;
typedef struct _CfxHarnessWeb CfxHarnessWeb;

typedef struct {
    CfxTimer id;
    guint32 clock;
    gint64 at_us;
    CfxFunc func;
    gpointer data;
} CfxHarnessTimer;

struct _CfxHarness {
    CfxHost host; /* first: the tables find us by it */
    char *instance;
    const CfxPluginInfo *info; /* (nullable) while there is an instance, and behind it */
    CfxFactory factory;        /* zero-filled copy */
    CfxAdapterOps adapter;     /* zero-filled copy; kind adapter */
    gpointer self;
    const CfxConfig *config;
    gboolean is_stopping; /* what it still waits for is cancelled */
    gint64 site_us, real_us;
    GQueue later; /* (element-type Later) */
    GArray *timers;
    CfxTimer last_timer;
    GPtrArray *configs;
    GHashTable *secrets; /* key → GBytes */
    guint32 health;
    char *reason;
    GPtrArray *logged[CFX_LOG_CRITICAL + 1];
    GPtrArray *metrics;
    CfxHarnessData *data;
    CfxHarnessModel *model;
    CfxHarnessDevices *devices;
    CfxHarnessWeb *web;
};

static inline CfxHarness *
cfx_harness_of(const CfxHost *host)
{
    return (CfxHarness *)(gpointer)(guintptr)host;
}

/* Something that comes with the next run. */
void cfx_harness_later(CfxHarness *self, CfxFunc func, gpointer data);

/* A text that lives as long as the process: what the tables lend keeps no books. NULL stays NULL.
 */
static inline const char *
cfx_harness_text(const char *text)
{
    return text != NULL ? g_intern_string(text) : NULL;
}

/* A call that remembers how it ended. */
typedef struct {
    CfxCall call; /* first */
    gboolean is_finished;
    GBytes *answer;
    GError *error;
} CfxHarnessCall;

CfxHarnessCall *cfx_harness_call_new(void);
/* Not finished yet: it stays with whoever holds the token. */
void cfx_harness_call_free(CfxHarnessCall *call);

extern const CfxBaseApi cfx_harness_base_api;
extern const CfxDataApi cfx_harness_data_api;
extern const CfxModelApi cfx_harness_model_api;
extern const CfxDeviceApi cfx_harness_device_api;
extern const CfxWebApi cfx_harness_web_api;

CfxHarnessData *cfx_harness_data_new(void);
void cfx_harness_data_free(CfxHarnessData *data);
void cfx_harness_data_stop(CfxHarness *self);
/* What was found wrong with a commit; the words are the host's. */
gboolean cfx_harness_check_commit(CfxHarness *self, const CfxCommit *commit, GError **error);

CfxHarnessModel *cfx_harness_model_new(void);
void cfx_harness_model_free(CfxHarnessModel *model);
void cfx_harness_model_stop(CfxHarness *self);

CfxHarnessDevices *cfx_harness_devices_new(void);
void cfx_harness_devices_free(CfxHarnessDevices *devices);
void cfx_harness_devices_stop(CfxHarness *self);

CfxHarnessWeb *cfx_harness_web_new(void);
void cfx_harness_web_free(CfxHarnessWeb *web);
void cfx_harness_web_stop(CfxHarness *self);
void cfx_harness_metric_free(gpointer metric);
