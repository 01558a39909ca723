/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "inspect-elf.h"

#include <elf.h>
#include <gio/gio.h>
#include <string.h>

#if defined(__x86_64__)
#define MACHINE EM_X86_64
#define RELATIVE R_X86_64_RELATIVE
#elif defined(__aarch64__)
#define MACHINE EM_AARCH64
#define RELATIVE R_AARCH64_RELATIVE
#elif defined(__riscv)
#define MACHINE EM_RISCV
#define RELATIVE R_RISCV_RELATIVE
#else
#define MACHINE EM_NONE
#define RELATIVE 0xffffffffu
#endif

#define SYMBOLS_MOST 1000000
#define CONSTRUCTORS_MOST 100
/* _init() of the C library's start files is shorter on every machine; what is longer does more */
#define INIT_MOST 64

/* what compilers and sanitizers put there themselves */
static const char *const own_constructors[] = { "frame_dummy",
                                                "__cpu_indicator_init",
                                                "asan.module_ctor",
                                                "ubsan.module_ctor",
                                                "sancov.module_ctor_8bit_counters",
                                                "sancov.module_ctor_trace_pc_guard",
                                                "__do_init",
                                                "_sub_I_00099_1",
                                                NULL };

typedef struct {
    const guint8 *bytes;
    gsize size;
    Elf64_Ehdr head;
    GArray *segments; /* Elf64_Phdr */
    guint64 strings, strings_size, symbols, gnu_hash, hash, rela, rela_size;
    guint64 init, init_array, init_array_size, preinit_array_size;
    GArray *needed;        /* guint64: offsets of names */
    GHashTable *functions; /* guint64 address → char, of .symtab; empty when it was stripped */
    guint64 section_init_size;
    gboolean has_ctors;
} Reader;

static gboolean
fail(GError **error, const char *why)
{
    g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, why);
    return FALSE;
}

/* FALSE: it lies outside */
static gboolean
take(const Reader *self, guint64 offset, gpointer to, gsize size)
{
    if (offset > self->size || size > self->size - offset)
        return FALSE;
    memcpy(to, self->bytes + offset, size);
    return TRUE;
}

/* where a virtual address lies in the file; G_MAXUINT64: nowhere */
static guint64
place(const Reader *self, guint64 address)
{
    for (guint i = 0; i < self->segments->len; i++) {
        const Elf64_Phdr *segment = &g_array_index(self->segments, Elf64_Phdr, i);
        if (segment->p_type == PT_LOAD && address >= segment->p_vaddr &&
            address - segment->p_vaddr < segment->p_filesz &&
            segment->p_offset <= G_MAXUINT64 - (address - segment->p_vaddr))
            return segment->p_offset + (address - segment->p_vaddr);
    }
    return G_MAXUINT64;
}

static gboolean
take_at(const Reader *self, guint64 address, gpointer to, gsize size)
{
    guint64 offset = place(self, address);
    return offset != G_MAXUINT64 && take(self, offset, to, size);
}

/* NULL: it does not end inside the table */
static const char *
text_at(const Reader *self, guint64 table, guint64 table_size, guint64 index)
{
    if (table >= self->size || index >= table_size || table_size > self->size - table)
        return NULL;
    const char *text = (const char *)self->bytes + table + index;
    return memchr(text, '\0', table_size - index) != NULL ? text : NULL;
}

static gboolean
read_head(Reader *self, GError **error)
{
    if (!take(self, 0, &self->head, sizeof self->head) ||
        memcmp(self->head.e_ident, ELFMAG, SELFMAG) != 0)
        return fail(error, "it is not an ELF file");
    if (self->head.e_ident[EI_CLASS] != ELFCLASS64 ||
        self->head.e_ident[EI_DATA] !=
            (G_BYTE_ORDER == G_LITTLE_ENDIAN ? ELFDATA2LSB : ELFDATA2MSB) ||
        self->head.e_machine != MACHINE)
        return fail(error, "it is built for another machine");
    if (self->head.e_type != ET_DYN)
        return fail(error, "it is not a shared module");
    if (self->head.e_phentsize != sizeof(Elf64_Phdr))
        return fail(error, "its program headers have an unknown size");
    for (guint i = 0; i < self->head.e_phnum; i++) {
        Elf64_Phdr segment;
        if (!take(self, self->head.e_phoff + (guint64)i * sizeof segment, &segment, sizeof segment))
            return fail(error, "its program headers are cut off");
        g_array_append_val(self->segments, segment);
    }
    return TRUE;
}

