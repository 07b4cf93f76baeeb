"""What one would write first: an ordinary Django view that stores a delivery and starts a task."""
