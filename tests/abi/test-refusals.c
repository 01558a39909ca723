/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Every refusal of a module, with its exact text; and each text stands in api/doc/refusals.md. */
#include "cfx-log.h"
#include "cfx-module.h"

#include <string.h>

static const char *folder, *manual;

/* the text behind "PATH: ", and its pattern in the manual, where it has other words in it */
typedef struct {
    const char *module;
    const char *text;
    const char *listed;
} Refusal;

static const Refusal refusals[] = {
    { "bad-no_symbol", "not a Cariflex plugin: it has no symbol cfx_plugin_query_v1", NULL },
    { "bad-symbol_v2",
      "built for plugin ABI 2, this host speaks 1",
      "built for plugin ABI N, this host speaks 1" },
    { "bad-null", "cfx_plugin_query_v1() returned nothing", NULL },
    { "bad-major",
      "built for plugin ABI 3, this host speaks 1",
      "built for plugin ABI N, this host speaks 1" },
    { "bad-min_host",
      "needs a host with plugin ABI 1.5, this one has 1.0: update cariflex",
      "needs a host with plugin ABI N.M, this one has 1.0: update cariflex" },
    { "bad-info_size",
      "its descriptor has 24 bytes, ABI 1.0 needs 64",
      "its descriptor has N bytes, ABI 1.0 needs M" },
    { "bad-flags",
      "its descriptor has unknown flags 0x20",
      "its descriptor has unknown flags 0xN" },
    { "bad-no_id", "its descriptor has no id", "its descriptor has no MEMBER" },
    { "bad-id",
      "its id \"Thing!\" is not a word of small letters, digits and \"-\", or is the host's own",
      "its id \"ID\" is not a word of small letters, digits and \"-\", or is the host's own" },
    { "bad-no_factories", "it has no factories", NULL },
    { "bad-factory_size",
      "factory 0 has 16 bytes, ABI 1.0 needs 104",
      "factory N has N bytes, ABI 1.0 needs M" },
    { "bad-factory_name", "factory 0 has no name", "factory N has no name" },
    { "bad-no_kind", "factory \"thing\" has no kind", "factory \"NAME\" has no kind" },
    { "bad-factory_twice", "factory \"thing\" is there twice", "factory \"NAME\" is there twice" },
    { "bad-threading",
      "factory \"thing\" has threading 7, which this host does not know",
      "factory \"NAME\" has threading N, which this host does not know" },
    { "bad-worker",
      "factory \"thing\" must be a LOOP: it is of kind adapter",
      "factory \"NAME\" must be a LOOP: it is of kind KIND" },
    { "bad-no_start", "factory \"thing\" has no start()", "factory \"NAME\" has no FUNCTION()" },
    { "bad-no_ops", "factory \"thing\" has no ops", "factory \"NAME\" has no ops" },
    { "bad-ops_size",
      "the adapter table of \"thing\" has 8 bytes, ABI 1.0 needs 32",
      "the KIND table of \"NAME\" has N bytes, ABI 1.0 needs M" },
    { "bad-ops_flags",
      "the storage table of \"thing\" has unknown flags 0x4",
      "the KIND table of \"NAME\" has unknown flags 0xN" },
    { "bad-storage",
      "the storage table of \"thing\" has no commit()",
      "the KIND table of \"NAME\" has no FUNCTION()" },
    { "bad-no_keys",
      "factory \"thing\" has keys and no schema",
      "factory \"NAME\" has keys and no schema" },
    { "bad-key_size",
      "a configuration key of \"thing\" has 8 bytes, ABI 1.0 needs 56",
      "a configuration key of \"NAME\" has N bytes, ABI 1.0 needs M" },
    { "bad-key_name", "key 0 of \"thing\" has no name", "key N of \"NAME\" has no name" },
    { "bad-key_type",
      "key \"a\" of \"thing\" has type 99, which this host does not know",
      "key \"KEY\" of \"NAME\" has type N, which this host does not know" },
    { "bad-key_flags",
      "key \"a\" of \"thing\" has unknown flags 0x40",
      "key \"KEY\" of \"NAME\" has unknown flags 0xN" },
    { "bad-key_twice",
      "key \"a\" of \"thing\" is there twice",
      "key \"KEY\" of \"NAME\" is there twice" },
};

static char *
path_of(const char *module)
{
    return g_strdup_printf("%s/%s.so", folder, module);
}

static void
assert_listed(const char *text)
{
    g_autofree char *quoted = g_strdup_printf("`%s`", text);
    if (strstr(manual, quoted) == NULL)
        g_test_message("not in api/doc/refusals.md: %s", text);
    g_assert_nonnull(strstr(manual, quoted));
}

static void
test_refused(gconstpointer data)
{
    const Refusal *refusal = data;
    g_autofree char *path = path_of(refusal->module);
    g_autofree char *expected = g_strdup_printf("%s: %s", path, refusal->text);
    g_autoptr(GError) error = NULL;
    g_assert_null(cfx_module_open(path, &error));
    g_assert_error(error, CFX_ERROR, CFX_ERROR_CONFIG);
    g_assert_cmpstr(error->message, ==, expected);
    assert_listed(refusal->listed != NULL ? refusal->listed : refusal->text);
}

static const CfxModule *
good(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = path_of("good-thing");
    const CfxModule *module = cfx_module_open(path, &error);
    g_assert_no_error(error);
    return module;
}

