"""Live pages: server-sent events, read once per process for everybody who watches.

hint (Redis) → `hub` wakes the `feed` → one read of the database → every viewer's queue → browser.
A hint says only that something changed: feeds also look by themselves, so a lost one is late
and never missed.
"""
