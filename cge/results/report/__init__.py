"""Tables for a paper, from the files that the commands wrote."""
