"""Every address of the hub: the doors' own lists, and the admin site."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("", include("cloudhub.api.urls")),
    path("", include("cloudhub.web.urls")),
]
