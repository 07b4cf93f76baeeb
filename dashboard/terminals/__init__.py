"""Signing a terminal in: `edaha login` shows a code, and its person compares it on a page.

It is the device grant of RFC 8628 without clients and scopes. Whoever guesses a code gains nothing:
the token goes to the terminal that asked, which proves itself by a secret of 256 bits. What remains
is that somebody is talked into letting a stranger's terminal in, so the page says where it is.
"""
