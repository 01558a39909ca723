/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The register: who and what there is, who may do what. Everything in it is a record of the
 * collections cfx.*, read once at start; README.md in this folder lists them.
 *
 * All functions are called on the main loop's thread unless they say [any]. No completion comes
 * before the function that asked for it has returned.
 */
#pragma once

#include <cariflex/cfx-adapter.h>
#include <cariflex/cfx-data.h>
#include <cariflex/cfx-model.h>
#include <cariflex/cfx-web.h>

G_BEGIN_DECLS

typedef struct _CfxRegister CfxRegister;
typedef struct _CfxInstance CfxInstance;
typedef struct _CfxStore CfxStore;

/* --- life ---------------------------------------------------------------------------------- */

/* @host_self: the host's own instance, whose data table is given; it and @store (nullable) outlive
 *   the register. There is one register in a process. */
CfxRegister *cfx_register_new(CfxInstance *host_self, CfxStore *store);
/* The same for whoever has no store: @tell (nullable) gets each snapshot before anybody else. */
CfxRegister *cfx_register_new_full(CfxInstance *host_self,
                                   void (*tell)(gpointer data, const CfxModel *model),
                                   gpointer data);
void cfx_register_free(CfxRegister *self);

/* Reads all records, makes the first snapshot and tells the store. Call once, before the rest. */
void cfx_register_load(CfxRegister *self, CfxDone done, gpointer data);

/* The table for plugins. */
const CfxModelApi *cfx_register_api(void);

/* The present snapshot: the register's, good until the next turn of the loop. */
const CfxModel *cfx_register_model(CfxRegister *self);

/* --- sources ------------------------------------------------------------------------------- */

/* The source of a plugin instance's own beliefs; made when it is asked for the first time, with
 * that type (CFX_SOURCE_…), in force at once. */
gint64 cfx_register_source_for(CfxRegister *self, const char *instance, guint32 type);
/* The source of what a principal posts: the imported one, else one of type user, made when asked
 * for the first time. 0: there is no such principal. */
gint64 cfx_register_source_of_principal(CfxRegister *self, gint64 principal);

/* --- import and approval ------------------------------------------------------------------- */

/* Answer as JSON text, lent. */
typedef void (*CfxRegisterTextDone)(gpointer data, const char *json, const GError *error);

/*
 * Brings a file of data/doc/import-format.md in, all or nothing.
 * @secrets: (nullable) name and text of each secret that the file names, ended by a NULL name
 * @done: what was new, changed and the same, and secrets that were generated (once only).
 *   CFX_ERROR_INVALID: the message has one line for each problem, each beginning with its path.
 */
void cfx_register_import(CfxRegister *self,
                         const char *json,
                         gsize size,
                         const CfxPair *secrets,
                         CfxRegisterTextDone done,
                         gpointer data);

/* Notes that somebody unknown was at the door of an instance. At most 256 are remembered. */
void cfx_register_knock(CfxRegister *self, const char *instance, const CfxKnock *knock);

/* what a person decides when a station is approved; 0, NAN and NULL: the usual */
typedef struct {
    gint64 site;          /* 0: the only site there is */
    const char *name;     /* of the station's asset; NULL: its identity */
    guint evses;          /* 0: as many as it said, else 1 */
    double power_max_w;   /* of each EVSE; NAN: 22 kW */
    double fail_safe_w;   /* of each EVSE; NAN: 0, it draws nothing without a plan */
    guint phases;         /* 0: 3 */
    double max_current_a; /* NAN: 32 A */
} CfxApproveHow;

/* Makes assets, sensors, bindings, principal and password for a station that has knocked, or for an
 * identity that nobody knows yet when @instance is given. The password stands in the answer, once.
 * @instance: (nullable) of the adapter; NULL: where it knocked */
void cfx_register_approve(CfxRegister *self,
                          const char *instance,
                          const char *identity,
                          const CfxApproveHow *how,
                          CfxRegisterTextDone done,
                          gpointer data);

/* What the device behind an asset says of itself. */
typedef struct {
    gint64 asset;
    guint evses;        /* of its station; 0: it has not said */
    double power_max_w; /* of the device alone; NAN: it has not said, or a car limits it now */
} CfxSyncReport;

/*
 * Compares the register with what stations report: number of EVSEs, power of each. With `mend` it
 * adds EVSEs that are missing and lowers powers that are registered too high; nothing is deleted
 * and nothing raised.
 * @done: {"version":1, "stations":[{"identity", "instance", "registered_evses", "reported_evses",
 *   "differences":[{"what": "count" | "power", "asset", "evse", "registered", "reported", "text",
 *   "mendable", "mended"}]}], "differences", "mended"}
 */
void cfx_register_sync(CfxRegister *self,
                       const CfxSyncReport *reports,
                       gsize n,
                       gboolean mend,
                       CfxRegisterTextDone done,
                       gpointer data);

/* --- identity ------------------------------------------------------------------------------ */

/* CfxWebApi.login, see there. Machine secrets are answered in the next turn, people's after the
 * slow hash in the pool. */
void cfx_register_login(CfxRegister *self,
                        const char *user,
                        const char *password,
                        gint64 lifetime_us,
                        CfxLoginDone done,
                        gpointer data);
/* Whom a bearer token belongs to, at once. Fills @ret, whose texts live as long as the principal.
 * FALSE: unknown or expired. */
gboolean cfx_register_bearer(CfxRegister *self, const char *token, CfxLogin *ret);
/*
 * Makes a token for a sign-in link, which login() changes once into a bearer token of the same role.
 * @role: "viewer", "operator" or "admin", of everything there is
 * @lifetime_us: REAL, up to a day
 * @done: {"token": …, "expires": …}
 */
void cfx_register_link(CfxRegister *self,
                       const char *role,
                       gint64 lifetime_us,
                       CfxRegisterTextDone done,
                       gpointer data);
/* Makes a token worthless. */
void cfx_register_revoke(CfxRegister *self, const char *token);

/* Whether the principal may do that (CFX_RIGHT_…) with the asset; asset 0: with all of its own
 * account. [any] */
gboolean cfx_register_may(CfxRegister *self, gint64 principal, guint32 right, gint64 asset);
/* CFX_ROLE_ANY … ADMIN, by its grants: read or post: READ; change or control: OPERATE. [any] */
guint32 cfx_register_role(CfxRegister *self, gint64 principal);

/* --- id tokens of drivers ------------------------------------------------------------------ */

typedef enum {
    CFX_TOKEN_UNKNOWN,
    CFX_TOKEN_ACCEPTED,
    CFX_TOKEN_BLOCKED,
    CFX_TOKEN_EXPIRED,
} CfxTokenStatus;

typedef struct {
    CfxTokenStatus status;
    gint64 account;
    const char *name;           /* (nullable) the register's, good until the next turn */
    double need_wh, minimum_wh; /* NAN: no preference */
    gint departure_minute;      /* of the site's day; -1: no preference */
} CfxToken;

/* What is known of "TYPE:VALUE". Returns: FALSE and CFX_TOKEN_UNKNOWN if nothing is. */
gboolean cfx_register_token(CfxRegister *self, const char *token, CfxToken *ret);

/* --- for people: JSON text, (transfer full) ------------------------------------------------- */

char *cfx_register_stations_json(CfxRegister *self); /* bound ones, and those that knocked */
char *cfx_register_sensors_json(CfxRegister *self);
char *cfx_register_assets_json(CfxRegister *self);

G_END_DECLS
