"""Header array (HAR) files of GEMPACK: read, written, and turned into tables."""
