"""The chaos run: all of Edaha, real, in trouble; then nothing is lost, leaked or stale."""
