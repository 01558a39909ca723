/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A small world, one station and one car, plays two hours against a server in this process. What is
 * asserted is read from the world's log and from what the server got. The server takes its time
 * with one answer, and the station loses its network once.
 */
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

#include "fake-host.h"
#include "simulator-gateway.h"
#include "simulator-json.h"
#include "simulator-world.h"

#define SLOW_MS 300

static const char world_text[] =
    "{\"format\":\"cariflex-world\",\"version\":1,\"name\":\"small\",\"zone\":\"Etc/"
    "UTC\",\"latitude\":14,"
    "\"longitude\":0,\"contract_kw\":70,\"base_max_kw\":16,\"base_noise_kw\":0.1,\"fail_safe_a\":6,"
    "\"base_kw\":[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1],\"registers_kwh\":[100,0],"
    "\"pv\":[{\"sensor\":41,\"peak_kw\":3}],\"sensors\":{\"irradiance\":81,\"temperature\":82,"
    "\"live_power\":108,\"import_register\":105,\"export_register\":106,\"base_forecast\":103,"
    "\"pv_forecast\":104},\"stations\":[{\"name\":\"CP1\",\"rated_kw\":22,\"max_current_a\":32,"
    "\"rate_units\":\"A\",\"periods\":24,\"register_kwh\":5,\"sensor\":61}],\"cars\":[{\"name\":"
    "\"car\","
    "\"station\":\"CP1\",\"arrive\":[\"12:10\",\"12:10\"],\"depart\":[\"13:40\",\"13:40\"],"
    "\"tells\":\"needs\","
    "\"token\":\"T1\",\"need_kwh\":[8,8],\"by\":\"13:30\",\"spare_kwh\":[20,20],\"battery_kwh\":60,"
    "\"phases\":3,\"max_current_a\":16}],\"prices\":{\"program\":\"p\",\"tomorrow_at\":\"12:30\"},"
    "\"load_control\":[{\"name\":\"e\",\"program\":\"l\",\"publish\":\"12:20\",\"start\":\"13:00\","
    "\"end\":\"13:15\",\"type\":\"SIMPLE\",\"value\":2}],\"faults\":[{\"kind\":\"socket\","
    "\"stations\":[\"CP1\"],\"start\":[\"12:40\",\"12:40\"],\"minutes\":[9,9]}]}";

/* --- the server ---------------------------------------------------------------------------- */

typedef struct {
    SoupServer *server;
    SoupWebsocketConnection *socket;
    GPtrArray *events; /* (element-type JsonNode), TransactionEvents as they came */
    GHashTable *posts; /* path → number */
    guint programs, published, boots, needs, next_id;
    char *transaction;
    gboolean is_slow_done, is_away;
} Server;

typedef struct {
    SoupWebsocketConnection *socket;
    char *text;
} Late;

static gboolean
late_cb(gpointer data)
{
    Late *late = data;
    soup_websocket_connection_send_text(late->socket, late->text);
    g_object_unref(late->socket);
    g_free(late->text);
    g_free(late);
    return G_SOURCE_REMOVE;
}

static void
answer(Server *self, const char *id, const char *payload, guint after_ms)
{
    Late *late = g_new(Late, 1);
    late->socket = g_object_ref(self->socket);
    late->text = g_strdup_printf("[3,\"%s\",%s]", id, payload);
    if (after_ms == 0)
        late_cb(late);
    else
        g_timeout_add(after_ms, late_cb, late);
}

static void
send_profile(Server *self, const char *purpose, const char *transaction, const char *periods)
{
    g_autofree char *of = transaction == NULL
                              ? g_strdup("")
                              : g_strdup_printf("\"transactionId\":\"%s\",", transaction);
    g_autofree char *text =
        g_strdup_printf("[2,\"s%u\",\"SetChargingProfile\",{\"evseId\":1,\"chargingProfile\":{"
                        "\"id\":%d,\"stackLevel\":0,%s"
                        "\"chargingProfilePurpose\":\"%s\",\"chargingProfileKind\":\"Absolute\","
                        "\"chargingSchedule\":[{\"id\":1,"
                        "\"startSchedule\":\"2025-10-01T12:00:00Z\",\"chargingRateUnit\":\"A\","
                        "\"chargingSchedulePeriod\":%s}]}}]",
                        ++self->next_id,
                        transaction == NULL ? 1 : 2,
                        of,
                        purpose,
                        periods);
    soup_websocket_connection_send_text(self->socket, text);
}

