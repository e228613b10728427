"""The pack of a workshop as files: the same sections as its page, on paper and on slides."""
