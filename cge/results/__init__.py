"""Results: one layout of rows for all studies, one manifest, one folder."""