static void
test_good(void)
{
    g_autoptr(GError) error = NULL;
    const CfxModule *module = good();
    const CfxFactory *factory = cfx_module_factory(module, "adapter", "thing", &error);
    g_assert_no_error(error);
    g_assert_cmpstr(factory->name, ==, "thing");
    g_assert_true(good() == module); /* opened once */
}

static void
test_same_id(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = path_of("bad-same_id");
    const CfxModule *module = good();
    g_autofree char *expected =
        g_strdup_printf("%s: its id \"thing\" is taken by %s", path, module->path);
    g_assert_null(cfx_module_open(path, &error));
    g_assert_cmpstr(error->message, ==, expected);
    assert_listed("its id \"ID\" is taken by PATH");
}

static void
test_cannot_be_opened(void)
{
    g_autoptr(GError) missing = NULL;
    g_autoptr(GError) undefined = NULL;
    g_autofree char *path = path_of("bad-undefined");
    g_assert_null(cfx_module_open("/nonexistent/x.so", &missing));
    g_assert_cmpint(
        g_str_has_prefix(missing->message, "/nonexistent/x.so: cannot be opened: "), ==, TRUE);
    /* bound at once: a symbol of the host that is not there is found here, not in an hour */
    g_assert_null(cfx_module_open(path, &undefined));
    g_assert_nonnull(strstr(undefined->message, "cannot be opened: "));
    g_assert_nonnull(strstr(undefined->message, "cfx_nobody_has_this"));
    assert_listed("cannot be opened: REASON");
}

static void
test_factory(void)
{
    const CfxModule *module = good();
    g_autoptr(GError) name = NULL;
    g_autoptr(GError) kind = NULL;
    g_autofree char *no_name = g_strdup_printf(
        "%s: has no factory \"other\"; it has \"thing\" (cariflex.adapter/1)", module->path);
    g_autofree char *no_kind =
        g_strdup_printf("%s: \"thing\" is a plugin of kind adapter: it belongs in a group "
                        "[adapter:…], not [storage:…]",
                        module->path);
    g_assert_null(cfx_module_factory(module, "adapter", "other", &name));
    g_assert_cmpstr(name->message, ==, no_name);
    g_assert_null(cfx_module_factory(module, "storage", "thing", &kind));
    g_assert_cmpstr(kind->message, ==, no_kind);
    assert_listed("has no factory \"NAME\"; it has \"OTHER\" (KIND)");
    assert_listed(
        "\"NAME\" is a plugin of kind KIND: it belongs in a group [KIND:…], not [OTHER:…]");
}

/* a kind that we do not know is no reason to refuse what we do know */
static void
test_unknown_kind(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = path_of("bad-kind");
    const CfxModule *module = cfx_module_open(path, &error);
    g_assert_no_error(error);
    g_autofree char *expected = g_strdup_printf(
        "%s: \"thing\" is of kind cariflex.teapot/3, which this host does not speak", path);
    g_assert_null(cfx_module_factory(module, "adapter", "thing", &error));
    g_assert_cmpstr(error->message, ==, expected);
    assert_listed("\"NAME\" is of kind KIND, which this host does not speak");
}

static void
test_find(void)
{
    const char *const dirs[] = { folder, "/nonexistent", NULL };
    g_autoptr(GError) path = NULL;
    g_autoptr(GError) missing = NULL;
    g_autoptr(GError) error = NULL;
    g_autofree char *expected = g_strdup_printf("there is no plugin \"no-such-thing\" in %s, "
                                                "/nonexistent; is the package "
                                                "cariflex-plugin-no installed?",
                                                folder);
    g_assert_null(cfx_module_find(dirs, "../good-thing", &path));
    g_assert_cmpstr(path->message,
                    ==,
                    "\"../good-thing\" is not the name of a plugin: small letters, digits, \"-\" "
                    "and \"_\"; never a path");
    g_assert_null(cfx_module_find(dirs, "no-such-thing", &missing));
    g_assert_cmpstr(missing->message, ==, expected);
    /* cut at hyphens from the right until there is a file */
    g_assert_true(cfx_module_find(dirs, "good-thing-of-mine", &error) == good());
    g_assert_no_error(error);
    assert_listed("\"NAME\" is not the name of a plugin: small letters, digits, \"-\" and \"_\"; "
                  "never a path");
    assert_listed("there is no plugin \"NAME\" in PLACES; is the package cariflex-plugin-NAME "
                  "installed?");
}

int
main(int argc, char **argv)
{
    g_autofree char *text = NULL;
    g_autoptr(GError) error = NULL;
    g_test_init(&argc, &argv, NULL);
    cfx_log_init(CFX_LOG_CRITICAL);
    if (argc < 3)
        return 2;
    folder = argv[1];
    if (!g_file_get_contents(argv[2], &text, NULL, &error))
        g_printerr("%s\n", error->message);
    manual = text != NULL ? text : "";
    g_test_add_func("/refusals/good", test_good);
    for (gsize i = 0; i < G_N_ELEMENTS(refusals); i++) {
        g_autofree char *name = g_strdup_printf("/refusals/%s", refusals[i].module);
        g_test_add_data_func(name, &refusals[i], test_refused);
    }
    g_test_add_func("/refusals/same-id", test_same_id);
    g_test_add_func("/refusals/cannot-be-opened", test_cannot_be_opened);
    g_test_add_func("/refusals/factory", test_factory);
    g_test_add_func("/refusals/unknown-kind", test_unknown_kind);
    g_test_add_func("/refusals/find", test_find);
    return g_test_run();
}
