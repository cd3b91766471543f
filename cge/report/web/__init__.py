"""Results as one page for a browser: tables that sort, figures that answer the pointer."""
