"""The model held against history: what it is given of a later year, and how well it does."""
