"""Reads of the room: lists of cases, one case, who may own it, and what a rule would have done."""
