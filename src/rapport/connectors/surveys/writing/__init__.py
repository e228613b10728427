"""Our surveys and their responses, written so that others can read them."""
