/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <kit/cfx-file.h>

#include <glib/gstdio.h>
#include <string.h>

static void
test_sizes(void)
{
    g_autofree char *dir = g_dir_make_tmp("cfx-file-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(dir, "x", NULL);
    g_autofree char *content = g_strnfill(40000, 'x');

    for (gsize size = 0; size <= 40000; size += 10000) {
        g_autoptr(GError) error = NULL;
        g_autofree char *text = NULL;
        gsize got;
        g_assert_true(g_file_set_contents(path, content, (gssize)size, NULL));
        g_assert_true(cfx_file_read(path, 30000, &text, &got, &error));
        g_assert_no_error(error);
        g_assert_cmpuint(got, ==, MIN(size, 30001));
        g_assert_cmpuint(strlen(text), ==, got);
    }
    g_unlink(path);
    g_rmdir(dir);
}

/* what has no end is not waited for */
static void
test_endless(void)
{
    g_autofree char *text = NULL;
    gsize size;
    g_assert_true(cfx_file_read("/dev/zero", 100000, &text, &size, NULL));
    g_assert_cmpuint(size, ==, 100001);
}

static void
test_errors(void)
{
    static const struct {
        const char *path;
        int code;
    } cases[] = {
        { "/nonexistent/x", G_FILE_ERROR_NOENT },
        { "/", G_FILE_ERROR_ISDIR },
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        char *text = NULL;
        gsize size;
        g_assert_false(cfx_file_read(cases[i].path, 10, &text, &size, &error));
        g_assert_error(error, G_FILE_ERROR, cases[i].code);
        g_assert_nonnull(strstr(error->message, cases[i].path));
        g_assert_null(text);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/file/sizes", test_sizes);
    g_test_add_func("/file/endless", test_endless);
    g_test_add_func("/file/errors", test_errors);
    return g_test_run();
}
