/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ui-files.h"

#include "ui-answer.h"
#include "ui-door.h"
#include "ui-web.h"

#include <string.h>

#define PREFIX "/org/cariflex/ui/"

typedef struct {
    GBytes *packed, *plain; /* plain: made when somebody without gzip asks */
    char *tag;
    const char *type;
} File;

struct _UiFiles {
    GHashTable *by_path; /* "index.html" → File */
};

static const struct {
    const char *ending, *type;
} types[] = {
    { ".html", "text/html; charset=utf-8" },  { ".css", "text/css; charset=utf-8" },
    { ".js", "text/javascript; charset=utf-8" }, { ".json", "application/json" },
    { ".svg", "image/svg+xml" },              { ".png", "image/png" },
    { ".txt", "text/plain; charset=utf-8" },  { ".webmanifest", "application/manifest+json" },
    { ".woff2", "font/woff2" },
};

static void
file_free(gpointer data)
{
    File *file = data;

    g_bytes_unref(file->packed);
    g_clear_pointer(&file->plain, g_bytes_unref);
    g_free(file->tag);
    g_free(file);
}

static const char *
type_of(const char *path)
{
    for (gsize i = 0; i < G_N_ELEMENTS(types); i++) {
        if (g_str_has_suffix(path, types[i].ending))
            return types[i].type;
    }
    return "application/octet-stream";
}

static void
add_folder(UiFiles *self, GResource *resource, const char *folder)
{
    g_auto(GStrv) names = g_resource_enumerate_children(resource, folder, 0, NULL);

    for (guint i = 0; names != NULL && names[i] != NULL; i++) {
        g_autofree char *path = g_strconcat(folder, names[i], NULL);
        if (g_str_has_suffix(path, "/")) {
            add_folder(self, resource, path);
            continue;
        }
        File *file = g_new0(File, 1);
        file->packed = g_resource_lookup_data(resource, path, 0, NULL);
        g_autofree char *sum = g_compute_checksum_for_bytes(G_CHECKSUM_SHA256, file->packed);
        /* weak: packed and plain are the same page in other bytes */
        file->tag = g_strdup_printf("W/\"%.20s\"", sum);
        file->type = type_of(path);
        g_hash_table_insert(self->by_path, g_strdup(path + strlen(PREFIX)), file);
    }
}

/* by hand: plugins have no constructors */
static GResource *
resource_of(void)
{
    static gsize once;

    if (g_once_init_enter(&once)) {
        ui_web_register_resource();
        g_once_init_leave(&once, 1);
    }
    return ui_web_get_resource();
}

UiFiles *
ui_files_new(void)
{
    UiFiles *self = g_new0(UiFiles, 1);

    self->by_path = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, file_free);
    add_folder(self, resource_of(), PREFIX);
    return self;
}

void
ui_files_free(UiFiles *self)
{
    if (self == NULL)
        return;
    g_hash_table_unref(self->by_path);
    g_free(self);
}

/* "gzip, deflate, br;q=0.5": whether gzip is among them and not at q=0 */
static gboolean
takes_gzip(const char *accepted)
{
    g_auto(GStrv) items = g_strsplit(accepted != NULL ? accepted : "", ",", 32);

    for (guint i = 0; items[i] != NULL; i++) {
        char *item = g_strstrip(items[i]);
        gsize length = strcspn(item, "; \t");
        if ((length != 4 || g_ascii_strncasecmp(item, "gzip", 4) != 0) &&
            (length != 1 || *item != '*'))
            continue;
        const char *quality = strstr(item, "q=");
        return quality == NULL || g_ascii_strtod(quality + 2, NULL) > 0;
    }
    return FALSE;
}

static GBytes *
plain_of(File *file)
{
    if (file->plain == NULL) {
        g_autoptr(GZlibDecompressor) inflate = g_zlib_decompressor_new(G_ZLIB_COMPRESSOR_FORMAT_GZIP);
        g_autoptr(GInputStream) packed = g_memory_input_stream_new_from_bytes(file->packed);
        g_autoptr(GInputStream) stream =
            g_converter_input_stream_new(packed, G_CONVERTER(inflate));
        g_autoptr(GOutputStream) plain = g_memory_output_stream_new_resizable();
        g_output_stream_splice(plain, stream, G_OUTPUT_STREAM_SPLICE_CLOSE_TARGET, NULL, NULL);
        file->plain = g_memory_output_stream_steal_as_bytes(G_MEMORY_OUTPUT_STREAM(plain));
    }
    return file->plain;
}

/* If-None-Match: a list of tags, or a star */
static gboolean
has_tag(const char *list, const char *tag)
{
    return list != NULL && (strcmp(list, "*") == 0 || strstr(list, tag + strlen("W/")) != NULL);
}

void
ui_files_serve(const Ui *ui, const CfxRequest *request, const char *path)
{
    File *file = g_hash_table_lookup(ui->files->by_path, *path != '\0' ? path : "index.html");
    CfxPair headers[UI_SAFE_HEADERS + 6];
    guint n = ui_safe_headers(headers);

    if (file == NULL) {
        ui_answer_not_found(ui, request, "file");
        return;
    }
    if (strcmp(request->method, "GET") != 0 && strcmp(request->method, "HEAD") != 0) {
        ui_answer_error(ui, request, 405, "method", "files are only read", NULL);
        return;
    }
    gboolean is_packed = takes_gzip(ui_header(request, "accept-encoding"));
    headers[n++] = (CfxPair){ "ETag", file->tag };
    headers[n++] = (CfxPair){ "Cache-Control", "no-cache" };
    headers[n++] = (CfxPair){ "Vary", "Accept-Encoding" };
    if (has_tag(ui_header(request, "if-none-match"), file->tag)) {
        headers[n] = (CfxPair){ NULL, NULL };
        ui->host->web->respond(request, 304, headers, NULL);
        return;
    }
    headers[n++] = (CfxPair){ "Content-Type", file->type };
    if (is_packed)
        headers[n++] = (CfxPair){ "Content-Encoding", "gzip" };
    headers[n] = (CfxPair){ NULL, NULL };
    ui->host->web->respond(request, 200, headers, is_packed ? file->packed : plain_of(file));
}
