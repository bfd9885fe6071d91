"""The mark of a provider in a page. ``{% load providers %}``, then ``{% provider_icon "slack" %}``."""

from __future__ import annotations

from django import template
from django.utils.safestring import SafeString

from connections.icons import icon

register = template.Library()


@register.simple_tag
def provider_icon(slug: str) -> SafeString:
    """The drawing in the provider's folder, as SVG inside the page, so that it takes the page's colour."""
    return icon(slug)
