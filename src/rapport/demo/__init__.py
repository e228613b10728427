"""A fictional company to look at Rapport with: Halden Flow, which makes and services industrial pumps."""