static void
take_event(Server *self, const char *id, JsonObject *payload, JsonNode *node)
{
    JsonObject *info = sim_json_object(payload, "transactionInfo");
    gboolean slow = !self->is_slow_done && self->events->len == 10;
    g_ptr_array_add(self->events, json_node_copy(node));
    answer(self,
           id,
           json_object_has_member(payload, "idToken")
               ? "{\"idTokenInfo\":{\"status\":\"Accepted\"}}"
               : "{}",
           slow ? SLOW_MS : 0);
    self->is_slow_done |= slow;
    if (self->transaction == NULL) {
        self->transaction = g_strdup(sim_json_string(info, "transactionId"));
        /* from 12:30 on 10 A, from 12:45 (the network is lost then) 16 A */
        send_profile(self,
                     "TxProfile",
                     self->transaction,
                     "[{\"startPeriod\":0,\"limit\":6},{\"startPeriod\":1800,\"limit\":10},"
                     "{\"startPeriod\":2700,\"limit\":16},{\"startPeriod\":4800,\"limit\":5}]");
    }
}

static void
message_cb(SoupWebsocketConnection *socket, int type, GBytes *bytes, gpointer data)
{
    Server *self = data;
    gsize size;
    const char *text = g_bytes_get_data(bytes, &size);
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonNode) node = sim_json_parse(text, size, &error);
    g_assert_no_error(error);
    JsonArray *frame = json_node_get_array(node);
    if (json_array_get_int_element(frame, 0) != 2) {
        g_assert_cmpint(json_array_get_int_element(frame, 0), ==, 3);
        return;
    }
    const char *id = json_array_get_string_element(frame, 1);
    const char *action = json_array_get_string_element(frame, 2);
    JsonObject *payload = json_array_get_object_element(frame, 3);
    if (strcmp(action, "BootNotification") == 0) {
        self->boots++;
        answer(
            self,
            id,
            "{\"currentTime\":\"2025-10-01T12:00:00Z\",\"interval\":300,\"status\":\"Accepted\"}",
            0);
        send_profile(self, "TxDefaultProfile", NULL, "[{\"startPeriod\":0,\"limit\":6}]");
    } else if (strcmp(action, "TransactionEvent") == 0) {
        take_event(self, id, payload, node);
    } else if (strcmp(action, "Authorize") == 0) {
        answer(self, id, "{\"idTokenInfo\":{\"status\":\"Accepted\"}}", 0);
    } else if (strcmp(action, "NotifyEVChargingNeeds") == 0) {
        self->needs++;
        answer(self, id, "{\"status\":\"Accepted\"}", 0);
    } else if (strcmp(action, "Heartbeat") == 0) {
        answer(self, id, "{\"currentTime\":\"2025-10-01T12:00:00Z\"}", 0);
    } else {
        answer(self, id, "{}", 0);
    }
}

static void
socket_cb(SoupServer *server,
          SoupServerMessage *message,
          const char *path,
          SoupWebsocketConnection *socket,
          gpointer data)
{
    Server *self = data;
    g_assert_cmpstr(path, ==, "/ocpp/CP1");
    g_set_object(&self->socket, socket);
    g_signal_connect(socket, "message", G_CALLBACK(message_cb), self);
}

static void
reply(SoupServerMessage *message, guint status, const char *body)
{
    soup_server_message_set_status(message, status, NULL);
    soup_server_message_set_response(
        message, "application/json", SOUP_MEMORY_COPY, body, strlen(body));
}