static void
read_dynamic_entry(Reader *self, const Elf64_Dyn *entry)
{
    guint64 value = entry->d_un.d_val;
    switch (entry->d_tag) {
    case DT_NEEDED:
        g_array_append_val(self->needed, value);
        break;
    case DT_STRTAB:
        self->strings = place(self, value);
        break;
    case DT_STRSZ:
        self->strings_size = value;
        break;
    case DT_SYMTAB:
        self->symbols = place(self, value);
        break;
    case DT_GNU_HASH:
        self->gnu_hash = place(self, value);
        break;
    case DT_HASH:
        self->hash = place(self, value);
        break;
    case DT_RELA:
        self->rela = place(self, value);
        break;
    case DT_RELASZ:
        self->rela_size = value;
        break;
    case DT_INIT:
        self->init = value;
        break;
    case DT_INIT_ARRAY:
        self->init_array = value;
        break;
    case DT_INIT_ARRAYSZ:
        self->init_array_size = value;
        break;
    case DT_PREINIT_ARRAYSZ:
        self->preinit_array_size = value;
        break;
    default:
        break;
    }
}

static gboolean
read_dynamic(Reader *self, GError **error)
{
    for (guint i = 0; i < self->segments->len; i++) {
        const Elf64_Phdr *segment = &g_array_index(self->segments, Elf64_Phdr, i);
        if (segment->p_type != PT_DYNAMIC)
            continue;
        for (guint64 k = 0; k < segment->p_filesz / sizeof(Elf64_Dyn); k++) {
            Elf64_Dyn entry;
            if (!take(self, segment->p_offset + k * sizeof entry, &entry, sizeof entry))
                return fail(error, "its dynamic section is cut off");
            if (entry.d_tag == DT_NULL)
                break;
            read_dynamic_entry(self, &entry);
        }
        if (self->strings == G_MAXUINT64 || self->symbols == G_MAXUINT64)
            return fail(error, "its dynamic section names no symbols");
        return TRUE;
    }
    return fail(error, "it has no dynamic section");
}

static void
read_names(Reader *self, const Elf64_Shdr *section, const Elf64_Shdr *strings)
{
    for (guint64 i = 0; i < MIN(section->sh_size / sizeof(Elf64_Sym), SYMBOLS_MOST); i++) {
        Elf64_Sym symbol;
        if (!take(self, section->sh_offset + i * sizeof symbol, &symbol, sizeof symbol))
            return;
        const char *name = text_at(self, strings->sh_offset, strings->sh_size, symbol.st_name);
        if (ELF64_ST_TYPE(symbol.st_info) == STT_FUNC && symbol.st_shndx != SHN_UNDEF &&
            name != NULL)
            g_hash_table_insert(self->functions,
                                g_memdup2(&symbol.st_value, sizeof symbol.st_value),
                                (gpointer)(guintptr)name);
    }
}

/* names of functions, and what only sections tell; a file without sections is right too */
static void
read_sections(Reader *self)
{
    Elf64_Shdr names = { 0 };
    guint64 first = self->head.e_shoff;
    if (self->head.e_shentsize != sizeof(Elf64_Shdr) || self->head.e_shnum == 0)
        return;
    take(self, first + (guint64)self->head.e_shstrndx * sizeof names, &names, sizeof names);
    for (guint i = 0; i < self->head.e_shnum; i++) {
        Elf64_Shdr section, strings;
        if (!take(self, first + (guint64)i * sizeof section, &section, sizeof section))
            return;
        const char *name = text_at(self, names.sh_offset, names.sh_size, section.sh_name);
        if (g_strcmp0(name, ".init") == 0 && section.sh_addr == self->init)
            self->section_init_size = section.sh_size;
        /* crtbegin and crtend frame the list with two words */
        if (g_strcmp0(name, ".ctors") == 0 && section.sh_size > 2 * sizeof(gpointer))
            self->has_ctors = TRUE;
        if (section.sh_type != SHT_SYMTAB ||
            !take(
                self, first + (guint64)section.sh_link * sizeof strings, &strings, sizeof strings))
            continue;
        read_names(self, &section, &strings);
        break; /* there is one at most */
    }
}

