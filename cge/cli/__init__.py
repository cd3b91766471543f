"""The command line: shared options, and one thin file a command."""
