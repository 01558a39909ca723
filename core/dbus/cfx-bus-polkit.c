/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who may do that on a message bus: root and our own user at once, others if polkit says so. Where
 * there is no polkit it is said, and only root may.
 */
#include "cfx-bus-private.h"

#include "cfx-error.h"
#include "cfx-log.h"

#include <string.h>
#include <unistd.h>

#define BUS_MS 5000
#define POLKIT_MS (25 * 1000)
/* a person looks for a password */
#define PERSON_MS (5 * 60 * 1000)
/* callers that wait for polkit: more would be a flood */
#define CHECKS_MAX 64
#define POLKIT "org.freedesktop.PolicyKit1"
#define ALLOW_USER_INTERACTION 1u

typedef struct {
    CfxBus *bus; /* good while `cancelled` is not */
    GCancellable *cancelled;
    GDBusMethodInvocation *invocation;
    char *action;
    CfxBusType type;
    gboolean is_counted;
    uid_t user;
    CfxBusAuthorized done;
    gpointer data;
} Check;

static void
finish(Check *check, GError *error)
{
    if (g_cancellable_is_cancelled(check->cancelled)) {
        g_clear_error(&error);
        error = g_error_new_literal(CFX_ERROR, CFX_ERROR_CANCELLED, "the daemon is stopping");
    } else if (check->is_counted) {
        check->bus->n_checks--;
    }
    check->done(check->data, check->user, error);
    g_clear_error(&error);
    g_object_unref(check->cancelled);
    g_object_unref(check->invocation);
    g_free(check->action);
    g_free(check);
}

static gboolean
is_absent(const GError *error)
{
    g_autofree char *name = g_dbus_error_get_remote_error(error);
    return name != NULL && (strcmp(name, "org.freedesktop.DBus.Error.ServiceUnknown") == 0 ||
                            strcmp(name, "org.freedesktop.DBus.Error.NameHasNoOwner") == 0 ||
                            g_str_has_prefix(name, "org.freedesktop.DBus.Error.Spawn."));
}

static GError *
refusal(const Check *check, gboolean is_challenge)
{
    if (is_challenge)
        return g_error_new(CFX_ERROR,
                           CFX_ERROR_AUTH,
                           "%s takes an administrator's password, and nobody could be asked for "
                           "it: run this as root, or where a polkit agent runs",
                           check->action);
    return g_error_new(CFX_ERROR,
                       CFX_ERROR_AUTH,
                       "%s is not allowed to you: run this as root, or ask the administrator "
                       "for a polkit rule",
                       check->action);
}

static void
decided(GObject *source, GAsyncResult *result, gpointer data)
{
    Check *check = data;
    g_autoptr(GError) error = NULL;
    g_autoptr(GVariant) answer =
        g_dbus_connection_call_finish(G_DBUS_CONNECTION(source), result, &error);
    gboolean is_authorized = FALSE, is_challenge = FALSE;
    if (answer != NULL) {
        g_variant_get(answer, "((bb@a{ss}))", &is_authorized, &is_challenge, NULL);
        finish(check, is_authorized ? NULL : refusal(check, is_challenge));
        return;
    }
    if (is_absent(error)) {
        finish(check,
               g_error_new(CFX_ERROR,
                           CFX_ERROR_AUTH,
                           "%s: polkit does not run here, so only root may do that",
                           check->action));
        return;
    }
    g_dbus_error_strip_remote_error(error);
    if (!g_cancellable_is_cancelled(check->cancelled))
        cfx_log_say(CFX_LOG_WARNING, "bus", "polkit, %s: %s", check->action, error->message);
    finish(check,
           g_error_new(CFX_ERROR,
                       CFX_ERROR_AUTH,
                       "%s: polkit could not decide: %s",
                       check->action,
                       error->message));
}

static void
ask_polkit(Check *check)
{
    GDBusMessage *message = g_dbus_method_invocation_get_message(check->invocation);
    gboolean may_ask = (g_dbus_message_get_flags(message) &
                        G_DBUS_MESSAGE_FLAGS_ALLOW_INTERACTIVE_AUTHORIZATION) != 0;
    GVariantBuilder subject, details;
    check->is_counted = TRUE;
    check->bus->n_checks++;
    g_variant_builder_init(&subject, G_VARIANT_TYPE_VARDICT);
    g_variant_builder_add(
        &subject,
        "{sv}",
        "name",
        g_variant_new_string(g_dbus_method_invocation_get_sender(check->invocation)));
    g_variant_builder_init(&details, G_VARIANT_TYPE("a{ss}"));
    g_dbus_connection_call(g_dbus_method_invocation_get_connection(check->invocation),
                           POLKIT,
                           "/org/freedesktop/PolicyKit1/Authority",
                           POLKIT ".Authority",
                           "CheckAuthorization",
                           g_variant_new("((sa{sv})sa{ss}us)",
                                         "system-bus-name",
                                         &subject,
                                         check->action,
                                         &details,
                                         may_ask ? ALLOW_USER_INTERACTION : 0,
                                         ""),
                           G_VARIANT_TYPE("((bba{ss}))"),
                           G_DBUS_CALL_FLAGS_NONE,
                           may_ask ? PERSON_MS : POLKIT_MS,
                           check->cancelled,
                           decided,
                           check);
}

static void
identified(GObject *source, GAsyncResult *result, gpointer data)
{
    Check *check = data;
    g_autoptr(GError) error = NULL;
    g_autoptr(GVariant) answer =
        g_dbus_connection_call_finish(G_DBUS_CONNECTION(source), result, &error);
    guint32 user = G_MAXUINT32;
    if (answer == NULL) {
        finish(
            check,
            g_error_new(
                CFX_ERROR, CFX_ERROR_AUTH, "the bus does not say who you are: %s", error->message));
        return;
    }
    g_variant_get(answer, "(u)", &user);
    check->user = user;
    if (user == 0 || user == geteuid())
        finish(check, NULL);
    else if (check->action == NULL || check->type != CFX_BUS_SYSTEM)
        finish(check, g_error_new_literal(CFX_ERROR, CFX_ERROR_AUTH, "only root may do that"));
    else if (check->bus->n_checks >= CHECKS_MAX)
        finish(check,
               g_error_new_literal(CFX_ERROR, CFX_ERROR_FULL, "too many calls wait for polkit"));
    else
        ask_polkit(check);
}

void
cfx_bus_authorize(CfxBusLink *link,
                  GDBusMethodInvocation *invocation,
                  const char *action,
                  CfxBusAuthorized done,
                  gpointer data)
{
    CfxBus *bus = link->bus;
    Check *check = g_new0(Check, 1);
    check->bus = bus;
    check->cancelled = g_object_ref(bus->cancelled);
    check->invocation = g_object_ref(invocation);
    check->action = g_strdup(action);
    check->type = link->type;
    check->user = (uid_t)-1;
    check->done = done;
    check->data = data;
    g_dbus_connection_call(link->connection,
                           "org.freedesktop.DBus",
                           "/org/freedesktop/DBus",
                           "org.freedesktop.DBus",
                           "GetConnectionUnixUser",
                           g_variant_new("(s)", g_dbus_method_invocation_get_sender(invocation)),
                           G_VARIANT_TYPE("(u)"),
                           G_DBUS_CALL_FLAGS_NONE,
                           BUS_MS,
                           check->cancelled,
                           identified,
                           check);
}