/* the dynamic table of symbols says nowhere how long it is: its hash tables do */
static guint64
count_symbols(const Reader *self)
{
    guint32 head[4], word;
    if (self->hash != G_MAXUINT64 && take(self, self->hash, head, 2 * sizeof(guint32)))
        return MIN(head[1], SYMBOLS_MOST);
    if (self->gnu_hash == G_MAXUINT64 || !take(self, self->gnu_hash, head, sizeof head))
        return 0;
    guint64 n_buckets = head[0], first = head[1], bloom = head[2];
    guint64 buckets = self->gnu_hash + sizeof head + bloom * sizeof(guint64);
    guint64 chains = buckets + n_buckets * sizeof(guint32), last = 0;
    for (guint64 i = 0; i < n_buckets && i < SYMBOLS_MOST; i++) {
        if (!take(self, buckets + i * sizeof word, &word, sizeof word))
            return 0;
        last = MAX(last, word);
    }
    if (last < first)
        return MIN(first, SYMBOLS_MOST); /* nothing is exported */
    while (last < SYMBOLS_MOST &&
           take(self, chains + (last - first) * sizeof word, &word, sizeof word) && (word & 1) == 0)
        last++;
    return MIN(last + 1, SYMBOLS_MOST);
}

static gint
by_name(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static gboolean
read_symbols(Reader *self, InspectElf *to, GError **error)
{
    guint64 n = count_symbols(self);
    for (guint64 i = 1; i < n; i++) {
        Elf64_Sym symbol;
        if (!take(self, self->symbols + i * sizeof symbol, &symbol, sizeof symbol))
            return fail(error, "its symbols are cut off");
        const char *name = text_at(self, self->strings, self->strings_size, symbol.st_name);
        if (name == NULL)
            return fail(error, "a name of a symbol lies outside");
        guchar visibility = ELF64_ST_VISIBILITY(symbol.st_other);
        if (*name == '\0' || ELF64_ST_BIND(symbol.st_info) == STB_LOCAL)
            continue;
        if (symbol.st_shndx == SHN_UNDEF)
            g_ptr_array_add(to->wanted, g_strdup(name));
        else if (visibility == STV_DEFAULT || visibility == STV_PROTECTED)
            g_ptr_array_add(to->exported, g_strdup(name));
    }
    g_ptr_array_sort(to->wanted, by_name);
    g_ptr_array_sort(to->exported, by_name);
    for (guint i = 0; i < self->needed->len; i++) {
        const char *name = text_at(
            self, self->strings, self->strings_size, g_array_index(self->needed, guint64, i));
        if (name == NULL)
            return fail(error, "a name of a library lies outside");
        g_ptr_array_add(to->needed, g_strdup(name));
    }
    return TRUE;
}

/* libgcc's start of what chooses between variants of a function by the processor; it is known by
 * what it asks first, since a stripped module has no names */
static gboolean
is_cpu_indicator(const Reader *self, guint64 address)
{
    static const guint8 cpuid[] = { 0x0f, 0xa2 };
    guint8 code[64];
    return MACHINE == EM_X86_64 && take_at(self, address, code, sizeof code) &&
           memmem(code, sizeof code, cpuid, sizeof cpuid) != NULL;
}

static void
add_constructors(const Reader *self, const GArray *addresses, InspectElf *to)
{
    gboolean is_stripped = g_hash_table_size(self->functions) == 0;
    g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < addresses->len; i++) {
        guint64 address = g_array_index(addresses, guint64, i);
        const char *name = g_hash_table_lookup(self->functions, &address);
        if (name != NULL ? g_strv_contains(own_constructors, name)
                         : is_stripped && is_cpu_indicator(self, address))
            continue;
        g_ptr_array_add(found,
                        name != NULL ? g_strdup(name)
                                     : g_strdup_printf("at 0x%" G_GINT64_MODIFIER "x", address));
    }
    /* one without a name is the compiler's own; of two nobody knows which */
    if (is_stripped && found->len == 1)
        return;
    g_ptr_array_extend_and_steal(to->constructors, g_steal_pointer(&found));
}