static void
http_cb(SoupServer *server,
        SoupServerMessage *message,
        const char *path,
        GHashTable *query,
        gpointer data)
{
    Server *self = data;
    if (self->is_away) {
        reply(message, 503, "{}");
        return;
    }
    const char *authorization = soup_message_headers_get_one(
        soup_server_message_get_request_headers(message), "Authorization");
    guint n = GPOINTER_TO_UINT(g_hash_table_lookup(self->posts, path));
    g_hash_table_insert(self->posts, g_strdup(path), GUINT_TO_POINTER(n + 1));
    if (strcmp(path, "/health") == 0) {
        reply(message, n == 0 ? 503 : 200, "{}");
    } else if (strcmp(path, "/vtn/auth/server") == 0) {
        g_autofree char *url =
            g_strdup_printf("{\"tokenURL\":\"http://127.0.0.1:%d/vtn/auth/token\"}",
                            g_uri_get_port(soup_server_message_get_uri(message)));
        reply(message, 200, url);
    } else if (strcmp(path, "/vtn/auth/token") == 0) {
        reply(message, 200, "{\"access_token\":\"tok\",\"token_type\":\"Bearer\"}");
    } else if (strcmp(path, "/vtn/programs") == 0) {
        g_assert_cmpstr(authorization, ==, "Bearer tok");
        /* the first is there already */
        if (strcmp(soup_server_message_get_method(message), "GET") == 0)
            reply(message, 200, "[{\"id\":\"p7\",\"programName\":\"p\"}]");
        else if (self->programs++ == 0)
            reply(message, 409, "{\"status\":409}");
        else
            reply(message, 201, "{\"id\":\"p8\",\"programName\":\"l\"}");
    } else if (strcmp(path, "/vtn/events") == 0) {
        self->published++;
        /* the VTN stumbles once */
        reply(message, self->published == 2 ? 500 : 201, "{\"id\":\"e\"}");
    } else {
        g_assert_cmpstr(authorization,
                        ==,
                        g_str_has_suffix(path, "/103/data") || g_str_has_suffix(path, "/104/data")
                            ? "Bearer secret-forecaster"
                        : g_str_has_suffix(path, "/41/data") || strstr(path, "/sensors/8") != NULL
                            ? "Bearer secret-gateway-weather"
                            : "Bearer secret-gateway-site");
        reply(message, 200, "{}");
    }
}

/* --- the run ------------------------------------------------------------------------------- */

typedef struct {
    char *folder, *log;
    guint port;
    Server server;
} Fixture;

static char *
path_of(Fixture *fixture, const char *name)
{
    return g_build_filename(fixture->folder, name, NULL);
}

static void
write_file(Fixture *fixture, const char *name, const char *text)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = path_of(fixture, name);
    g_file_set_contents(path, text, -1, &error);
    g_assert_no_error(error);
}

static void
set_up(Fixture *fixture, gconstpointer data)
{
    static const char *const names[] = {
        "CP1", "gateway-site", "gateway-weather", "forecaster", "grid-operator"
    };
    g_autoptr(GError) error = NULL;
    g_autoptr(GString) prices = g_string_new("time,price_EUR_per_MWh\n");
    fixture->folder = g_dir_make_tmp("cariflex-world-XXXXXX", &error);
    g_assert_no_error(error);
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *secret = g_strdup_printf("secret-%s\n", names[i]);
        write_file(fixture, names[i], secret);
    }
    for (guint i = 0; i < 24; i++)
        g_string_append_printf(prices, "%02u:00,%u\n", i, 50 + i);
    write_file(fixture, "prices.csv", prices->str);
    write_file(fixture, "world.json", world_text);
    fixture->log = path_of(fixture, "world.log");
    Server *server = &fixture->server;
    server->events = g_ptr_array_new_with_free_func((GDestroyNotify)json_node_unref);
    server->posts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    server->server = soup_server_new(NULL, NULL);
    char *protocols[] = { (char *)"ocpp2.0.1", NULL };
    soup_server_add_websocket_handler(
        server->server, "/ocpp", NULL, protocols, socket_cb, server, NULL);
    soup_server_add_handler(server->server, "/", http_cb, server, NULL);
    soup_server_listen_local(server->server, 0, SOUP_SERVER_LISTEN_IPV4_ONLY, &error);
    g_assert_no_error(error);
    GSList *uris = soup_server_get_uris(server->server);
    fixture->port = (guint)g_uri_get_port(uris->data);
    g_slist_free_full(uris, (GDestroyNotify)g_uri_unref);
    fake_host_open();
}

