"""Protected previews: who is let in, on which way one gets in, and what lets others in."""
