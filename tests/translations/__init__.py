"""The catalogue of translations: what has to be in it, brought up to date by `bin/messages`."""
