"""The table of a study that names none; apart from the others, since help is to be quick."""

DEFAULT_TABLE = "world2022"
#: Name of the elasticities that a benchmark folder has with it.
OWN = "own"
