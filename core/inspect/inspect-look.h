/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is wrong with a module, found before it is opened. */
#pragma once

#include "inspect-elf.h"

/* Returns: (element-type utf8) (transfer full) what api/doc/refusals.md lists under "Inspecting";
 * empty: nothing */
GPtrArray *inspect_look(const InspectElf *elf);