static void
tear_down(Fixture *fixture, gconstpointer data)
{
    g_clear_object(&fixture->server.socket);
    soup_server_disconnect(fixture->server.server);
    g_object_unref(fixture->server.server);
    fake_host_close();
    g_ptr_array_unref(fixture->server.events);
    g_hash_table_unref(fixture->server.posts);
    g_free(fixture->server.transaction);
    g_autoptr(GDir) folder = g_dir_open(fixture->folder, 0, NULL);
    for (const char *name; (name = g_dir_read_name(folder)) != NULL;) {
        g_autofree char *path = path_of(fixture, name);
        g_unlink(path);
    }
    g_rmdir(fixture->folder);
    g_free(fixture->folder);
    g_free(fixture->log);
}

/* Ends the run when the car has left and the server knows. */
static gboolean
watch_cb(gpointer data)
{
    Server *server = data;
    JsonNode *last = server->events->len == 0
                         ? NULL
                         : g_ptr_array_index(server->events, server->events->len - 1);
    JsonObject *payload =
        last == NULL ? NULL : json_array_get_object_element(json_node_get_array(last), 3);
    if (g_strcmp0(sim_json_string(payload, "eventType"), "Ended") == 0)
        g_main_loop_quit(fake_host_loop);
    return G_SOURCE_CONTINUE;
}

static void
play(Fixture *fixture, void (*run)(Fixture *fixture, SimWorld *world))
{
    g_autoptr(GError) error = NULL;
    g_autofree char *ocpp = g_strdup_printf("ws://127.0.0.1:%u/ocpp", fixture->port);
    g_autofree char *api = g_strdup_printf("http://127.0.0.1:%u", fixture->port);
    g_autofree char *vtn = g_strconcat(api, "/vtn", NULL);
    g_autofree char *health = g_strconcat(api, "/health", NULL);
    g_autofree char *world_path = path_of(fixture, "world.json");
    g_autofree char *prices = path_of(fixture, "prices.csv");
    g_autofree char *page = path_of(fixture, "clock");
    SimOptions options = {
        .world = world_path,
        .prices = prices,
        .page = page,
        .log = fixture->log,
        .secrets = fixture->folder,
        .ocpp = ocpp,
        .api = api,
        .vtn = vtn,
        .health = health,
        .start = "2025-10-01",
        .seed = 1,
        .rate = 1440,
        .days = 1,
        .meter_us = 20 * CFX_SECOND,
        .warm_us = CFX_MINUTE,
        .settle_us = CFX_MINUTE,
        .away_us = CFX_SECOND,
        .faults = TRUE,
    };
    SimWorld *world = sim_world_new(&fake_host, &options, &error);
    g_assert_no_error(error);
    sim_world_start(world, &error);
    g_assert_no_error(error);
    run(fixture, world);
    sim_world_stop(world);
    while (g_main_context_iteration(NULL, FALSE))
        continue;
    sim_world_free(world);
}

static void
run_day(Fixture *fixture, SimWorld *world)
{
    guint watch = g_timeout_add(20, watch_cb, &fixture->server);
    g_main_loop_run(fake_host_loop);
    g_source_remove(watch);
}

/* --- what is asserted ---------------------------------------------------------------------- */

