"""Independent tasks: done on any number of processes, kept by what they depend on."""
