"""One module for each format a survey can come in."""
