# SPDX-License-Identifier: LGPL-2.1-or-later
"""A judge from outside: reads the world's log, the HTTP API and the database, shares no code."""