static void
check_events(Fixture *fixture)
{
    guint offline = 0;
    for (guint i = 0; i < fixture->server.events->len; i++) {
        JsonNode *node = g_ptr_array_index(fixture->server.events, i);
        JsonObject *payload = json_array_get_object_element(json_node_get_array(node), 3);
        gint64 sequence;
        gboolean is_offline = FALSE;
        g_assert_true(sim_json_integer(payload, "seqNo", &sequence));
        g_assert_cmpint(sequence, ==, i);
        sim_json_boolean(payload, "offline", &is_offline);
        offline += is_offline;
    }
    /* nine minutes without a network: nine samples and the change of 12:45 */
    g_assert_cmpuint(offline, >=, 9);
    g_assert_cmpuint(offline, <=, 12);
    g_assert_cmpuint(fixture->server.boots, ==, 1);
    g_assert_cmpuint(fixture->server.needs, ==, 1);
    /* prices of two days and one event; one of them had to be sent again */
    g_assert_cmpuint(fixture->server.published, ==, 4);
    g_assert_cmpuint(
        GPOINTER_TO_UINT(g_hash_table_lookup(fixture->server.posts, "/api/v3_0/sensors/108/data")),
        >=,
        295);
    g_assert_cmpuint(
        GPOINTER_TO_UINT(g_hash_table_lookup(fixture->server.posts, "/api/v3_0/sensors/105/data")),
        >=,
        20);
}

/* Power that the profiles allow, by the server's own reckoning. */
static double
allowed_w(gint64 minute)
{
    if (minute < 30)
        return 6 * 690;
    if (minute < 45)
        return 10 * 690;
    return minute < 80 ? 16 * 690 : 0;
}

static void
check_log(Fixture *fixture)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text = NULL;
    g_file_get_contents(fixture->log, &text, NULL, &error);
    g_assert_no_error(error);
    g_auto(GStrv) lines = g_strsplit(text, "\n", 0);
    gint64 last_us = 0, noon_us = 0, asked_us = 0, highest_wait_us = 0;
    double delivered_wh = NAN;
    g_autofree char *asked_id = NULL;
    for (guint i = 0; lines[i] != NULL && lines[i][0] != '\0'; i++) {
        g_autoptr(JsonNode) node = sim_json_parse(lines[i], strlen(lines[i]), &error);
        g_assert_no_error(error);
        JsonObject *line = json_node_get_object(node);
        const char *what = sim_json_string(line, "what"), *dir = sim_json_string(line, "dir");
        gint64 site_us;
        g_assert_true(sim_json_integer(line, "site_us", &site_us));
        g_assert_cmpint(site_us, >=, last_us);
        last_us = site_us;
        if (strcmp(what, "header") == 0)
            sim_json_integer(line, "start_us", &noon_us);
        if (strcmp(what, "evse") == 0) {
            double power_w = NAN;
            g_assert_true(sim_json_real(line, "power_w", &power_w));
            g_assert_cmpfloat(power_w, <=, allowed_w((site_us - noon_us) / CFX_MINUTE));
        }
        if (strcmp(what, "car") == 0 && strcmp(sim_json_string(line, "event"), "unplugged") == 0)
            sim_json_real(line, "delivered_wh", &delivered_wh);
        g_assert_cmpstr(what, !=, "gave-up");
        JsonArray *frame = sim_json_array(line, "frame");
        if (frame == NULL)
            continue;
        /* between a call and its answer time goes on by five seconds at most */
        if (strcmp(dir, "out") == 0 && json_array_get_int_element(frame, 0) == 2) {
            g_free(asked_id);
            asked_id = g_strdup(json_array_get_string_element(frame, 1));
            asked_us = site_us;
        } else if (strcmp(dir, "in") == 0 &&
                   g_strcmp0(json_array_get_string_element(frame, 1), asked_id) == 0) {
            g_assert_cmpint(site_us - asked_us, <=, 5 * CFX_SECOND);
            highest_wait_us = MAX(highest_wait_us, site_us - asked_us);
        }
    }
    /* the slow answer took 432 s of the day at this rate: time has stood still for it */
    g_assert_cmpint(highest_wait_us, ==, 5 * CFX_SECOND);
    /* 20 min at 6 A, 15 min at 10 A, 35 min at 16 A: the profile held while the network was lost */
    g_assert_cmpfloat_with_epsilon(delivered_wh, 690 * (6 * 20 + 10 * 15 + 16 * 35) / 60.0, 25);
}

