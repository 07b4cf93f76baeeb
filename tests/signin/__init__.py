"""Ways to sign in, and what strangers try at them."""
