"""The GTAP data base, as GTAPAgg and FlexAgg write it: read, checked, made a benchmark."""