static void
test_play(Fixture *fixture, gconstpointer data)
{
    play(fixture, run_day);
    check_events(fixture);
    check_log(fixture);
}

/* --- a daemon that is away for too long --------------------------------------------------------
 */

#define WAITING 2000 /* as many as the gateway keeps */
#define FLYING 4     /* those it has sent */

static void
post_many(SimGateway *gateway, SimWorld *world, gint64 sensor, guint n)
{
    const double value = 1;
    for (guint i = 0; i < n; i++)
        sim_gateway_post(gateway, sensor, sim_world_now(world), 0, &value, 1, "kWh");
}

static guint
n_posts(Fixture *fixture, const char *path)
{
    return GPOINTER_TO_UINT(g_hash_table_lookup(fixture->server.posts, path));
}

static gboolean
is_lost_told(Fixture *fixture)
{
    g_autofree char *text = NULL;
    return n_posts(fixture, "/api/v3_0/sensors/905/data") == 10 &&
           g_file_get_contents(fixture->log, &text, NULL, NULL) && strstr(text, "\"lost\"") != NULL;
}

/* Live values of long ago make room first; ten are lost, the oldest that wait. */
static void
run_outage(Fixture *fixture, SimWorld *world)
{
    g_autoptr(GError) error = NULL;
    SimGateway *gateway = sim_gateway_new(world, "gateway-site", &error);
    g_assert_no_error(error);
    fixture->server.is_away = TRUE;
    post_many(gateway, world, 901, FLYING);
    for (guint i = 0; i < 100; i++)
        sim_gateway_post_live(gateway, 902, sim_world_now(world) - CFX_HOUR, 1, "kW");
    post_many(gateway, world, 903, 20);
    post_many(gateway, world, 904, WAITING - 20);
    post_many(gateway, world, 905, 10);
    /* those that were sent are refused, and sent again */
    while (g_main_context_iteration(NULL, FALSE))
        continue;
    fixture->server.is_away = FALSE;
    gint64 until_us = g_get_monotonic_time() + 60 * G_USEC_PER_SEC;
    while (!is_lost_told(fixture)) {
        g_assert_cmpint(g_get_monotonic_time(), <, until_us);
        g_main_context_iteration(NULL, TRUE);
    }
    g_assert_cmpuint(n_posts(fixture, "/api/v3_0/sensors/901/data"), ==, FLYING);
    g_assert_cmpuint(n_posts(fixture, "/api/v3_0/sensors/902/data"), ==, 0);
    g_assert_cmpuint(n_posts(fixture, "/api/v3_0/sensors/903/data"), ==, 10);
    g_assert_cmpuint(n_posts(fixture, "/api/v3_0/sensors/904/data"), ==, WAITING - 20);
    g_assert_cmpuint(n_posts(fixture, "/api/v3_0/sensors/905/data"), ==, 10);
    sim_gateway_free(gateway);
}

static void
test_outage(Fixture *fixture, gconstpointer data)
{
    g_autofree char *text = NULL;
    play(fixture, run_outage);
    g_file_get_contents(fixture->log, &text, NULL, NULL);
    const char *line = strstr(text, "\"what\":\"lost\"");
    g_assert_nonnull(line);
    g_assert_true(g_str_has_prefix(strchr(line, ','), ",\"posts\":10}"));
    g_assert_null(strstr(line + 1, "\"what\":\"lost\""));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add("/simulator/world/play", Fixture, NULL, set_up, test_play, tear_down);
    g_test_add("/simulator/world/outage", Fixture, NULL, set_up, test_outage, tear_down);
    return g_test_run();
}
