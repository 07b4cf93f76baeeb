"""Ways to sign in: local accounts, GitHub, OpenID Connect, and what a proxy in front says.

A person is who an issuer says by its own number for them (`identity.key`). E-mail addresses and
names that people choose say nothing about who somebody is: in allauth before 65.13
(CVE-2025-65431) providers took `preferred_username` for it, which whoever might choose a name
could use to become somebody else.
"""
