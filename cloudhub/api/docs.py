"""The OpenAPI document and its page, for everybody: they name no team's things."""

from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView


class Schema(SpectacularAPIView):
    """GET /api/schema: YAML, or JSON with ?format=json. A key is neither needed nor looked at."""

    authentication_classes = []


class DocsPage(SpectacularSwaggerSplitView):
    """GET /api/docs: Swagger UI from our own host, without inline script."""

    authentication_classes = []
    url_name = "api:schema"
    template_name = "api/docs.html"
