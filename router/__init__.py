"""nginx in front of the previews: host name to branch to tasks."""
