"""The form renderer: every Django form comes out as .field, .input, .hint and .error without further ado."""

from typing import Any

from django.forms.renderers import DjangoTemplates
from django.http import HttpRequest

WITHOUT_INPUT_CLASS = ("hidden", "checkbox", "radio", "image", "submit")
CHOICES = ("django/forms/widgets/radio.html", "django/forms/widgets/checkbox_select.html")


class Renderer(DjangoTemplates):
    """Renders forms with the templates of this app; set it as FORM_RENDERER."""

    form_template_name = "ui/forms/form.html"
    field_template_name = "ui/forms/field.html"

    def render(self, template_name: str, context: dict[str, Any], request: HttpRequest | None = None) -> str:
        """Render a template; text-like widgets get the class of an input."""
        if template_name in CHOICES:
            template_name = "ui/forms/choices.html"
        elif template_name.startswith("django/forms/widgets/"):
            _add_input_class(context["widget"])
        elif template_name.startswith("django/forms/errors/"):
            template_name = "ui/forms/errors.html"
        return super().render(template_name, context, request)


def _add_input_class(widget: dict[str, Any]) -> None:
    for part in widget.get("subwidgets", []):
        _add_input_class(part)
    if widget.get("type") in WITHOUT_INPUT_CLASS:
        return
    if widget["attrs"].get("cols") == "40":  # Django's default, far too tall here
        widget["attrs"] |= {"cols": None, "rows": "4"}
    own = widget["attrs"].get("class", "").split()
    widget["attrs"]["class"] = " ".join(dict.fromkeys([*own, "input"]))
