"""The OpenAPI document and its page, for everybody: they name no team's things."""

from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView


class Schema(SpectacularAPIView):
    """GET /api/schema: YAML, or JSON with ?format=json."""


class DocsPage(SpectacularSwaggerSplitView):
    """GET /api/docs: Swagger UI from our own host, without inline script."""

    url_name = "api:schema"
    template_name = "api/docs.html"
