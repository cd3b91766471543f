"""The table of a study that names none; apart from the others, since help is to be quick."""

DEFAULT_TABLE = "world2022"
