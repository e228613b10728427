"""The look and manners of Rapport: base templates, components, charts, icons, styles; it knows no room."""
