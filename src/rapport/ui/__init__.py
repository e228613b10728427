"""The look and manners of Rapport: base templates, components, charts, icons, stylesheet; it knows no room."""
