"""How what is asked is worked out: studies made of tasks, and the one runner of tasks."""