/* The words of the array are filled in by the linker: from the relocation, where there is one. */
static guint64
array_word(const Reader *self, guint64 address)
{
    guint64 word = 0;
    take_at(self, address, &word, sizeof word);
    for (guint64 i = 0; self->rela != G_MAXUINT64 && i < self->rela_size / sizeof(Elf64_Rela);
         i++) {
        Elf64_Rela entry;
        if (!take(self, self->rela + i * sizeof entry, &entry, sizeof entry))
            break;
        if (entry.r_offset != address)
            continue;
        if (ELF64_R_TYPE(entry.r_info) == RELATIVE)
            return (guint64)entry.r_addend;
        Elf64_Sym symbol;
        guint64 at = self->symbols + ELF64_R_SYM(entry.r_info) * sizeof symbol;
        return take(self, at, &symbol, sizeof symbol) ? symbol.st_value : 0;
    }
    return word;
}

static gboolean
read_constructors(Reader *self, InspectElf *to, GError **error)
{
    guint64 n = self->init_array_size / sizeof(guint64);
    if (n > CONSTRUCTORS_MOST)
        return fail(error, "it has more than 100 constructors");
    g_autoptr(GArray) addresses = g_array_new(FALSE, FALSE, sizeof(guint64));
    for (guint64 i = 0; i < n; i++) {
        guint64 address = array_word(self, self->init_array + i * sizeof(guint64));
        g_array_append_val(addresses, address);
    }
    add_constructors(self, addresses, to);
    const char *init = g_hash_table_lookup(self->functions, &self->init);
    if (self->preinit_array_size > 0)
        g_ptr_array_add(to->constructors, g_strdup("DT_PREINIT_ARRAY"));
    if (self->has_ctors)
        g_ptr_array_add(to->constructors, g_strdup(".ctors"));
    if (self->section_init_size > INIT_MOST)
        g_ptr_array_add(to->constructors, g_strdup(".init"));
    else if (self->init != 0 && self->section_init_size == 0)
        g_ptr_array_add(to->constructors, g_strdup(init != NULL ? init : "DT_INIT"));
    return TRUE;
}

void
inspect_elf_free(InspectElf *self)
{
    if (self == NULL)
        return;
    g_ptr_array_unref(self->needed);
    g_ptr_array_unref(self->exported);
    g_ptr_array_unref(self->wanted);
    g_ptr_array_unref(self->constructors);
    g_free(self);
}

InspectElf *
inspect_elf_read(const guint8 *bytes, gsize size, GError **error)
{
    g_autoptr(InspectElf) ret = g_new0(InspectElf, 1);
    g_autoptr(GArray) segments = g_array_new(FALSE, FALSE, sizeof(Elf64_Phdr));
    g_autoptr(GArray) needed = g_array_new(FALSE, FALSE, sizeof(guint64));
    g_autoptr(GHashTable) functions =
        g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    Reader self = { .bytes = bytes,
                    .size = size,
                    .segments = segments,
                    .needed = needed,
                    .functions = functions,
                    .strings = G_MAXUINT64,
                    .symbols = G_MAXUINT64,
                    .gnu_hash = G_MAXUINT64,
                    .hash = G_MAXUINT64,
                    .rela = G_MAXUINT64 };
    ret->needed = g_ptr_array_new_with_free_func(g_free);
    ret->exported = g_ptr_array_new_with_free_func(g_free);
    ret->wanted = g_ptr_array_new_with_free_func(g_free);
    ret->constructors = g_ptr_array_new_with_free_func(g_free);
    if (size > INSPECT_ELF_MAX) {
        fail(error, "it is larger than 512 MiB");
        return NULL;
    }
    if (!read_head(&self, error) || !read_dynamic(&self, error))
        return NULL;
    read_sections(&self);
    if (!read_symbols(&self, ret, error) || !read_constructors(&self, ret, error))
        return NULL;
    return g_steal_pointer(&ret);
}
