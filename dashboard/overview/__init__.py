"""What operators look at: how much is built, how long it takes, what fails, what it costs."""
