/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a module offers, for people, for manuals and for programs. All print to stdout. */
#pragma once

#include "cfx-module.h"
#include "inspect-elf.h"

void inspect_print_text(const CfxModule *module, const InspectElf *elf);
void inspect_print_man(const CfxModule *module);
void inspect_print_json(const CfxModule *module, const InspectElf *elf);
/* `refused`: (element-type utf8) why it is none. */
void inspect_print_json_refused(const char *path, const GPtrArray *refused);

/* The i-th key of a factory, as large as ours. */
CfxConfigKey inspect_key(const CfxFactory *factory, gsize i);
/* "duration", "yes or no"; of a choice its words: "accept or refuse". (transfer full) */
char *inspect_key_type(const CfxConfigKey *key);
